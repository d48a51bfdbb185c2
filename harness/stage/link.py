"""One connection of a run: what will arrive at the subject's end, and when; and who is at the other end."""

import errno
import math
import os
import socket
from collections import deque
from collections.abc import Callable
from typing import NoReturn

from harness.stage.clock import Clock
from harness.stage.http1 import CONTINUE, EOF, REFUSAL, RESET, BadRequest, End, Idle, Parser, Pause, Request, Script

HELLO = b"\x16\x03\x01\x00\x00"
"""An empty TLS record: all that is left of the handshake, so that the vendor knows https from http."""
Address = tuple[str, int]
_NAMES_PER_BLOCK = 250


def os_error(code: int) -> OSError:
    """The error of the system; OSError picks its own subclass, such as ConnectionResetError."""
    return OSError(code, os.strerror(code))


class Link:
    """The subject's view of one connection."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.arriving: deque[tuple[int, memoryview | Idle | End]] = deque()
        self.reset_is_eof = False
        """Whether this Python reports a reset as the end of the stream (see ``tls``)."""
        self._broken = False
        self._sent_into_void = False

    def push(self, script: Script) -> None:
        """What the other end does from now on, after all that it still has to do."""
        moment = max(self.clock.us, self.arriving[-1][0] if self.arriving else 0)
        for step in script:
            match step:
                case Pause(seconds):
                    moment += math.ceil(seconds * 1e6)
                case Idle(seconds):
                    self.arriving.append((moment + math.ceil(seconds * 1e6), step))
                case End():
                    self.arriving.append((moment, step))
                case _:
                    self.arriving.append((moment, memoryview(step)))

    def due(self) -> int | None:
        """When the next thing arrives."""
        return self.arriving[0][0] if self.arriving else None

    def readable(self) -> bool:
        """Whether a read returns at once, be it with an error."""
        return self.clock.closed or self._broken or (bool(self.arriving) and self.arriving[0][0] <= self.clock.us)

    def ready_bytes(self) -> int:
        """How much the next read can return: a buffer need not be larger."""
        first = self.arriving[0][1] if self.arriving else None
        return len(first) if isinstance(first, memoryview) else 0

    def read_into(self, buffer: memoryview) -> int:
        """Fill the buffer from what is readable; 0 at the end of the stream.

        Raises:
            OSError: The connection was reset.
        """
        if self._broken or self.clock.closed:
            # An error is told once, then the stream has ended; one kept from an earlier run was dropped.
            return 0
        moment, item = self.arriving[0]
        if item is RESET and self.reset_is_eof:
            item = EOF
            self.arriving[0] = (moment, item)
        if item is RESET:
            self._broken = True
            raise os_error(errno.ECONNRESET)
        if not isinstance(item, memoryview):
            return 0  # It stays: every later read sees the end again.
        count = min(len(buffer), len(item))
        buffer[:count] = item[:count]
        if count == len(item):
            self.arriving.popleft()
        else:
            self.arriving[0] = (moment, item[count:])
        return count

    def send(self, data: bytes) -> int:
        """Hand bytes to the other end, as Linux does when that end is closing; how many were taken: all.

        Raises:
            OSError: The other end is gone.
        """
        if self._broken or self.clock.closed:
            raise os_error(errno.EPIPE)
        moment, last = self.arriving[-1] if self.arriving else (0, None)
        if isinstance(last, memoryview) or last is None:
            self.deliver(data)
        elif moment <= self.clock.us:
            self._send_after_end(last)
        elif isinstance(last, Idle):
            self.arriving.pop()  # It is not idle.
            self.deliver(data)
        else:
            self.arriving[-1] = (moment, RESET)  # Closing with unread bytes is a reset (RFC 9293 s3.10.4).
        return len(data)

    def _send_after_end(self, end: End | Idle) -> None:
        if end is RESET or self._sent_into_void:
            self._broken = True
            raise os_error(errno.ECONNRESET if end is RESET else errno.EPIPE)
        self._sent_into_void = True  # The first send after the peer's FIN succeeds; its answer is a reset.

    def deliver(self, data: bytes) -> None:
        """The other end takes the bytes."""
        raise NotImplementedError


class PairLink(Link):
    """One half of a socketpair, such as the one by which asyncio wakes itself."""

    other: "PairLink"

    def deliver(self, data: bytes) -> None:
        """The other half may read them at once."""
        self.other.push((data,))


class VendorLink(Link):
    """A connection whose other end is a vendor."""

    def __init__(self, clock: Clock, host: str, exchange: Callable[[Request], Script]) -> None:
        super().__init__(clock)
        self._exchange, self._parser = exchange, Parser(host=host)

    def deliver(self, data: bytes) -> None:
        """The vendor answers each request that these bytes complete."""
        if data.startswith(HELLO):
            self._parser.tls, data = True, data[len(HELLO) :]
        try:
            requests = self._parser.feed(data)
        except BadRequest:
            self.push(REFUSAL)
            return
        for request in requests:
            self.push(self._exchange(request))
        if self._parser.wants_continue:
            self._parser.wants_continue = False
            self.push((CONTINUE,))


class Wire:
    """The network of a run: which hosts there are, and who answers."""

    def __init__(
        self,
        clock: Clock,
        *,
        exchange: Callable[[Request], Script],
        resolve: Callable[[str], bool],
        connecting: Callable[[str], Script],
        on_refused: Callable[[str], None],
        allow_hosts: frozenset[Address],
    ) -> None:
        self.clock = clock
        self._exchange, self._resolve, self._connecting, self._refused = exchange, resolve, connecting, on_refused
        self._allowed = allow_hosts
        self._outside: set[Address] = set(allow_hosts)
        self._address_of: dict[str, str] = {}
        self._name_of: dict[str, str] = {}

    @property
    def has_outside(self) -> bool:
        """Whether any real host may be reached."""
        return bool(self._allowed)

    def is_outside(self, address: object) -> bool:
        """Whether real traffic to this address is allowed."""
        return isinstance(address, tuple) and address[:2] in self._outside

    def may_look_up(self, host: object) -> bool:
        """Whether the real resolver may be asked for this host."""
        return any(host == name for name, _ in self._allowed)

    def let_out(self, host: str, numeric: str) -> None:
        """The real resolver gave this address for an allowed host."""
        self._outside |= {(numeric, port) for name, port in self._allowed if name == host}

    def address_of(self, host: str) -> str:
        """The address of a host of the stage, from the range for benchmarks (RFC 2544).

        Raises:
            socket.gaierror: Nobody on the stage has that name.
        """
        if host in self._address_of:
            return self._address_of[host]
        if not self._resolve(host):
            self._refused(host)
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        block, place = divmod(len(self._address_of), _NAMES_PER_BLOCK)
        address = f"198.18.{block}.{place + 1}"
        self._address_of[host], self._name_of[address] = address, host
        return address

    def connect(self, address: Address) -> tuple[VendorLink, int | None, int]:
        """A new connection, the moment at which it stands (None: never) and the error it meets then (0: none)."""
        host = self._name_of.get(address[0], address[0])
        link = VendorLink(self.clock, host, self._exchange)
        if address[0] not in self._name_of and not self._resolve(host):
            self._refused(host)
            return link, self.clock.us, errno.ECONNREFUSED
        script = self._connecting(host)
        delay_s = sum(step.seconds for step in script if isinstance(step, Pause))
        return link, self.clock.after(delay_s), errno.ECONNREFUSED if RESET in script else 0

    def refuse(self, host: str) -> NoReturn:
        """Traffic that went round the replaced names does not leave the process.

        Raises:
            ConnectionRefusedError: Always.
        """
        self._refused(host)
        raise ConnectionRefusedError(errno.ECONNREFUSED, f"a run may not leave the wire: {host}")
