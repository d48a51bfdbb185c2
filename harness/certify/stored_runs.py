"""Reads a certificate's folder back: its document, and its runs exactly as they were judged."""

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from harness.certify.certificate_document import SCHEMA
from harness.certify.folder import HISTORY_SCHEMA, FolderError
from harness.stage.history import Acted, Exchange, Logged, Looked, Noted, Run, Waited

_EVENTS: Mapping[str, type[Any]] = {kind.__name__: kind for kind in (Exchange, Logged, Waited, Noted, Acted, Looked)}
Reader = Callable[[Any], Any]
_known: dict[type[Any], tuple[Mapping[str, Reader], frozenset[str]]] = {}
"""What is known of each class, worked out once: a folder holds some hundred thousand values."""


class _Unreadable(Exception):
    """The document is no history; the text says where and why."""


def read_certificate(folder: Path) -> dict[str, Any]:
    """The certificate's document.

    Raises:
        FolderError: The folder holds no certificate, a cut one, or one of another schema.
    """
    path = folder / "certificate.json"
    if not folder.is_dir():
        raise FolderError(f"{folder} is no folder; name the one that 'harness certify' wrote")
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise FolderError(
            f"{folder} holds no certificate.json; name a folder that 'harness certify' wrote to its end"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise FolderError(f"{path} cannot be read as JSON ({error}); certify again, or take a whole copy") from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise FolderError(f"{path} is of the schema {schema!r}, and this version reads {SCHEMA!r}; certify again")
    assert isinstance(document, dict)
    return document


def read_runs(folder: Path) -> tuple[Run, ...]:
    """Every run of the certificate in the folder, in the order played.

    Raises:
        FolderError: A history is missing, cut, or was written by another version of the harness.
    """
    places = sorted((folder / "histories").glob("*.json"), key=lambda path: (len(path.name), path.name))
    if not places:
        raise FolderError(f"{folder} holds no histories; certify again, or take a whole copy")
    return tuple(read_run(path) for path in places)


def read_run(path: Path) -> Run:
    """The run in one history.

    Raises:
        FolderError: It is missing, cut, or was written by another version of the harness.
    """
    name = f"histories/{path.name}"
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise FolderError(f"{name} cannot be read as JSON ({error}); certify again, or take a whole copy") from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != HISTORY_SCHEMA:
        raise FolderError(
            f"{name} is of the schema {schema!r}, and this version reads {HISTORY_SCHEMA!r}; certify again"
        )
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
    kind = _EVENTS.get(str(document.get("event"))) if isinstance(document, dict) else None
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


def _fields_of(kind: type[Any]) -> tuple[Mapping[str, Reader], frozenset[str]]:
    """What reads each field, and which fields must be there. ``events`` of a run are read on their own."""
    if kind not in _known:
        hints = get_type_hints(kind)
        own = [one for one in fields(kind) if one.init and one.name != "events"]
        needed = frozenset(one.name for one in own if one.default is MISSING and one.default_factory is MISSING)
        _known[kind] = {one.name: _reader(hints[one.name]) for one in own}, needed
    return _known[kind]


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


def _dataclass_of(kind: Any) -> Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _Unreadable(f"is no {kind.__name__}")
        return kind(**_values(kind, value))

    return read
