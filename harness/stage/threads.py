"""Locks and threads that wait on the clock of the run. Outside a run each is the real thing."""

import _thread
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from harness.stage.clock import mine, real_lock

real_start = _thread.start_new_thread
real_start_joinable = getattr(threading, "_start_joinable_thread", None)
"""What ``Thread.start`` calls since Python 3.13."""
real_join, real_is_alive = threading.Thread.join, threading.Thread.is_alive


class Lock:
    """Stands in for ``threading.Lock``: a real lock whose waiting is done on the clock.

    Condition, Event, Semaphore, Queue, Future, Timer and the Python RLock are built on it, so they follow.
    """

    def __init__(self) -> None:
        self._real = real_lock()
        self.release, self.locked = self._real.release, self._real.locked
        self._at_fork_reinit: Callable[[], None] = self._real._at_fork_reinit  # type: ignore[attr-defined]

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """As ``threading.Lock.acquire``."""
        if self._real.acquire(False):
            return True
        if not blocking:
            return False
        clock = mine()
        if clock is None:
            return self._real.acquire(True, timeout)
        until = clock.after(None if timeout < 0 else timeout)
        while clock.wait(lambda: not self._real.locked(), until=until):
            if self._real.acquire(False):
                return True
        return False

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._real.release()


def start_new_thread(
    function: Callable[..., object], args: tuple[Any, ...], kwargs: Mapping[str, Any] | None = None
) -> Any:
    """A thread started by a thread of the run is of the run."""
    clock = mine()
    if clock is None:
        return real_start(function, args, dict(kwargs or {}))
    bound = function if not args and not kwargs else lambda: function(*args, **(kwargs or {}))
    return clock.new_thread(bound, lambda boot: real_start(boot, ()))


def start_joinable_thread(function: Callable[[], object], handle: Any = None, daemon: bool = True) -> Any:
    """As ``start_new_thread``, with the handle that Python 3.13 joins by."""
    assert real_start_joinable is not None
    start = real_start_joinable
    clock = mine()
    if clock is None:
        return start(function, handle=handle, daemon=daemon)
    return clock.new_thread(function, lambda boot: start(boot, handle=handle, daemon=daemon))


def join(self: threading.Thread, timeout: float | None = None) -> None:
    """``Thread.join``, on the clock."""
    clock, task = mine(), getattr(self, "_stage_task", None)
    if clock and task and not clock.wait(lambda: task.done, until=clock.after(timeout)):
        return
    real_join(self, timeout)


def is_alive(self: threading.Thread) -> bool:
    """``Thread.is_alive``, as the clock knows it: a thread may be done a moment before the system says so."""
    task = getattr(self, "_stage_task", None)
    return not task.done if task else real_is_alive(self)
