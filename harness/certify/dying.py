"""Acts in a process of their own: one that crashes is dead, with no ``finally`` and nothing flushed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from harness.certify.forking import in_a_fork
from harness.stage.history import Event, Exchange
from harness.stage.vendor_end import Heard, VendorEnd

T = TypeVar("T")
Leave = Callable[[T], NoReturn]
"""Ends the process of its own at once, with this as what came of it."""


def in_own_process(end: VendorEnd, act: Callable[[Leave[T]], T]) -> T:
    """What ``act`` returned, or left with, in a copy of this process that is gone afterwards.

    What it asked of the vendor is asked here once more, so that the vendor is as it left it: the same requests at the
    same moments get the same answers. The history is the copy's, which heard the subject's log as well.

    Raises:
        Ended: The process ended otherwise.
    """
    before = len(end.events)
    end.heard = []

    def copied(leave: Leave[tuple[T, Sequence[Event], Sequence[Heard]]]) -> tuple[T, Sequence[Event], Sequence[Heard]]:
        def left(value: T) -> NoReturn:
            leave((value, end.events[before:], end.heard))

        value = act(left)
        return value, end.events[before:], end.heard

    value, events, heard = in_a_fork(copied)
    for one in heard:
        _answer_again(end, one)
    again = [event for event in end.events[before:] if isinstance(event, Exchange)]
    assert again == [event for event in events if isinstance(event, Exchange)], "a vendor answers the same twice"
    end.events[before:] = events
    return value


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
