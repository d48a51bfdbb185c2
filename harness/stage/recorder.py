"""Records what a program asks of a vendor: a proxy on loopback that passes everything on, and keeps it.

The program takes the proxy's address for the vendor's, or uses the proxy as its HTTP proxy (absolute-form targets,
RFC 9112 s3.2.2). Where it knows the proxy's address alone, links in answers lead to the proxy as well, or the second
page would be asked for behind its back. The program signs its requests itself; nothing kept here is sanitised yet.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from harness.stage.exchange import FormError, RecordedExchange, converted
from harness.stage.http1 import EOF, Reply, Request, Script, render
from harness.stage.operations import READS
from harness.stage.sandbox import Sandbox
from harness.stage.sanitise import rehosted
from harness.stage.serve import World
from harness.stage.upstream import NoAnswer, Send, sent

TroubleKind = Literal["vendor_down", "unknown_host", "tls", "budget_spent", "not_allowed", "other_host", "form"]
_OF_THE_CONNECTION = frozenset(
    {
        *("accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization"),
        *("proxy-connection", "te", "transfer-encoding", "upgrade"),
    }
)


class NotRecordable(Exception):
    """What was asked cannot be part of a recording; the sentence says why and what to do."""

    def __init__(self, kind: TroubleKind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind: TroubleKind = kind


class Recorder:
    """Passes requests on to one vendor, never more or faster than its sandbox allows. Answers as ``serve`` asks it to.

    ``now_s`` and ``sleep`` are a monotonic clock and its wait; ``send`` is how a request travels.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        send: Send = sent,
        now_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        split = urlsplit(sandbox.base_url)
        self.sandbox, self.origin = sandbox, f"{split.scheme}://{sandbox.host}"
        self.address = ""
        """Where the proxy listens, ``http://127.0.0.1:PORT``."""
        self.trouble: NotRecordable | None = None
        """What went wrong first; nothing is passed on after it, as the flow would have a hole."""
        self._kept: list[RecordedExchange] = []
        self._send, self._now_s, self._sleep = send, now_s, sleep
        self._requests, self._free_at_s = 0, 0.0
        self._turn = threading.Lock()

    @property
    def base_url(self) -> str:
        """What the program takes for the vendor's address."""
        return self.address + urlsplit(self.sandbox.base_url).path

    @property
    def exchanges(self) -> tuple[RecordedExchange, ...]:
        """What was asked and answered so far, as the vendor saw it."""
        with self._turn:
            return tuple(self._kept)

    def answer(self, request: Request, world: World) -> Script:
        """The vendor's answer to the program; where there is none, a 502 that says why."""
        with self._turn:
            try:
                if self.trouble is not None:
                    raise self.trouble
                reply = self._passed_on(request)
            except NotRecordable as trouble:
                self.trouble = trouble
                headers = (("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close"))
                return (render(Reply(502, headers, f"harness record: {trouble}\n".encode()), request.method), EOF)
        return (render(reply, request.method),)

    def _passed_on(self, request: Request) -> Reply:
        told_as = self._told_as(request)
        target = request.target if told_as == self.address else request.target.removeprefix(told_as)
        if target.startswith(self.address):
            target = target.removeprefix(self.address)
        url = self.origin + (target if target.startswith("/") else f"/{target}")
        if request.method not in READS and not self.sandbox.writes and not self._buys_a_token(request):
            raise NotRecordable(
                "not_allowed",
                f"{request.method} {urlsplit(url).path} may write, and the sandbox's rules allow no writes at "
                f"{self.sandbox.host}; set writes = true if they may",
            )
        headers = tuple((name, value) for name, value in request.headers if name not in _OF_THE_CONNECTION)
        asked = _exchange(request.method, url, headers, request.body)
        asked = rehosted(asked, origin=told_as, address=self.origin) if told_as != self.origin else asked
        exchange = self._asked(asked)
        self._kept.append(exchange)
        seen = rehosted(exchange, origin=self.origin, address=told_as) if told_as != self.origin else exchange
        return Reply(seen.status, seen.reply_headers, seen.reply_body)

    def _told_as(self, request: Request) -> str:
        """The address by which the program knows the vendor.

        Raises:
            NotRecordable: It asks for another host.
        """
        host, scheme = urlsplit(self.origin).netloc, urlsplit(self.origin).scheme
        if request.method == "CONNECT":
            raise NotRecordable(
                "other_host",
                f"https to {request.target} cannot be recorded through a proxy; give the program the address in "
                "{base_url} or HARNESS_BASE_URL",
            )
        if request.target.startswith("/"):
            return self.address
        split = urlsplit(request.target)
        asked = f"{split.scheme}://{split.netloc}".lower()
        if asked == self.address:
            return self.address
        if asked != f"{scheme}://{host}":
            raise NotRecordable(
                "other_host",
                f"the program asked for {split.netloc[:200]}, and only {host} is recorded; take the other request out "
                "of the flow",
            )
        return self.origin

    @staticmethod
    def _buys_a_token(request: Request) -> bool:
        """Whether the form asks for a token (RFC 6749 s4.4.2), which writes nothing."""
        return request.method == "POST" and b"grant_type=" in request.body

    def _asked(self, asked: RecordedExchange) -> RecordedExchange:
        what = f"{asked.method} {urlsplit(asked.url).path}"
        if self._requests >= self.sandbox.max_requests:
            raise NotRecordable(
                "budget_spent",
                f"the budget of {self.sandbox.max_requests} requests is spent before {what}; allow more max_requests",
            )
        if (wait_s := self._free_at_s - self._now_s()) > 0:
            self._sleep(wait_s)
        self._free_at_s = self._now_s() + 1 / self.sandbox.per_second
        self._requests += 1
        try:
            reply = self._send(asked.method, asked.url, asked.request_headers, asked.request_body)
            answered = replace(asked, status=reply.status, reply_headers=reply.headers, reply_body=reply.body)
            exchange = converted(answered).exchange
        except NoAnswer as none:
            kind: TroubleKind = none.why if none.why in ("unknown_host", "tls") else "vendor_down"
            raise NotRecordable(kind, f"{what} at {self.sandbox.host}: {none}") from none
        except FormError as error:
            raise NotRecordable("form", f"{what} at {self.sandbox.host} {error}") from error
        assert exchange is not None, "an exchange that can be sent was"
        return exchange


def _exchange(method: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes) -> RecordedExchange:
    return RecordedExchange(
        method=method,
        url=url,
        request_headers=headers,
        request_body=body,
        status=0,
        reply_headers=(),
        reply_body=b"",
    )
