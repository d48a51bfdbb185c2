"""How the healthy subject's bytes travel: one kept connection for each thread and host, read by a parser in C.

A session of ``requests`` costs three times as much a request, ``http.client`` half as much again, and some hundred
certifications of the suite pay it.
"""

import base64
import json
import select
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from httptools import HttpParserError, HttpResponseParser


class HalfAReply(Exception):
    """The connection ended, or more came than anybody can want, before the reply was whole."""


BROKEN = (OSError, HttpParserError, HalfAReply)
"""What it raises where no whole reply came."""
_MOST_BYTES = 4 * 2**20
_READ_BYTES = 2**16
_PORTS = {"https": 443, "http": 80}
_LEFT_AS_THEY_ARE = "!#$%&'()*+,/:;=?@[]~"


@cache
def _tls() -> ssl.SSLContext:
    """Made with the first connection: on the stage no authorities are read for it, which take longer than a run."""
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it was sent."""

    method: str
    url: str
    headers: Mapping[str, str]


class Headers(dict[str, str]):
    """A reply's headers, asked for in any case."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; named as in ``requests.Response``, so that a disease may use that library."""

    request: Sent
    status_code: int
    headers: Any
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The document; ValueError where it is none."""
        return json.loads(self.content)


class _Arriving:
    """A reply as it arrives; the parser calls what begins with ``on_``."""

    def __init__(self) -> None:
        self.parser = HttpResponseParser(self)
        self.headers, self.body = Headers(), bytearray()
        self.status, self.whole, self.kept, self.bounded = 0, False, False, False

    def on_header(self, name: bytes, value: bytes) -> None:
        key, told = name.decode("latin-1").lower(), value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {told}" if key in self.headers else told

    def on_headers_complete(self) -> None:
        self.status = self.parser.get_status_code()
        self.bounded = "content-length" in self.headers or "transfer-encoding" in self.headers

    def on_body(self, part: bytes) -> None:
        self.body += part
        if len(self.body) > _MOST_BYTES:
            raise HalfAReply(f"the body has more than {_MOST_BYTES} bytes")

    def on_message_complete(self) -> None:
        if self.status < 200:  # the reply itself is still to come
            self.headers.clear()
            return
        self.whole, self.kept = True, self.parser.should_keep_alive()

    def ends(self) -> None:
        """The connection has ended; where the reply does not say how long it is, that ends it too (RFC 9112 s6.3)."""
        if not self.status or self.bounded:
            raise HalfAReply(f"the connection ended after {len(self.body)} bytes of the body")
        self.whole = True


class Connection:
    """A connection to one host, opened by the first request after it was closed."""

    def __init__(self, scheme: str, host: str, *, timeouts_s: tuple[float | None, float | None]) -> None:
        self.scheme, self.host, self._timeouts_s = scheme, host, timeouts_s
        self.sock: socket.socket | None = None

    def close(self) -> None:
        if self.sock is not None:
            self.sock.close()
            self.sock = None

    def ask(self, sent: Sent, body: bytes | None) -> Reply:
        """The whole reply; one of BROKEN where none came, after which the connection is closed."""
        try:
            sock = self.sock or self._opened()
            sock.sendall(_head(sent, body) + (body or b""))
            arriving = _Arriving()
            while not arriving.whole:
                if some := sock.recv(_READ_BYTES):
                    arriving.parser.feed_data(some)
                else:
                    arriving.ends()
        except BaseException:
            self.close()  # half a reply, or half a request, may be left in it
            raise
        if not arriving.kept:
            self.close()
        return Reply(sent, arriving.status, arriving.headers, bytes(arriving.body))

    def _opened(self) -> socket.socket:
        connect_s, read_s = self._timeouts_s
        name, _, port = self.host.partition(":")
        sock = socket.create_connection((name, int(port or _PORTS[self.scheme])), timeout=connect_s)
        self.sock = _tls().wrap_socket(sock, server_hostname=name) if self.scheme == "https" else sock
        self.sock.settimeout(read_s)
        return self.sock


class Connections:
    """Kept connections. Threads may share it; each has its own."""

    def __init__(self, *, timeout_s: tuple[float, float] | None) -> None:
        self._timeouts_s = timeout_s or (None, None)
        self._of_thread = threading.local()
        self._all: list[Connection] = []

    def close(self) -> None:
        for connection in self._all:
            connection.close()

    def kept(self, url: str) -> Connection:
        """The thread's connection to the host, open or not yet."""
        kept = self._of_thread.__dict__
        scheme, host, _ = _addressed(url)
        if (scheme, host) not in kept:
            kept[scheme, host] = Connection(scheme, host, timeouts_s=self._timeouts_s)
            self._all.append(kept[scheme, host])
        return kept[scheme, host]

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Any = (),
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        json: Any = None,
        data: Any = None,
    ) -> Reply:
        """The whole reply; one of BROKEN where none came."""
        sent, body = _written(method, f"{url}?{urlencode(params)}" if params else url, headers or {}, auth, json, data)
        return self.kept(sent.url).ask(sent, body)


def is_dropped(connection: Connection) -> bool:
    """Whether the other end has closed the connection that was kept."""
    return connection.sock is not None and bool(select.select([connection.sock], [], [], 0)[0])


@lru_cache(maxsize=1024)
def _addressed(url: str) -> tuple[str, str, str]:
    """Scheme, host and target."""
    scheme, host, path, query, _ = urlsplit(url)
    return scheme, host, quote(f"{path or '/'}?{query}" if query else path or "/", safe=_LEFT_AS_THEY_ARE)


def _head(sent: Sent, body: bytes | None) -> bytes:
    _, host, target = _addressed(sent.url)
    lines = [f"{sent.method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in sent.headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _written(
    method: str, url: str, given: Mapping[str, str], auth: tuple[str, str] | None, document: Any, form: Any
) -> tuple[Sent, bytes | None]:
    headers, body = {"Accept": "*/*", **given}, None
    if auth:
        headers["Authorization"] = f"Basic {base64.b64encode(':'.join(auth).encode()).decode()}"
    if document is not None:
        headers["Content-Type"], body = "application/json", json.dumps(document).encode()
    if form is not None:
        headers["Content-Type"], body = "application/x-www-form-urlencoded", urlencode(form).encode()
    return Sent(method, url, headers), body
