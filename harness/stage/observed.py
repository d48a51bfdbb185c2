"""What can be seen in recorded samples of how a vendor compares keys, and of what it does to what is written."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.dialects.facts import Collection, Offset
from harness.dialects.writing import ByFilter, ById, ByParam, ByTitle
from harness.stage.documents import at
from harness.stage.operations import query_of
from harness.stage.samples import Sample, rows_of
from harness.stage.titled import rows_in
from harness.stage.writings import inside, looked_up, refuses_as_taken, sent_fields


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


def lookup_extras(collection: Collection, lookups: Iterable[Looked]) -> frozenset[frozenset[str]]:
    """The sets of parameters that lookups carried beside the key."""
    finding = collection.writing.finding if collection.writing else None
    if not isinstance(finding, ByParam | ByFilter):
        return frozenset()
    return frozenset(frozenset(query_of(one.sample.url)) - {finding.param} for one in lookups)


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


def versions_given(collection: Collection, samples: Iterable[Sample]) -> tuple[Any, ...]:
    """The versions that records got when they were written, in order; none where records hold none."""
    version = collection.writing.version if collection.writing else None
    if version is None or not version.path or version.told_as:
        return ()
    done = [(inside(collection, one.document), one.reply) for one in done_writes(collection, samples)]
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
