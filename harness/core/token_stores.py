"""Where tokens are kept, so that one fetch serves all who hold the same binding."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from harness.core.clock import Clock
from harness.core.errors import DeadlineReached
from harness.core.grants import Binding, Grant


class TokenStore(Protocol):
    """Keeps one token for each binding. ``clock`` is that of whoever asks: its monotonic seconds count lifetimes."""

    def alone(self, binding: Binding, *, by_s: float, clock: Clock) -> AbstractContextManager[None]:
        """Nobody else fetches a token of this binding within the block.

        Raises:
            DeadlineReached: Somebody else still does at ``by_s``, a moment of the monotonic clock.
        """
        ...

    def read(self, binding: Binding, *, clock: Clock) -> Grant | None:
        """The token of this binding; None where there is none."""
        ...

    def write(self, binding: Binding, grant: Grant, *, clock: Clock) -> None:
        """Keep it in place of the one before."""
        ...


class MemoryTokens:
    """Keeps tokens for this process: integrations that are given the same store share them by binding."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[Binding, threading.Lock] = {}
        self._grants: dict[Binding, Grant] = {}

    def __repr__(self) -> str:
        return f"MemoryTokens({len(self._grants)} tokens)"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("MemoryTokens hold tokens and are not pickled; make a store where it is needed")

    @contextmanager
    def alone(self, binding: Binding, *, by_s: float, clock: Clock) -> Iterator[None]:
        """Nobody else fetches a token of this binding within the block.

        Raises:
            DeadlineReached: Somebody else still does at ``by_s``, a moment of the monotonic clock.
        """
        with self._lock:
            lock = self._locks.setdefault(binding, threading.Lock())
        left_s = by_s - clock.monotonic_s()
        if not lock.acquire(timeout=max(0.0, left_s) if left_s < threading.TIMEOUT_MAX else -1):
            raise DeadlineReached("another integration still fetches the token at the deadline of this call")
        try:
            yield
        finally:
            lock.release()

    def read(self, binding: Binding, *, clock: Clock) -> Grant | None:
        """The token of this binding; None where there is none."""
        return self._grants.get(binding)

    def write(self, binding: Binding, grant: Grant, *, clock: Clock) -> None:
        """Keep it in place of the one before."""
        self._grants[binding] = grant
