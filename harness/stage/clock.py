"""One virtual clock and the threads that live on it.

The threads of a run share one baton: exactly one runs, and it gives the baton away only where it would have blocked
(sleep, lock, queue, recv, select). When every thread is blocked nothing is owed to anyone, so time jumps to the
earliest moment that somebody waits for. When nobody waits for a moment the run is hung: proven, not guessed.

Time is whole microseconds: freezegun and sums of floats lose anything finer, and a wait for it would never end.
"""

import _thread
import math
import sys
import threading
import traceback
from _thread import get_ident
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from types import FrameType, TracebackType
from typing import Any, Literal, NoReturn

Reason = Literal["crashed", "hung", "real_time"]
MONOTONIC_START_US = 1_000_000_000
"""Monotonic clocks start small: near 1.7e9 s a float cannot hold asyncio's resolution, and a due timer never fires."""
_FORGIVEN_US = 1e-3
_PATIENCE = 3
_KEPT_FRAMES = 40
_OWN_FOLDER = str(Path(__file__).parent)
real_lock = _thread.allocate_lock
_active: "Clock | None" = None


class Task:
    """One thread of the run, as the clock sees it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.gate = real_lock()
        self.gate.acquire()
        self.done = False
        self.dismissed = 0
        """How often it was told to go since the run was over."""
        self.ready: Callable[[], bool] = _at_once
        self.due: Callable[[], int | None] = _never


def _at_once() -> bool:
    return True


def _never() -> int | None:
    return None


def _unheard(*event: object) -> None:
    pass


def active() -> "Clock | None":
    """The clock of the run in progress, whichever thread asks."""
    return _active


def mine() -> "Clock | None":
    """The clock that governs the calling thread; None outside a run."""
    clock = _active
    return clock if clock is not None and get_ident() in clock.tasks else None


class Clock:
    """The time of one run, and who may go on. ``with clock:`` makes it the clock of the calling thread."""

    def __init__(
        self,
        *,
        start_us: int,
        horizon_s: float,
        order: Random | None,
        on_jump: Callable[[int], None],
        on_date_set: Callable[[int], None],
    ) -> None:
        self.us = 0
        self.start_us = start_us
        """Microseconds since 1970 at which the run began, by what the wall clock says now."""
        self.dead: Reason | None = None
        """Why nobody may go on; None while the run lives."""
        self.hung_at: Mapping[str, list[str]] = {}
        self.has_event_loop = False
        self.entropy: Random | None = None
        """Where ``os.urandom`` takes its bytes from; None: from the system."""
        self.on_sleep: Callable[[float, str, int], None] = _unheard
        self.on_escape: Callable[[str], None] = _unheard
        self.on_death: Callable[[], None] = _unheard
        self.wire: Any = None
        """The connections of the run; the sockets find it here."""
        self.on_stop: Callable[[], None] = _unheard
        """Called in the main thread, where signals are taken, when the run has been told to stop."""
        self._told_to_stop = False
        self.parked: list[str] = []
        """Threads that would not go when the run was over."""
        self.main = Task("main")
        self.tasks: dict[int, Task] = {}
        self._horizon_us = round(horizon_s * 1e6)
        self._order, self._on_jump, self._on_date_set = order, on_jump, on_date_set
        self._blocked: list[Task] = []
        self._started = 0
        self._over = False
        self.closed = False
        """Whether the run is a thing of the past; its connections are dropped ones then."""

    def __enter__(self) -> "Clock":
        global _active
        if _active is not None:
            raise RuntimeError("a run is already in progress in this process; wait for its end")
        self.tasks[get_ident()] = self.main
        _active = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _active
        _active, self.closed = None, True

    # -- time ----------------------------------------------------------------------------------------------------------

    def after(self, seconds: float | None) -> int | None:
        """The moment so many seconds from now, rounded up: a wait never ends early. None: never."""
        if seconds is None or seconds == math.inf:
            return None
        if seconds <= 0:
            return self.us
        # However short, a wait takes time, or whoever waits for the rest of a wait would do so for ever.
        return self.us + max(1, math.ceil(seconds * 1e6 - _FORGIVEN_US))

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds of virtual time."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.check()
        self.on_sleep(seconds, self.thread_name(), self.us)
        until = self.after(seconds)
        self.wait(lambda: until is not None and self.us >= until, until=until)

    def wait(
        self, ready: Callable[[], bool], *, until: int | None = None, due: Callable[[], int | None] = _never
    ) -> bool:
        """Block the calling thread until ``ready()``, or until a moment; whether it is ready then.

        ``due()`` names a moment at which ``ready()`` may change without any thread's doing.
        """
        me = self.tasks[get_ident()]
        self.check()
        me.ready = lambda: ready() or (until is not None and self.us >= until)
        me.due = lambda: min((moment for moment in (until, due()) if moment is not None), default=None)
        while True:
            self._blocked.append(me)
            chosen = self._choose()
            if chosen is not me:
                chosen.gate.release()
                me.gate.acquire()
            self.check()
            if me is self.main and self._told_to_stop:
                self._told_to_stop = False
                self.on_stop()
            if me.ready():
                return ready()

    def set_wall_clock(self, by_us: int) -> None:
        """The date is another from here on; no time passes, and monotonic clocks and waits know nothing of it."""
        self.start_us += by_us
        self._on_date_set(by_us)

    def stop(self) -> None:
        """The main thread hears, as soon as it waits, that the run is to stop; it decides what comes of that."""
        self._told_to_stop = True

    def check(self) -> None:
        """Return if the calling thread may go on.

        Raises:
            SystemExit: The run is dead, or over. Exactly this class: asyncio lets it through and threading does not
                print it. A new one each time, or its traceback would grow with every thread that it passes.
        """
        if self.dead is not None or self._over:
            me = self.tasks[get_ident()]
            me.dismissed += 1
            if me is not self.main and me.dismissed > _PATIENCE:
                self._park(me)
            if me is not self.main or self.dead is not None:
                raise SystemExit(f"the run is over: {self.dead or 'returned'}")

    def kill(self, reason: Reason) -> NoReturn:
        """From here on every sleep, send, recv, select and lock of every thread raises."""
        if reason == "hung" and not self.hung_at:
            self.hung_at = self._stacks()
        self._die(reason)
        raise SystemExit(f"the run is over: {reason}")

    def thread_name(self) -> str:
        """The calling thread, by the order in which the run started them: ``main``, ``t1``, ``t2``."""
        return self.tasks[get_ident()].name

    def _choose(self) -> Task:
        while True:
            able = [task for task in self._blocked if self.dead or self._over or self._may_go_on(task)]
            if able:
                task = able[0] if self._order is None or len(able) == 1 else self._order.choice(able)
                self._blocked.remove(task)
                return task
            moment = min((due for task in self._blocked if (due := task.due()) is not None), default=None)
            if moment is not None and moment <= self._horizon_us:
                self._on_jump(moment - self.us)
                self.us = moment
                continue
            # Nothing can happen any more, or only after the horizon of virtual time.
            self.hung_at = self._stacks()
            self._die("hung")

    def _may_go_on(self, task: Task) -> bool:
        return task.ready() or (task is self.main and self._told_to_stop)

    def _die(self, reason: Reason) -> None:
        self.dead = reason
        self.on_death()

    def _stacks(self) -> dict[str, list[str]]:
        frames = sys._current_frames()
        return {task.name: _stack(frames[ident]) for ident, task in self.tasks.items() if ident in frames}

    # -- threads -------------------------------------------------------------------------------------------------------

    def new_thread(self, function: Callable[[], object], start: Callable[[Callable[[], None]], Any]) -> Any:
        """Start a thread of this run; ``start`` is how the system starts one. What ``start`` returned."""
        self._started += 1
        task = Task(f"t{self._started}")
        owner = getattr(function, "__self__", None)
        if isinstance(owner, threading.Thread):
            owner._stage_task = task  # type: ignore[attr-defined]
            owner._invoke_excepthook = _silent_on_exit(owner._invoke_excepthook)  # type: ignore[attr-defined]
        self._blocked.append(task)

        def boot() -> None:
            task.gate.acquire()
            self.tasks[get_ident()] = task
            try:
                if not (self.dead or self._over):
                    function()
            finally:
                task.done = True
                del self.tasks[get_ident()]
                if self._blocked:
                    self._choose().gate.release()

        return start(boot)

    def anybody_left(self) -> bool:
        """Whether threads of the run are still there."""
        return bool(self._blocked)

    def end(self) -> tuple[str, ...]:
        """Throw every other thread out, and name those that the subject left running."""
        left = tuple(task.name for task in self._blocked)
        self._over = True
        while self._blocked:
            self._blocked.append(self.main)
            chosen = self._choose()
            if chosen is not self.main:
                chosen.gate.release()
                self.main.gate.acquire()
        return left

    def _park(self, me: Task) -> NoReturn:
        """It swallows every exception, so it never gets the baton again; its process has to be given up."""
        self.parked.append(me.name)
        me.done = True
        del self.tasks[get_ident()]
        if self._blocked:
            self._choose().gate.release()
        while True:
            me.gate.acquire()

    def abandon(self) -> None:
        """Let every blocked thread go, to die at its next step: real time ran out, nobody knows who has the baton."""
        blocked, self._blocked = self._blocked, []
        for task in blocked:
            task.gate.release()


def _silent_on_exit(hook: Callable[..., object]) -> Callable[..., None]:
    """threading is silent about SystemExit, but a hook of the subject's or of pytest's may not be."""

    def silent(thread: threading.Thread) -> None:
        if not isinstance(sys.exception(), SystemExit):
            hook(thread)

    return silent


def _stack(frame: FrameType) -> list[str]:
    """Where a thread is, innermost last, without what belongs to the stage."""
    entries = [entry for entry in traceback.extract_stack(frame) if not entry.filename.startswith(_OWN_FOLDER)]
    return traceback.format_list(entries[-_KEPT_FRAMES:])
