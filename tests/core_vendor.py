"""A small vendor on a real loopback socket that answers by script, and a clock on which nobody really waits."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


class Clock:
    """Time passes in sleeps alone; each is remembered. The vendor may let time pass too."""

    def __init__(self, *, epoch_s: float = 1_800_000_000.0) -> None:
        self.began_s = epoch_s
        self.passed_s = 0.0
        self.slept_s: list[float] = []

    def epoch_s(self) -> float:
        return self.began_s + self.passed_s

    def monotonic_s(self) -> float:
        return 1000.0 + self.passed_s

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.passed_s += seconds


@dataclass(frozen=True)
class Asked:
    """A request as it arrived; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Sent:
    """Bytes, and what becomes of the connection after them: kept, ended, reset, or left without another word."""

    payload: bytes = b""
    then: str = "keep"


RESET = Sent(then="reset")
SILENCE = Sent(then="silence")


def reply(document: Any = None, status: int = 200, *, body: bytes | None = None, **headers: str) -> Sent:
    """A whole reply: a JSON document, or the body as it is. Underscores in header names stand for hyphens."""
    if body is None:
        body = b"" if document is None else json.dumps(document).encode()
    told = {"content-type": "application/json", "content-length": str(len(body))}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return Sent(f"HTTP/1.1 {status} Told\r\n{head}\r\n".encode() + body)


Script = Callable[[Asked], Sent]


@dataclass
class Vendor:
    """Answers by ``script``; ``asked`` is what arrived."""

    script: Script
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: list[socket.socket] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        threads = []
        number = 0
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                break
            number += 1
            self._open.append(connection)
            threads.append(threading.Thread(target=self._converse, args=(connection, number), daemon=True))
            threads[-1].start()
        for connection in self._open:
            _end(connection)
        for thread in threads:
            thread.join(timeout=5)
        for connection in self._open:
            connection.close()

    def _converse(self, connection: socket.socket, number: int) -> None:
        incoming = connection.makefile("rb")
        try:
            while asked := _read(incoming, number):
                with self._lock:
                    self.asked.append(asked)
                    sent = self.script(asked)
                connection.sendall(sent.payload)
                if sent.then == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    incoming.close()
                    connection.close()
                    return
                if sent.then == "end":
                    _end(connection)
                    return
        except OSError:
            pass
        finally:
            incoming.close()


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _read(incoming: Any, number: int) -> Asked | None:
    first = incoming.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    while line := incoming.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = incoming.read(int(headers.get("content-length", 0)))
    return Asked(first[0], first[1], headers, body, number)


@contextmanager
def vendor(script: Script) -> Iterator[Vendor]:
    """A vendor that answers for as long as the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = Vendor(script, url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=serving.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield serving
        finally:
            # shutdown wakes the accept that close alone would leave waiting.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=10)


def in_turn(*sent: Sent) -> Script:
    """One after the other; the last for ever."""
    waiting = list(sent)
    return lambda asked: waiting.pop(0) if len(waiting) > 1 else waiting[0]
