"""The campaign of a live certification: the same plans on the recordings and on the account, and who is to blame."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.certify.campaign import Campaign
from harness.certify.evidence import request_of
from harness.certify.live_plans import Selection, shortened
from harness.certify.orders import Task
from harness.certify.performance import Order
from harness.certify.plan import Job, Plan
from harness.certify.pool import Pool
from harness.certify.subject_loading import CORE, Loaded
from harness.certify.venue import LATENCY_S
from harness.certify.visit import Visit
from harness.judge.outcome import unjudgeable
from harness.judge.requirements import CATALOGUE
from harness.judge.verdict import judge
from harness.stage.faults import Fault
from harness.stage.history import Exchange, Noted, Run
from harness.stage.operations import asked
from harness.stage.shapes import Shapes, differences

SLOW_S = 5.0
"""An answer that takes so long is the vendor's trouble, whatever became of it."""


class ByVendor:
    """A pool for each vendor, behind one."""

    def __init__(self, pools: Mapping[str, Pool]) -> None:
        self._pools = pools

    @property
    def loaded(self) -> Loaded:
        """The same subject everywhere."""
        return next(iter(self._pools.values())).loaded

    def perform(self, tasks: Sequence[Task]) -> tuple[Run, ...]:
        """The runs, in the order of their tasks."""
        runs: dict[int, Run] = {}
        for vendor, pool in self._pools.items():
            places = [place for place, task in enumerate(tasks) if task.vendor == vendor]
            runs |= zip(places, pool.perform([tasks[place] for place in places]), strict=True)
        return tuple(runs[place] for place in range(len(tasks)))

    def close(self) -> None:
        """End every worker."""
        for pool in self._pools.values():
            pool.close()


@dataclass(slots=True, kw_only=True)
class LiveCampaign(Campaign):
    """Plays on a vendor's recordings as ever, and on its live account what a wall clock can afford."""

    visit: Visit
    selection: Selection = field(default_factory=Selection)

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
        """As ever; live with short waits, and without what would take long all the same."""
        if not self.evidence[vendor].live:
            return Campaign.orders(self, vendor, job, fault, at=at, times=times, seeds=seeds, beside=beside)
        wanted = Campaign.orders(self, vendor, job, shortened(fault), at=at, times=times, beside=beside)
        chosen, points = [], self.points(vendor, job)
        for order in wanted:
            waits_s = 0.0 if seeds else self._waits_s(order)
            why = self.selection.why_not(order, points, waits_s=waits_s, seeds=len(seeds))
            if why:
                self.selection.leave_out(order, why, shows)
            else:
                chosen.append(order)
        return tuple(chosen)

    @property
    def live_name(self) -> str:
        """What plans call the vendor's account: ``keystone-live``."""
        return next(name for name, one in self.evidence.items() if one.live)

    def left_out_for(self, vendor: str, requirement: str) -> str:
        """Why a plan that would have shown the requirement was not tried live."""
        return self.selection.left_out_for(requirement) if self.evidence[vendor].live else ""

    def play(self, orders: Iterable[Order]) -> tuple[Run, ...]:
        """The runs of the orders; a live one that fails counts once it is certain that the vendor is not to blame."""
        orders = tuple(orders)
        for order in orders:
            plan = order.plan
            if self.evidence[plan.vendor].live and str(plan) not in self.runs:
                run = self._performed(order)
                if run.noted("account_changed"):
                    run = self._performed(order)
                self.runs[str(plan)] = self._settled(order, run)
        return Campaign.play(self, orders)

    def _performed(self, order: Order) -> Run:
        trouble = self.visit.account.live.trouble
        if trouble is None:
            run = self.pool.perform([Task(order.plan.vendor, order)])[0]
            # One that met trouble before its fault struck was tried, and is unknown: it must not count for nothing.
            return run if self.visit.account.live.trouble is None else replace(run, not_fired=())
        run = Run(
            vendor=order.plan.vendor,
            against="live",
            plan=str(order.plan),
            job=order.plan.job,
            asks=order.asks,
            faults=order.plan.kinds,
        )
        return noted(run, trouble.kind, f"not tried any more: {trouble}")

    def _settled(self, order: Order, run: Run) -> Run:
        """The run, with a note that it proves nothing where the vendor is to blame."""
        if run.noted("account_changed") and (changed := self._changes()):
            others = tuple(one for one in run.events if not (isinstance(one, Noted) and one.kind == "account_changed"))
            return noted(replace(run, events=others), "vendor_drift", changed)
        if not self._fails(run):
            return run
        slowest = max(_honest(run), key=_took_s, default=None)
        if slowest is not None and _took_s(slowest) > SLOW_S:
            return noted(run, "vendor_down", f"{slowest.point} was answered after {_took_s(slowest):.1f} s")
        if self._fails(Campaign.play(self, [self._twin(order)])[0]):
            return run
        clean = self._performed(Order(Plan(order.plan.vendor, order.plan.job), "correct", order.most_exchanges))
        changed, trouble = self._changes(), self.visit.account.live.trouble
        if doubt := unjudgeable(clean):
            kind = trouble.kind if trouble else "account_changed"
            return noted(run, kind, f"tried again without the fault: {doubt}")
        if self._fails(clean):
            return noted(run, "vendor_drift", changed or "without a fault it fails live, and not against the recording")
        return noted(run, "vendor_drift", changed) if changed else run

    def _changes(self) -> str:
        """What the vendor's answers show that the recordings do not; the first three."""
        return "; ".join(differences(self.recorded(), self.visit.account.live.seen)[:3])

    def _fails(self, run: Run) -> bool:
        core = self.pool.loaded.name == CORE
        able = self.capabilities(run.vendor)
        return any(
            judge(one.check, (run,)).value == "failed"
            for one in CATALOGUE
            if one.level_for(core=core) == "MUST" and one.needs <= able
        )

    def _twin(self, order: Order) -> Order:
        """The same plan against the recordings."""
        vendor, job = self.evidence[order.plan.vendor].dialect.name, order.plan.job
        plan, clean = replace(order.plan, vendor=vendor), len(self.points(vendor, job))
        return replace(order, plan=plan, most_exchanges=self._most(vendor, job), clean_exchanges=clean)

    def _waits_s(self, order: Order) -> float:
        run = Campaign.play(self, [self._twin(order)])[0]
        return run.virtual_s - LATENCY_S * len(run.exchanges())

    def recorded(self) -> Shapes:
        """The shapes that the vendor's recordings show."""
        shapes, evidence = Shapes(), self.evidence[self.live_name]
        for recording in evidence.recordings:
            for one in recording.exchanges:
                what = asked(evidence.dialect, request_of(one))
                shapes.add(what.operation, one.status, one.reply_body)
        return shapes


def noted(run: Run, kind: str, text: str) -> Run:
    """The run, with one thing more that the stage saw."""
    acts = run.acts()
    act, at_us = (acts[-1].act, acts[-1].ended_us) if acts else (1, 0)
    return replace(run, events=(*run.events, Noted(act=act, at_us=at_us, kind=kind, text=text)))


def _honest(run: Run) -> list[Exchange]:
    return [one for one in run.exchanges() if not one.fault and not one.foreign]


def _took_s(exchange: Exchange) -> float:
    return (exchange.answered_us - exchange.sent_us) / 1e6 if exchange.answered_us is not None else 0.0
