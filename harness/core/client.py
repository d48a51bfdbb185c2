"""One vendor's API: requests that are signed, sent, read and, where that can help, sent again."""

import copy
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

import requests
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar

from harness.core.buying import Purchase, buy, purchase
from harness.core.clock import Clock, Jitter
from harness.core.easing import Easing
from harness.core.errors import DeadlineReached, IntegrationError, Unauthorized, about
from harness.core.gate import Gate, resume
from harness.core.grants import Grant
from harness.core.journal import Journal
from harness.core.masking import Mask
from harness.core.pacing import Pacer, Pacing
from harness.core.replies import Answer, Reader
from harness.core.retry import Retries, RetryPolicy, RetryQuota
from harness.core.signing import HeaderToken, lasting_signature
from harness.core.token_stores import TokenStore
from harness.core.tokens import TokenManager
from harness.core.transport import Bounds, Outgoing, RawReply, Transport
from harness.dialects.credentials import Credentials
from harness.dialects.facts import Dialect, LoginSession, OAuth2

T = TypeVar("T")
Headers = Mapping[str, str]


class Client:
    """Asks one vendor. Threads may share it: they share its token, and wait together when one hits a limit."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        token_url: str,
        credentials: Credentials,
        token_store: TokenStore,
        session: requests.Session,
        policy: RetryPolicy,
        pacing: Pacing,
        bounds: Bounds,
        clock: Clock,
        jitter: Jitter,
    ) -> None:
        _prepare(session)
        self._session = session
        self._clock = clock
        self._mask = Mask(credentials)
        self.journal = Journal(self._mask, clock, warned_share=pacing.warned_share)
        self._transport = Transport(session, clock=clock, mask=self._mask, bounds=bounds)
        self._reader = Reader(dialect, self._mask)
        self._gate = Gate(clock=clock, jitter=jitter, longest_s=policy.budget_s)
        self._easing = Easing(dialect.limits, clock=clock, journal=self.journal)
        self._by_s = math.inf
        self._pacer = Pacer(dialect.limits, pacing, clock=clock, journal=self.journal, longest_s=policy.budget_s)
        quota = RetryQuota(policy)
        self.retries = Retries(policy, clock=clock, jitter=jitter, journal=self.journal, gate=self._gate, quota=quota)
        # The token endpoint has a limit of its own: the API's neither holds it back nor is held back by it.
        own_gate = Gate(clock=clock, jitter=jitter, longest_s=policy.budget_s)
        self._token_retries = Retries(
            policy, clock=clock, jitter=jitter, journal=self.journal, gate=own_gate, quota=quota
        )
        self._lasting = lasting_signature(dialect, credentials)
        self._signing = dialect.signing
        order = purchase(dialect.signing, credentials, token_url)
        self._tokens = None if order is None else self._token_manager(order, token_store)

    def by(self, moment_s: float) -> "Client":
        """The same client for a call that has to be over by a moment of the monotonic clock: no wait ends later."""
        bounded = copy.copy(self)
        bounded._by_s = moment_s
        bounded.retries = self.retries.by(moment_s)
        return bounded

    def ask(self, outgoing: Outgoing, read: Callable[[Answer], T]) -> T:
        """What ``read`` makes of the answer; sent again where that can help, so only for what may happen twice.

        ``read`` raises ``answer.malformed(...)`` where the answer is not what was asked for.

        Raises:
            IntegrationError: Any of the tree; ``RetriesExhausted`` where trying again did not help.
        """
        return self.retries.run(lambda: self.ask_once(outgoing, read))

    def ask_once(self, outgoing: Outgoing, read: Callable[[Answer], T]) -> T:
        """What ``read`` makes of the answer to one request; sent twice only when the vendor rejects the token."""
        try:
            return read(self._signed_and_sent(outgoing))
        except IntegrationError as error:
            told = about(error, operation=outgoing.operation, record_key=outgoing.record_key)
            self.journal.failed(told)
            raise told from error.__cause__

    def reads(self, outgoing: Outgoing, reply: RawReply) -> Answer:
        """What one reply within a batch means, by the same rules as one that came alone.

        Raises:
            IntegrationError: It is a failure.
        """
        return self._reader.read(outgoing, reply, epoch_s=self._clock.epoch_s())

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _signed_and_sent(self, outgoing: Outgoing) -> Answer:
        self._easing.rest(self._by_s)
        with self._pacer.turn(outgoing.method, outgoing.operation, self._by_s) as answered:
            signature, token = self._signature()
            try:
                return self._send(outgoing, signature, answered)
            except Unauthorized as error:
                if self._tokens is None:
                    raise
                self.journal.failed(error)
                self._tokens.reject(token)
        # Once only: a new token that is rejected too means that tokens are not what is wrong.
        with self._pacer.turn(outgoing.method, outgoing.operation, self._by_s) as answered:
            signature, _ = self._signature()
            return self._send(outgoing, signature, answered)

    def _signature(self) -> tuple[AuthBase, str]:
        """What signs a request that is sent now, and the token in it.

        The gate comes first and last: a token fetched before a long wait would be dead after it, and another
        thread may hit the limit while this one fetches.
        """
        while True:
            self._gate.pass_through(self._by_s)
            self._check_deadline()
            if self._tokens is None or not isinstance(self._signing, OAuth2 | LoginSession):
                return self._lasting, ""
            token = self._tokens.token(self._by_s)
            if not self._gate.left_s:
                return HeaderToken(self._signing.header, self._signing.scheme, token), token

    def _check_deadline(self) -> None:
        if self._by_s < math.inf and self._clock.monotonic_s() >= self._by_s:
            raise DeadlineReached(f"the deadline of this call has passed; {resume(self._clock, 0.0)}")

    def _send(self, outgoing: Outgoing, signature: AuthBase, answered: Callable[[Headers], None]) -> Answer:
        reply, took_s = self._timed(outgoing, signature, self._by_s)
        answered(reply.headers)
        self._easing.answered(reply.headers, took_s)
        return self.reads(outgoing, reply)

    def _send_for_token(self, by_s: float, outgoing: Outgoing, signature: AuthBase) -> Answer:
        reply, _ = self._timed(outgoing, signature, by_s)
        return self.reads(outgoing, reply)

    def _timed(self, outgoing: Outgoing, signature: AuthBase, by_s: float) -> tuple[RawReply, float]:
        """The reply, and how long the request took in seconds."""
        self.journal.sent()
        began_s = self._clock.monotonic_s()
        try:
            reply = self._transport.send(outgoing, signature, by_s=by_s)
        finally:
            took_s = self._clock.monotonic_s() - began_s
            self.journal.took(took_s)
        return reply, took_s

    def _token_manager(self, order: Purchase, store: TokenStore) -> TokenManager:
        def fetch_once(by_s: float) -> Grant:
            try:
                return buy(partial(self._send_for_token, by_s), order, self._clock, self._mask)
            except IntegrationError as error:
                if error.can_succeed_later:  # what ends the call is told where it ends
                    self.journal.failed(error)
                raise

        def fetch(by_s: float) -> Grant:
            return self._token_retries.by(by_s).run(lambda: fetch_once(by_s))

        return TokenManager(order.binding, fetch, clock=self._clock, journal=self.journal, store=store)


def _prepare(session: requests.Session) -> None:
    """Leave nothing in the session by which a request could carry more than its own signature."""
    session.headers["Accept"] = "application/json"
    # A session cookie would outlive the token that it was given for.
    session.cookies = _NoCookies()
    # Even where it follows no redirect, requests reads the whole body and prepares the next request.
    session.get_redirect_target = _nowhere  # type: ignore[assignment,method-assign]


def _nowhere(_: requests.Response) -> str | None:
    """No reply leads to another request."""
    return None


class _NoCookies(RequestsCookieJar):
    """Keeps nothing."""

    def set_cookie(self, cookie: object, *args: object, **kwargs: object) -> None:
        """Forget it."""
