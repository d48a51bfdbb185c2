"""Nobody notices: runs that stop, runs that fail again and again, an alert that does not get through."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from harness.dialects.facts import Dialect
from harness.stage.faults.runs import RUN_POINT
from harness.stage.faults.scene import Asks, Scene, Struck
from harness.stage.history import Exchange


@dataclass(frozen=True, slots=True)
class Runs:
    """The subject does its job, so many expected intervals after the first run began."""

    after_intervals: float


@dataclass(frozen=True, slots=True)
class Fails:
    """The subject is to do its job, and the vendor is down."""

    after_intervals: float


@dataclass(frozen=True, slots=True)
class Looks:
    """Somebody has the subject check whether it is overdue."""

    after_intervals: float
    channel: Literal["takes", "fails"] = "takes"
    """Whether the alert's channel ``takes`` what it is given, or ``fails``."""


Step = Runs | Fails | Looks


class Scheduled:
    """Strikes no exchange: it is about what happens between runs."""

    __slots__ = ()
    family: ClassVar[str] = "watch"
    schedule: ClassVar[tuple[Step, ...]]
    """What happens, in order."""

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return clean.point == RUN_POINT

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "correct"

    def strike(self, scene: Scene) -> Struck:
        raise AssertionError("a fault of the schedule strikes no exchange")


@dataclass(frozen=True, slots=True)
class NoRuns(Scheduled):
    """The scheduler stops, is set right once, and stops again."""

    schedule: ClassVar[tuple[Step, ...]] = (
        Runs(0),
        Looks(0.5),
        Looks(1.5),
        Looks(2),
        Runs(2.2),
        Looks(2.7),
        Looks(4),
    )


@dataclass(frozen=True, slots=True)
class OnlyFailures(Scheduled):
    """It runs as often as expected, and from the second time on each run fails: the vendor is down."""

    schedule: ClassVar[tuple[Step, ...]] = (Runs(0), Fails(0.9), Looks(1.5))

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud"


@dataclass(frozen=True, slots=True)
class DeafChannel(Scheduled):
    """The scheduler stops, and the alert's channel does not take the first alert."""

    schedule: ClassVar[tuple[Step, ...]] = (Runs(0), Looks(1.5, channel="fails"), Looks(1.7), Looks(2))
