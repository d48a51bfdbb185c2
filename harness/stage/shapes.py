"""The shape of what a vendor answers: which statuses, and which fields of which kind; never a value."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.stage.documents import parsed

Kind = tuple[str, int]
"""Operation and status: ``("users.list", 200)``."""
_KINDS = {str: "text", bool: "boolean", int: "number", float: "number", type(None): "null"}


def shape(document: Any, path: str = "$") -> Iterator[tuple[str, str]]:
    """Every path of a JSON document with the kind of value there; all items of a list count as one."""
    if isinstance(document, dict):
        yield path, "object"
        for name, value in document.items():
            yield from shape(value, f"{path}.{name}")
    elif isinstance(document, list):
        yield path, "array"
        for item in document:
            yield from shape(item, f"{path}[]")
    else:
        yield path, _KINDS[type(document)]


@dataclass(slots=True)
class Shapes:
    """The shapes of many answers."""

    of: dict[Kind, dict[str, set[str]]] = field(default_factory=dict)
    """Operation and status -> path -> the kinds of value seen there."""
    counts: dict[Kind, Counter[str]] = field(default_factory=dict)
    """Operation and status -> path -> how often it was seen."""

    def add(self, operation: str, status: int, body: bytes) -> None:
        """Take note of one answer."""
        paths = self.of.setdefault((operation, status), {})
        counts, document = self.counts.setdefault((operation, status), Counter()), parsed(body)
        for path, kind in shape(document) if document is not None else ():
            paths.setdefault(path, set()).add(kind)
            counts[path] += 1

    def always(self, kind: Kind) -> frozenset[str]:
        """The paths that stood in each of their objects."""
        counts = self.counts.get(kind, Counter())
        return frozenset(path for path, count in counts.items() if count == counts[_parent(path)] or path == "$")


def differences(recorded: Shapes, seen: Shapes) -> tuple[str, ...]:
    """What was seen and is not as recorded, one sentence each; statuses below 500 of operations that were recorded.

    A field that is null, that not every object had, or that would be in an empty list, says nothing.
    """
    operations = {operation for operation, _ in recorded.of}
    told: list[str] = []
    for (operation, status), paths in seen.of.items():
        if operation not in operations or status >= 500:
            continue
        was = recorded.of.get((operation, status))
        if was is None:
            told.append(f"{operation} answered {status}, which no recording shows")
        else:
            kind = (operation, status)
            lacking = recorded.always(kind) - seen.always(kind)
            told += (f"{operation} {status}: {one}" for one in _of_one(was, paths, lacking))
    return tuple(told)


def _of_one(was: Mapping[str, set[str]], now: Mapping[str, set[str]], lacking: frozenset[str]) -> Iterable[str]:
    gone = [path for path in lacking if not path.endswith("[]") and _could_be_in(path, now)]
    for path in sorted(gone):
        yield f"{path} is gone, which was {_listed(was[path])}"
    for path, kinds in was.items():
        if path in now and not _alike(kinds, now[path]):
            yield f"{path} was {_listed(kinds)} and is {_listed(now[path])}"
    # A field more breaks nobody; beside one that is gone it tells what became of it.
    for path in now if gone else ():
        if path not in was and _parent(path) in was:
            yield f"{path} is new"


def _could_be_in(path: str, now: Mapping[str, set[str]]) -> bool:
    return now.get(_parent(path), set()) - {"null"} != set()


def _alike(was: Iterable[str], now: Iterable[str]) -> bool:
    return bool({*was, "null"} & {*now}) or set(was) == {"null"}


def _parent(path: str) -> str:
    return path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]


def _listed(kinds: Iterable[str]) -> str:
    return " or ".join(sorted(kinds))
