"""Puts a subject on the wire and the clock, and tells how it ended."""

import gc
import logging
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Literal, NoReturn

from harness.stage.chance import pinned
from harness.stage.clock import Clock
from harness.stage.dates import calendar
from harness.stage.http1 import Pause, Request, Script
from harness.stage.link import Address, Wire
from harness.stage.patch import installed

START = datetime(2026, 1, 1, tzinfo=UTC)
HORIZON_S = 30 * 86_400.0
_thrown_out: set[str] = set()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_WORDS_S = 2.0
"""Real time that threads and coroutines get to clean up when the run is over."""


@dataclass(frozen=True, slots=True)
class Played:
    """How a run ended.

    ``returned`` and ``raised`` are the subject's own doing; ``crashed`` and ``hung`` are read from the stage, whatever
    the subject made of it; ``real_time``: it waited or computed in real time until the limit, and nothing is known.
    """

    ended: Literal["returned", "raised", "crashed", "hung", "real_time"]
    value: Any
    error: BaseException | None
    virtual_us: int
    hung_at: Mapping[str, list[str]]
    """Thread -> its stack, innermost last, when it was proven that nobody could go on."""
    left_running: tuple[str, ...]
    """Threads that were still there when the subject had returned or raised; they were thrown out."""
    strays: tuple[str, ...]
    """Threads older than the run, or thrown out of an earlier one. If the subject uses any, *hung* proves nothing."""
    give_up: bool
    """Whether something of the run lives on, so that this process can play no other."""


@dataclass(frozen=True, slots=True)
class World:
    """The run, as whoever answers sees it."""

    clock: Clock

    @property
    def now_us(self) -> int:
        """Virtual time since the run began."""
        return self.clock.us

    def thread_name(self) -> str:
        """The thread that sent the request: ``main``, ``t1``, ``t2``, by the order in which the run started them."""
        return self.clock.thread_name()

    def kill(self, reason: Literal["crashed", "hung"]) -> NoReturn:
        """End the run: from here on every send, recv, sleep, lock and select of every thread raises.

        Raises:
            SystemExit: Always.
        """
        self.clock.kill(reason)

    def set_wall_clock(self, by_s: int) -> None:
        """The subject's date is another from here on."""
        self.clock.set_wall_clock(by_s * 1_000_000)

    def stop(self) -> None:
        """Tell the subject to stop, as an operator does: SIGTERM where it has a handler for that, SIGINT where not."""
        self.clock.stop()


def play(
    subject: Callable[[], Any],
    *,
    answer: Callable[[Request, World], Script],
    resolve: Callable[[str], bool],
    connecting: Callable[[str], Script] = lambda host: (),
    latency_s: float = 0.05,
    seed: int | None = None,
    real_limit_s: float = 20.0,
    horizon_s: float = HORIZON_S,
    start: datetime = START,
    pass_time: Callable[[int], None] = lambda us: None,
    on_sleep: Callable[[float, str, int], None] = lambda seconds, thread, at_us: None,
    on_refused: Callable[[str], None] = lambda host: None,
    on_escape: Callable[[str], None] = lambda event: None,
    allow_hosts: frozenset[Address] = frozenset(),
) -> Played:
    """Call the subject, in this thread, on a network and a clock that exist for this run alone.

    Args:
        answer: Called when a whole request has arrived; returns what comes back, ``latency_s`` later. An exception in
            it ends the run and is raised here.
        resolve: Whether a host is on the stage. Any other is unknown to the subject, and ``on_refused`` hears of it.
        connecting: What a new connection to a host meets: ``()`` stands at once, ``(Pause(2),)`` later,
            ``(Pause(math.inf),)`` never; with ``RESET`` it is refused then.
        latency_s: Keep it above zero, or no thread ever waits for a reply and races hide.
        seed: The order among threads that could go on, and all chance of the run. None: first come, and no pinning.
        horizon_s: A run that waits beyond this virtual time is hung.
        pass_time: Returns when so many microseconds may count as passed; by default at once.
        start: The date at which the run begins, with its zone.
        on_sleep: Hears of every ``time.sleep``: seconds, thread, moment in microseconds.
        on_escape: Hears of every process that is started: the name of the audit event.
        allow_hosts: Host and port of real servers that may be reached, in real time.

    Raises:
        RuntimeError: ``harness.stage.patch.install`` was not called, or a run is in progress, or this is not the main
            thread.
    """
    _check_place()
    older = (one.name for one in threading.enumerate() if one is not threading.current_thread())
    strays = (*older, *(f"{name} of an earlier run" for name in sorted(_thrown_out)))
    mishaps: list[BaseException] = []
    with calendar(start) as move:
        clock = Clock(
            start_us=(start - _EPOCH) // timedelta(microseconds=1),
            horizon_s=horizon_s,
            order=None if seed is None else Random(seed),
            on_jump=_jump(pass_time, move),
            on_date_set=move,
        )
        clock.on_sleep, clock.on_escape = on_sleep, on_escape
        clock.wire = Wire(
            clock,
            exchange=_exchange(clock, answer, latency_s, mishaps),
            resolve=resolve,
            connecting=connecting,
            on_refused=on_refused,
            allow_hosts=allow_hosts,
        )
        with clock, pinned(clock, seed):
            played = _perform(subject, clock, real_limit_s, strays)
    if mishaps:
        raise mishaps[0]
    return played


