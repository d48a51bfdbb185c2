"""Calls are made rarer while the vendor asks for it on its successes (Kinto's ``Backoff``).

Such a hint refuses nothing and holds for seconds at a time, so it is no wait: a run that slept through it between any
two requests would hardly end. While it holds, each thread rests after a request for as long as the request took: the
client asks at half its speed, however fast or slow the vendor is, and the run takes at most twice its time.
"""

import threading
from collections.abc import Mapping

from harness.core.clock import Clock
from harness.core.journal import Journal
from harness.core.waits import read_wait_s, vendor_now_s
from harness.dialects.facts import Limits

_ROUNDING_S = 1e-6


class Easing:
    """The rest that each thread owes the vendor. Threads share the hint, and rest each by itself."""

    def __init__(self, limits: Limits, *, clock: Clock, journal: Journal) -> None:
        self._hints = limits.hints
        self._clock = clock
        self._journal = journal
        self._owed = threading.local()
        self._told = False

    def rest(self, by_s: float) -> None:
        """Sleep for what this thread owes, but not past ``by_s``, a moment of the monotonic clock."""
        rest_s: float = getattr(self._owed, "rest_s", 0.0)
        if not rest_s:
            return
        owed_s = min(rest_s, by_s - self._clock.monotonic_s())
        self._owed.rest_s = 0.0
        if owed_s > _ROUNDING_S:
            self._clock.sleep(owed_s)

    def answered(self, headers: Mapping[str, str], took_s: float) -> None:
        """Take note of an answer's headers, names in lower case, and of how long the request took."""
        if not self._hints:
            return
        now_s = vendor_now_s(headers, self._clock.epoch_s())
        told = (read_wait_s(headers.get(hint.header.lower(), ""), hint.form, now_s=now_s) for hint in self._hints)
        asked_s = max((wait_s for wait_s in told if wait_s is not None), default=0.0)
        self._owed.rest_s = max(0.0, min(took_s, asked_s))
        if asked_s > 0 and not self._told:
            self._told = True
            self._journal.eased(asked_s)
