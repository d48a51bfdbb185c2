"""The records in a listing's answer, each with an id, or the error that the answer is."""

from collections.abc import Sequence
from typing import Any

from harness.core.documents import at
from harness.core.replies import Answer
from harness.core.seen import Id
from harness.dialects.facts import Collection, Header

Record = dict[str, Any]
_IDS = frozenset({str, int})


def rows_of(collection: Collection, answer: Answer) -> tuple[list[Record], dict[Id, Record]]:
    """The records on the page, and the same by id, in their order; of those that share an id the first.

    Raises:
        MalformedReply: There is no list, or something in it is no record or has no id.
    """
    rows = at(answer.document, collection.rows)
    if not isinstance(rows, list):
        raise answer.malformed(f"no list of records at {'.'.join(map(str, collection.rows)) or 'the top'}")
    name = collection.id_field
    # Of what JSON makes only a record has something under a name, and ids are of these very types: a page is checked
    # in a few steps, and one of them for each row.
    try:
        by_id = {row[name]: row for row in rows}
    except (TypeError, KeyError):
        by_id = {}
    if len(by_id) == len(rows) and set(map(type, by_id)) <= _IDS and "" not in by_id:
        return rows, by_id
    if blemish := _blemish(rows, name):
        raise answer.malformed(blemish)
    first: dict[Id, Record] = {}
    for row in rows:
        first.setdefault(row[name], row)
    return rows, first


def total_of(collection: Collection, answer: Answer) -> int | None:
    """How many records the vendor says there are in all; None where it does not say."""
    match collection.total:
        case None:
            return None
        case Header(name=name):
            said: Any = answer.headers.get(name.lower())
        case path:
            said = at(answer.document, path)
    if isinstance(said, bool) or not isinstance(said, int | str):
        return None
    return int(said) if str(said).isdecimal() else None


def _blemish(rows: Sequence[Any], name: str) -> str:
    """What is wrong with the first row of which something is; empty where nothing is."""
    for place, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            return f"record {place} of {len(rows)} is {'null' if row is None else f'a {type(row).__name__}'}, no record"
        if type(row.get(name)) not in _IDS or row[name] == "":
            return f"record {place} of {len(rows)} has no {name}"
    return ""
