"""Which record ids a walk has shown so far: exactly, and in little memory however many they are."""

import tempfile
from array import array
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, Any

Id = str | int
Digests = Callable[[Sequence[Id]], Iterable[int]]

_WHOLE_AT_MOST = 20_000
_WRITTEN_AT_ONCE = 1_000
_SHELVES = 256
_WORD_BITS = 32
_WORD = (1 << _WORD_BITS) - 1
_NOWHERE = 1 << 62


def _digests(ids: Sequence[Id]) -> Iterator[int]:
    # A number's own hash is the number; that of a tuple around it is spread evenly.
    return map(hash, zip(ids, strict=False))


class SeenIds:
    """The ids shown so far. From 50,000 to half a million they grow by less than three megabytes, and stay exact.

    The latest are held whole: pages overlap with their neighbours. Of older ones a digest of 40 bits is held, and the
    ids themselves lie in an unnamed temporary file. A digest that is found means *perhaps*; then the file decides, so
    a record is never dropped because its id has the digest of another's. Where no such file can be had, all are held.

    Args:
        digests: A number for each of some ids, the same for equal ids within this process.
        whole_at_most: So many ids are held whole.
    """

    def __init__(self, *, digests: Digests = _digests, whole_at_most: int = _WHOLE_AT_MOST) -> None:
        self._digests = digests
        self._generation_at_most = whole_at_most // 2
        self._latest: set[Id] = set()
        self._older: set[Id] = set()
        self._shelves: tuple[array[int], ...] = ()
        self._spool: IO[bytes] | None = None
        self._spooled = 0
        # Any: texts and numbers are compared with their own kind alone; where both occur there is no range.
        self._range: tuple[Any, Any] | None = None

    def __len__(self) -> int:
        return len(self._latest) + len(self._older) + self._spooled

    def among(self, ids: Sequence[Id]) -> set[Id]:
        """Those of ``ids`` that were shown before."""
        seen = self._latest.intersection(ids) | self._older.intersection(ids)
        if self._spooled and not self._out_of_range(ids):
            seen |= self._found_in_spool(self._perhaps(ids))
        return seen

    def add(self, ids: Iterable[Id]) -> None:
        """These are shown now; none of them was before."""
        self._latest.update(ids)
        if len(self._latest) > self._generation_at_most and self._put_away(self._older):
            self._older, self._latest = self._latest, set()

    def close(self) -> None:
        """Let go of the file."""
        if self._spool is not None:
            self._spool.close()

    def _put_away(self, ids: set[Id]) -> bool:
        """Whether there was room for them in the file."""
        waiting = iter(ids)
        try:
            if ids and self._spool is None:
                self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the walk
                self._shelves = tuple(array("I") for _ in range(_SHELVES))
            while self._spool is not None and (some := list(islice(waiting, _WRITTEN_AT_ONCE))):
                self._spool.seek(0, 2)
                self._spool.write(_lines(some))
                self._spool.flush()
                self._shelve(some)
        except OSError:
            # No room: then memory has to do. What was written already is held twice, and found all the same.
            self._generation_at_most = _NOWHERE
            return False
        self._spooled += len(ids)
        self._range = self._widened(ids)
        return True

    def _shelve(self, ids: Sequence[Id]) -> None:
        shelves = self._shelves
        for digest in self._digests(ids):
            insort(shelves[digest >> _WORD_BITS & _SHELVES - 1], digest & _WORD)

    def _widened(self, ids: set[Id]) -> tuple[Any, Any] | None:
        """The least and the greatest of the ids in the file; None where they cannot be ordered."""
        if not ids or (self._spooled > len(ids) and self._range is None):
            return self._range
        try:
            return min(ids | set(self._range or ())), max(ids | set(self._range or ()))
        except TypeError:
            return None

    def _out_of_range(self, ids: Sequence[Id]) -> bool:
        """Whether all come before or behind those in the file: most vendors list by id, and this is seen at once."""
        if self._range is None or not ids:
            return False
        try:
            return bool(min(ids) > self._range[1] or max(ids) < self._range[0])
        except TypeError:
            return False

    def _perhaps(self, ids: Sequence[Id]) -> set[Id]:
        """Those of which the digest is there."""
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
