"""Where every thread waits for as long as the vendor asked one of them to wait."""

import threading
from datetime import UTC, datetime, timedelta

from harness.core.clock import Clock, Jitter
from harness.core.errors import Context, DeadlineReached, WaitTooLong

_ROUNDING_S = 1e-6
_NEVER_HELD_S = float("-inf")


class Gate:
    """Holds every thread's requests back until the moment that the vendor named to one of them."""

    def __init__(self, *, clock: Clock, jitter: Jitter, longest_s: float) -> None:
        self._clock = clock
        self._jitter = jitter
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self._until_s = _NEVER_HELD_S

    def hold(self, wait_s: float) -> None:
        """Let no request through for so long."""
        until_s = self._clock.monotonic_s() + wait_s
        with self._lock:
            self._until_s = max(self._until_s, until_s)

    @property
    def left_s(self) -> float:
        """How long requests are still held back; 0 where they are not."""
        until_s = self._until_s
        if until_s == _NEVER_HELD_S:
            return 0.0
        left_s = until_s - self._clock.monotonic_s()
        return left_s if left_s > _ROUNDING_S else 0.0

    def pass_through(self, by_s: float) -> None:
        """Return when a request may be sent.

        Raises:
            WaitTooLong: That would be later than is waited for here.
            DeadlineReached: That would be later than ``by_s``, a moment of the monotonic clock.
        """
        while left_s := self.left_s:
            what = f"the vendor's limit holds for {left_s:.0f} s more"
            check_wait(left_s, what, longest_s=self._longest_s, by_s=by_s, clock=self._clock)
            self._clock.sleep(min(left_s + self._jitter(), by_s - self._clock.monotonic_s()))


def check_wait(wait_s: float, what: str, *, longest_s: float, by_s: float, clock: Clock) -> None:
    """Return if so long a wait may be slept.

    Raises:
        WaitTooLong: It is longer than is slept here.
        DeadlineReached: It would end after ``by_s``, a moment of the monotonic clock.
    """
    told = Context(retry_after_s=wait_s)
    if clock.monotonic_s() + wait_s > by_s:
        raise DeadlineReached(f"{what}, past the deadline of this call; {resume(clock, wait_s)}", told)
    if wait_s > longest_s:
        raise WaitTooLong(f"{what}; {resume(clock, wait_s)}", told)


def resume(clock: Clock, wait_s: float) -> str:
    """When to come again, as an operator reads it."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=clock.epoch_s() + wait_s)
    return f"run again after {moment:%Y-%m-%dT%H:%M:%SZ}"
