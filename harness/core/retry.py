"""When a request is sent again, after which wait, and when it is given up. The one module that knows tenacity."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn, TypeVar

import tenacity

from harness.core.clock import Clock
from harness.core.errors import IntegrationError, RetriesExhausted, Throttled, WaitTooLong
from harness.core.journal import Journal

T = TypeVar("T")
Jitter = Callable[[], float]
"""A number from 0 to 1, another one at each call."""

_ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often, how long, with which waits.

    Without a time given, the wait before try n+2 is ``2**n + U(0, 1)`` seconds up to ``longest_backoff_s``; where the
    vendor's page asks for a longer first wait, so many times that. With a time given, it is that time plus
    ``U(0, 1)``: never less. What would not end within ``budget_s`` is not begun.
    """

    tries: int = 7
    budget_s: float = 600.0
    longest_backoff_s: float = 64.0

    def wait_s(self, error: IntegrationError, tries_made: int, jitter: Jitter) -> float:
        """How long to wait after so many tries, of which the last ended with ``error``."""
        if error.retry_after_s is not None:
            return error.retry_after_s + jitter()
        backoff_s = min(2.0 ** (tries_made - 1), self.longest_backoff_s)
        return backoff_s * max(1.0, error.context.first_wait_s or 0.0) + jitter()

    def tries_for(self, error: IntegrationError) -> int:
        """How often a request that ends with ``error`` is sent in all."""
        return self.tries if error.tries_at_most is None else min(self.tries, error.tries_at_most)


class Gate:
    """Holds every thread's requests back until the moment that the vendor named to one of them."""

    def __init__(self, *, clock: Clock, jitter: Jitter, longest_s: float) -> None:
        self._clock = clock
        self._jitter = jitter
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self._until_s = float("-inf")

    def hold(self, wait_s: float) -> None:
        """Let no request through for so long."""
        until_s = self._clock.monotonic_s() + wait_s
        with self._lock:
            self._until_s = max(self._until_s, until_s)

    @property
    def left_s(self) -> float:
        """How long requests are still held back; 0 where they are not."""
        left_s = self._until_s - self._clock.monotonic_s()
        return left_s if left_s > _ROUNDING_S else 0.0

    def pass_through(self) -> None:
        """Return when a request may be sent.

        Raises:
            WaitTooLong: That would be later than is waited for here.
        """
        while left_s := self.left_s:
            if left_s > self._longest_s:
                raise WaitTooLong(f"the vendor's limit holds for {left_s:.0f} s more; {_resume(self._clock, left_s)}")
            self._clock.sleep(left_s + self._jitter())


class Retries:
    """Repeats what can succeed later, within the policy's bounds; the rest is raised at once."""

    def __init__(self, policy: RetryPolicy, *, clock: Clock, jitter: Jitter, journal: Journal, gate: Gate) -> None:
        self._policy = policy
        self._clock = clock
        self._jitter = jitter
        self._journal = journal
        self._gate = gate

    def run(self, act: Callable[[], T]) -> T:
        """What ``act`` returns at last.

        Raises:
            WaitTooLong: The vendor asked for a wait that would not end within the budget.
            RetriesExhausted: It failed too often; the last error is the cause.
            IntegrationError: It failed for good.
        """
        began_s = self._clock.monotonic_s()

        def out_of_bounds(state: tenacity.RetryCallState) -> bool:
            spent_s = self._clock.monotonic_s() - began_s
            tries = self._policy.tries_for(_error_of(state))
            return state.attempt_number >= tries or spent_s + state.upcoming_sleep > self._policy.budget_s

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_worth_another),
            wait=lambda state: self._policy.wait_s(_error_of(state), state.attempt_number, self._jitter),
            stop=out_of_bounds,
            sleep=self._clock.sleep,
            before_sleep=self._before_sleep,
            retry_error_callback=lambda state: self._give_up(state, self._clock.monotonic_s() - began_s),
        )
        return retrying(act)

    def _before_sleep(self, state: tenacity.RetryCallState) -> None:
        error = _error_of(state)
        if isinstance(error, Throttled) or error.retry_after_s is not None:
            self._gate.hold(state.upcoming_sleep)
        self._journal.waits(error, state.upcoming_sleep, state.attempt_number)

    def _give_up(self, state: tenacity.RetryCallState, spent_s: float) -> NoReturn:
        error = _error_of(state)
        tries, wait_s = state.attempt_number, state.upcoming_sleep
        if error.retry_after_s is not None:
            self._gate.hold(error.retry_after_s)
        kind: type[RetriesExhausted]
        if tries < self._policy.tries_for(error):
            kind, why = WaitTooLong, f"the next wait, {wait_s:.0f} s, would not end in time"
        else:
            kind, why = RetriesExhausted, f"{tries} tries in {spent_s:.0f} s"
        what = (
            f"gave up: {why}; {_resume(self._clock, wait_s)}; the last error was {type(error).__name__}: {error.what}"
        )
        exhausted = kind(what, error.context, happened=error.may_have_happened)
        self._journal.gave_up(exhausted)
        raise exhausted from error


def _worth_another(error: BaseException) -> bool:
    return isinstance(error, IntegrationError) and error.can_succeed_later


def _error_of(state: tenacity.RetryCallState) -> IntegrationError:
    assert state.outcome is not None, "asked only after a try"
    error = state.outcome.exception()
    assert isinstance(error, IntegrationError), "nothing else is tried again"
    return error


def _resume(clock: Clock, wait_s: float) -> str:
    """When to come again, as an operator reads it."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=clock.epoch_s() + wait_s)
    return f"run again after {moment:%Y-%m-%dT%H:%M:%SZ}"
