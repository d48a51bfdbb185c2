"""What a new recording shows that the old one did not: counts, statuses, header names, JSON shapes; never values."""

import json
import re
from collections.abc import Iterator
from typing import Any

from harness.stage.recordings import RecordedExchange, Recording

Kind = tuple[str, str, int]
"""Method, path and status: replies of one kind are compared together, as rows move between pages with their ids."""

_TOO_MANY = 429
_ID = re.compile(r"[0-9a-f]{32}|(?<=/@poe/)[\w-]{40,}")


def changes(before: Recording | None, after: Recording) -> list[str]:
    """Sentences, one a change; a single one where nothing changed but values."""
    if before is None:
        return [f"new, {len(after.exchanges)} interactions"]
    lines = []
    if before.product != after.product:
        lines.append(f"product was {before.product}, is {after.product}")
    was, now = _unlimited(before), _unlimited(after)
    if len(was) != len(now):
        lines.append(f"interactions were {len(was)}, are {len(now)}")
    if (len(was) < len(before.exchanges)) != (len(now) < len(after.exchanges)):
        lines.append("a limit is met that was not" if len(now) < len(after.exchanges) else "a limit is met no more")
    for number, (old, new) in enumerate(zip(was, now, strict=False), start=1):
        if _kind(old) != _kind(new):
            lines.append(f"interaction {number} was {_told(_kind(old))}, is {_told(_kind(new))}")
    for kind in dict.fromkeys(_kind(one) for one in after.exchanges):
        lines += [f"{_told(kind)}: {line}" for line in _differences(_of(before, kind), _of(after, kind))]
    return lines or [f"unchanged, {len(after.exchanges)} interactions"]


def _unlimited(recording: Recording) -> list[RecordedExchange]:
    """What was not refused as too much: at which call a limit strikes, and how often, is the clock's affair."""
    return [one for one in recording.exchanges if one.status != _TOO_MANY]


def shape(document: Any, path: str = "$") -> Iterator[str]:
    """Every path of a JSON document with the kind of value there; all items of a list count as one."""
    if isinstance(document, dict):
        yield f"{path} object"
        for name, value in document.items():
            yield from shape(value, f"{path}.{name}")
    elif isinstance(document, list):
        yield f"{path} array"
        for item in document:
            yield from shape(item, f"{path}[]")
    else:
        kinds = {str: "text", bool: "boolean", int: "number", float: "number", type(None): "null"}
        yield f"{path} {kinds[type(document)]}"


def _differences(old: list[RecordedExchange], new: list[RecordedExchange]) -> Iterator[str]:
    if not old:
        return  # Told by the interaction already.
    for what, was, now in (("header", _names(old), _names(new)), ("shape", _shapes(old), _shapes(new))):
        yield from (f"{what} gone: {name}" for name in sorted(was - now))
        yield from (f"{what} new: {name}" for name in sorted(now - was))


def _kind(exchange: RecordedExchange) -> Kind:
    path = "/" + exchange.url.partition("://")[2].partition("/")[2].partition("?")[0]
    return exchange.method, _ID.sub("{id}", path), exchange.status


def _told(kind: Kind) -> str:
    return f"{kind[0]} {kind[1]} {kind[2]}"


def _of(recording: Recording, kind: Kind) -> list[RecordedExchange]:
    return [one for one in recording.exchanges if _kind(one) == kind]


def _names(exchanges: list[RecordedExchange]) -> set[str]:
    return {name.lower() for one in exchanges for name, _ in one.reply_headers}


def _shapes(exchanges: list[RecordedExchange]) -> set[str]:
    return {line for one in exchanges for line in _shape(one.reply_body)}


def _shape(body: bytes) -> set[str]:
    try:
        return set(shape(json.loads(body)))
    except ValueError:
        return {"text" if body else "empty"}
