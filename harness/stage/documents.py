"""Reading and changing JSON documents by path. Knows no vendor and no wire."""

import json
from functools import lru_cache
from typing import Any

from harness.dialects.facts import JsonPath

_MOST_REMEMBERED_BYTES = 65_536


def parsed(body: bytes) -> Any:
    """The JSON document in a body, to be read and never changed; None where there is none."""
    # One exchange is looked at half a dozen times, and in the next run many are the same.
    return _remembered(body) if len(body) <= _MOST_REMEMBERED_BYTES else _read(body)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


_remembered = lru_cache(maxsize=256)(_read)


def at(document: Any, path: JsonPath) -> Any:
    """What stands at the path; None where the path leads nowhere."""
    for step in path:
        if isinstance(document, dict) and isinstance(step, str):
            document = document.get(step)
        elif isinstance(document, list) and isinstance(step, int) and -len(document) <= step < len(document):
            document = document[step]
        else:
            return None
    return document


def put(document: Any, path: JsonPath, value: Any) -> Any:
    """A copy of the document with the value at the path; objects that are missing on the way are made."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        items = list(document) if isinstance(document, list) else []
        items += [None] * (step + 1 - len(items))
        items[step] = put(items[step], rest, value)
        return items
    fields = dict(document) if isinstance(document, dict) else {}
    fields[step] = put(fields.get(step), rest, value)
    return fields


def without(document: Any, path: JsonPath) -> Any:
    """A copy of the document in which nothing stands at the path; an object left empty on the way goes too."""
    if not path or at(document, path) is None:
        return document
    step, rest = path[0], path[1:]
    if isinstance(document, list) and isinstance(step, int):
        items = list(document)
        if rest and (inner := without(items[step], rest)) not in ({}, []):
            items[step] = inner
        else:
            del items[step]
        return items
    fields = dict(document)
    if rest and (inner := without(fields[step], rest)) not in ({}, []):
        fields[step] = inner
    else:
        del fields[step]
    return fields


_as_text = json.JSONEncoder(ensure_ascii=False).encode


def written(document: Any) -> bytes:
    """The document as JSON bytes."""
    return _as_text(document).encode()
