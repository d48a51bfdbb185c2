"""TLS without TLS: on the wire the bytes stay plain, and nobody's certificate is looked at."""

import functools
import socket
import ssl
from collections.abc import Callable
from typing import Any

from harness.stage.clock import mine
from harness.stage.link import HELLO
from harness.stage.sockets import Socket, real_socketpair

real_wrap_socket, real_wrap_bio = ssl.SSLContext.wrap_socket, ssl.SSLContext.wrap_bio
_LOADERS = ("load_verify_locations", "load_default_certs", "set_default_verify_paths")


class _Session:
    """What libraries ask of a TLS session, answered as after a good handshake without ALPN."""

    server_hostname: str | None

    def getpeercert(self, binary_form: bool = False) -> Any:
        """A certificate for whatever name the client asked for: botocore compares the two itself."""
        name = self.server_hostname or ""
        kind = "IP Address" if name.replace(".", "").isdigit() or ":" in name else "DNS"
        return b"" if binary_form else {"subjectAltName": ((kind, name),)}

    def version(self) -> str:
        return "TLSv1.3"

    def cipher(self) -> tuple[str, str, int]:
        return ("TLS_AES_256_GCM_SHA384", "TLSv1.3", 256)

    def selected_alpn_protocol(self) -> None:
        return None

    def selected_npn_protocol(self) -> None:
        return None

    def compression(self) -> None:
        return None

    def shared_ciphers(self) -> None:
        return None

    def get_channel_binding(self, cb_type: str = "tls-unique") -> None:
        return None


class TlsSocket(_Session, Socket):
    """A socket of the wire after ``SSLContext.wrap_socket``."""


class MemoryTls(_Session):
    """What ``SSLContext.wrap_bio`` returns: asyncio and anyio do their TLS through memory BIOs."""

    server_side = False

    def __init__(self, context: Any, incoming: Any, outgoing: Any, hostname: str | None) -> None:
        self.context, self.server_hostname = context, hostname
        self._in, self._out = incoming, outgoing

    def do_handshake(self) -> None:
        """One empty record tells the vendor that this is https."""
        self._out.write(HELLO)

    def read(self, size: int = 65_536, buffer: Any = None) -> Any:
        """As ``SSLObject.read``.

        Raises:
            ssl.SSLWantReadError: Nothing has arrived.
            ssl.SSLEOFError: The stream ended without a goodbye.
        """
        if not self._in.pending:
            if self._in.eof:
                raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "UNEXPECTED_EOF_WHILE_READING")
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "the operation did not complete")
        arrived = self._in.read(size)
        if buffer is None:
            return arrived
        buffer[: len(arrived)] = arrived
        return len(arrived)

    def write(self, plain: Any) -> int:
        return int(self._out.write(plain))

    def pending(self) -> int:
        return int(self._in.pending)

    def unwrap(self) -> None:
        """There is nothing to say goodbye to."""


def wrap_socket(self: ssl.SSLContext, sock: Any, *args: Any, **kwargs: Any) -> Any:
    """``SSLContext.wrap_socket``; a socket of the wire becomes its own TLS socket."""
    if type(sock) not in (Socket, TlsSocket):
        return real_wrap_socket(self, sock, *args, **kwargs)
    sock.__class__ = TlsSocket
    sock.context, sock.server_hostname = self, kwargs.get("server_hostname")
    sock._connected().reset_is_eof = reset_is_eof()
    sock.sendall(HELLO)
    return sock


def wrap_bio(
    self: ssl.SSLContext,
    incoming: Any,
    outgoing: Any,
    server_side: bool = False,
    server_hostname: str | None = None,
    session: Any = None,
) -> Any:
    """``SSLContext.wrap_bio``; in a run a TLS object that encrypts nothing."""
    if mine() is None:
        return real_wrap_bio(self, incoming, outgoing, server_side, server_hostname, session)
    return MemoryTls(self, incoming, outgoing, server_hostname)


def _only_outside(name: str) -> Callable[..., Any]:
    real = getattr(ssl.SSLContext, name)

    @functools.wraps(real)
    def load(self: ssl.SSLContext, *args: Any, **kwargs: Any) -> Any:
        clock = mine()
        return real(self, *args, **kwargs) if clock is None or clock.wire.has_outside else None

    return load


loaders = {name: _only_outside(name) for name in _LOADERS}
"""Reading a CA bundle takes 20-40 ms for each new client, four times the rest of a run, and proves nothing here."""


@functools.cache
def reset_is_eof() -> bool:
    """Whether this Python reports a reset over blocking TLS as the end of the stream (cpython#115627).

    3.10.13, 3.11.7 and 3.12.1 do; 3.9.18 and 3.13.0 raise ConnectionResetError. It is tried out, once, on a real pair.
    """
    here, there = real_socketpair()
    with here, there:
        client, server = _handshaken(here, there)
        client.send(b"unread bytes make the close below a reset")
        server.close()
        client.setblocking(True)
        try:
            return client.recv(1) == b""
        except ConnectionResetError:
            return False
        finally:
            client.close()


def _handshaken(here: socket.socket, there: socket.socket) -> tuple[ssl.SSLSocket, ssl.SSLSocket]:
    ends: list[ssl.SSLSocket] = []
    for sock, protocol in ((here, ssl.PROTOCOL_TLS_CLIENT), (there, ssl.PROTOCOL_TLS_SERVER)):
        context = ssl.SSLContext(protocol)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        # Anonymous key exchange needs no certificate; TLS 1.3 has none.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AECDH-AES128-SHA:@SECLEVEL=0")
        sock.setblocking(False)
        server_side = protocol is ssl.PROTOCOL_TLS_SERVER
        ends.append(real_wrap_socket(context, sock, server_side, do_handshake_on_connect=False))
    waiting = list(ends)
    while waiting:
        for end in tuple(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                continue
    return ends[0], ends[1]
