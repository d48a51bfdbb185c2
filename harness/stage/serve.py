"""The same scripts on a real loopback socket, with real pauses: for subjects in other processes, and as a measure."""

import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal, NoReturn, Protocol

from harness.stage.http1 import CONTINUE, REFUSAL, BadRequest, End, Idle, Parser, Pause, Request, Script

_READ_BYTES = 65_536
_LOOPBACK = "127.0.0.1"
_JOIN_S = 5.0
_ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends a reset."""


class World(Protocol):
    """What whoever answers sees of the run."""

    @property
    def now_us(self) -> int: ...

    def thread_name(self) -> str: ...

    def kill(self, reason: Literal["crashed", "hung"]) -> NoReturn: ...


class _Killed(Exception):
    """From here on nobody is answered."""


class Server:
    """Answers on a port of its own, on the wall clock, one thread a connection and one request at a time."""

    def __init__(
        self, answer: Callable[[Request, World], Script], *, tls: ssl.SSLContext | None, latency_s: float
    ) -> None:
        self._answer, self._tls, self._latency_s = answer, tls, latency_s
        self._listener = socket.create_server((_LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self.killed: str = ""
        """Why it answers no longer: ``crashed``, ``hung``."""
        self.mishaps: list[Exception] = []
        """What went wrong in ``answer``."""
        self._began_s = time.monotonic()
        self._stop = threading.Event()
        self._turn = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def now_us(self) -> int:
        """Microseconds since the server began."""
        return round((time.monotonic() - self._began_s) * 1e6)

    def thread_name(self) -> str:
        """The connection, by the order in which they came: ``c1``, ``c2``."""
        return threading.current_thread().name

    def kill(self, reason: Literal["crashed", "hung"]) -> NoReturn:
        """Every connection is reset, and nobody is answered any more.

        Raises:
            Exception: Always, to end the answer that is being given.
        """
        self.killed = reason
        raise _Killed(reason)

    def close(self) -> None:
        """Hang up on everybody, at once."""
        self._stop.set()
        for sock in (self._listener, *self._open):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(_JOIN_S)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(sock,), name=f"c{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
            self._open.add(sock)
            self._converse(sock)
        except OSError:
            pass  # The client is gone; it says itself what it makes of that.
        finally:
            self._open.discard(sock)
            sock.close()

    def _converse(self, sock: socket.socket) -> None:
        parser = Parser(host=f"{_LOOPBACK}:{self.port}", tls=self._tls is not None)
        while arrived := sock.recv(_READ_BYTES):
            try:
                scripts = [(Pause(self._latency_s), *self._answered(one)) for one in parser.feed(arrived)]
            except BadRequest:
                scripts = [REFUSAL]
            if not all(self._carry_out(script, sock) for script in scripts):
                return
            if parser.wants_continue:
                parser.wants_continue = False
                sock.sendall(CONTINUE)

    def _answered(self, request: Request) -> Script:
        with self._turn:
            if not self.killed:
                try:
                    return self._answer(request, self)
                except _Killed:
                    pass
                except Exception as ours:
                    self.mishaps.append(ours)
        return (End.RESET,)

    def _carry_out(self, script: Script, sock: socket.socket) -> bool:
        """Play the script; whether the connection is open after it."""
        for step in script:
            match step:
                case Pause(seconds):
                    if seconds and self._stop.wait(min(seconds, threading.TIMEOUT_MAX)):
                        return False
                case Idle(seconds):
                    return bool(select.select([sock], [], [], seconds)[0])
                case End.RESET:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
                    return False
                case End.EOF:
                    return False
                case bytes():
                    sock.sendall(step)
        return True


@contextmanager
def serve(
    answer: Callable[[Request, World], Script], *, tls: ssl.SSLContext | None = None, latency_s: float = 0.0
) -> Iterator[Server]:
    """A server on a loopback port, for as long as the ``with`` lasts.

    Args:
        answer: As for ``play``; called by one thread at a time.
        tls: Serve https, with the certificate of this context.
        latency_s: Real seconds between a request and its answer.

    Raises:
        Exception: What ``answer`` raised first, at the end.
    """
    server = Server(answer, tls=tls, latency_s=latency_s)
    try:
        yield server
    finally:
        server.close()
    if server.mishaps:
        raise server.mishaps[0]