def _jump(pass_time: Callable[[int], None], move: Callable[[int], None]) -> Callable[[int], None]:
    def jump(us: int) -> None:
        pass_time(us)
        move(us)

    return jump


def _check_place() -> None:
    if not installed():
        raise RuntimeError("no run can be played before harness.stage.patch.install(); call it first in this process")
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("a run is played in the main thread, where its real time can be limited; call play() there")


def _exchange(
    clock: Clock, answer: Callable[[Request, World], Script], latency_s: float, mishaps: list[BaseException]
) -> Callable[[Request], Script]:
    world = World(clock)

    def exchange(request: Request) -> Script:
        try:
            return (Pause(latency_s), *answer(request, world))
        except SystemExit:
            raise
        except BaseException as ours:  # The subject would take it for a trouble of the network.
            mishaps.append(ours)
            clock.kill("crashed")

    return exchange


def _perform(subject: Callable[[], Any], clock: Clock, real_limit_s: float, strays: tuple[str, ...]) -> Played:
    ended: Literal["returned", "raised", "crashed", "hung", "real_time"]
    value, error = None, None
    with _logging_until_death(clock):
        try:
            with _limited(real_limit_s, clock), _stoppable(clock):
                value, ended = subject(), "returned"
        except BaseException as raised:
            # An error that the stage threw says nothing, and would keep the subject's frames from cleaning up now.
            error, ended = None if clock.dead else raised, "raised"
        ended = "hung" if clock.hung_at else clock.dead or ended
        virtual_us = clock.us
        left = _clear(clock)
    _thrown_out.update(left or ())
    return Played(
        ended=ended,
        value=value,
        error=error,
        virtual_us=virtual_us,
        hung_at=clock.hung_at,
        left_running=(left or ()) if ended in ("returned", "raised") else (),
        strays=strays,
        give_up=left is None or bool(clock.parked),
    )


def _clear(clock: Clock) -> tuple[str, ...] | None:
    """Throw out what still runs, and name it; None where it does not go."""
    if clock.dead == "real_time":
        clock.abandon()
        return None
    half_way = clock.has_event_loop and clock.dead is not None
    if not half_way and not clock.anybody_left():
        return ()
    try:
        with _limited(_LAST_WORDS_S, clock), _silence():
            left = clock.end()
            if half_way:
                # Coroutines left half-way clean up when they are collected: now, and not in somebody else's run.
                gc.collect()
            return left
    except SystemExit:
        clock.abandon()
        return None


@contextmanager
def _limited(seconds: float, clock: Clock) -> Iterator[None]:
    """After so many seconds of real time the run is dead: it waits outside the clock, or computes for ever."""

    def spent(*args: object) -> NoReturn:
        clock.kill(clock.dead or "real_time")

    before = signal.signal(signal.SIGALRM, spent)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _stoppable(clock: Clock) -> Iterator[None]:
    """Signals find the handlers that a fresh process has, or those that the subject sets; ours are back afterwards."""
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def stop() -> None:
        for told in (signal.SIGTERM, signal.SIGINT):
            handler = signal.getsignal(told)
            if callable(handler):
                handler(told, sys._getframe())
                return

    clock.on_stop = stop
    try:
        yield
    finally:
        for one, handler in before.items():
            if handler is not None:  # one that C code set cannot be put back
                signal.signal(one, handler)


def _say_nothing(args: object) -> None:
    pass


@contextmanager
def _logging_until_death(clock: Clock) -> Iterator[None]:
    """A process that has died logs nothing, though its clean-up code still runs here."""
    level = logging.root.manager.disable
    clock.on_death = logging.disable
    try:
        yield
    finally:
        logging.disable(level)


@contextmanager
def _silence() -> Iterator[None]:
    """What thrown-out threads and collected coroutines say is no evidence."""
    unraisable, in_thread = sys.unraisablehook, threading.excepthook
    logging.disable()
    sys.unraisablehook, threading.excepthook = _say_nothing, _say_nothing
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.unraisablehook, threading.excepthook = unraisable, in_thread
