"""The time and the sleep of the system. Looked up at each call, so that whatever is put in their place is obeyed."""

import time
from collections.abc import Callable
from typing import Protocol

Jitter = Callable[[], float]
"""A number from 0 to 1, another one at each call."""


class Clock(Protocol):
    """What the core needs to know of time."""

    def epoch_s(self) -> float:
        """Seconds since 1970: only to read a vendor's dates."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never jump: lifetimes and waits are counted in these."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        ...


class SystemClock:
    """The system's own time."""

    def epoch_s(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def monotonic_s(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        time.sleep(seconds)
