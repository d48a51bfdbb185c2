"""How the healthy subject's bytes travel: one kept connection for each thread and host, of the standard library.

A session of ``requests`` costs three times as much a request, and some hundred certifications of the suite pay it.
"""

import base64
import http.client
import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from urllib3.util.wait import wait_for_read

BROKEN = (OSError, http.client.HTTPException)
"""What it raises where no whole reply came."""
_MOST_BYTES = 16 * 2**20
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


class Connections:
    """Kept connections. Threads may share it; each has its own."""

    def __init__(self, *, timeout_s: tuple[float, float] | None) -> None:
        self._timeouts_s = timeout_s or (None, None)
        self._of_thread = threading.local()
        self._all: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        for connection in self._all:
            connection.close()

    def kept(self, url: str) -> http.client.HTTPConnection:
        """The thread's connection to the host, open or not yet."""
        kept = self._of_thread.__dict__
        split = urlsplit(url)
        if split[:2] not in kept:
            connect_s, _ = self._timeouts_s
            kept[split[:2]] = (
                http.client.HTTPSConnection(split.netloc, timeout=connect_s, context=_tls())
                if split.scheme == "https"
                else http.client.HTTPConnection(split.netloc, timeout=connect_s)
            )
            self._all.append(kept[split[:2]])
        return kept[split[:2]]

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
        connection = self.kept(sent.url)
        try:
            if connection.sock is None:
                connection.connect()
                connection.sock.settimeout(self._timeouts_s[1])
            _, _, path, query, _ = urlsplit(sent.url)
            target = quote(f"{path or '/'}?{query}" if query else path or "/", safe=_LEFT_AS_THEY_ARE)
            connection.request(method, target, body, dict(sent.headers))
            reply = connection.getresponse()
            return Reply(sent, reply.status, reply.headers, _body(reply))
        except BaseException:
            connection.close()  # half a reply, or half a request, may be left in it
            raise


def _body(reply: http.client.HTTPResponse) -> bytes:
    """The whole body, of no more than anybody can want."""
    if reply.length is not None and reply.length <= _MOST_BYTES:
        return reply.read()
    body = bytearray()
    while reply.length is None and len(body) <= _MOST_BYTES:
        part = reply.read(2**16)
        if not part:
            return bytes(body)
        body += part
    raise http.client.HTTPException(f"the body has more than {_MOST_BYTES} bytes")


def is_dropped(connection: http.client.HTTPConnection) -> bool:
    """Whether the other end has closed the connection that was kept."""
    return connection.sock is not None and wait_for_read(connection.sock, timeout=0)


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
