"""A sandbox account as a vendor: real requests, real answers, within the sandbox's rules.

Whoever asks never sees the account's secrets: requests are signed here, tokens are given out under pseudonyms, and
answers read as if the vendor lived at its dialect's address. Usable in a run, through a relay, and without one.
"""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import quote

from harness.dialects.credentials import Credentials
from harness.dialects.facts import Dialect
from harness.stage.documents import at, parsed
from harness.stage.http1 import HeaderLines, Reply, Request
from harness.stage.operations import TOKEN, asked
from harness.stage.sandbox import Sandbox
from harness.stage.shapes import Shapes
from harness.stage.signer import Signer
from harness.stage.upstream import NoAnswer, Send, sent
from harness.stage.vendor import NotRecorded

TroubleKind = Literal["vendor_down", "budget_spent", "not_allowed", "credentials_refused", "unknown_host", "tls"]
LONGEST_WAIT_S = 120.0
"""What the vendor may ask for when it limits us; more counts as out of reach."""
_MOST_LIMITED = 5
_AGAIN_AFTER_S = 1.0
_NOT_PASSED_ON = frozenset(
    {
        *("accept-encoding", "authorization", "connection", "content-length", "cookie", "host", "keep-alive"),
        *("proxy-authorization", "te", "transfer-encoding", "upgrade"),
    }
)
_NOT_HANDED_BACK = frozenset({"set-cookie", "set-cookie2"})


