"""In-memory sockets: what ``socket.socket`` is during a run. No HTTP library is patched.

The class derives from the real one for ``makefile``, reference counts and ``isinstance``, and never owns a
descriptor: its numbers start where the system has none, so whoever uses one for real gets EBADF.
"""

import errno
import itertools
import socket
import weakref
from collections.abc import Callable, Iterable
from typing import Any, cast

from harness.stage.clock import Clock, mine
from harness.stage.link import Link, PairLink, Wire, os_error

RealSocket = socket.socket
real_getaddrinfo, real_socketpair = socket.getaddrinfo, socket.socketpair
BY_FD: weakref.WeakValueDictionary[int, "Socket"] = weakref.WeakValueDictionary()
_FIRST_FD = 1_000_000
_fds = itertools.count(_FIRST_FD)
_INTERNET = (-1, socket.AF_INET, socket.AF_INET6)
_TCP = 6
POLLIN, POLLOUT = 1, 4
"""The bits of ``select.poll``."""
_OWN_PACKAGE = __name__.rpartition(".")[0]


class _SocketKind(type):
    """Makes the replacement indistinguishable: every socket is an instance, a subclass derives from the real one."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        if not str(namespace.get("__module__")).startswith(_OWN_PACKAGE):
            bases = tuple(RealSocket if isinstance(one, _SocketKind) else one for one in bases)
            return type(name, bases, namespace, **options)
        return super().__new__(mcs, name, bases, namespace, **options)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, RealSocket)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, RealSocket)


class Socket(RealSocket, metaclass=_SocketKind):
    """A socket of the run. Made outside a run, or for another family than IP, it is a real one."""

    _clock: Clock
    _kind: tuple[int, int, int]

    def __new__(cls, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> Any:  # noqa: A002
        clock = mine()
        if clock is None or fileno is not None or family not in _INTERNET:
            return RealSocket(family, type, proto, fileno)
        self = RealSocket.__new__(cls)
        self._clock = clock
        self._kind = (socket.AF_INET if family == -1 else family, socket.SOCK_STREAM if type == -1 else type, proto)
        self._begin()
        return self

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: the real one would open a descriptor."""

    def _begin(self) -> None:
        self._io_refs, self._closed = 0, False
        self._timeout = socket.getdefaulttimeout()
        self._link: Link | None = None
        self._peer: Any = None
        self._connects_at: int | None = None
        self._connect_error = 0
        self._options: list[tuple[Any, ...]] = []
        self._fd = next(_fds)
        self.context: Any = None
        self.server_hostname: str | None = None
        BY_FD[self._fd] = self

    @property
    def family(self) -> Any:
        return self._kind[0]

    @property
    def type(self) -> Any:
        return self._kind[1]

    @property
    def proto(self) -> int:
        return _TCP

    @property
    def timeout(self) -> float | None:
        return self._timeout

    # -- connecting ----------------------------------------------------------------------------------------------------

    def connect(self, address: Any) -> None:
        """Connect to a host of the stage, or for real to one that is allowed.

        Raises:
            OSError: Nobody is there.
        """
        wire: Wire = self._clock.wire
        if wire.is_outside(address):
            self._step_outside()
            self.connect(address)
            return
        if self._kind[1] != socket.SOCK_STREAM:
            raise os_error(errno.ENETUNREACH)
        if self._link is None:
            self._peer = address
            self._link, self._connects_at, self._connect_error = wire.connect(address)
        self._block(self._stands, lambda: self._connects_at, busy=errno.EINPROGRESS)
        if self._connect_error:
            raise os_error(self._connect_error)

    def connect_ex(self, address: Any) -> int:
        """As ``connect``; the error's number, 0 for none."""
        try:
            self.connect(address)
        except OSError as error:
            return error.errno or errno.EIO
        return 0

    def sendto(self, *args: Any) -> int:
        """Datagrams do not leave the process."""
        raise os_error(errno.ENETUNREACH)

    def _stands(self) -> bool:
        return self._connects_at is not None and self._clock.us >= self._connects_at

    def _step_outside(self) -> None:
        BY_FD.pop(self._fd, None)
        self.__class__ = _Outside
        RealSocket.__init__(self, *self._kind)
        self.settimeout(self._timeout)
        for option in self._options:
            self.setsockopt(*option)

    def _block(self, ready: Callable[[], bool], due: Callable[[], int | None], *, busy: int = errno.EAGAIN) -> None:
        if not self._clock.closed:
            self._clock.check()
        if ready():
            return
        if self._timeout == 0:
            raise os_error(busy)
        if not self._clock.wait(ready, until=self._clock.after(self._timeout), due=due):
            raise TimeoutError("timed out")

    def _connected(self) -> Link:
        if self._link is None or not self._stands():
            raise os_error(errno.ENOTCONN)
        return self._link

    # -- bytes ---------------------------------------------------------------------------------------------------------

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """As the real one."""
        link, view = self._connected(), memoryview(buffer).cast("B")
        self._block(link.readable, link.due)
        return link.read_into(view[: nbytes or len(view)])

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """As the real one; the buffer is sized by what is there, for a large ``bufsize`` must cost nothing."""
        link = self._connected()
        self._block(link.readable, link.due)
        buffer = bytearray(min(bufsize, link.ready_bytes()))
        return bytes(buffer[: link.read_into(memoryview(buffer))])

    def send(self, data: Any, flags: int = 0) -> int:
        """As the real one, but it never blocks and always takes everything."""
        link = self._connected()
        if not self._clock.closed:
            self._clock.check()
        return link.send(bytes(data))

    def sendall(self, data: Any, flags: int = 0) -> None:
        """As the real one."""
        self.send(data)

    def sendmsg(self, buffers: Iterable[Any], *rest: Any) -> int:
        """As the real one, without ancillary parts."""
        return self.send(b"".join(buffers))

    # -- waiting -------------------------------------------------------------------------------------------------------

    def events(self, wanted: int) -> int:
        """Which of the wanted events the socket is ready for, in the bits of ``select.poll``."""
        if self._link is None or not self._stands():
            return 0
        readable = self._connect_error != 0 or self._link.readable()
        return wanted & ((POLLIN if readable else 0) | POLLOUT)

    def next_change_us(self) -> int | None:
        """The next moment at which the events may change."""
        moments = (self._connects_at, self._link.due() if self._link else None)
        return min((moment for moment in moments if moment is not None and moment > self._clock.us), default=None)

    # -- the rest of a socket's life -----------------------------------------------------------------------------------

    def settimeout(self, value: float | None) -> None:
        self._timeout = value

    def setblocking(self, flag: bool) -> None:
        self._timeout = None if flag else 0.0

    def gettimeout(self) -> float | None:
        return self._timeout

    def getblocking(self) -> bool:
        return self._timeout != 0

    def getsockopt(self, level: int, optname: int, *rest: Any) -> Any:
        return self._connect_error if (level, optname) == (socket.SOL_SOCKET, socket.SO_ERROR) else 0

    def setsockopt(self, *option: Any) -> None:
        self._options.append(option)

    def bind(self, address: Any) -> None:
        """Any local address will do."""

    def shutdown(self, how: int) -> None:
        """The vendor's end does not notice."""

    def fileno(self) -> int:
        return -1 if self._closed and self._io_refs <= 0 else self._fd

    def getpeername(self) -> Any:
        self._connected()
        return self._peer

    def getsockname(self) -> Any:
        return ("192.0.2.1", 1)

    def _real_close(self, *args: Any) -> None:
        BY_FD.pop(self._fd, None)

    def detach(self) -> int:
        self._closed = True
        return self._fd

    def __repr__(self) -> str:
        return f"<socket on the wire, fd={self._fd}, to {self._peer}>"

    # -- TLS without TLS: the bytes stay plain, the object answers what libraries ask of an SSLSocket ------------------

    read = recv
    write = send

    def pending(self) -> int:
        return 0

    def do_handshake(self, *args: Any) -> None:
        """It was done when the socket was wrapped."""

    def unwrap(self) -> "Socket":
        return self


