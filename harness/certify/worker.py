"""The worker process: takes orders, carries them out on the stage, hands back histories. Started by ``starting``."""

import contextlib
import gc
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.certify.evidence import Evidence
from harness.certify.forking import Ended, in_a_fork
from harness.certify.orders import Broken, Done, Ready, Refused, Setup, Task
from harness.certify.performance import Order, Performance
from harness.certify.pipes import receive, send
from harness.certify.plan import Plan
from harness.certify.starting import NUMBER
from harness.certify.subject_loading import CORE, Loaded, SubjectError, load
from harness.certify.venue import RecordedVenue, Venue
from harness.stage.history import Noted
from harness.stage.patch import install

if TYPE_CHECKING:
    from harness.certify.relay import Relayed

_MOST_EXCHANGES = 1000
_MOST_BYTES, _MOST_DESCRIPTORS = 64, 3
_SPOILS_THE_PROCESS = frozenset({"real_time", "given_up", "strays"})


def set_the_stage() -> None:
    """The clock and the wire are in place; whatever is imported from here on finds them. Twice is as good as once."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    install()


def prepared(setup: Setup, relay: "Relayed | None" = None) -> tuple[Mapping[str, Performance], Loaded]:
    """Ready to carry out orders: the clock and the wire are in place before the subject and its libraries come.

    Args:
        relay: How a live account is asked.

    Raises:
        SubjectError: The subject cannot be certified.
    """
    set_the_stage()
    subject, loaded = load(setup.subject, folder=setup.folder)

    def made_for(evidence: Evidence) -> Callable[[], Any]:
        # The core is told the dialect, so that it can be tried on a vendor that does not ship with it.
        return partial(subject, evidence.dialect) if setup.subject == CORE else subject

    def venue(evidence: Evidence) -> Venue:
        return _live(evidence, relay, setup.tag) if evidence.live and relay else RecordedVenue(evidence)

    return {
        one.name: Performance(one, venue(one), made_for(one), setup.seed, setup.real_limit_s, loaded.tells)
        for one in setup.evidence
    }, loaded


def _live(evidence: Evidence, relay: "Relayed", tag: str) -> Venue:
    # What speaks to real vendors is a third of what a worker would import, and most never meet one.
    from harness.certify.live_venue import LiveVenue

    return LiveVenue(evidence, relay, tag)


def _relayed(descriptor: int) -> "Relayed | None":
    if descriptor < 0:
        return None
    from harness.certify.relay import Relayed

    return Relayed(descriptor)


def carried_out(performances: Mapping[str, Performance], task: Task) -> Done:
    """The order's history; after a run of which something lives on, the worker takes no more."""
    run = performances[task.vendor].run(task.order)
    leaving = any(isinstance(event, Noted) and event.kind in _SPOILS_THE_PROCESS for event in run.events)
    return Done(run, leaving, hung_on_strays=bool(run.noted("strays")))


class Stages:
    """Carries out orders; a subject that remembers from run to run gets a fresh copy of the process for each.

    A token cached in a module would otherwise make a run depend on the runs before it, and those on the number of
    workers. Whether a subject remembers is tried once for each vendor and job: the fault-free run, twice.
    """

    def __init__(self, performances: Mapping[str, Performance]) -> None:
        self._performances = performances
        self._live = frozenset(name for name, one in performances.items() if one.evidence.live)
        self._remembers: dict[tuple[str, str], bool] = {}

    def carried_out(self, task: Task) -> Done:
        """The order's history.

        Raises:
            Ended: The subject ended the interpreter.
        """
        if task.vendor in self._live:
            # Nothing is asked of an account twice to find out what a fork is cheaper than.
            return in_a_fork(lambda _: carried_out(self._performances, task))
        place = (task.vendor, task.order.plan.job)
        if place not in self._remembers:
            self._remembers[place] = self._tried(task)
        if self._remembers[place]:
            return replace(in_a_fork(lambda _: carried_out(self._performances, task)), leaving=False)
        return carried_out(self._performances, task)

    def _tried(self, task: Task) -> bool:
        clean = replace(task, order=Order(Plan(task.vendor, task.order.plan.job), "correct", _MOST_EXCHANGES))

        def differs(_: object) -> bool:
            first = carried_out(self._performances, clean)
            return not first.leaving and carried_out(self._performances, clean).run != first.run

        try:
            return in_a_fork(differs)
        except Ended:
            return False


def main() -> None:
    """Fork off a worker whenever the supervisor asks for one, until it asks no more."""
    control = socket.socket(fileno=int(sys.argv[1]))
    # The subject may read sys.argv and take it for its own.
    sys.argv = [sys.argv[0]]
    set_the_stage()
    # What stands here stands in every copy; a collection that touched it would copy its pages.
    gc.collect()
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, _MOST_BYTES, _MOST_DESCRIPTORS)
        if not message:
            os._exit(0)
        number = _forked(control, descriptors) if descriptors else _ended(*NUMBER.unpack(message))
        control.send(NUMBER.pack(number))


def _forked(control: socket.socket, descriptors: Sequence[int]) -> int:
    """The process id of a worker with these descriptors, which leads a group of its own by now."""
    child = os.fork()
    if child == 0:
        try:
            control.close()
            os.setpgid(0, 0)
            serve(*descriptors)
        finally:
            os._exit(1)
    with contextlib.suppress(OSError):  # it was quicker
        os.setpgid(child, child)
    for descriptor in descriptors:
        os.close(descriptor)
    return child


def _ended(child: int) -> int:
    """The exit code of a worker, when it has ended."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def serve(orders: int, answers: int, relay: int = -1) -> None:
    """Serve the supervisor until it closes the pipe."""
    os.register_at_fork(after_in_child=partial(_let_go, [orders, answers]))
    try:
        performances, loaded = prepared(receive(orders), _relayed(relay))
        stages = Stages(performances)
    except SubjectError as error:
        send(answers, Refused(str(error)))
        os._exit(0)
    # No run makes garbage of the subject's code and the evidence; a collection need not go through them.
    gc.freeze()
    send(answers, Ready(loaded))
    while True:
        try:
            task = receive(orders)
        except EOFError:
            os._exit(0)
        try:
            done = stages.carried_out(task)
        except Ended as ended:
            os._exit(ended.code & 0xFF)
        except Exception as error:  # what the subject raises is in the history; this is the stage's own
            send(answers, Broken(f"{type(error).__name__}: {error}"))
            os._exit(1)
        send(answers, done)
        if done.leaving:
            os._exit(0)


def _let_go(pipes: list[int]) -> None:
    """A process that the subject forked off neither answers for the worker nor keeps its pipes open. What that one
    forks off closes nothing: the numbers may be other files' by then."""
    while pipes:
        with contextlib.suppress(OSError):
            os.close(pipes.pop())


if __name__ == "__main__":
    main()
