"""The ledger: every run is in it from its beginning, with its true end.

It needs SQLAlchemy, which is large: ``harness.core`` does not import it, whoever keeps a ledger does.
"""

from dataclasses import asdict
from datetime import timedelta

from harness.core.book import Book, End
from harness.core.clock import Clock, SystemClock
from harness.core.database import VARIABLE, Database, LedgerError, address_of
from harness.core.journal import LOGGER
from harness.core.lease import Lease, LeaseHeld, LeaseLost
from harness.core.records import RunRecord
from harness.core.run import Run, Terminated
from harness.core.status import Status, status_of

__all__ = ["VARIABLE", "Lease", "LeaseHeld", "LeaseLost", "Ledger", "LedgerError", "Run", "Terminated"]
BEAT_S = 60.0
_AGAIN_AFTER_S = (1.0, 5.0, 15.0)
"""A server that restarts just when a long run ends must not cost its record."""


class Ledger:
    """All runs of all integrations, in one database. Threads may share it, and so may processes and machines.

    A ledger that cannot be written stops a run before it begins: what runs unrecorded fails silently one day. Where
    only the end cannot be written, the end is logged in full as an error, raised, and written with this ledger's next
    run. Until then the run counts as crashed as soon as its process is gone, and never as a success.

    Args:
        address: ``sqlite:////folder/file`` or ``postgresql://user@host/database``; where left out, what
            ``HARNESS_LEDGER`` names, or else a file in the user's state folder.
        beat_s: How often a run says that it is alive, in seconds.

    Raises:
        LedgerError: The address is none.
    """

    def __init__(self, address: str | None = None, *, clock: Clock | None = None, beat_s: float = BEAT_S) -> None:
        self._clock = clock or SystemClock()
        self.database = Database(address_of(address), clock=self._clock)
        self._book = Book(self.database)
        self._beat_s = beat_s
        self._unwritten: dict[int, End] = {}

    def __repr__(self) -> str:
        return f"Ledger({self.database.name!r})"

    def run(self, integration: str, *, expected_every: timedelta | None = None) -> Run:
        """A run of the integration, as a context: it begins with it, and ends as the context ends.

        Succeeded; partial where it said so; failed where an error comes out of it; interrupted by Ctrl-C or SIGTERM;
        crashed where its process is gone without a word.

        Args:
            expected_every: How often it should succeed at least. Where left out, what its last run said holds on: one
                run by hand does not end the watch. ``timedelta.max`` ends it.

        Raises:
            LedgerError: On entry: it cannot be written, so nothing runs. On leaving: its end could not be written.
        """
        every_s = None if expected_every is None else expected_every.total_seconds()
        return Run(self, integration, expected_every_s=every_s, beat_s=self._beat_s)

    def recording(self, operation: str, *, expected_every: timedelta | None) -> Run:
        """The operation as a run of its own."""
        return self.run(operation, expected_every=expected_every)

    def lease(self, name: str) -> Lease:
        """The right to be the only one that does ``name``, as a context.

        Raises:
            LeaseHeld: On entry: somebody holds it; the message says who, and since when.
            LedgerError: The ledger cannot be written.
        """
        return Lease(self.database, name, beat_s=self._beat_s)

    def runs(self, integration: str | None = None, *, most: int | None = None) -> tuple[RunRecord, ...]:
        """The runs, the youngest first: of one integration where it is named, and at most so many.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        return self._book.runs(integration, most=most)

    def status(self) -> tuple[Status, ...]:
        """How each integration stands now, by name.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        known, now_s = self._book.known()
        return tuple(status_of(one, now_s=now_s) for one in known)

    # -- what a run asks of its ledger ---------------------------------------------------------------------------------

    def begin(self, integration: str, expected_every_s: float | None) -> int:
        """Write down that a run begins; its number in the ledger."""
        if self._unwritten:
            self._write_ends()
        return self._book.begin(integration, expected_every_s)

    def hear(self, number: int) -> None:
        """A run says that it is alive."""
        self._book.hear(number)

    def end(self, number: int, integration: str, end: End) -> None:
        """Write down how a run ended; where that fails, tell it in the log and keep it for later."""
        self._unwritten[number] = end
        for wait_s in (*_AGAIN_AFTER_S, None):
            try:
                self._write_ends()
            except LedgerError as error:
                if wait_s is not None:
                    self._clock.sleep(wait_s)
                    continue
                told = f"run {number} of {integration} ended, and that could not be recorded: {error}"
                facts = {"event": "end_unrecorded", "integration": integration, "run": number, **asdict(end)}
                LOGGER.error("%s: %s", told, facts, extra=facts)
                raise LedgerError(told) from error
            else:
                return

    def _write_ends(self) -> None:
        self._book.end(self._unwritten)
        self._unwritten.clear()