class Trouble(NotRecorded):
    """The account cannot be asked, or gave no answer by which anybody could be judged; nothing more will be."""

    final = True

    def __init__(self, kind: TroubleKind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind: TroubleKind = kind


class Live:
    """Asks one account, a request at a time, never more or faster than its sandbox allows. Threads may share it.

    ``now_s`` and ``sleep`` are a monotonic clock and its wait; ``send`` is how a request travels.
    """

    def __init__(
        self,
        dialect: Dialect,
        sandbox: Sandbox,
        credentials: Credentials,
        *,
        send: Send = sent,
        now_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.dialect, self.sandbox = dialect, sandbox
        self.requests = 0
        """How many were sent."""
        self.limited = 0
        """How often the vendor refused one of them as too much."""
        self.limited_wait_s = 0.0
        """How long was waited because of that."""
        self.reserve = 0
        """So many requests of the budget are kept for ``tidy``."""
        self.trouble: Trouble | None = None
        """Why nothing is asked any more; None while things go well."""
        self.seen = Shapes()
        self._signer = Signer(dialect, credentials)
        self._send, self._now_s, self._sleep = send, now_s, sleep
        self._free_at_s = 0.0
        self._turn = threading.Lock()
        self._places = _places(dialect.base_url, sandbox.base_url)

    def handle(self, request: Request) -> Reply:
        """The account's answer, with its effect.

        A limit is obeyed and a hiccup of a safe request is tried once more here, so that nobody is blamed for them.

        Raises:
            Trouble: The budget is spent, the rules forbid it, or the vendor is out of reach.
        """
        with self._turn:
            if self.trouble is not None:
                raise Trouble(self.trouble.kind, str(self.trouble))
            try:
                return self._answered(request, self.sandbox.max_requests - self.reserve)
            except Trouble as trouble:
                self.trouble = trouble
                raise

    def tidy(self, request: Request) -> Reply:
        """As ``handle``, from the part of the budget that is kept for cleaning up, whatever happened before.

        Raises:
            Trouble: As ``handle``.
        """
        with self._turn:
            return self._answered(request, self.sandbox.max_requests)

    # -- one request -------------------------------------------------------------------------------------------------

    def _answered(self, request: Request, most: int) -> Reply:
        what = asked(self.dialect, request)
        if what.write and not self.sandbox.writes:
            raise Trouble("not_allowed", f"{request.method} {request.target}: the sandbox's rules allow no writes")
        reply = self._bought(request, most) if what.operation == TOKEN else self._signed(request, what.write, most)
        self.seen.add(what.operation, reply.status, reply.body)
        kept = [pair for pair in reply.headers if pair[0].lower() not in _NOT_HANDED_BACK]
        headers = tuple((name, self._inward(value)) for name, value in kept)
        return Reply(reply.status, headers, self._inward(reply.body.decode("latin-1")).encode("latin-1"))

    def _bought(self, request: Request, most: int) -> Reply:
        signature, body = self._signer.token_call(request)
        reply = self._persisted(request, signature, body, write=False, most=most)
        if reply.status in (400, 401, 403):
            raise Trouble("credentials_refused", self._told(request, reply))
        return self._signer.keep(reply, self._now_s())

    def _signed(self, request: Request, write: bool, most: int) -> Reply:
        reply = self._persisted(request, self._signature(most), request.body, write, most)
        if reply.status == 401 and self._signer.buys_tokens:
            # Taken back, or ended early: once more with another one.
            self._signer.forget_token()
            reply = self._persisted(request, self._signature(most), request.body, write, most)
        if reply.status == 401:
            raise Trouble("credentials_refused", self._told(request, reply))
        return reply

    def _signature(self, most: int) -> HeaderLines:
        if self._signer.buys_tokens and not self._signer.has_token(self._now_s()):
            self._bought(self._signer.token_request(), most)
        return self._signer.signature()

    def _persisted(self, request: Request, signature: HeaderLines, body: bytes, write: bool, most: int) -> Reply:
        """The answer, after limits and hiccups."""
        refusals, hiccups = 0, 0
        while True:
            try:
                reply = self._once(request, signature, body, most)
            except NoAnswer as none:
                if none.why in ("unknown_host", "tls"):
                    raise Trouble(none.why, f"{self.sandbox.host}: {none}") from none
                if write or hiccups or none.why == "no_answer":
                    target = request.target.partition("?")[0]
                    told = f"{request.method} {target} at {self.sandbox.host}: {none}"
                    raise Trouble("vendor_down", told) from none
            else:
                if self._limits(reply):
                    refusals += 1
                    self._obey(request, reply, refusals)
                    continue
                if reply.status < 500:
                    return reply
                if write or hiccups:
                    raise Trouble("vendor_down", self._told(request, reply))
            hiccups += 1
            self._sleep(_AGAIN_AFTER_S)

    def _once(self, request: Request, signature: HeaderLines, body: bytes, most: int) -> Reply:
        if self.requests >= most:
            kept = f", {self.reserve} of them kept for cleaning up" if self.reserve else ""
            raise Trouble("budget_spent", f"the budget of {self.sandbox.max_requests} requests is spent{kept}")
        wait_s = self._free_at_s - self._now_s()
        if wait_s > 0:
            self._sleep(wait_s)
        self._free_at_s = self._now_s() + 1 / self.sandbox.per_second
        self.requests += 1
        withheld = _NOT_PASSED_ON | {self._signer.header}
        kept_headers = [pair for pair in request.headers if pair[0].lower() not in withheld]
        headers = (*((name, self._outward(value)) for name, value in kept_headers), *signature)
        url = self.sandbox.base_url + self._outward(request.target)
        return self._send(request.method, url, headers, self._outward(body.decode("latin-1")).encode("latin-1"))

    # -- limits ------------------------------------------------------------------------------------------------------

    def _limits(self, reply: Reply) -> bool:
        limits = self.dialect.limits
        if reply.status == 429:
            return True
        if limits.codes:
            code = at(parsed(reply.body), self.dialect.errors.code)
            return reply.status == limits.status and str(code) in limits.codes
        return reply.status == limits.status

    def _obey(self, request: Request, reply: Reply, refusals: int) -> None:
        self.limited += 1
        wait_s = _asked_wait_s(reply) or 2.0**refusals
        if wait_s > LONGEST_WAIT_S or refusals > _MOST_LIMITED:
            told = self._told(request, reply)
            raise Trouble("vendor_down", f"{told}: it is limited, {refusals} in a row, and asks for {wait_s:.0f} s")
        self.limited_wait_s += wait_s
        self._sleep(wait_s)

    # -- words -------------------------------------------------------------------------------------------------------

    def _outward(self, text: str) -> str:
        for inside, outside in self._places:
            text = text.replace(inside, outside)
        return text

    def _inward(self, text: str) -> str:
        for inside, outside in self._places:
            text = text.replace(outside, inside)
        return self._signer.masked(text)

    def _told(self, request: Request, reply: Reply) -> str:
        message = at(parsed(reply.body), self.dialect.errors.message)
        words = f" ({self._inward(message)[:200]})" if isinstance(message, str) else ""
        request_id = reply.header(self.dialect.errors.request_id) if self.dialect.errors.request_id else ""
        named = f", request id {request_id}" if request_id else ""
        return f"{request.method} {request.target.partition('?')[0]} answered {reply.status}{words}{named}"


def _places(inside: str, outside: str) -> tuple[tuple[str, str], ...]:
    """How the vendor's address reads in a run and in truth: plain, in a URL's query, in JSON that escapes slashes."""
    return (
        (inside, outside),
        (quote(inside, safe=""), quote(outside, safe="")),
        (json.dumps(inside)[1:-1].replace("/", "\\/"), json.dumps(outside)[1:-1].replace("/", "\\/")),
        (inside.partition("://")[2], outside.partition("://")[2]),
    )


def _asked_wait_s(reply: Reply) -> float | None:
    """The wait that ``Retry-After`` asks for, in seconds (RFC 9110 s10.2.3); None where it asks for none."""
    said = (reply.header("retry-after") or "").strip()
    try:
        seconds = float(said) if said.replace(".", "", 1).isdigit() else None
        if seconds is None and said:
            seconds = (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
    return seconds if seconds is not None and seconds > 0 else None
