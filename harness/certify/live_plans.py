"""Which plans a live certification tries: a wall clock and a budget afford fewer than recordings do."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from harness.certify.performance import Order
from harness.stage.faults import Fault
from harness.stage.faults.limits import Throttled
from harness.stage.faults.runs import RUN_POINT, Again, Workers
from harness.stage.faults.tokens import ShortLived
from harness.stage.faults.wire import Slow
from harness.stage.history import Exchange

LONGEST_RUN_S = 15.0
"""A plan that waits longer against the recording is left out live: there, waits are real."""
_OF_A_LIVE_RUN = (Again, Workers)
_Class = tuple[object, ...]


def shortened(fault: Fault) -> Fault:
    """The fault with the shortest waits that it can have; in dates, whose seconds are whole, 2 s."""
    match fault:
        case Throttled(form="http_date" | "iso8601" | "epoch_s"):
            return replace(fault, retry_after_s=2)
        case Throttled():
            return replace(fault, retry_after_s=1)
        case Slow():
            return replace(fault, seconds=1)
    return fault


@dataclass(slots=True)
class Selection:
    """Plans chosen so far, and those left out, each with the reason."""

    left_out: dict[str, str] = field(default_factory=dict)
    """Plan -> why it is not tried live."""
    _tried: dict[_Class, str] = field(default_factory=dict)
    _by_requirement: dict[str, str] = field(default_factory=dict)

    def why_not(self, order: Order, points: Sequence[Exchange], *, waits_s: float, seeds: int) -> str:
        """Why the plan is left out; empty where it is tried.

        Of several parameters of one kind of fault at one place, the first is tried; of a push, the writes are struck:
        how tokens and reads are asked for, the pull shows.
        """
        injection = order.plan.injections[0]
        writes = {one.point for one in points if one.write} | {RUN_POINT}
        of_the_run = [one.fault for one in order.plan.injections if one.of_the_run]
        if not all(isinstance(fault, _OF_A_LIVE_RUN) for fault in of_the_run):
            return "it changes the world of the run, which is real"
        if isinstance(injection.fault, ShortLived):
            return "how long a real run takes is not known to the second"
        if seeds:
            return f"it takes {seeds} runs of real waits"
        if order.plan.job == "push" and injection.point not in writes:
            return "on a push, writes are struck; the pull shows the rest"
        if waits_s > LONGEST_RUN_S:
            return f"it waits {waits_s:.0f} s against the recording"
        tried = self._tried.setdefault(_class(order), str(order.plan))
        return "" if tried == str(order.plan) else f"{tried.partition(' ')[2]} is tried instead"

    def leave_out(self, order: Order, why: str, shows: Sequence[str]) -> None:
        """Take note of a plan that is not tried, and of the requirements that it would have shown."""
        self.left_out[str(order.plan)] = why
        self._by_requirement |= dict.fromkeys(shows, f"{order.plan}: {why}")

    def left_out_for(self, requirement: str) -> str:
        """A plan that would have shown the requirement and was left out, with the reason; empty where there is none."""
        return self._by_requirement.get(requirement, "")


def _class(order: Order) -> _Class:
    """What is one and the same to a live run: kind, place and times; before and after the effect are two."""
    injection = order.plan.injections[0]
    fault = injection.fault
    form = fault.form if isinstance(fault, Throttled) and injection.times == 1 else ""
    kind, after = type(fault).__name__, getattr(fault, "after_effect", False)
    return order.plan.job, injection.point, kind, injection.times, after, form
