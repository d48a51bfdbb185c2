"""Where records come from: read strictly, for a source that came up short looks like people who left."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.core.errors import SourceRefused
from harness.core.keys import compared
from harness.dialects.writing import KeysCompare

Record = Mapping[str, Any]
_NAMED_AT_MOST = 10
_COMES_BACK_AS_IT_IS = frozenset({str, int, bool, type(None)})


def csv_records(path: str | Path, *, fields: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows of a CSV file with a header, as records.

    Args:
        fields: The record's field -> the column that it is read from: ``{"name": "login", "email": "mail"}``.
            Other columns are left out; white space around values too.

    Raises:
        SourceRefused: The file cannot be read or is no UTF-8, its header does not name each column once, or rows have
            more or fewer values than the header; each is named by its line.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            header = list(rows.fieldnames or ())
            unclear = [column for column in fields.values() if header.count(column) != 1]
            if unclear:
                raise SourceRefused(
                    f"{path} does not have one column {', '.join(unclear)}; its header must name each once"
                )
            numbered = [(rows.line_num, row) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceRefused(f"{path} cannot be read: {error}; nothing was written") from error
    # Where a row is longer than the header, csv puts the rest under None; where it is shorter, None for the values.
    uneven = [f"line {line}" for line, row in numbered if None in row or None in row.values()]
    if uneven:
        raise SourceRefused(f"{path} has rows that do not fit its header, so nothing was written: {_listed(uneven)}")
    return [{name: row[column].strip() for name, column in fields.items()} for _, row in numbered]


def keyed(records: Iterable[Record], *, key: str, compares: KeysCompare) -> dict[str, tuple[str, dict[str, Any]]]:
    """Each record under its key as the vendor compares it, with the key as the source spells it; as JSON brings it
    back.

    Raises:
        SourceRefused: Records are none, lack their key, share one, or cannot be told in JSON. Each is named.
    """
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    wrong: list[str] = []
    for place, record in enumerate(records, start=1):
        own_key = record.get(key) if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping):
            wrong.append(f"record {place} is a {type(record).__name__}, no mapping")
        elif not isinstance(own_key, str) or not own_key.strip():
            wrong.append(f"record {place} has no {key}")
        elif (same := compared(compares, own_key)) in found:
            wrong.append(f"records {found[same][0]!r} and {own_key!r} share a key")
        elif isinstance(told := _as_json(record), str):
            wrong.append(f"record {own_key!r} cannot be told in JSON: {told}")
        else:
            found[same] = own_key, told
    if wrong:
        raise SourceRefused(f"{_listed(wrong)}; nothing was written: give each record its own key, and JSON values")
    return found


def _as_json(record: Record) -> dict[str, Any] | str:
    """The record as it will come back, tuples as lists and names as texts; or why it cannot be told."""
    if all(type(name) is str and type(value) in _COMES_BACK_AS_IT_IS for name, value in record.items()):
        return dict(record)
    try:
        told: dict[str, Any] = json.loads(json.dumps(dict(record), allow_nan=False))
    except (TypeError, ValueError) as error:
        return str(error)
    return told


def _listed(wrong: list[str]) -> str:
    more = len(wrong) - _NAMED_AT_MOST
    return "; ".join(wrong[:_NAMED_AT_MOST]) + (f"; and {more} more" if more > 0 else "")
