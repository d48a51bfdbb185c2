"""Says again and again that somebody is still there."""

import threading
from collections.abc import Callable

from harness.core.database import LedgerError
from harness.core.journal import LOGGER


class Pulse:
    """Calls ``beat`` every so many seconds from a thread of its own, from ``start`` to ``stop``."""

    def __init__(self, beat: Callable[[], None], *, every_s: float) -> None:
        self._beat = beat
        self._every_s = every_s
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; the first beat comes after one interval."""
        self._thread = threading.Thread(target=self._go_on, name="harness-pulse", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No beat comes after this has returned."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _go_on(self) -> None:
        while not self._over.wait(self._every_s):
            try:
                self._beat()
            except LedgerError as error:
                LOGGER.warning("could not say to the ledger that this process is alive: %s", error)
