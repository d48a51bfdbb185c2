"""What recordings show of lookups by title: a record, none, a title that no record can have, one that is respelled."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harness.dialects.facts import Collection, Pairs
from harness.dialects.writing import ByTitle, Writing
from harness.stage.documents import at, put
from harness.stage.samples import Sample

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Titled:
    """The recorded rows, and the queries that were made."""

    found: Sample
    row: Record
    """A record that was there, as a lookup shows it."""
    missing: Record | None
    bad: Record | None
    """The row of a title that no record can have."""
    respelled: Record | None
    """What an answer tells of a title that it has spelled otherwise, and what became of it."""
    queries: frozenset[Pairs]
    """The parameters beside the titles, sorted."""


def rows_in(finding: ByTitle, document: Any) -> tuple[dict[str, Any], ...]:
    """The records that a lookup's answer shows, without those that are not there."""
    rows = at(document, finding.rows)
    shown = (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()
    return tuple(row for row in shown if not any(name in row for name in finding.absent))


def flat(writing: Writing, row: Record) -> dict[str, Any]:
    """The record of a row: what stands deeper inside, under its own name."""
    deeper = {path[0] for _, path in writing.shown_at}
    told = ((name, at(row, path)) for name, path in writing.shown_at)
    return {
        **{name: value for name, value in row.items() if name not in deeper},
        **{name: value for name, value in told if value is not None},
    }


def row_of(writing: Writing, record: Record, like: Record) -> dict[str, Any]:
    """The row that shows the record, in the form of another row."""
    inner = dict(writing.shown_at)
    row = {**like, **{name: value for name, value in record.items() if name not in inner}}
    for name, path in writing.shown_at:
        row = put(row, path, record[name])
    return row


def without_titles(finding: ByTitle, url: str) -> Pairs:
    """The query of a lookup without its titles, sorted."""
    return tuple(sorted(pair for pair in parse_qsl(urlsplit(url).query) if pair[0] != finding.param))


def titled(collection: Collection, samples: Iterable[Sample]) -> Titled | None:
    """What the recorded lookups show; None where records are not looked up by title, or none was found."""
    finding = collection.writing.finding if collection.writing else None
    if not isinstance(finding, ByTitle):
        return None
    lookups = [sample for sample in samples if sample.verb == "lookup" and sample.ok]
    rows = [row for sample in lookups for row in at(sample.document, finding.rows) or ()]
    found = next((sample for sample in lookups if rows_in(finding, sample.document)), None)
    if found is None:
        return None
    missing, *bad = finding.absent
    told = [pair for sample in lookups for pair in at(sample.document, finding.respelled) or ()]
    return Titled(
        found=found,
        row=rows_in(finding, found.document)[0],
        missing=next((row for row in rows if missing in row), None),
        bad=next((row for row in rows if any(name in row for name in bad)), None),
        respelled=next(iter(told), None),
        queries=frozenset(without_titles(finding, sample.url) for sample in lookups),
    )


def told_before_writing(
    collection: Collection, samples: Sequence[Sample], rows: Sequence[dict[str, Any]]
) -> tuple[dict[str, Any], ...]:
    """The listed rows, each with what lookups showed of it before anything was written."""
    writing = collection.writing
    if writing is None or not isinstance(finding := writing.finding, ByTitle):
        return tuple(rows)
    shown: dict[Any, Record] = {}
    for sample in samples:
        if sample.verb in ("create", "update") and sample.ok:
            break
        if sample.verb == "lookup" and sample.ok:
            for row in rows_in(finding, sample.document):
                shown.setdefault(row[collection.id_field], flat(writing, row))
    return tuple({**row, **shown.get(row[collection.id_field], {})} for row in rows)
