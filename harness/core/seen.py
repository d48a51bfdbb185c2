"""Which record ids a walk has shown so far: exactly, and in little memory however many they are."""

import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import IO

Id = str | int

_WHOLE_AT_MOST = 10_000
_SHELVES = 1024
_WORD_BITS = 32
_WORD = (1 << _WORD_BITS) - 1
_NOWHERE = 1 << 62


def _digest(record_id: Id) -> int:
    # A number's own hash is the number; that of a tuple around it is spread evenly.
    return hash((record_id,))


class SeenIds:
    """The ids shown so far. Half a million of them take about three megabytes, and none is taken for another.

    The latest are held whole: pages overlap with their neighbours. Of older ones a digest of 42 bits is held, and the
    ids themselves lie in an unnamed temporary file. A digest that is found means *perhaps*; then the file decides, so
    a record is never dropped because its id has the digest of another's. Where no such file can be had, all are held.

    Args:
        digest: A number for an id, the same for equal ids within this process.
        whole_at_most: So many ids are held whole.
    """

    def __init__(self, *, digest: Callable[[Id], int] = _digest, whole_at_most: int = _WHOLE_AT_MOST) -> None:
        self._digest = digest
        self._whole_at_most = whole_at_most
        self._whole: dict[Id, None] = {}
        self._shelves: tuple[array[int], ...] = ()
        self._spool: IO[bytes] | None = None
        self._spooled = 0

    def __len__(self) -> int:
        return len(self._whole) + self._spooled

    def among(self, ids: Sequence[Id]) -> set[Id]:
        """Those of ``ids`` that were shown before."""
        seen = self._whole.keys() & ids
        if self._spooled:
            seen |= self._found_in_spool(self._perhaps(ids))
        return seen

    def add(self, ids: Iterable[Id]) -> None:
        """These are shown now; none of them was before."""
        self._whole.update(dict.fromkeys(ids))
        if len(self._whole) > self._whole_at_most:
            self._put_away(list(islice(self._whole, len(self._whole) - self._whole_at_most // 2)))

    def close(self) -> None:
        """Let go of the file."""
        if self._spool is not None:
            self._spool.close()

    def _put_away(self, ids: Sequence[Id]) -> None:
        try:
            if self._spool is None:
                self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the walk
                self._shelves = tuple(array("I") for _ in range(_SHELVES))
            self._spool.seek(0, 2)
            self._spool.write(b"".join(map(_line, ids)))
            self._spool.flush()
        except OSError:
            # No room for it: then memory has to do.
            self._whole_at_most = _NOWHERE
            return
        for one, digest in zip(ids, map(self._digest, ids), strict=True):
            del self._whole[one]
            shelf, word = self._shelves[digest >> _WORD_BITS & _SHELVES - 1], digest & _WORD
            shelf.insert(bisect_left(shelf, word), word)
        self._spooled += len(ids)

    def _perhaps(self, ids: Sequence[Id]) -> set[Id]:
        """Those of which the digest is there. A page's worth of ids goes through here for each page."""
        found, shelves = set[Id](), self._shelves
        for one, digest in zip(ids, map(self._digest, ids), strict=True):
            shelf, word = shelves[digest >> _WORD_BITS & _SHELVES - 1], digest & _WORD
            at = bisect_left(shelf, word)
            if at < len(shelf) and shelf[at] == word:
                found.add(one)
        return found

    def _found_in_spool(self, perhaps: set[Id]) -> set[Id]:
        if not perhaps or self._spool is None:
            return set()
        wanted = {_line(one): one for one in perhaps}
        self._spool.seek(0)
        return {wanted[line] for line in self._spool if line in wanted}


def _line(one: Id) -> bytes:
    """One line for one id: numbers and texts differ, and line ends within a text are escaped."""
    return ascii(one).encode() + b"\n"
