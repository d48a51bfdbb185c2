"""What can be seen in recorded samples of how a vendor compares keys, and of what it does to what is written."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.dialects.facts import Collection, Offset
from harness.dialects.writing import ByFilter, ById, ByParam, ByTitle, PostOnce
from harness.stage.documents import at, put
from harness.stage.operations import READS, query_of
from harness.stage.samples import Sample, rows_of
from harness.stage.titled import rows_in
from harness.stage.writings import lacks_header, looked_up, misnamed, refuses_as_taken, sent_fields, told

_FIRST_SERIAL = 2**32
"""Versions from before anything was written are none that a write gives."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A recorded lookup: for which key, and whether there was such a record."""

    key: str
    found: bool
    sample: Sample


def lookups_in(collection: Collection, samples: Iterable[Sample]) -> tuple[Looked, ...]:
    """The recorded lookups that were answered, by a record or by a miss."""
    writing, found = collection.writing, []
    for sample in samples:
        if writing is None or sample.verb != "lookup":
            continue
        if isinstance(writing.finding, ById):
            if sample.ok or sample.reply.status == writing.finding.miss_status:
                found.append(Looked(sample.request.target.rpartition("/")[2], sample.ok, sample))
        elif sample.ok and (key := looked_up(writing, query_of(sample.url))) is not None:
            found.append(Looked(key, bool(found_rows(collection, sample)), sample))
    return tuple(found)


def found_rows(collection: Collection, sample: Sample) -> tuple[dict[str, Any], ...]:
    """The records that a lookup's reply shows."""
    finding = collection.writing.finding if collection.writing else None
    return rows_in(finding, sample.document) if isinstance(finding, ByTitle) else rows_of(collection, sample)


def lookups_by_extras(collection: Collection, lookups: Sequence[Looked]) -> dict[tuple[frozenset[str], bool], Sample]:
    """The first lookup of each set of parameters beside the key that found a record, or did not."""
    finding = collection.writing.finding if collection.writing else None
    if not isinstance(finding, ByParam | ByFilter):
        return {}
    return {(frozenset(query_of(one.sample.url)) - {finding.param}, one.found): one.sample for one in reversed(lookups)}


def other_case_missed(lookups: Iterable[Looked]) -> bool:
    """Whether a lookup missed that would have hit but for the case of its letters."""
    keys: dict[bool, set[str]] = {True: set(), False: set()}
    for one in lookups:
        keys[one.found].add(one.key)
    hits, missed = keys[True], keys[False]
    return bool({key.casefold() for key in hits - missed} & {key.casefold() for key in missed - hits})


def trims(collection: Collection, samples: Iterable[Sample]) -> bool:
    """Whether a key with white space around it was refused as a duplicate."""
    writing = collection.writing
    keys = (
        at(sent_fields(collection, sample.request), (collection.key_field,))
        for sample in samples
        if writing and sample.verb == "create" and refuses_as_taken(writing, sample.reply.status, sample.code)
    )
    return any(isinstance(key, str) and key != key.strip() for key in keys)


def done_writes(collection: Collection, samples: Iterable[Sample]) -> Iterator[Sample]:
    """The creates, updates and deletes that were carried out. One that shows a record that was there is none."""
    known_id_status = collection.writing.duplicate.known_id_status if collection.writing else None
    for sample in samples:
        shown = sample.verb == "create" and sample.request.method == "POST" and sample.reply.status == known_id_status
        if sample.ok and not shown and sample.verb in ("create", "update", "delete"):
            yield sample


def fields_sent(collection: Collection, samples: Iterable[Sample]) -> frozenset[str]:
    """The fields that creates and updates carried."""
    sent = (sent_fields(collection, sample.request) for sample in done_writes(collection, samples))
    return frozenset(name for record in sent if isinstance(record, dict) for name in record)


def kind_of(collection: Collection, sample: Sample) -> str:
    """The verb; where a refusal has a reason that others of its status do not have, a word of its own: ``spent`` of an
    address that was good for one create, ``unheaded`` of a write without a header that writes carry, ``misnamed`` of a
    key that is none."""
    writing = collection.writing
    if writing is None or sample.ok:
        return sample.verb
    if sample.request.method not in READS and lacks_header(writing, sample.request):
        return "unheaded"
    creating = writing.creating
    if sample.verb == "create" and isinstance(creating, PostOnce) and creating.spent_says in sample.reply.body.decode():
        return "spent"
    key = at(sent_fields(collection, sample.request), (collection.key_field,))
    return "misnamed" if sample.verb == "create" and isinstance(key, str) and misnamed(writing, key) else sample.verb


