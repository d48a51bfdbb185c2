"""Which record ids a walk has shown so far: exactly, and in little memory however many they are."""

import ast
import tempfile
from array import array
from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import IO, Any

Id = str | int
Digests = Callable[[Sequence[Id]], Iterable[int]]

_WHOLE_AT_MOST = 20_000
_WRITTEN_AT_ONCE = 1_000
_SHELVES = 256
_WORD_BITS = 32
_WORD = (1 << _WORD_BITS) - 1
_NOWHERE = 1 << 62

# Any: texts and numbers are compared with their own kind alone.
_Span = tuple[Any, Any] | None
"""The least and the greatest of some ids; None where they cannot be ordered."""


def _digests(ids: Sequence[Id]) -> Iterator[int]:
    # A number's own hash is the number; that of a tuple around it is spread evenly.
    return map(hash, zip(ids, strict=False))


class _Held:
    """Ids that are held whole. They become a set when it is asked for: pages that come in order never need it."""

    def __init__(self) -> None:
        self._ids: set[Id] = set()
        self._waiting: list[tuple[Id, ...]] = []
        self._count = 0
        self.span: _Span = None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Id]:
        return chain(self._ids, *self._waiting)

    def add(self, ids: tuple[Id, ...]) -> None:
        span = _span_of(ids)
        self.span = _joined(self.span, span) if self._count else span
        self._waiting.append(ids)
        self._count += len(ids)

    def among(self, ids: Sequence[Id]) -> set[Id]:
        self._ids.update(*self._waiting)
        self._waiting.clear()
        return self._ids.intersection(ids)


class SeenIds:
    """The ids shown so far. From 50,000 to half a million they grow by less than three megabytes, and stay exact.

    The latest are held whole: pages overlap with their neighbours. Older ones lie in an unnamed temporary file, and a
    digest of 40 bits of each is held as soon as a page comes that they may be on: most vendors list by id, so that
    each page is behind all before it. A digest that is found means *perhaps*; then the file decides, so a record is
    never dropped because its id has the digest of another's. Where no such file can be had, all are held.

    Args:
        digests: A number for each of some ids, the same for equal ids within this process.
        whole_at_most: So many ids are held whole.
    """

    def __init__(self, *, digests: Digests = _digests, whole_at_most: int = _WHOLE_AT_MOST) -> None:
        self._digests = digests
        self._generation_at_most = whole_at_most // 2
        self._latest = _Held()
        self._older = _Held()
        self._shelves: tuple[array[int], ...] = ()
        self._spool: IO[bytes] | None = None
        self._spooled = 0
        self._spooled_span: _Span = None

    def __len__(self) -> int:
        return len(self._latest) + len(self._older) + self._spooled

    def among(self, ids: Sequence[Id]) -> set[Id]:
        """Those of ``ids`` that were shown before."""
        span, seen = _span_of(ids), set[Id]()
        for held in (self._latest, self._older):
            if held and not _apart(held.span, span):
                seen |= held.among(ids)
        if self._spooled and not _apart(self._spooled_span, span):
            seen |= self._found_in_spool(self._perhaps(ids))
        return seen

    def add(self, ids: Collection[Id]) -> None:
        """These are shown now; none of them was before."""
        if ids:
            self._latest.add(tuple(ids))
        if len(self._latest) > self._generation_at_most and self._put_away(self._older):
            self._older, self._latest = self._latest, _Held()

    def close(self) -> None:
        """Let go of the file."""
        if self._spool is not None:
            self._spool.close()

    def _put_away(self, held: _Held) -> bool:
        """Whether there was room for them in the file."""
        waiting = iter(held)
        try:
            if held and self._spool is None:
                self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the walk
            while self._spool is not None and (some := list(islice(waiting, _WRITTEN_AT_ONCE))):
                self._spool.seek(0, 2)
                self._spool.write(_lines(some))
                self._spool.flush()
                if self._shelves:
                    self._shelve(some)
        except OSError:
            # No room: then memory has to do. What was written already is held twice, and found all the same.
            self._generation_at_most = _NOWHERE
            return False
        if held:
            self._spooled_span = _joined(self._spooled_span, held.span) if self._spooled else held.span
            self._spooled += len(held)
        return True

    def _shelve_all(self) -> None:
        """From here on each id in the file has its digest on a shelf."""
        self._shelves = tuple(array("I") for _ in range(_SHELVES))
        if self._spool is not None:
            self._spool.seek(0)
            lines = islice(self._spool, self._spooled)
            while some := b",".join(islice(lines, _WRITTEN_AT_ONCE)):
                self._shelve(ast.literal_eval(f"[{some.decode()}]"))

    def _shelve(self, ids: Sequence[Id]) -> None:
        shelves = self._shelves
        for digest in self._digests(ids):
            insort(shelves[digest >> _WORD_BITS & _SHELVES - 1], digest & _WORD)

    def _perhaps(self, ids: Sequence[Id]) -> set[Id]:
        """Those of which the digest is there."""
        if not self._shelves:
            self._shelve_all()
        found, shelves = set[Id](), self._shelves
        for one, digest in zip(ids, self._digests(ids), strict=True):
            shelf, word = shelves[digest >> _WORD_BITS & _SHELVES - 1], digest & _WORD
            at = bisect_left(shelf, word)
            if at < len(shelf) and shelf[at] == word:
                found.add(one)
        return found

    def _found_in_spool(self, perhaps: set[Id]) -> set[Id]:
        if not perhaps or self._spool is None:
            return set()
        wanted = {_lines((one,)): one for one in perhaps}
        self._spool.seek(0)
        return {wanted[line] for line in self._spool if line in wanted}


def _lines(ids: Iterable[Id]) -> bytes:
    """One line for each id: numbers and texts differ, and line ends within a text are escaped."""
    return ("\n".join(map(ascii, ids)) + "\n").encode()


def _span_of(ids: Collection[Id]) -> _Span:
    some: Any = ids
    try:
        # Of ids in order this is one comparison each, of one kind the quick one: less than the least and the greatest.
        ordered = sorted(some)
    except TypeError:
        return None
    return (ordered[0], ordered[-1]) if ordered else None


def _joined(one: _Span, other: _Span) -> _Span:
    if one is None or other is None:
        return None
    try:
        return min(one[0], other[0]), max(one[1], other[1])
    except TypeError:
        return None


def _apart(one: _Span, other: _Span) -> bool:
    """Whether no id of one can be among the other's."""
    if one is None or other is None:
        return False
    try:
        return bool(one[1] < other[0] or other[1] < one[0])
    except TypeError:
        return False
