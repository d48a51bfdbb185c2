"""Carries out one plan: puts the subject on the stage, lets it act, writes the history. Runs in the worker."""

import contextlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from harness.certify.calling import Calls, at_once, is_asynchronous
from harness.certify.dying import Leave, in_own_process
from harness.certify.evidence import Evidence, seeded
from harness.certify.hearing import Printed, logs_into, told
from harness.certify.looking import Look, performed
from harness.certify.plan import Plan
from harness.certify.steps import EXPECTED_EVERY, access_to, kept_folder, outlives_processes, steps_of
from harness.certify.subject import Access
from harness.certify.tallies import tally_returned, worded
from harness.certify.venue import Place, Venue
from harness.stage.accounts import Account, other_client, other_issuer
from harness.stage.clock import MONOTONIC_START_US
from harness.stage.door import Door, credentials_for
from harness.stage.faults.runs import Emptied, Overlap, TwoAccounts, Workers
from harness.stage.faults.scene import Asks
from harness.stage.faults.watch import Fails, Looks
from harness.stage.faults.wire import ServerError
from harness.stage.history import Acted, Noted, Run, Tally, Waited
from harness.stage.injections import Injections
from harness.stage.play import Played, play
from harness.stage.transcript import masked, named_in
from harness.stage.vendor_end import VendorEnd, World

_MOST_RETURNED = 100_000
_TURNS = (1, 2, 1)


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
            acted = _Act(self, end, plan, place, access, chance.getrandbits(32)).perform(alone=alone and not last)
            end.events.append(acted)
            at_us = acted.ended_us
            if acted.ended in ("real_time", "hung") or end.spoiled:
                break
            if "status" in self.tells:
                end.events.append(performed(end, look(at_us, chance.getrandbits(32)).status, alone=alone))
        return at_us


