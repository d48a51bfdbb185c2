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
