"""Reading JSON documents by path."""

import json
from typing import Any

from harness.dialects.facts import JsonPath


class NotJson(ValueError):
    """The bytes are no JSON document."""


def parsed(body: bytes) -> Any:
    """The document in the bytes, whatever its Unicode encoding.

    Raises:
        NotJson: There is none.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotJson(type(error).__name__) from error


def at(document: Any, path: JsonPath) -> Any:
    """What stands at the path; None where the path leads nowhere."""
    for step in path:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def placed(document: dict[str, Any], path: JsonPath, value: Any) -> dict[str, Any]:
    """The document with the value at a path of keys; objects that are missing on the way are made."""
    inner = document
    for step in path[:-1]:
        inner = inner.setdefault(str(step), {})
    inner[str(path[-1])] = value
    return document


def encoded(document: Any) -> bytes:
    """The document as JSON bytes; None as none."""
    return b"" if document is None else json.dumps(document).encode()