@dataclass(slots=True)
class _Act:
    """The subject is asked once to do its job, by a process that remembers nothing."""

    of: Performance
    end: VendorEnd
    plan: Plan
    place: Place
    access: Access
    seed: int
    failures: tuple[tuple[str, str], ...] = ()
    tally: Tally | None = None

    def perform(self, *, alone: bool) -> Acted:
        """How the act ended, with what it returned and left behind counted; ``alone``: in a process of its own."""
        if not alone:
            return self._performed(None)
        acted = in_own_process(self.end, self._performed)
        # Where it could not be counted there, why not is known here only once it is tried here too.
        return acted if acted.held is not None else replace(acted, held=self.place.held())

    def _performed(self, leave: Leave[Acted] | None) -> Acted:
        printed = Printed()
        if leave is not None:
            self.end.dies = lambda world: leave(self._dead(world, printed))
        with (
            logs_into(self.end, self._now_us),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            played = play(
                self._do,
                answer=self.end.answer,
                resolve=self.end.on_stage,
                latency_s=self.of.venue.latency_s,
                pass_time=self.of.venue.pass_time,
                seed=self.seed,
                real_limit_s=self.of.real_limit_s,
                start=self.end.began + timedelta(microseconds=self.end.act_began_us),
                on_sleep=self._slept,
                on_refused=lambda host: self.end.note("refused_host", host, self.end.act_began_us),
                on_escape=lambda event: self.end.note("escaped", event, self.end.act_began_us),
            )
        ended_us = self.end.act_began_us + played.virtual_us
        self._note_ends(played, ended_us)
        secrets = self.end.door.disguises()
        error = told(played.error) if played.ended == "raised" and played.error else ""
        failures = self.failures if played.ended == "returned" else ()
        leaks = named_in(error + printed.text() + repr(failures), secrets)
        return Acted(
            act=self.end.act,
            job=self.plan.job,
            began_us=self.end.act_began_us,
            ended_us=ended_us,
            ended="interrupted" if played.ended == "raised" and self._was_stopped() else played.ended,
            error=masked(error, secrets | self.end.places)[0],
            returned=self.tally if played.ended == "returned" else None,
            named_failures=failures,
            held=self.place.held(),
            leaks=leaks,
        )

    def _was_stopped(self) -> bool:
        return any(
            isinstance(event, Noted) and (event.act, event.kind) == (self.end.act, "stop") for event in self.end.events
        )

    def _do(self) -> None:
        two = next((one.fault for one in self.plan.injections if isinstance(one.fault, TwoAccounts)), None)
        if two is not None:
            self._do_for_two(two)
            return
        overlap = next((one.fault for one in self.plan.injections if isinstance(one.fault, Overlap)), None)
        if overlap is None:
            self.failures = self._done_by(self.of.subject())
            return
        ends = at_once([partial(self._done_by, self.of.subject()) for _ in range(overlap.subjects)])
        if not any(isinstance(end, tuple) for end in ends):
            raise next(end for end in ends if isinstance(end, BaseException))
        # Whoever was told that somebody else is at it has done right; what counts is that somebody was.
        self.failures = tuple(failure for end in ends if isinstance(end, tuple) for failure in end)

    def _done_by(self, subject: Any) -> tuple[tuple[str, str], ...]:
        """The failures that the subject named."""
        with Calls() as calls:
            calls(subject.open, self.access)
            try:
                failures = self._job(subject, calls)
                if any(isinstance(one.fault, Emptied) for one in self.plan.injections):
                    failures += self._job_without_records(subject, calls)
                return failures
            finally:
                calls(subject.close)

    def _job_without_records(self, subject: Any, calls: Calls) -> tuple[tuple[str, str], ...]:
        self.end.emptied = True
        self.end.note("emptied", "nothing is left", self._now_us())
        if self.plan.job == "pull":
            self.tally = self._pulled(subject, calls)
            return ()
        return _named_failures(calls(subject.push, self.of.evidence.collection.name, []))

    def _do_for_two(self, two: TwoAccounts) -> None:
        """Two subjects, open at once, do the job in turns; who is at it is noted."""
        door, tallies = self.end.door, list[Tally | None]()
        door.second = other_client(door.accounts[0]) if two.differ == "client" else other_issuer(door.accounts[0])
        with Calls() as calls, contextlib.ExitStack() as opened:
            subjects = [self.of.subject() for _ in door.accounts]
            for subject, account in zip(subjects, door.accounts, strict=True):
                calls(subject.open, self._access(account))
                opened.callback(calls, subject.close)
            for number in _TURNS:
                self.end.note("account", str(number), self._now_us())
                self._job(subjects[number - 1], calls)
                tallies.append(self.tally)
        self.tally = next((tally for tally in tallies if tally and not tally.agrees), self.tally)

    def _access(self, account: Account) -> Access:
        token_url = self.end.dialect.base_url + account.token_path
        return replace(self.access, token_url=token_url, credentials=account.credentials)

    def _job(self, subject: Any, calls: Calls) -> tuple[tuple[str, str], ...]:
        collection, kept = self.of.evidence.collection.name, self.place.kept()
        if self.plan.job == "pull":
            self.tally = self._pulled(subject, calls)
            return ()
        if kept is not None:
            return _named_failures(calls(subject.retire, collection, list(kept)))
        return _named_failures(calls(subject.push, collection, [dict(record) for record in self.place.wanted()]))

    def _dead(self, world: World, printed: Printed) -> Acted:
        """The act of a process that dies now."""
        return Acted(
            act=self.end.act,
            job=self.plan.job,
            began_us=self.end.act_began_us,
            ended_us=self.end.now_us(world),
            ended="crashed",
            held=self.place.held(),
            leaks=named_in(printed.text(), self.end.door.disguises()),
        )

    def _pulled(self, subject: Any, calls: Calls) -> Tally:
        collection = self.of.evidence.collection
        workers = next((item.fault for item in self.plan.injections if isinstance(item.fault, Workers)), None)
        if workers is None:
            takes = [_all_of(calls(subject.pull, collection.name))]
        elif is_asynchronous(subject.pull):
            takes = [_all_of(one) for one in calls.at_once(workers.threads, subject.pull, collection.name)]
        else:
            takes = calls.at_once(workers.threads, lambda: _all_of(subject.pull(collection.name)))
        fields = getattr(subject, "fields", dict)
        truth = () if self.end.emptied else self.place.truth()
        passing = () if self.end.emptied else self.place.passing()
        tallies = [tally_returned(collection, take, truth, fields, passing=passing) for take in takes]
        return next((tally for tally in tallies if not tally.agrees), tallies[0])

    def _now_us(self) -> int:
        # Not by the date, which a fault may set.
        return self.end.act_began_us + round(time.monotonic() * 1e6) - MONOTONIC_START_US

    def _slept(self, seconds: float, thread: str, at_us: int) -> None:
        self.end.events.append(
            Waited(act=self.end.act, at_us=self.end.act_began_us + at_us, seconds=float(seconds), thread=thread)
        )

    def _note_ends(self, played: Played, at_us: int) -> None:
        for name in played.left_running:
            self.end.note("left_running", name, at_us)
        if played.ended == "hung" and played.strays:
            self.end.note("strays", ", ".join(played.strays), at_us)
        if played.give_up:
            self.end.note("given_up", "something of the act lives on in this process", at_us)
        if played.ended == "real_time":
            self.end.note("real_time", f"more than {self.of.real_limit_s:g} s of real time", at_us)
        for thread, stack in (played.hung_at or {}).items():
            self.end.note("hung", f"{thread}: {_place(stack)}", at_us)


def _all_of(records: Any) -> list[Any]:
    """What a pull returned, read to its end in the thread that pulled."""
    if records is None:
        raise TypeError("pull returned None; return every record, each a mapping")
    return list(islice(records, _MOST_RETURNED))


def _named_failures(result: Any) -> tuple[tuple[str, str], ...]:
    failed = getattr(result, "failed", None)
    return tuple((worded(key), worded(reason)) for key, reason in failed.items()) if isinstance(failed, Mapping) else ()


def _place(stack: Sequence[str]) -> str:
    """Where a thread stands: the innermost line of its stack, without the folders of this machine."""
    frame = stack[-1].strip() if stack else "nowhere"
    return re.sub(r'File "[^"]*/', 'File "', frame)