def version_like(last: Any, serial: int) -> Any:
    """A version such as ``last``, higher with each serial."""
    if isinstance(last, int):
        return last + serial
    if str(last).startswith('"'):
        return f'"{serial:032x}"'
    return f'W/"{serial:016x}"' if str(last).startswith("W/") else f"{serial:016x}"


def versioned(
    collection: Collection, rows: Sequence[dict[str, Any]], samples: Sequence[Sample]
) -> tuple[dict[str, Any], ...]:
    """The rows with the versions that records had before anything was written: where a listing does not show them, a
    look at the record did; one that was never looked at has some version all the same."""
    writing = collection.writing
    version, answer = (writing.version, writing.answer) if writing else (None, None)
    if version is None or answer is None or not version.path:
        return tuple(rows)
    first: dict[str, Any] = {}
    written = set()
    for sample in samples:
        if sample.verb == "update" and sample.ok:
            written.add(_id_of(sample))
        elif (shown := _version_shown(collection, sample)) and _id_of(sample) not in written:
            first.setdefault(_id_of(sample), shown)
    like = next(iter(first.values()), 0)
    named = [(row, first.get(str(row[collection.id_field]))) for row in rows]
    return tuple(
        put(row, version.path, known or version_like(like, _FIRST_SERIAL + place))
        for place, (row, known) in enumerate(named)
    )


def _id_of(sample: Sample) -> str:
    return sample.request.target.partition("?")[0].rpartition("/")[2]


def _version_shown(collection: Collection, sample: Sample) -> Any:
    """The version in an answer about one record; None where it is another answer."""
    version = collection.writing.version if collection.writing else None
    shows = version is not None and sample.verb == "get" and sample.ok
    return at(told(collection, sample.document), version.path) if shows and version else None


def _shown_later(collection: Collection, samples: Sequence[Sample]) -> Iterator[Any]:
    """For each write that made something other than before, the version that the next look at the record showed."""
    for place, sample in enumerate(samples):
        if not _made_another(collection, sample):
            continue
        record_id = str(at(told(collection, sample.document), (collection.id_field,)))
        behind = samples[place + 1 :]
        later = (n for n, one in enumerate(behind) if _made_another(collection, one) and _id_of(one) == record_id)
        until = next(later, None)
        looks = (_version_shown(collection, one) for one in behind[:until] if _id_of(one) == record_id)
        yield next((version for version in looks if version), '"nobody-looked"')


def _made_another(collection: Collection, sample: Sample) -> bool:
    """Whether it was a write after which the record is another: an update may tell that nothing is."""
    answer = collection.writing.answer if collection.writing else None
    told_nothing = answer is not None and at(sample.document, (*answer.path, answer.changed)) == {}
    return sample.verb in ("create", "update") and sample.ok and not told_nothing


def versions_given(collection: Collection, samples: Iterable[Sample]) -> tuple[Any, ...]:
    """The versions that records got when they were written, in order; none where records hold none."""
    version = collection.writing.version if collection.writing else None
    if version is None or not version.path or version.told_as:
        return ()
    if collection.writing is not None and collection.writing.answer is not None:
        return tuple(_shown_later(collection, list(samples)))
    done = [(told(collection, one.document), one.reply) for one in done_writes(collection, samples)]
    given = (reply.header("etag") if record is None else at(record, version.path) for record, reply in done)
    return tuple(one for one in given if one is not None)


def page_size(collection: Collection, samples: Iterable[Sample]) -> int:
    """The most records that a page held for which no size was asked; 0: none was seen, or no size can be asked for."""
    param = collection.paging.size_param if isinstance(collection.paging, Offset) else ""
    bare = (one for one in samples if one.verb == "list" and one.ok and param and param not in query_of(one.url))
    return max((len(rows_of(collection, one)) for one in bare), default=0)


def echo_of(records: Sequence[Any]) -> tuple[str, frozenset[str]]:
    """The field of an updated record that repeats other fields of it, and which fields those were."""
    for record in records:
        for name, value in record.items() if isinstance(record, dict) else ():
            if isinstance(value, dict) and value and all(record.get(inner) == one for inner, one in value.items()):
                repeated = [one[name] for one in records if isinstance(one.get(name), dict)]
                return name, frozenset(inner for one in repeated for inner in one)
    return "", frozenset()
