"""The supervisor: feeds plans to worker processes, outlives whatever a subject does to them, keeps the order."""

import os
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from harness.certify.orders import Broken, Done, Ready, Refused, Setup, Task
from harness.certify.pipes import receive, send
from harness.certify.starting import started
from harness.certify.subject_loading import Loaded, SubjectError
from harness.certify.worker import carried_out, prepared
from harness.stage.history import Acted, Ended, Run

_START_LIMIT_S = 60.0
_GRACE_S = 5.0
Against = Literal["replay", "simulator", "live"]


class Pool(Protocol):
    """Whoever carries out orders."""

    @property
    def loaded(self) -> Loaded: ...

    def perform(self, tasks: Sequence[Task]) -> tuple[Run, ...]:
        """The runs, in the order of their tasks."""
        ...

    def close(self) -> None: ...


class InPlace:
    """Carries out orders in this very process, for a debugger."""

    def __init__(self, setup: Setup) -> None:
        self._performances, self.loaded = prepared(setup)

    def perform(self, tasks: Sequence[Task]) -> tuple[Run, ...]:
        """The runs, in the order of their tasks."""
        return tuple(carried_out(self._performances, task).run for task in tasks)

    def close(self) -> None:
        """Nothing was started."""


def _nobody() -> int:
    """No account: a descriptor that is none."""
    return -1


class Workers:
    """Carries out orders in worker processes; one that hangs, exits or is killed costs its own run only."""

    def __init__(
        self,
        setup: Setup,
        *,
        count: int,
        against: Callable[[Task], Against],
        worker_end: Callable[[], int] = _nobody,
    ) -> None:
        self._setup, self._count, self._worker_end = setup, count, worker_end
        self._idle = [_Worker(setup, worker_end())]
        self._busy: dict[int, tuple[int, _Worker]] = {}
        self._against = against
        self.loaded = self._idle[0].loaded

    def perform(self, tasks: Sequence[Task]) -> tuple[Run, ...]:
        """The runs, in the order of their tasks."""
        runs: dict[int, Run] = {}
        waiting, busy = list(enumerate(tasks))[::-1], self._busy
        while waiting or busy:
            while waiting and len(busy) < self._count:
                place, task = waiting.pop()
                worker = self._started(task)
                busy[worker.answers] = (place, worker)
            for place, worker in self._finished(busy):
                del busy[worker.answers]
                run = worker.finish(self._against)
                if worker.alive:
                    self._idle.append(worker)
                if worker.unproven:  # again, in a fresh process
                    waiting.append((place, tasks[place]))
                else:
                    runs[place] = run
        return tuple(runs[place] for place in range(len(tasks)))

    def _started(self, task: Task) -> "_Worker":
        """A worker that has the task; one that died while idle is no loss."""
        while self._idle:
            worker = self._idle.pop()
            try:
                worker.start(task)
            except OSError:
                worker.end()
            else:
                return worker
        worker = _Worker(self._setup, self._worker_end())
        worker.start(task)
        return worker

    def _finished(self, busy: Mapping[int, tuple[int, "_Worker"]]) -> Iterator[tuple[int, "_Worker"]]:
        next_s = min(worker.deadline_s for _, worker in busy.values()) - time.monotonic()
        ready, _, _ = select.select(list(busy), [], [], max(0.0, next_s))
        now_s = time.monotonic()
        for answers, (place, worker) in list(busy.items()):
            if answers in ready or worker.deadline_s <= now_s:
                yield place, worker

    def close(self) -> None:
        """End every worker, those in the middle of a run too: the user may have interrupted it."""
        for worker in (*self._idle, *(worker for _, worker in self._busy.values())):
            worker.end()
        self._idle.clear()
        self._busy.clear()


@dataclass(slots=True)
class _Ends:
    orders: int
    answers: int


class _Worker:
    """One worker process, seen from the supervisor."""

    def __init__(self, setup: Setup, relay: int) -> None:
        taken, orders = os.pipe()
        answers, given = os.pipe()
        self._ends = _Ends(orders, answers)
        self._limit_s = setup.real_limit_s + _GRACE_S
        self._task: Task | None = None
        self.alive, self.unproven, self._played = True, False, 0
        self.deadline_s = time.monotonic() + _START_LIMIT_S
        handed = tuple(one for one in (taken, given, relay) if one >= 0)
        self._process = started(handed)
        for theirs in handed:
            os.close(theirs)
        self.loaded = self._greeted(setup)

    @property
    def answers(self) -> int:
        """The pipe on which its answers come."""
        return self._ends.answers

    def _greeted(self, setup: Setup) -> Loaded:
        try:
            send(self._ends.orders, setup)
            if not select.select([self.answers], [], [], _START_LIMIT_S)[0]:
                raise SubjectError(
                    f"the subject {setup.subject!r} was not imported within {_START_LIMIT_S:g} s; its "
                    "module must not wait when imported"
                )
            greeting = receive(self.answers)
        except (EOFError, BrokenPipeError):
            self.end()
            code = self._process.returncode
            raise SubjectError(
                f"the subject {setup.subject!r} ended the interpreter while it was imported (exit code "
                f"{code}); its module must only define it"
            ) from None
        except SubjectError:
            self.end()
            raise
        if isinstance(greeting, Refused):
            self.end()
            raise SubjectError(greeting.sentence)
        assert isinstance(greeting, Ready)
        return greeting.loaded

    def start(self, task: Task) -> None:
        """Hand it an order."""
        self._task, self.deadline_s = task, time.monotonic() + 2 * self._limit_s
        send(self._ends.orders, task)

    def finish(self, against: Callable[[Task], Against]) -> Run:
        """The run it was given, whatever became of the worker."""
        assert self._task is not None
        task, self._task = self._task, None
        if self.deadline_s <= time.monotonic() and not select.select([self.answers], [], [], 0)[0]:
            self.end()
            return _lost(task, "real_time", "the worker gave no answer and was ended", against)
        try:
            done = receive(self.answers)
        except EOFError:
            self.end()
            code = self._process.returncode
            return _lost(task, "exited", f"the subject ended the interpreter (exit code {code})", against)
        except Exception as error:  # what the subject wrote into the pipe is anything
            self.end()
            return _unjudged(task, f"the worker's answer cannot be read: {type(error).__name__}", against)
        if isinstance(done, Broken):
            self.end()
            return _unjudged(task, f"the harness itself broke: {done.reason}", against)
        assert isinstance(done, Done)
        # In a process of its own, a second time, a hung run is what it seems.
        self._played += 1
        self.unproven = done.hung_on_strays and self._played > 1
        if done.leaving:
            self.end()
        return done.run

    def end(self) -> None:
        """Kill it; it holds nothing that is needed."""
        self.alive = False
        self._process.kill()
        self._process.wait()
        os.close(self._ends.orders)
        os.close(self._ends.answers)


def _lost(task: Task, ended: Ended, text: str, against: Callable[[Task], Against]) -> Run:
    plan = task.order.plan
    acted = Acted(act=1, job=plan.job, began_us=0, ended_us=0, ended=ended, error="")
    run = Run(
        vendor=plan.vendor,
        against=against(task),
        plan=str(plan),
        job=plan.job,
        asks=task.order.asks,
        faults=plan.kinds,
        events=(acted,),
        crash_text=text,
    )
    return replace(run, not_fired=())


def _unjudged(task: Task, text: str, against: Callable[[Task], Against]) -> Run:
    """A run without an act: it proves nothing about the subject."""
    return replace(_lost(task, "real_time", text, against), events=())
