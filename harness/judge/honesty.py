"""Requirements on how runs end: truthfully, and at all."""

import re
from collections.abc import Iterator

from harness.judge.each_run import always, each_run, finding
from harness.judge.outcome import outcome
from harness.judge.reading import ending, last_act
from harness.judge.requirement import POST, PRACTICE, Requirement
from harness.judge.verdict import Finding
from harness.stage.history import Run

_FOLDERS = re.compile(r'"[^"\n]*/(?=[^"/\n]+")')


def _silent(run: Run) -> Iterator[Finding]:
    if outcome(run) == "silent":
        yield finding(
            run,
            ending(run),
            expected="everything once, or a failure that is named",
            seen="done, and it was not",
            at_us=last_act(run).ended_us,
        )


def _survivable(run: Run) -> bool:
    return bool(run.faults) and run.asks == "correct"


def _given_up(run: Run) -> Iterator[Finding]:
    if outcome(run) in ("loud", "unexplained"):
        yield finding(
            run,
            ending(run),
            expected="the run ends correct: the fault passes by itself",
            seen="it gave up",
            at_us=last_act(run).ended_us,
        )


def _hung(run: Run) -> Iterator[Finding]:
    hung = next((act for act in run.acts() if act.ended == "hung"), None)
    if hung:
        notes = (note for note in run.noted() if note.kind in ("hung", "endless"))
        # Folders say where somebody's interpreter is installed, and nothing about the run.
        where = "; ".join(f"{note.kind}: {_FOLDERS.sub(chr(34), note.text).strip()}" for note in notes)
        yield finding(run, ending(run), expected="an end", seen=where or "none", at_us=hung.ended_us)


HONESTY = (
    Requirement(
        id="outcome.honest",
        sentence="the subject never says done when it is not",
        source=POST,
        why="A failure that is told is repaired the same day; a hidden one is found by the customer, months later.",
        remedy="Before returning, check what was got or left behind against what the vendor says; else raise "
        "or name it.",
        check=each_run(always, _silent),
    ),
    Requirement(
        id="outcome.survived",
        sentence="a fault that can be survived is survived",
        source=f"RFC 9110 s9.2.2; {POST}",
        why="A job that fails loudly at every hiccup is run by hand in the end, or its alarms are switched off.",
        remedy="Let the retry cover every request, the token's too; follow, merge or wait where that helps.",
        check=each_run(_survivable, _given_up),
    ),
    Requirement(
        id="outcome.ends",
        sentence="every run ends",
        source=PRACTICE,
        why="A job that hangs raises no alarm, and keeps all later ones from starting.",
        remedy="Set a timeout on connecting and on reading, and a limit on pages and attempts.",
        check=each_run(always, _hung),
    ),
)
