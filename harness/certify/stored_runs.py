"""Reads the runs of a certificate's folder back, exactly as they were judged."""

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from harness.certify.folder import HISTORY_SCHEMA, FolderError
from harness.stage.history import Acted, Exchange, Logged, Noted, Run, Waited

_EVENTS = {kind.__name__: kind for kind in (Exchange, Logged, Waited, Noted, Acted)}
Reader = Callable[[Any], Any]


class _Unreadable(Exception):
    """The document is no history; the text says where and why."""


def read_runs(folder: Path) -> tuple[Run, ...]:
    """Every run of the certificate in the folder, in the order played.

    Raises:
        FolderError: A history is missing, cut, or was written by another version of the harness.
    """
    places = sorted((folder / "histories").glob("*.json"), key=lambda path: (len(path.name), path.name))
    if not places:
        raise FolderError(f"{folder} holds no histories; certify again, or take the folder from where it was written")
    return tuple(_run(path) for path in places)


def _run(path: Path) -> Run:
    name = f"histories/{path.name}"
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise FolderError(f"{name} cannot be read as JSON ({error}); take the folder from where it was written") from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != HISTORY_SCHEMA:
        raise FolderError(f"{name} is of the schema {schema!r}, and this version reads {HISTORY_SCHEMA!r}; certify again")
    try:
        return run_of(document)
    except _Unreadable as why:
        raise FolderError(f"{name} is no history of this version: {why}; certify again") from None


def run_of(document: Mapping[str, Any]) -> Run:
    """The run that ``harness.certify.folder.history_document`` turned into this document."""
    rest = {name: value for name, value in document.items() if name not in ("schema", "events")}
    events = document.get("events")
    if not isinstance(events, list):
        raise _Unreadable("it has no list of events")
    return Run(**_values(Run, rest), events=tuple(_event(number, one) for number, one in enumerate(events, start=1)))


def _event(number: int, document: Any) -> Any:
    kind = _EVENTS.get(document.get("event")) if isinstance(document, dict) else None
    if kind is None:
        raise _Unreadable(f"its event {number} is of no known kind")
    try:
        return kind(**_values(kind, {name: value for name, value in document.items() if name != "event"}))
    except _Unreadable as why:
        raise _Unreadable(f"its event {number}, {why}") from None


def _values(kind: type[Any], document: Mapping[str, Any]) -> dict[str, Any]:
    readers, needed = _fields_of(kind)
    unknown, lacking = document.keys() - readers.keys(), needed - document.keys()
    if unknown or lacking:
        told = [f"has the unknown field {name!r}" for name in sorted(unknown)]
        told += [f"lacks {name!r}" for name in sorted(lacking)]
        raise _Unreadable(f"{kind.__name__} {told[0]}")
    values = {}
    for name, value in document.items():
        try:
            values[name] = readers[name](value)
        except _Unreadable as why:
            raise _Unreadable(f"{kind.__name__}.{name} {why}") from None
    return values


@cache
def _fields_of(kind: type[Any]) -> tuple[Mapping[str, Reader], frozenset[str]]:
    """What reads each field, and which fields must be there. ``events`` of a run are read on their own."""
    hints = get_type_hints(kind)
    own = [one for one in fields(kind) if one.name != "events"]
    needed = frozenset(one.name for one in own if one.default is MISSING and one.default_factory is MISSING)
    return {one.name: _reader(hints[one.name]) for one in own}, needed


def _reader(hint: Any) -> Reader:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _one_of(args)
    if origin in (Union, types.UnionType):
        (some,) = (one for one in args if one is not type(None))
        reader = _reader(some)
        return lambda value: None if value is None else reader(value)
    if origin is tuple:
        return _tuple_of(_reader(args[0])) if args[-1] is Ellipsis else _tuple_with([_reader(one) for one in args])
    if is_dataclass(hint):
        return _dataclass_of(hint)
    return _plain((int, float) if hint is float else (hint,))


def _plain(kinds: tuple[type, ...]) -> Reader:
    def read(value: Any) -> Any:
        # True is an int to Python, and no number here.
        if type(value) not in kinds:
            raise _Unreadable(f"is no {kinds[-1].__name__}")
        return value

    return read


def _one_of(choices: tuple[Any, ...]) -> Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, str) or value not in choices:
            raise _Unreadable(f"is none of {', '.join(choices)}")
        return value

    return read


def _tuple_of(reader: Reader) -> Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise _Unreadable("is no list")
        return tuple(map(reader, value))

    return read


def _tuple_with(readers: list[Reader]) -> Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, list) or len(value) != len(readers):
            raise _Unreadable(f"is no list of {len(readers)}")
        return tuple(reader(part) for reader, part in zip(readers, value, strict=True))

    return read


def _dataclass_of(kind: type[Any]) -> Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _Unreadable(f"is no {kind.__name__}")
        return kind(**_values(kind, value))

    return read
