"""How many records there were before: none, where some were, is not taken for the truth without being told."""

import threading


class LastCounts:
    """How many records each collection had when it was last walked through, or given, as a whole. Threads may share it.

    It is as old as its integration: a process that has just started gives ``fewest_records`` where it knows better.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def fewest(self, what: str, stated: int | None) -> int:
        """The fewest records that are believed: as stated, else one where there were any before."""
        if stated is not None:
            return stated
        with self._lock:
            return min(1, self._counts.get(what, 0))

    def note(self, what: str, records: int) -> None:
        """So many there are now."""
        with self._lock:
            self._counts[what] = records
