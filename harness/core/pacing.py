"""Requests wait before they would overdraw a quota, so that the vendor need not refuse them. Holds clock and lock."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from harness.core.clock import Clock
from harness.core.gate import check_wait
from harness.core.journal import Journal
from harness.core.quotas import Left, Pace, StatedPace, ToldPace, Turn, told_by_field, told_left
from harness.core.waits import vendor_now_s
from harness.dialects.facts import Limits, Quota

_LOOK_AGAIN_S = 1.0
"""So long a waiting thread sleeps at once: an answer that comes meanwhile may tell of more."""
_ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How near to the vendor's limit the requests come.

    Raises:
        ValueError: The share is none.
    """

    quotas: tuple[Quota, ...] = ()
    """What the account is allowed, where the dialect does not state it: plans differ."""
    warned_share: float = 0.05
    """A share of refused requests above this is a warning that the integration needs a redesign."""

    def __post_init__(self) -> None:
        if not 0 <= self.warned_share <= 1:
            raise ValueError(f"warned_share is a share, from 0 to 1, and not {self.warned_share}; 0.05 is 5 %")


class Pacer:
    """Gives each request its turn. Threads share it, and with it the quotas."""

    def __init__(self, limits: Limits, pacing: Pacing, *, clock: Clock, journal: Journal, longest_s: float) -> None:
        self._clock = clock
        self._journal = journal
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self._numbers = count()
        self._told_by = limits.quota_headers
        self._stated = [(quota.methods, StatedPace(quota)) for quota in (*limits.quotas, *pacing.quotas)]
        self._by_operation: dict[tuple[int, str], ToldPace] = {}
        self._found: dict[tuple[str, str], list[Pace]] = {}
        self._by_field = ToldPace(len(limits.quota_headers))

    @contextmanager
    def turn(self, method: str, operation: str, by_s: float) -> Iterator[Callable[[Mapping[str, str]], None]]:
        """A request may be sent within the block. What it yields takes the answer's headers, names in lower case.

        Raises:
            WaitTooLong: A quota is used up for longer than is waited for here.
            DeadlineReached: It is used up past ``by_s``, a moment of the monotonic clock.
        """
        paces = self._paces(method, operation)
        turn = self._begin(paces, by_s)

        def answered(headers: Mapping[str, str]) -> None:
            turn.told = self._told(headers)

        try:
            yield answered
        finally:
            with self._lock:
                turn.ended_s = self._clock.monotonic_s()
                for pace in paces:
                    pace.end(turn)

    def _paces(self, method: str, operation: str) -> list[Pace]:
        """Those that keep the quotas which a request of this kind counts towards."""
        kept = self._found.get((method, operation))
        if kept is not None:
            return kept
        found: list[Pace] = [pace for methods, pace in self._stated if not methods or method in methods]
        with self._lock:
            for place, told_by in enumerate(self._told_by):
                if not told_by.methods or method in told_by.methods:
                    whose = operation if told_by.each == "operation" else ""
                    found.append(self._by_operation.setdefault((place, whose), ToldPace(place)))
            return self._found.setdefault((method, operation), [*found, self._by_field])

    def _begin(self, paces: list[Pace], by_s: float) -> Turn:
        waited = False
        while True:
            with self._lock:
                now_s = self._clock.monotonic_s()
                wait_s = max(pace.wait_s(now_s) for pace in paces)
                if wait_s <= _ROUNDING_S:
                    turn = Turn(next(self._numbers), now_s)
                    for pace in paces:
                        pace.begin(turn)
                    return turn
            what = f"the vendor's quota is used up for {wait_s:.0f} s more"
            check_wait(wait_s, what, longest_s=self._longest_s, by_s=by_s, clock=self._clock)
            if not waited:
                self._journal.paced(wait_s)
            waited = True
            self._clock.sleep(min(wait_s, _LOOK_AGAIN_S))

    def _told(self, headers: Mapping[str, str]) -> tuple[Left | None, ...]:
        if not self._told_by and "ratelimit" not in headers:
            return (None,)
        now_s = vendor_now_s(headers, self._clock.epoch_s())
        told = (told_left(headers, told_by, now_s=now_s) for told_by in self._told_by)
        return (*told, told_by_field(headers))
