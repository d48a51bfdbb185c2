"""Acts in a process of their own: one that crashes is dead, with no ``finally`` and nothing flushed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar

from harness.certify.forking import in_a_fork
from harness.stage.history import Event, Exchange
from harness.stage.vendor import AskedOnce
from harness.stage.vendor_end import Heard, VendorEnd

T = TypeVar("T")
Leave = Callable[[T], NoReturn]
"""Ends the process of its own at once, with this as what came of it."""


def in_own_process(end: VendorEnd, act: Callable[[Leave[T]], T]) -> T:
    """What ``act`` returned, or left with, in a copy of this process that is gone afterwards.

    What it asked of the vendor is asked here once more, so that the vendor is as it left it: the same requests at the
    same moments get the same answers, if need be without asking the vendor itself. The history is the copy's, which
    heard the subject's log as well.

    Raises:
        Ended: The process ended otherwise.
    """
    before = len(end.events)
    end.heard = []
    asked_once = vendor if isinstance(vendor := end.door.vendor, AskedOnce) else None
    if asked_once:
        asked_once.answered()

    def came_of_it(value: T) -> _Came[T]:
        return _Came(value, end.events[before:], end.heard, asked_once.answered() if asked_once else ())

    def copied(leave: Leave[_Came[T]]) -> _Came[T]:
        return came_of_it(act(lambda value: leave(came_of_it(value))))

    came = in_a_fork(copied)
    if asked_once:
        asked_once.tell_again(came.answers)
    for one in came.heard:
        _answer_again(end, one)
    again = [event for event in end.events[before:] if isinstance(event, Exchange)]
    assert again == [event for event in came.events if isinstance(event, Exchange)], "a vendor answers the same twice"
    end.events[before:] = came.events
    return came.value


@dataclass(frozen=True, slots=True)
class _Came(Generic[T]):
    """What came of an act in a process of its own."""

    value: T
    events: Sequence[Event]
    heard: Sequence[Heard]
    answers: Sequence[Any]
    """What a vendor that is asked once answered to it."""


class _Gone(Exception):
    """The subject died of this exchange, where it was."""


@dataclass(frozen=True, slots=True)
class _Then:
    """The run as it was when the request was sent."""

    now_us: int
    thread: str

    def thread_name(self) -> str:
        return self.thread

    def kill(self, reason: object) -> NoReturn:
        raise _Gone

    def stop(self) -> None:
        """It was told to stop there, and is not here."""

    def set_wall_clock(self, by_s: int) -> None:
        """Its clock was set there, and is not here."""


def _answer_again(end: VendorEnd, heard: Heard) -> None:
    dies, end.dies = end.dies, None
    try:
        end.answer(heard.request, _Then(heard.at_us, heard.thread))
    except _Gone:
        pass
    finally:
        end.dies = dies
