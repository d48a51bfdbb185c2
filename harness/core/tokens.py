"""Tokens that end: bought early enough, once for all threads, and replaced once when the vendor rejects one."""

import copy
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from harness.core.clock import Clock
from harness.core.errors import DeadlineReached, IntegrationError
from harness.core.gate import resume
from harness.core.journal import Journal

_LONGEST_MARGIN_S = 60.0
_MARGIN_SHARE = 0.1
_MARGIN_SLACK = 1.25
"""How much earlier than the margin a token is replaced: a request needs its time to arrive."""
_SUSPICIOUS_SHARE = 0.5
"""A token replaced before this share of its lifetime is a warning."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Whose token it is. One TokenManager serves one binding; a token is never used for another."""

    issuer: str
    client: str
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the token endpoint gave."""

    value: str = field(repr=False)
    lifetime_s: float | None
    """What it said of the lifetime; None where it said nothing that can be read as one."""
    asked_s: float
    """When the request for it was sent: the lifetime counts from there, so it never ends later than the vendor says."""

    @property
    def useful_until_s(self) -> float:
        """When it is to be replaced: min(60 s, 10 % of the lifetime) before its end, and a little earlier.

        A lifetime that is unsaid leaves the token useful until the vendor rejects it; one of zero or less
        makes it useful for one request.
        """
        if self.lifetime_s is None:
            return math.inf
        margin_s = min(_LONGEST_MARGIN_S, _MARGIN_SHARE * self.lifetime_s)
        return self.asked_s + self.lifetime_s - _MARGIN_SLACK * margin_s


class TokenManager:
    """The current token of one binding. Threads may share it: who needs a token while one is fetched waits for that."""

    def __init__(self, binding: Binding, fetch: Callable[[float], Grant], *, clock: Clock, journal: Journal) -> None:
        self.binding = binding
        self._fetch = fetch
        self._clock = clock
        self._journal = journal
        self._lock = threading.Lock()
        self._grant: Grant | None = None
        self._rejected = False
        self._failure: tuple[float, IntegrationError] | None = None

    def __repr__(self) -> str:
        return f"TokenManager({self.binding!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a TokenManager holds a token and is not pickled; make one where it is needed")

    def token(self, by_s: float = math.inf) -> str:
        """A token that is good for a request sent now; had by ``by_s``, a moment of the monotonic clock.

        Raises:
            CredentialsRejected: The token endpoint does not take the client.
            RetriesExhausted: It gave no token, however often it was asked.
            DeadlineReached: There would be none by then.
        """
        came_s = self._clock.monotonic_s()
        with self._locked(by_s - came_s):
            reason = self._why_fetch()
            if reason:
                self._share_failure(came_s)
                self._replace(reason, by_s)
            assert self._grant is not None, "fetched, or still good"
            return self._grant.value

    def reject(self, token: str) -> None:
        """The vendor did not take this token; the next request gets another one, however many threads say so."""
        with self._lock:
            if self._grant is not None and self._grant.value == token:
                self._rejected = True

    @contextmanager
    def _locked(self, longest_s: float) -> Iterator[None]:
        """Alone, once nobody else fetches."""
        bounded = longest_s < threading.TIMEOUT_MAX
        if not self._lock.acquire(timeout=max(0.0, longest_s) if bounded else -1):
            when = resume(self._clock, 0.0)
            raise DeadlineReached(f"another thread still fetches the token at the deadline of this call; {when}")
        try:
            yield
        finally:
            self._lock.release()

    def _why_fetch(self) -> str:
        if self._grant is None:
            return "first"
        if self._rejected:
            return "rejected"
        lifetime_s = self._grant.lifetime_s
        if lifetime_s is not None and lifetime_s <= 0:
            return "used_once"
        return "expiring" if self._clock.monotonic_s() >= self._grant.useful_until_s else ""

    def _share_failure(self, came_s: float) -> None:
        """Who waited while another thread's fetch failed gets that failure, not a try of its own."""
        if self._failure is not None and self._failure[0] > came_s:
            raise copy.copy(self._failure[1])

    def _replace(self, reason: str, by_s: float) -> None:
        try:
            grant = self._fetch(by_s)
        except DeadlineReached:
            raise  # whoever waited may have more time
        except IntegrationError as error:
            self._failure = (self._clock.monotonic_s(), error)
            raise
        before, self._grant, self._rejected = self._grant, grant, False
        self._journal.token_fetched(reason, grant.lifetime_s)
        if before is not None and before.lifetime_s is not None and before.lifetime_s > 0:
            served_s = grant.asked_s - before.asked_s
            if served_s < _SUSPICIOUS_SHARE * before.lifetime_s:
                text = f"token replaced sooner than expected: after {served_s:.1f} s of {before.lifetime_s:g} s"
                self._journal.token_warning(f"{text} reason={reason}", reason)
        if grant.lifetime_s is None or grant.lifetime_s <= 0:
            self._journal.token_warning(f"token came with no usable lifetime reason={reason}", reason)


def lifetime_s(told: Any) -> float | None:
    """``expires_in`` as seconds: a number, or a string of one; None for everything else (RFC 6749 s5.1)."""
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        seconds = float(told)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) else None
