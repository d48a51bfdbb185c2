"""Counts what a subject returned, or left at the vendor, against the truth."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from harness.dialects.facts import Collection
from harness.stage.history import Tally

_NAMED = 20
_PLACE = re.compile(r"(\bat 0x|\bcancel scope )[0-9a-f]{6,}")
"""Where an object lies in memory, as Python's own repr and anyio's errors tell it."""
Fields = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def tally_returned(
    collection: Collection,
    returned: Iterable[Any],
    truth: Sequence[Mapping[str, Any]],
    fields: Fields,
    *,
    passing: Sequence[Mapping[str, Any]] = (),
) -> Tally:
    """What a pull returned against what the vendor holds: ids and natural keys, and every steady field that came
    back. ``passing`` were there for a part of the run alone: each may be returned, once, or not."""
    held = {str(record[collection.id_field]): record for record in (*truth, *passing)}
    throughout = {str(record[collection.id_field]) for record in truth}
    seen: Counter[str] = Counter()
    unexpected, altered = [], []
    for item in returned:
        record = fields(item) if isinstance(item, Mapping) else None
        record_id = str(record.get(collection.id_field)) if record else ""
        if record is None or record_id not in held:
            unexpected.append(_label(collection, record, item))
            continue
        seen[record_id] += 1
        if collection.key_field not in record or _differs(collection, record, held[record_id]):
            altered.append(_label(collection, held[record_id], item))
    lacking = throughout - seen.keys()
    return Tally(
        expected=len(throughout),
        found=sum(times for record_id, times in seen.items() if record_id in throughout) + len(unexpected),
        missing=_cut(_label(collection, held[record_id], None) for record_id in held if record_id in lacking),
        doubled=_cut(_label(collection, held[record_id], None) for record_id, times in seen.items() if times > 1),
        unexpected=_cut(unexpected),
        altered=_cut(altered),
    )


def tally_held(
    collection: Collection,
    held: Sequence[Mapping[str, Any]],
    before: Sequence[Mapping[str, Any]],
    wanted: Sequence[Mapping[str, Any]],
    *,
    called: Mapping[str, str] | None = None,
) -> Tally:
    """What the vendor holds after a push against what it held before and was to hold: each natural key once.

    ``called`` is what the source calls a record whose key the vendor spells otherwise, by the vendor's spelling.
    """
    names = called or {}
    key = collection.key_field
    should = {str(record[key]): record for record in (*before, *wanted)}
    times = Counter(str(record.get(key)) for record in held)
    now = {str(record.get(key)): record for record in held}
    altered = [name for name, record in should.items() if name in now and _differs(collection, record, now[name])]
    return Tally(
        expected=len(should),
        found=len(held),
        missing=_cut(names.get(name, name) for name in should if not times[name]),
        doubled=_cut(names.get(name, name) for name, count in times.items() if count > 1),
        unexpected=_cut(name for name in times if name not in should),
        altered=_cut(names.get(name, name) for name in altered),
    )


def _differs(collection: Collection, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if one == other:
        return False
    return any(other.get(name) != value for name, value in one.items() if name not in collection.volatile)


def _label(collection: Collection, record: Mapping[str, Any] | None, item: Any) -> str:
    key = record.get(collection.key_field) if record else None
    return worded(key) if key is not None else worded(item)[:60]


def worded(value: object) -> str:
    """The value as plain text that can be written down, whatever the subject's own classes make of it.

    A ``str`` of the subject's own class would be its code again in whoever unpickles it. Where an object lies in
    memory differs from process to process and is left out.
    """
    try:
        text = str(value)
    except Exception as error:
        text = f"<a {type(value).__name__} that cannot be put into words: {type(error).__name__}>"
    return _PLACE.sub(r"\1...", str.encode(text, "utf-8", "backslashreplace").decode("utf-8"))


def _cut(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)[:_NAMED]
