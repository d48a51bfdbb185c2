"""The campaign: which exchanges a subject makes, which faults fit there, and the runs that come of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.certify.evidence import Evidence, capabilities
from harness.certify.orders import Task
from harness.certify.performance import Order
from harness.certify.plan import Job, Plan
from harness.certify.pool import Pool
from harness.stage.faults import Fault
from harness.stage.faults.runs import RUN_POINT
from harness.stage.faults.scene import Asks
from harness.stage.history import Exchange, Run
from harness.stage.injections import Injection

Profile = Literal["first", "quick", "full"]
"""Which exchanges of each operation are struck: the first; the first, the middle and the last; every one."""
_ROOM_FOR_RETRIES = 20
_FEWEST_ALLOWED = 100


@dataclass(slots=True)
class Campaign:
    """Plays plans and keeps every run, each plan once."""

    evidence: Mapping[str, Evidence]
    pool: Pool
    profile: Profile
    runs: dict[str, Run] = field(default_factory=dict)
    """The runs by the text of their plans, in the order played."""
    possible: set[str] = field(default_factory=set)
    """Every single-fault plan that the scenarios could have asked for."""

    def clean(self, vendor: str, job: Job) -> Run:
        """The run without a fault, from which points are taken."""
        return self.play([Order(Plan(vendor, job), "correct", 1000)])[0]

    def points(self, vendor: str, job: Job) -> tuple[Exchange, ...]:
        """The exchanges of the fault-free run."""
        return self.clean(vendor, job).exchanges()

    def orders(
        self,
        vendor: str,
        job: Job,
        fault: Fault,
        *,
        at: str,
        times: int | None,
        seeds: Sequence[int] = (),
        beside: Fault | None = None,
        shows: Sequence[str] = (),
    ) -> tuple[Order, ...]:
        """Orders for the fault at the exchanges whose operation ends in ``at`` and that it fits; ``*`` is any.

        The profile says which of them. With ``seeds``, the first fitting exchange alone, once for each seed. ``beside``
        is a fault of the whole run that comes with it; ``shows`` are the requirements that they are played for.
        """
        dialect, exchanges = self.evidence[vendor].dialect, self.points(vendor, job)
        if at == "run":
            exchanges = (Exchange(act=1, sent_us=0, point=RUN_POINT, method="", host="", target=""), *exchanges)
        fitting = [one for one in _each_point_once(exchanges) if _named(one, at) and fault.fits(one, dialect)]
        of_the_run = (Injection(RUN_POINT, beside),) if beside else ()
        self.possible |= {str(Plan(vendor, job, (Injection(one.point, fault, times), *of_the_run))) for one in fitting}
        chosen = fitting[:1] if seeds else _chosen(fitting, "first" if self.evidence[vendor].live else self.profile)
        most, clean = self._most(vendor, job), len(self.points(vendor, job))
        return tuple(
            Order(
                Plan(vendor, job, (Injection(one.point, fault, times), *of_the_run), seed),
                fault.asks(one, times),
                most,
                clean,
            )
            for one in chosen
            for seed in (seeds or (None,))
        )

    def play(self, orders: Iterable[Order]) -> tuple[Run, ...]:
        """The runs of the orders; what was played before is not played again."""
        orders = tuple(orders)
        new = {str(order.plan): order for order in orders if str(order.plan) not in self.runs}
        self.runs.update(
            zip(new, self.pool.perform([Task(order.plan.vendor, order) for order in new.values()]), strict=True)
        )
        return tuple(self.runs[str(order.plan)] for order in orders)

    def rerun(self, plan: Plan) -> Run:
        """One plan, whoever thought of it, with the same chance as in the certification."""
        exchange = Exchange(act=1, sent_us=0, point="", method="", host="", target="")
        asks: Asks = "correct"
        if plan.injections:
            clean = {one.point: one for one in self.points(plan.vendor, plan.job)}
            injection = plan.injections[0]
            asks = injection.fault.asks(clean.get(injection.point, exchange), injection.times)
        most, points = self._most(plan.vendor, plan.job), len(self.points(plan.vendor, plan.job))
        return self.play([Order(plan, asks, most, points if plan.injections else 0)])[0]

    def left_out_for(self, vendor: str, requirement: str) -> str:
        """Why plans that would have shown the requirement on that vendor were not tried; empty where none was left
        out."""
        return ""

    def _most(self, vendor: str, job: Job) -> int:
        return max(_FEWEST_ALLOWED, _ROOM_FOR_RETRIES * len(self.points(vendor, job)))

    def of_vendor(self, vendor: str) -> tuple[Run, ...]:
        """The vendor's runs in which every planned fault struck."""
        return tuple(run for run in self.runs.values() if run.vendor == vendor and run.exercised)

    def capabilities(self, vendor: str) -> frozenset[str]:
        """What this vendor can show of this subject."""
        return capabilities(self.evidence[vendor], jobs=self.pool.loaded.jobs, tells=self.pool.loaded.tells)


def _each_point_once(exchanges: Sequence[Exchange]) -> list[Exchange]:
    return list({exchange.point: exchange for exchange in reversed(exchanges)}.values())[::-1]


def _named(exchange: Exchange, at: str) -> bool:
    return exchange.operation not in ("foreign", "other") and (at == "*" or exchange.operation.rpartition(".")[2] == at)


def _chosen(fitting: Sequence[Exchange], profile: Profile) -> Sequence[Exchange]:
    if profile == "full":
        return fitting
    of: dict[str, list[Exchange]] = {}
    for exchange in fitting:
        of.setdefault(exchange.operation, []).append(exchange)
    if profile == "first":
        return [some[0] for some in of.values()]
    return [one for some in of.values() for one in dict.fromkeys((some[0], some[len(some) // 2], some[-1]))]
