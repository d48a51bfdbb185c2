"""One act of a run: a process that remembers nothing does the job once, on the stage. Runs in the worker."""

import contextlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

from harness.certify.calling import Calls, at_once, is_asynchronous
from harness.certify.dying import Leave, in_own_process
from harness.certify.hearing import Printed, logs_into, told
from harness.certify.plan import Plan
from harness.certify.subject import Access
from harness.certify.tallies import tally_returned, worded
from harness.certify.venue import Place, Venue
from harness.dialects.facts import Collection
from harness.stage.accounts import Account, other_client, other_issuer
from harness.stage.clock import MONOTONIC_START_US
from harness.stage.faults.runs import Emptied, Overlap, TwoAccounts, Workers
from harness.stage.history import Acted, Noted, Tally, Waited
from harness.stage.play import Played, play
from harness.stage.transcript import masked, named_in
from harness.stage.vendor_end import VendorEnd, World

_MOST_RETURNED = 100_000
_TURNS = (1, 2, 1)


@dataclass(slots=True, kw_only=True)
class Act:
    """The subject is asked once to do its job, by a process that remembers nothing."""

    subject: Callable[[], Any]
    venue: Venue
    collection: Collection
    end: VendorEnd
    plan: Plan
    place: Place
    access: Access
    real_limit_s: float
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
                latency_s=self.venue.latency_s,
                pass_time=self.venue.pass_time,
                seed=self.seed,
                real_limit_s=self.real_limit_s,
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
            self.failures = self._done_by(self.subject())
            return
        ends = at_once([partial(self._done_by, self.subject()) for _ in range(overlap.subjects)])
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
        return _named_failures(calls(subject.push, self.collection.name, []))

    def _do_for_two(self, two: TwoAccounts) -> None:
        """Two subjects, open at once, do the job in turns; who is at it is noted."""
        door, tallies = self.end.door, list[Tally | None]()
        door.second = other_client(door.accounts[0]) if two.differ == "client" else other_issuer(door.accounts[0])
        with Calls() as calls, contextlib.ExitStack() as opened:
            subjects = [self.subject() for _ in door.accounts]
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
        collection, kept = self.collection.name, self.place.kept()
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
        collection = self.collection
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
            self.end.note("real_time", f"more than {self.real_limit_s:g} s of real time", at_us)
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
