"""Tokens that end: bought early enough, once for all threads, and replaced once when the vendor rejects one."""

import copy
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from harness.core.clock import Clock
from harness.core.errors import Context, DeadlineReached, IntegrationError, TokensUnusable
from harness.core.gate import resume
from harness.core.grants import Binding, Grant
from harness.core.journal import Journal
from harness.core.token_stores import TokenStore

_SUSPICIOUS_SHARE = 0.5
"""A token replaced before this share of its lifetime is a warning."""


class TokenManager:
    """The current token of one binding. Threads may share it: who needs a token while one is fetched waits for that.

    So do all who share its store. ``fetch`` gets the moment by which it has to be over.
    """

    def __init__(
        self, binding: Binding, fetch: Callable[[float], Grant], *, clock: Clock, journal: Journal, store: TokenStore
    ) -> None:
        self.binding = binding
        self._fetch = fetch
        self._clock = clock
        self._journal = journal
        self._store = store
        self._lock = threading.Lock()
        self._grant: Grant | None = None
        self._rejected = ""
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
            TokensUnusable: The store cannot be read or locked.
        """
        grant = self._grant
        # What is good is good without the lock too: who fetches holds it because nothing was.
        if grant is not None and not self._why_not(grant):
            return grant.value
        came_s = self._clock.monotonic_s()
        with self._locked(by_s - came_s):
            if reason := self._why_not(self._grant):
                self._share_failure(came_s)
                with self._usable(), self._store.alone(self.binding, by_s=by_s, clock=self._clock):
                    if not self._adopt(reason):
                        self._replace(reason, by_s)
            assert self._grant is not None, "adopted, fetched, or still good"
            return self._grant.value

    def reject(self, token: str) -> None:
        """The vendor did not take this token; the next request gets another one, however many threads say so."""
        # Without the lock, which a fetch holds for long: a value that is no longer the current one changes nothing.
        grant = self._grant
        if grant is not None and grant.value == token:
            self._rejected = token

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

    @contextmanager
    def _usable(self) -> Iterator[None]:
        """Tell what is wrong with the store as one of ours; what goes wrong in a fetch is one already."""
        try:
            yield
        except OSError as error:
            what = f"the token store {self._store!r} cannot be used: {error}; make its folder usable, or name another"
            raise TokensUnusable(what, Context(operation="token")) from error

    def _why_not(self, grant: Grant | None) -> str:
        """Why a token is not good for a request; empty where it is."""
        if grant is None:
            return "first"
        if grant.value == self._rejected:
            return "rejected"
        if grant.lifetime_s is not None and grant.lifetime_s <= 0:
            return "used_once"
        return "expiring" if self._clock.monotonic_s() >= grant.useful_until_s else ""

    def _adopt(self, reason: str) -> bool:
        """Whether somebody else fetched one meanwhile that is good; it is ours too then."""
        kept = self._store.read(self.binding, clock=self._clock)
        if kept is None or self._why_not(kept):
            return False
        self._grant = kept
        self._journal.token_adopted(reason, kept.value)
        return True

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
        # A vendor may sell the same token again; it is good then until it is rejected once more.
        before, self._grant, self._rejected = self._grant, grant, ""
        if grant.lifetime_s is None or grant.lifetime_s > 0:
            self._keep(grant, reason)
        self._journal.token_fetched(reason, grant.lifetime_s)
        if before is not None and before.lifetime_s is not None and before.lifetime_s > 0:
            served_s = grant.asked_s - before.asked_s
            if served_s < _SUSPICIOUS_SHARE * before.lifetime_s:
                text = f"token replaced sooner than expected: after {served_s:.1f} s of {before.lifetime_s:g} s"
                self._journal.token_warning(f"{text} reason={reason}", reason)
        if grant.lifetime_s is None or grant.lifetime_s <= 0:
            self._journal.token_warning(f"token came with no usable lifetime reason={reason}", reason)

    def _keep(self, grant: Grant, reason: str) -> None:
        """Let others have it too. Where that fails it serves here all the same."""
        try:
            self._store.write(self.binding, grant, clock=self._clock)
        except OSError as error:
            self._journal.token_warning(f"token could not be kept for others: {error} reason={reason}", reason)
