"""Carries out one plan: puts the subject on the stage, lets it act, writes the history. Runs in the worker."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from harness.certify.act import Act
from harness.certify.evidence import Evidence, seeded
from harness.certify.looking import Look, performed
from harness.certify.plan import Plan
from harness.certify.steps import EXPECTED_EVERY, access_to, kept_folder, outlives_processes, steps_of
from harness.certify.venue import Place, Venue
from harness.stage.door import Door, credentials_for
from harness.stage.faults.scene import Asks
from harness.stage.faults.watch import Fails, Looks
from harness.stage.faults.wire import ServerError
from harness.stage.history import Acted, Run
from harness.stage.injections import Injections
from harness.stage.vendor_end import VendorEnd


@dataclass(frozen=True, slots=True)
class Order:
    """A run to carry out, and what a sound integration makes of it."""

    plan: Plan
    asks: Asks
    most_exchanges: int
    clean_exchanges: int = 0
    """How many the fault-free run takes; 0 where that is not known."""


@dataclass(slots=True)
class Performance:
    """Carries out plans against one vendor, one after the other, each from a clean state."""

    evidence: Evidence
    venue: Venue
    subject: Callable[[], Any]
    seed: int
    real_limit_s: float = 10.0
    tells: tuple[str, ...] = ()
    """What the subject can be asked between its runs: ``status``, ``check_staleness``."""

    def run(self, order: Order) -> Run:
        """The history of the run; whatever the subject does, there is one."""
        plan, chance = order.plan, seeded(self.seed, str(order.plan))
        place = self.venue.enter(plan, chance)
        dialect = self.evidence.dialect
        end = VendorEnd(
            dialect=dialect,
            door=Door(dialect, credentials_for(dialect), place.vendor, chance),
            injections=Injections(plan.injections),
            began=self.venue.begins(),
            latency_us=round(self.venue.latency_s * 1e6),
            most_exchanges=order.most_exchanges,
            lag_us=place.lag_us,
        )
        with kept_folder() as folder:
            end.places = {str(folder): "state folder"}
            at_us = self._carry_out(plan, end, place, folder, chance)
        for kind, text in place.leave([event for event in end.events if isinstance(event, Acted)]):
            end.note(kind, text, at_us)
        return Run(
            vendor=self.evidence.name,
            against=place.against,
            plan=str(plan),
            job=plan.job,
            asks=order.asks,
            faults=plan.kinds,
            events=tuple(end.events),
            not_fired=end.injections.not_fired(),
            virtual_s=at_us / 1e6,
            began_epoch_s=int(end.began.timestamp()),
            clean_exchanges=order.clean_exchanges,
        )

    def _carry_out(self, plan: Plan, end: VendorEnd, place: Place, folder: Path, chance: Random) -> int:
        """Take the plan's steps one after the other; the moment at which the last one ended."""
        at_us, act = 0, 0
        access = access_to(end, folder)
        alone = outlives_processes(plan)
        look = partial(Look, self.subject, access, end, self.venue, self.real_limit_s)
        steps = steps_of(plan)
        for number, step in enumerate(steps, start=1):
            at_us = max(at_us, round(step.after_intervals * EXPECTED_EVERY / timedelta(microseconds=1)))
            if isinstance(step, Looks):
                check = partial(look(at_us, chance.getrandbits(32)).staleness, step.channel)
                end.events.append(performed(end, check, alone=alone))
                continue
            act += 1
            end.begin_act(act=act, at_us=at_us, outage=ServerError() if isinstance(step, Fails) else None)
            # Of the last one nothing is seen afterwards, and what may die in it has died: any process will do.
            last = number == len(steps) and "status" not in self.tells and not end.injections.not_fired()
            acted = Act(
                subject=self.subject,
                venue=self.venue,
                collection=self.evidence.collection,
                end=end,
                plan=plan,
                place=place,
                access=access,
                real_limit_s=self.real_limit_s,
                seed=chance.getrandbits(32),
            ).perform(alone=alone and not last)
            end.events.append(acted)
            at_us = acted.ended_us
            if acted.ended in ("real_time", "hung") or end.spoiled:
                break
            if "status" in self.tells:
                end.events.append(performed(end, look(at_us, chance.getrandbits(32)).status, alone=alone))
        return at_us
