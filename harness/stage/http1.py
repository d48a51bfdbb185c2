"""HTTP/1.1 as the vendor's end speaks it: bytes become requests, replies become bytes. No sockets, no clock, no faults.

A *script* is what the vendor's end of a connection does in answer to one request. A script that ends without an
``End`` leaves the connection open: an unfinished reply is then a stall for ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from http import HTTPStatus

HeaderLines = tuple[tuple[str, str], ...]
_CHUNK_BYTES = 65_536
_MOST_REPEATED_CHARS = 4096


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request. Header names are in lower case, in the order sent; a repeated header is kept."""

    method: str
    target: str
    """As sent: path and query."""
    headers: HeaderLines
    body: bytes
    host: str
    """The ``Host`` header; where the client sent none, the name it connected to."""
    tls: bool

    def header(self, name: str) -> str | None:
        """The header's value, several joined by commas (RFC 9110 s5.3); None where it is absent."""
        return _joined(self.headers, name)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply, before it becomes bytes."""

    status: int
    headers: HeaderLines
    body: bytes

    def header(self, name: str) -> str | None:
        """The header's value, several joined by commas (RFC 9110 s5.3); None where it is absent."""
        return _joined(self.headers, name)


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing happens for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Idle:
    """The vendor closes the connection unless another request comes within so many seconds."""

    seconds: float


class End(Enum):
    """How the vendor leaves a connection."""

    EOF = "eof"
    """It closes in good order (FIN)."""
    RESET = "reset"
    """It aborts (RST)."""


EOF, RESET = End.EOF, End.RESET
Step = bytes | Pause | Idle | End
Script = tuple[Step, ...]


class BadRequest(Exception):
    """The client sent something that is not HTTP/1.1."""


REFUSAL: Script = (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", EOF)
"""What is said to a client that sent something else than HTTP/1.1."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def render(reply: Reply, method: str) -> bytes:
    """The reply as bytes. ``Content-Length`` is set unless given; ``Transfer-Encoding: chunked`` is carried out."""
    head, body = head_and_body(reply, method)
    return head + body


def head_and_body(reply: Reply, method: str) -> tuple[bytes, bytes]:
    """The reply's two parts as bytes, to be cut between or inside them; the head ends with its empty line."""
    status = reply.status
    empty = status < 200 or status in (204, 304)
    body = reply.body
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, 'Unknown')}"]
    framed = empty
    for name, value in reply.headers:
        lines.append(f"{name}: {value}")
        match name.lower():
            case "content-length":
                framed = True
            case "transfer-encoding" if value.lower() == "chunked":
                framed, body = True, _chunked(body)
    if not framed:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n", b"" if empty or method == "HEAD" else body


class Parser:
    """Takes bytes as they arrive and gives the requests that are whole."""

    def __init__(self, *, host: str = "", tls: bool = False) -> None:
        self.host, self.tls = host, tls
        self.wants_continue = False
        """The client waits for ``100 Continue`` before it sends its body (RFC 9110 s10.1.1)."""
        self._arrived = bytearray()
        self._head: Request | None = None
        self._length_bytes: int | None = None
        self._chunks: list[bytes] = []

    def feed(self, data: bytes) -> list[Request]:
        """The requests that these bytes complete.

        Raises:
            BadRequest: They are not HTTP/1.1; nothing sensible can follow on this connection.
        """
        self._arrived += data
        requests: list[Request] = []
        while (head := self._head or self._take_head()) is not None:
            body = self._take_body()
            self.wants_continue = body is None and (head.header("expect") or "").lower() == "100-continue"
            if body is None:
                break
            requests.append(
                Request(head.method, head.target, head.headers, body, head.host, head.tls) if body else head
            )
            self._head = None
        return requests

    def _take_head(self) -> Request | None:
        end = self._arrived.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, _, lines = bytes(self._arrived[:end]).decode("latin-1").partition("\r\n")
        del self._arrived[: end + 4]
        try:
            method, target, version = first.split(" ")
            headers = (_repeated_headers if len(lines) < _MOST_REPEATED_CHARS else _headers)(lines)
            known = dict(headers)
            chunked = known.get("transfer-encoding", "").lower() == "chunked"
            self._length_bytes = None if chunked else int(known.get("content-length", 0))
        except ValueError:
            raise BadRequest(first) from None
        if not version.startswith("HTTP/1.") or (self._length_bytes or 0) < 0:
            raise BadRequest(first)
        self._chunks = []
        self._head = Request(method, target, headers, b"", known.get("host", self.host), self.tls)
        return self._head

    def _take_body(self) -> bytes | None:
        if self._length_bytes is not None:
            return self._take(self._length_bytes) if len(self._arrived) >= self._length_bytes else None
        while (end := self._arrived.find(b"\r\n")) >= 0:
            try:
                size = int(bytes(self._arrived[:end]).partition(b";")[0], 16)
            except ValueError:
                raise BadRequest(bytes(self._arrived[:end])) from None
            if size == 0:
                # Trailers may follow the last chunk; an empty line ends them (RFC 9112 s7.1.2).
                if (last := self._arrived.find(b"\r\n\r\n", end)) < 0:
                    return None
                self._take(last + 4)
                return b"".join(self._chunks)
            if len(self._arrived) < end + 2 + size + 2:
                return None
            self._take(end + 2)
            self._chunks.append(self._take(size))
            self._take(2)
        return None

    def _take(self, size_bytes: int) -> bytes:
        part = bytes(memoryview(self._arrived)[:size_bytes])
        del self._arrived[:size_bytes]
        return part


def _headers(lines: str) -> HeaderLines:
    """What the head of a request says after its first line; ValueError where that is no HTTP."""
    named = (line.split(":", 1) for line in lines.split("\r\n") if line)
    return tuple([(name.lower(), value.strip()) for name, value in named])


_repeated_headers = lru_cache(maxsize=256)(_headers)
"""A client sends the same lines with request after request."""


def _joined(headers: HeaderLines, name: str) -> str | None:
    wanted = name.lower()
    values = [value for one, value in headers if one.lower() == wanted]
    return ", ".join(values) if values else None


_PHRASES = {status.value: status.phrase for status in HTTPStatus}


def _chunked(body: bytes) -> bytes:
    return b"".join(_chunks(body)) + b"0\r\n\r\n"


def _chunks(body: bytes) -> Iterable[bytes]:
    for start in range(0, len(body), _CHUNK_BYTES):
        part = body[start : start + _CHUNK_BYTES]
        yield b"%x\r\n%s\r\n" % (len(part), part)
