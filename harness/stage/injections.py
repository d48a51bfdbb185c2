"""Which fault strikes which exchange: points are counted as the run goes, and each injection strikes as often as
planned."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.stage.faults.runs import RUN_POINT
from harness.stage.faults.scene import Fault, spelled


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault at an exchange of the fault-free run: ``users.list#2``, so many times in a row; None: from there on,
    for ever."""

    point: str
    fault: Fault
    times: int | None = 1

    def __str__(self) -> str:
        repeat = "" if self.times == 1 else "x*" if self.times is None else f"x{self.times}"
        return f"{self.point}:{spelled(self.fault)}{repeat}"

    @property
    def of_the_run(self) -> bool:
        """Whether it changes the run as a whole and strikes no exchange."""
        return self.point == RUN_POINT


@dataclass(slots=True)
class Injections:
    """The injections of one run, and how far it has come."""

    planned: Sequence[Injection]
    passed: Counter[str] = field(default_factory=Counter)
    struck: Counter[int] = field(default_factory=Counter)

    def point(self, operation: str) -> str:
        """Where the next exchange of the operation belongs: a repeated attempt belongs where the first did."""
        return f"{operation}#{self.passed[operation] + 1}"

    def strike(self, operation: str) -> Fault | None:
        """The fault that strikes the next exchange of the operation, counted as struck; None where none does."""
        ordinal = self.passed[operation] + 1
        for place, injection in enumerate(self.planned):
            wanted, _, number = injection.point.partition("#")
            if wanted != operation or injection.of_the_run:
                continue
            here = ordinal == int(number) if injection.times is not None else ordinal >= int(number)
            if here and (injection.times is None or self.struck[place] < injection.times):
                self.struck[place] += 1
                return injection.fault
        return None

    def passes(self, operation: str) -> None:
        """An exchange of the operation served its purpose."""
        self.passed[operation] += 1

    def begin_again(self) -> None:
        """A new act counts its exchanges from one; what struck has struck."""
        self.passed.clear()

    def not_fired(self) -> tuple[str, ...]:
        """The injections that never struck, as the plan spells them.

        One that struck less often than planned did strike: who gives up in the middle of a storm has met the storm.
        """
        return tuple(
            str(injection)
            for place, injection in enumerate(self.planned)
            if not injection.of_the_run and not self.struck[place]
        )
