"""Replaces names, once, at the start of a process: a run costs no patching, for outside a run each is the real thing.

Names are reached where a module holds them. Default arguments, closures and instances that took a name before
``install`` keep the real one; traffic on real sockets is refused by an audit hook all the same.
"""

import _thread
import concurrent.futures.thread
import queue
import random
import ssl
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from harness.stage import chance, dates, polling, sockets, threads, tls
from harness.stage.clock import MONOTONIC_START_US, active, mine, real_lock

_CLOCKS = ("time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns")
_LEFT_ALONE = (
    "freezegun",
    "_thread",
    "_queue",
    "_socket",
    "importlib",
    "_frozen_importlib",
    __name__.rpartition(".")[0],
)
_ESCAPES = frozenset(
    {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "os.exec"}
)
_LOOK_UPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"})
_SENDS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_undo: list[tuple[Any, str, Any]] = []
_hooked = False


def _reading(name: str) -> Callable[[], float]:
    """One of the functions of ``time`` that read a clock, on the clock of the run."""
    real: Callable[[], float] = _REAL[name]
    counts_from_1970 = name.startswith("time")

    def now_us() -> int | None:
        clock = mine()
        return None if clock is None else clock.us + (clock.start_us if counts_from_1970 else MONOTONIC_START_US)

    def nanoseconds() -> float:
        us = now_us()
        return real() if us is None else us * 1000

    def seconds() -> float:
        us = now_us()
        return real() if us is None else us / 1e6

    return nanoseconds if name.endswith("_ns") else seconds


def _sleep(seconds: float, /) -> None:
    clock = mine()
    if clock is None:
        _REAL["sleep"](seconds)
    else:
        clock.sleep(seconds)


_REAL = {name: getattr(time, name) for name in (*_CLOCKS, "sleep")}
_CLOCK_READINGS: Mapping[str, Any] = {name: _reading(name) for name in _CLOCKS} | {"sleep": _sleep}
_REPLACEMENTS: tuple[tuple[Any, Any], ...] = (
    *((_REAL[name], replacement) for name, replacement in _CLOCK_READINGS.items()),
    (real_lock, threads.Lock),
    (threading.Lock, threads.Lock),  # Since Python 3.13 a class, no longer the same as the one above.
    (_thread.RLock, threading._PyRLock),  # type: ignore[attr-defined]
    (queue.SimpleQueue, queue._PySimpleQueue),  # type: ignore[attr-defined]
    (threads.real_start, threads.start_new_thread),
    (sockets.RealSocket, sockets.Socket),
    (sockets.real_getaddrinfo, sockets.getaddrinfo),
    (sockets.real_socketpair, sockets.socketpair),
    (polling.real_poll, polling.Poll),
    (polling.real_select, polling.select_),
    (polling.RealSelector, polling.Selector),
    (chance.real_urandom, chance.urandom),
)


def sleep_really(seconds: float) -> None:
    """Wait in real time, inside a run too: as a wall clock does."""
    _REAL["sleep"](seconds)


def installed() -> bool:
    """Whether the names are replaced."""
    return bool(_undo)


def install() -> None:
    """From here on runs can be played. Call it before the subject and its libraries are imported; twice is once."""
    if installed():
        return
    uuid.getnode()  # It asks other processes, once: not in a run.
    tls.reset_is_eof()
    _install_names()
    _replace_inside()
    global _hooked
    if not _hooked:
        sys.addaudithook(_watch)
        _hooked = True


def uninstall() -> None:
    """Put every name back. For tests that share their process with others."""
    if not installed():
        return
    dates.uninstall()
    before = tuple(reversed(_undo))
    # First the modules that were loaded since, then each name as it was.
    _swap({id(replacement): real for real, replacement in _REPLACEMENTS})
    for owner, name, value in before:
        setattr(owner, name, value)
    _undo.clear()


@contextmanager
def real_calendar() -> Iterator[None]:
    """For an import that takes the real ``date`` and ``datetime`` only; what it loads is on the calendar behind it."""
    dates.uninstall()
    try:
        yield
    finally:
        _install_names()


def _install_names() -> None:
    _swap({id(real): replacement for real, replacement in _REPLACEMENTS})
    dates.install()
    for name, replacement in _CLOCK_READINGS.items():
        setattr(time, name, replacement)  # freezegun set its own, which are slower and know no run.


def _replace_inside() -> None:
    """The names that are no attribute of a module, or whose replacement is not the same kind of thing."""
    _replace(threading, "_CRLock", None)  # threading.RLock() now gives the Python one, which stands on Lock.
    _replace(threading.Thread, "join", threads.join)
    _replace(threading.Thread, "is_alive", threads.is_alive)
    _replace(_thread, "start_new_thread", threads.start_new_thread)
    if threads.real_start_joinable:
        _replace(threading, "_start_joinable_thread", threads.start_joinable_thread)
    # Held while a worker starts, so other submitters would wait for it in real time.
    _replace(concurrent.futures.thread, "_global_shutdown_lock", threads.Lock())
    _replace(ssl.SSLContext, "wrap_socket", tls.wrap_socket)
    _replace(ssl.SSLContext, "wrap_bio", tls.wrap_bio)
    for name, loader in tls.loaders.items():
        _replace(ssl.SSLContext, name, loader)
    _replace(random.Random, "seed", chance.seed)
    _replace(random, "seed", random._inst.seed)


def _replace(owner: Any, name: str, value: Any) -> None:
    _undo.append((owner, name, getattr(owner, name)))
    setattr(owner, name, value)


def _swap(by_id: Mapping[int, Any]) -> None:
    """Wherever a loaded module holds one of these objects, put its counterpart."""
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and not name.startswith(_LEFT_ALONE):
            for attribute, value in list(vars(module).items()):
                if id(value) in by_id:
                    _replace(module, attribute, by_id[id(value)])


def _watch(event: str, args: tuple[Any, ...]) -> None:
    """Traffic that went round the replaced names fails closed; a process that is started is noted."""
    if event not in _SENDS and event not in _LOOK_UPS and event not in _ESCAPES:
        return
    clock = active()
    if clock is None:
        return
    if event in _ESCAPES:
        clock.on_escape(event)
    elif event in _LOOK_UPS:
        host = args[0][0] if isinstance(args[0], tuple) else args[0]
        if not clock.wire.may_look_up(host):
            clock.wire.refuse(str(host))
    elif isinstance(args[1], tuple) and not clock.wire.is_outside(args[1]):
        clock.wire.refuse(f"{args[1][0]}:{args[1][1]}")
