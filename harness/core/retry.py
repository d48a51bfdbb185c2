"""When a request is sent again, after which wait, and when it is given up. The one module that knows tenacity."""

import copy
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import tenacity

from harness.core.clock import Clock, Jitter
from harness.core.errors import (
    DeadlineReached,
    IntegrationError,
    RecordThrottled,
    RetriesExhausted,
    Throttled,
    WaitTooLong,
)
from harness.core.gate import Gate, resume
from harness.core.journal import Journal

T = TypeVar("T")
_SUCCESS_RESTORES = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often, how long, with which waits.

    Without a time given, the wait before try n+2 is ``2**n + U(0, 1)`` seconds up to ``longest_backoff_s``; where the
    vendor's page asks for a longer first wait, so many times that. With a time given, it is that time plus
    ``U(0, 1)``: never less. What would not end within ``budget_s`` is not begun.

    Raises:
        ValueError: By these numbers no request could be sent.
    """

    tries: int = 7
    budget_s: float = 600.0
    longest_backoff_s: float = 64.0
    quota: int = 100
    """Retries of all calls together that no success has given back: see ``RetryQuota``."""

    def __post_init__(self) -> None:
        if self.tries < 1 or self.quota < 0 or not (self.budget_s >= 0 and self.longest_backoff_s >= 0):
            raise ValueError(f"{self} makes no sense; a request is tried once at least, and nothing else is below 0")

    def wait_s(self, error: IntegrationError, tries_made: int, jitter: Jitter) -> float:
        """How long to wait after so many tries, of which the last ended with ``error``."""
        if error.retry_after_s is not None:
            return error.retry_after_s + jitter()
        backoff_s = min(2.0 ** (tries_made - 1), self.longest_backoff_s)
        return backoff_s * max(1.0, error.context.first_wait_s or 0.0) + jitter()

    def tries_for(self, error: IntegrationError) -> int:
        """How often a request that ends with ``error`` is sent in all."""
        return self.tries if error.tries_at_most is None else min(self.tries, error.tries_at_most)


class RetryQuota:
    """How many retries all calls together may still make. Each takes one; successes give some back.

    So an outage is answered with ``policy.quota`` retries in all, and then with one try a call, instead of with a
    storm; the first successes after it fill the quota again. Threads share it. The idea, and the proportion of five
    successes to a retry, is botocore's (``botocore.retries.quota``).
    """

    def __init__(self, policy: "RetryPolicy") -> None:
        self._most = float(policy.quota)
        self._left = self._most
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether one more retry may be made; it counts as made."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def give_back(self, *, retried: bool) -> None:
        """A call succeeded: after a retry that retry comes back, else a fifth of one."""
        with self._lock:
            self._left = min(self._most, self._left + (1.0 if retried else _SUCCESS_RESTORES))


class Retries:
    """Repeats what can succeed later, within the policy's bounds; the rest is raised at once."""

    def __init__(
        self, policy: RetryPolicy, *, clock: Clock, jitter: Jitter, journal: Journal, gate: Gate, quota: RetryQuota
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._jitter = jitter
        self._journal = journal
        self._gate = gate
        self._quota = quota
        self._by_s = math.inf

    def by(self, moment_s: float) -> "Retries":
        """The same for a call that has to be over by a moment of the monotonic clock: no wait ends later."""
        bounded = copy.copy(self)
        bounded._by_s = moment_s
        return bounded

    def run(self, act: Callable[[], T]) -> T:
        """What ``act`` returns at last.

        Raises:
            WaitTooLong: The vendor asked for a wait that would not end within the budget, or
                (``DeadlineReached``) within the call's deadline.
            RetriesExhausted: It failed too often; the last error is the cause.
            IntegrationError: It failed for good.
        """
        began_s = self._clock.monotonic_s()
        try:
            result = act()
        except IntegrationError as error:
            result = self._again(act, error, began_s)
        else:
            self._quota.give_back(retried=False)
        return result

    def _again(self, act: Callable[[], T], error: IntegrationError, began_s: float) -> T:
        """What ``act`` returns at last, of which the first try has failed: most need no second, and pay for none."""
        failed = [error]

        def tried() -> T:
            if failed:
                raise failed.pop()
            return act()

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_worth_another),
            wait=lambda state: self._policy.wait_s(_error_of(state), state.attempt_number, self._jitter),
            stop=lambda state: self._end(state, began_s) is not None or not self._quota.take(),
            sleep=self._clock.sleep,
            before_sleep=self._before_sleep,
            retry_error_callback=lambda state: self._give_up(state, began_s),
        )
        result = retrying(tried)
        self._quota.give_back(retried=True)
        return result

    def _end(self, state: tenacity.RetryCallState, began_s: float) -> tuple[type[RetriesExhausted], str] | None:
        """Why this call is not to be tried again; None where it may be."""
        now_s, wait_s, error = self._clock.monotonic_s(), state.upcoming_sleep, _error_of(state)
        if state.attempt_number >= self._policy.tries_for(error):
            return RetriesExhausted, f"{state.attempt_number} tries in {now_s - began_s:.0f} s"
        if now_s + wait_s > self._by_s:
            return DeadlineReached, f"the next wait, {wait_s:.0f} s, would end after the deadline of this call"
        if now_s - began_s + wait_s > self._policy.budget_s:
            return WaitTooLong, f"the next wait, {wait_s:.0f} s, would not end in time"
        return None

    def _before_sleep(self, state: tenacity.RetryCallState) -> None:
        error = _error_of(state)
        if isinstance(error, Throttled) or error.retry_after_s is not None:
            self._hold(error, state.upcoming_sleep)
        self._journal.waits(error, state.upcoming_sleep, state.attempt_number)

    def _hold(self, error: IntegrationError, wait_s: float) -> None:
        """Let every other request wait as well, unless the limit is that of one record."""
        if not isinstance(error, RecordThrottled):
            self._gate.hold(wait_s)

    def _give_up(self, state: tenacity.RetryCallState, began_s: float) -> NoReturn:
        error = _error_of(state)
        if error.retry_after_s is not None:
            self._hold(error, error.retry_after_s)
        spent = RetriesExhausted, f"all calls together have made {self._policy.quota} retries without success"
        kind, why = self._end(state, began_s) or spent
        when = resume(self._clock, state.upcoming_sleep)
        what = f"gave up: {why}; {when}; the last error was {type(error).__name__}: {error.what}"
        exhausted = kind(what, error.context, happened=error.may_have_happened)
        self._journal.gave_up(exhausted)
        raise exhausted from error


def _worth_another(error: BaseException) -> bool:
    # What was tried again inside is not tried again outside: layers of retries would multiply.
    inner = isinstance(error, RetriesExhausted)
    return isinstance(error, IntegrationError) and error.can_succeed_later and not inner


def _error_of(state: tenacity.RetryCallState) -> IntegrationError:
    assert state.outcome is not None, "asked only after a try"
    error = state.outcome.exception()
    assert isinstance(error, IntegrationError), "nothing else is tried again"
    return error
