"""``select.poll``, ``select.select`` and ``selectors.DefaultSelector`` for sockets of the wire.

urllib3 and httpcore ask poll whether a pooled connection was dropped, botocore waits in it for ``100 Continue``; with
the selector the stock asyncio loop lives on the clock, and no loop of our own is needed.
"""

import select
import selectors
from collections.abc import Mapping, Sequence
from typing import Any

from harness.stage.clock import Clock, mine
from harness.stage.sockets import BY_FD, POLLIN, POLLOUT

real_poll, real_select, RealSelector = select.poll, select.select, selectors.DefaultSelector


def _fd_of(one: Any) -> int:
    return one if isinstance(one, int) else int(one.fileno())


def _wait(clock: Clock, wanted: Mapping[int, int], timeout_s: float | None) -> list[tuple[int, int]]:
    """What is ready of the wanted ``{descriptor: events}``, after waiting on the clock."""
    clock.check()
    socks = [(fd, BY_FD[fd], mask) for fd, mask in wanted.items() if fd in BY_FD]

    def ready() -> list[tuple[int, int]]:
        return [(fd, events) for fd, sock, mask in socks if (events := sock.events(mask))]

    def due() -> int | None:
        return min((moment for _, sock, _ in socks if (moment := sock.next_change_us()) is not None), default=None)

    found = ready()
    if found or timeout_s == 0:
        return found
    clock.wait(lambda: bool(ready()), until=clock.after(timeout_s), due=due)
    return ready()


class Poll:
    """``select.poll``."""

    def __init__(self) -> None:
        self._real = real_poll()
        self._wanted: dict[int, int] = {}

    def register(self, fd: Any, eventmask: int = POLLIN) -> None:
        """As the real one."""
        number = _fd_of(fd)
        self._wanted[number] = eventmask
        if number not in BY_FD:
            self._real.register(number, eventmask)

    def modify(self, fd: Any, eventmask: int) -> None:
        """As the real one."""
        self.register(fd, eventmask)

    def unregister(self, fd: Any) -> None:
        """As the real one."""
        number = _fd_of(fd)
        del self._wanted[number]
        if number not in BY_FD:
            self._real.unregister(number)

    def poll(self, timeout: float | None = None) -> list[tuple[int, int]]:
        """As the real one; ``timeout`` is in milliseconds."""
        clock = mine()
        if clock is None or not any(fd in BY_FD for fd in self._wanted):
            return self._real.poll(timeout)
        return _wait(clock, self._wanted, None if timeout is None or timeout < 0 else timeout / 1000)


def select_(rlist: Sequence[Any], wlist: Sequence[Any], xlist: Sequence[Any], timeout: float | None = None) -> Any:
    """``select.select``."""
    clock = mine()
    fds = {one: _fd_of(one) for one in [*rlist, *wlist]}
    if clock is None or not any(fd in BY_FD for fd in fds.values()):
        return real_select(rlist, wlist, xlist, timeout)
    wanted = {fd: (POLLIN if one in rlist else 0) | (POLLOUT if one in wlist else 0) for one, fd in fds.items()}
    got = dict(_wait(clock, wanted, timeout))
    readable = [one for one in rlist if got.get(fds[one], 0) & POLLIN]
    return readable, [one for one in wlist if got.get(fds[one], 0) & POLLOUT], []


class Selector(selectors._BaseSelectorImpl):
    """``selectors.DefaultSelector``; made outside a run it is the real one."""

    _fd_to_key: Mapping[int, selectors.SelectorKey]

    def __new__(cls) -> Any:
        """A selector of the run, or a real one."""
        clock = mine()
        if clock is None:
            return RealSelector()
        clock.has_event_loop = True
        return object.__new__(cls)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As the real one; ``timeout`` is in seconds."""
        clock = mine()
        if clock is None:  # A loop that outlived its run, closed by the garbage collector.
            return []
        keys = self._fd_to_key
        wanted = {
            key.fd: (POLLIN if key.events & selectors.EVENT_READ else 0)
            | (POLLOUT if key.events & selectors.EVENT_WRITE else 0)
            for key in keys.values()
        }
        return [
            (
                keys[fd],
                (selectors.EVENT_READ if got & POLLIN else 0) | (selectors.EVENT_WRITE if got & POLLOUT else 0),
            )
            for fd, got in _wait(clock, wanted, None if timeout is None else max(timeout, 0))
        ]
