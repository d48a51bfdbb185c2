"""Requirements on running again: the second run finds what the first one left, and leaves it so."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.outcome import outcome, truth
from harness.judge.reading import ending, has, last_act, number_of
from harness.judge.requirement import POST, PRACTICE, Requirement
from harness.judge.verdict import Finding
from harness.stage.history import Acted, Run, Tally

_PUSHES = frozenset({"push"})
_MOST_RETIRED_SHARE = 0.5
"""An integration sets its own share; more than half of everything is nobody's."""


def _ran_again(run: Run) -> bool:
    return has(run, "Again") and len(run.acts()) > 1 and run.acts()[0].ended == "returned"


def _another_state(run: Run) -> Iterator[Finding]:
    first, last = run.acts()[0], last_act(run)
    if last.ended != "returned":
        yield finding(
            run,
            f"The first run succeeded and the second did not. {ending(run)}",
            expected="two runs that end alike",
            seen=f"{first.ended}, then {last.ended}",
            at_us=last.ended_us,
        )
    elif _wrong(last) - _wrong(first):
        more = ", ".join(sorted(_wrong(last) - _wrong(first)))
        yield finding(
            run,
            f"The second run left another state than the first: {more}.",
            expected="the state of one run",
            seen=more,
            at_us=last.ended_us,
        )


def _wrong(act: Acted) -> frozenset[str]:
    """What is not as it should be after the act."""
    tally = truth(act) or Tally(0, 0)
    kinds = {
        "missing": tally.missing,
        "doubled": tally.doubled,
        "unexpected": tally.unexpected,
        "changed": tally.altered,
    }
    return frozenset(f"{key} {kind}" for kind, keys in kinds.items() for key in keys)


def _pushed_again(run: Run) -> bool:
    return run.job == "push" and _ran_again(run)


def _wrote_again(run: Run) -> Iterator[Finding]:
    last = last_act(run)
    writes = [one for one in run.exchanges() if one.act == last.act and one.write and one.effect and not one.error]
    if writes:
        first = writes[0]
        yield finding(
            run,
            f"The second run wrote {number_of(len(writes), 'time')}, first {first.method} {first.target}.",
            expected="no write",
            seen=number_of(len(writes), "write"),
            at_us=first.sent_us,
        )


def _crashed(run: Run) -> bool:
    return run.job == "push" and any(act.ended == "crashed" for act in run.acts())


def _did_not_converge(run: Run) -> Iterator[Finding]:
    if outcome(run) != "correct":
        yield finding(
            run,
            f"After a crash it ran again. {ending(run)}",
            expected="the state of one clean run",
            seen="another",
            at_us=last_act(run).ended_us,
        )


def _overlapped(run: Run) -> bool:
    return run.job == "push" and has(run, "Overlap")


def _written_twice(run: Run) -> Iterator[Finding]:
    act = last_act(run)
    tally = truth(act) or Tally(0, 0)
    twice = [*(f"{key} doubled" for key in tally.doubled), *(f"{key} unexpected" for key in tally.unexpected)]
    if twice:
        yield finding(
            run,
            f"Two runs at once left records that one leaves once, or not at all: {', '.join(twice[:3])}.",
            expected="each record once",
            seen=number_of(len(twice), "record") + " too many",
            at_us=act.ended_us,
        )


def _came_up_short(run: Run) -> bool:
    return run.job == "push" and has(run, "ShortSource")


def _retired_all_the_same(run: Run) -> Iterator[Finding]:
    act = last_act(run)
    tally = act.held or Tally(0, 0)
    if tally.retired > tally.expected * _MOST_RETIRED_SHARE:
        held = number_of(tally.expected, "record")
        yield finding(
            run,
            f"The source came up short, and {tally.retired} of {held} went out of use with it.",
            expected=f"at most {_MOST_RETIRED_SHARE:.0%} of them",
            seen=f"{tally.retired / tally.expected:.0%}",
            at_us=act.ended_us,
        )


RERUN = (
    Requirement(
        id="rerun.same-state",
        sentence="running twice gives the state of running once",
        source=POST,
        why="Every job runs twice one day: a retried deployment, a nervous click, a scheduler that came back.",
        remedy="Look each record up by its natural key before writing; create what is missing, update what differs.",
        needs=_PUSHES,
        check=each_run(_ran_again, _another_state),
    ),
    Requirement(
        id="rerun.no-writes",
        sentence="the second run writes nothing",
        source=PRACTICE,
        why="Writes that change nothing use up the limit, fill the audit log, and set off the vendor's webhooks.",
        remedy="Compare each record with what the vendor holds, and write only fields that differ.",
        needs=_PUSHES,
        level="SHOULD",
        check=each_run(_pushed_again, _wrote_again),
    ),
    Requirement(
        id="rerun.crash-converges",
        sentence="a crash at any exchange, then a run, gives the state of one clean run",
        source=PRACTICE,
        why="Processes die between two records: by a deployment, by memory, by a power cut.",
        remedy="Judge each record by what the vendor holds, never a batch by its first record or by a local note.",
        needs=_PUSHES,
        check=each_run(_crashed, _did_not_converge),
    ),
    Requirement(
        id="rerun.mass-retire-refused",
        sentence="a source that came up short never deactivates what it did not list, beyond a set share",
        source=PRACTICE,
        why="An export that broke off after three lines looks like a company that everybody has left.",
        remedy="Count first: refuse to take more than a set share out of use, a tenth for example, unless told to.",
        needs=frozenset({"push", "retire"}),
        check=each_run(_came_up_short, _retired_all_the_same),
    ),
    Requirement(
        id="rerun.overlap-safe",
        sentence="two runs at once duplicate nothing",
        source=PRACTICE,
        why="A run takes longer than usual, and the scheduler starts the next one beside it.",
        remedy="Let one run hold a lease; and where the vendor says that a key is taken, look up who holds it.",
        needs=_PUSHES,
        check=each_run(_overlapped, _written_twice),
    ),
)
