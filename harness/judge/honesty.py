"""Requirements on how runs end: truthfully, and at all."""

import re
from collections.abc import Iterator

from harness.judge.each_run import always, each_run, finding
from harness.judge.outcome import outcome, truth
from harness.judge.reading import act_of, after, ending, last_act, number_of, struck
from harness.judge.requirement import POST, PRACTICE, Requirement
from harness.judge.verdict import Finding
from harness.stage.history import Run

_LAST_WORDS = 3
"""So many requests finish a record and say goodbye."""
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


# -- told to stop ------------------------------------------------------------------------------------------------------


def _told_to_stop(run: Run) -> bool:
    return bool(struck(run, "Interrupted"))


def _not_clean(run: Run) -> Iterator[Finding]:
    stop = struck(run, "Interrupted")[0]
    act = act_of(run, stop)
    # Other threads may finish what they have begun.
    later = [one for one in after(run, stop) if one.thread == stop.thread]
    tally = truth(act)
    if act.ended == "hung":
        yield finding(run, "It did not end when it was told to stop.", expected="an end", seen="none")
    elif len(later) > _LAST_WORDS:
        yield finding(
            run,
            f"It was told to stop at {stop.point}, and sent {number_of(len(later), 'more request')}.",
            expected=f"an end, after {number_of(_LAST_WORDS, 'request')} at most",
            seen=number_of(len(later), "request"),
            at_us=later[0].sent_us,
        )
    elif act.ended == "returned" and not act.named_failures and tally and not tally.agrees:
        yield finding(
            run,
            f"It was told to stop at {stop.point}, and said done. {ending(run)}",
            expected="an error that says that it did not finish",
            seen="done, and it was not",
            at_us=act.ended_us,
        )
    elif outcome(run) != "correct":
        yield finding(
            run,
            f"It was told to stop at {stop.point}, and ran again. {ending(run)}",
            expected="the next run finishes the work",
            seen="it does not",
            at_us=last_act(run).ended_us,
        )


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
    Requirement(
        id="outcome.interrupt-clean",
        sentence="told to stop (SIGTERM, SIGINT), a run ends without saying done, and the next run finishes the work",
        source=PRACTICE,
        why="Every deployment stops jobs; one that goes on is killed in mid-write, one that says done is never rerun.",
        remedy="Catch Exception at most, never BaseException, and judge each record by what the vendor holds.",
        check=each_run(_told_to_stop, _not_clean),
    ),
)
