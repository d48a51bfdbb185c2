"""Files from anywhere as documents: YAML or JSON, read within stated bounds, with nothing in them executed.

Every bound is checked before memory is spent on what lies beyond it. Together they keep the reading of one file within
1 GiB and 60 s of one core; ``tests/test_hostile_recordings.py`` measures both in a process of its own.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

LARGEST_FILE_BYTES = 32 * 1024 * 1024
MOST_NODES = 1_000_000
"""Scalars, lists and mappings of one document, an alias counted as all that it stands for."""
DEEPEST = 100

_EVENTS: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(Exception):
    """The file is no document that can be read here. The message goes on after the file's name and says what to do."""


def bytes_of(path: Path) -> bytes:
    """The file's bytes.

    Raises:
        Unreadable: It is not there, cannot be read, is empty or too large.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise Unreadable("is a device or a pipe; name a file")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        raise Unreadable("does not exist; check the path, or record the flow") from None
    except OSError as exc:
        raise Unreadable(f"cannot be read ({exc.strerror}); check what it is and who may read it") from exc
    if len(content) > LARGEST_FILE_BYTES:
        raise Unreadable(f"is larger than {LARGEST_FILE_BYTES >> 20} MiB; split the recording by flow")
    if not content.strip():
        raise Unreadable("is empty; record the flow again")
    return content


def beside(*folders: Path) -> Callable[[str], bytes]:
    """Reads the files that a recording names, from inside these folders and nowhere else."""

    def included(name: str) -> bytes:
        for folder in folders:
            try:
                place = (folder / name).resolve()
                is_there = place.is_file()
            except (OSError, ValueError) as exc:
                raise Unreadable(f"names the file {name[:80]!r}, as no file can be called; take that out") from exc
            if not place.is_relative_to(folder.resolve()):
                raise Unreadable(f"names the file {name[:80]!r}, which is outside its folder; take that out")
            if is_there:
                try:
                    return bytes_of(place)
                except Unreadable as exc:
                    raise Unreadable(f"names the file {name[:80]!r}, which {exc}") from exc
        raise Unreadable(f"names the file {name[:80]!r}, which is not beside it; name its folder with --include")

    return included


def text_of(content: bytes) -> str:
    """The text in a file, which is UTF-8, with or without a byte order mark.

    Raises:
        Unreadable: It is no such text.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise Unreadable(f"is not UTF-8 text (byte {exc.start}); record the flow again") from exc


def json_document(text: str) -> Any:
    """The JSON document in the text.

    Raises:
        Unreadable: There is none, it is nested too deeply, or an object has a key twice.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError as exc:
        raise Unreadable("is nested too deeply; record the flow again") from exc
    except ValueError as exc:
        raise Unreadable(f"is no JSON, or was cut ({_short(exc)}); record the flow again") from exc


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise Unreadable(f"has the key {name[:40]!r} twice in one object; keep one of the two")
        members[name] = value
    return members


def yaml_document(text: str) -> Any:
    """The YAML document in the text.

    Raises:
        Unreadable: There is none, it is beyond a bound, a mapping has a key twice, or it asks for an object.
    """
    check_yaml(text)
    with asked_for_no_object():
        return yaml.load(text, Loader=_EVENTS)


@contextmanager
def asked_for_no_object() -> Iterator[None]:
    """A document that asks for an object of a language is refused like one that is no YAML."""
    try:
        yield
    except yaml.constructor.ConstructorError as exc:
        raise Unreadable(
            f"asks for a Python object or another tag's ({exc.problem}), which is never built; record the flow again"
        ) from exc
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as exc:
        raise _not_yaml(exc) from exc


def _not_yaml(exc: Exception) -> Unreadable:
    return Unreadable(f"is no YAML, or was cut ({_short(exc)}); record the flow again")


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    anchor: str | None
    keys: set[str] | None
    nodes: int = 1
    at_key: bool = field(default=True)

    def entered(self, key: str | None, line: int) -> None:
        """One node more of this mapping; every second one is a key."""
        if self.keys is None:
            return
        if self.at_key and key is not None:
            if key in self.keys:
                raise Unreadable(f"has the key {key[:40]!r} twice, again in line {line}; keep one of the two")
            self.keys.add(key)
        self.at_key = not self.at_key


def check_yaml(text: str) -> None:
    """Read the text as a stream, keeping nothing but sizes, so that building it is known to be harmless.

    Raises:
        Unreadable: It is no YAML, is beyond a bound, or a mapping has a key twice.
    """
    try:
        _check(yaml.parse(text, Loader=_EVENTS))
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise _not_yaml(exc) from exc


def _check(events: Iterable[Any]) -> None:
    sizes: dict[str, int] = {}
    open_ones = [_Open(None, None, nodes=0)]
    for event in events:
        kind = type(event)
        if kind is yaml.ScalarEvent or kind is yaml.AliasEvent:
            alias = kind is yaml.AliasEvent
            if alias and event.anchor not in sizes:
                raise Unreadable(f"refers to {event.anchor[:40]!r} inside itself or before it; record the flow again")
            nodes = sizes[event.anchor] if alias else 1
            open_ones[-1].entered(None if alias else event.value, event.start_mark.line + 1)
            if not alias and event.anchor:
                sizes[event.anchor] = 1
            _add(open_ones[-1], nodes)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            open_ones[-1].entered(None, event.start_mark.line + 1)
            open_ones.append(_Open(event.anchor, set() if kind is yaml.MappingStartEvent else None))
            if len(open_ones) > DEEPEST:
                raise Unreadable(f"is nested deeper than {DEEPEST} levels; record the flow again")
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            closed = open_ones.pop()
            if closed.anchor:
                sizes[closed.anchor] = closed.nodes
            _add(open_ones[-1], closed.nodes)


def _add(one: _Open, nodes: int) -> None:
    one.nodes += nodes
    if one.nodes > MOST_NODES:
        raise Unreadable(f"stands for more than {MOST_NODES:,} values; split the recording by flow")


def _short(exc: Exception) -> str:
    return " ".join(str(exc).split())[:120]