_THE_REAL_WAY = {
    name: getattr(RealSocket, name) for name in vars(Socket) if hasattr(RealSocket, name) and not name.startswith("__")
}
_Outside = cast(Any, type(Socket))("_Outside", (Socket,), {"__module__": __name__, **_THE_REAL_WAY})
"""A socket that turned out to be for an allowed real host: every method is the real one again."""


def getaddrinfo(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:  # noqa: A002
    """The address of a host of the stage; of a real one only where it is allowed."""
    clock = mine()
    if clock is None:
        return real_getaddrinfo(host, port, family, type, proto, flags)
    wire: Wire = clock.wire
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if wire.may_look_up(name):
        found = real_getaddrinfo(name, port, family, type, proto, flags)
        for *_, address in found:
            wire.let_out(name, str(address[0]))
        return found
    return [(socket.AF_INET, socket.SOCK_STREAM, _TCP, "", (wire.address_of(name), int(port or 0)))]


def socketpair(*args: Any) -> Any:
    """Two connected sockets; in a run two that wait on its clock."""
    clock = mine()
    if clock is None:
        return real_socketpair(*args)
    first, second = Socket(), Socket()
    ends = PairLink(clock), PairLink(clock)
    ends[0].other, ends[1].other = ends[1], ends[0]
    for one, link in zip((first, second), ends, strict=True):
        one._link, one._connects_at, one._peer = link, 0, "pair"
    return first, second
