"""Requirements on how runs end: truthfully, and at all."""

import logging
import re
from collections.abc import Iterator

from harness.judge.each_run import always, each_run, finding
from harness.judge.outcome import outcome, truth
from harness.judge.reading import (
    act_of,
    after,
    ending,
    last_act,
    logged_between,
    number_of,
    struck,
    text_of,
)
from harness.judge.requirement import POST, PRACTICE, Requirement
from harness.judge.verdict import Finding
from harness.stage.history import Run

_LAST_WORDS = 3
"""So many requests finish a record and say goodbye."""
_OF_NOTHING = re.compile(r"empty|empti|nothing|no (?!such)|none|zero|(?<![\w.])0(?![\w.])|fewer|missing|suspicious")
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
    elif outcome(run) != "correct" and (run.job == "push" or last_act(run).ended != "returned"):
        # What a pull returned is a matter of listings.
        yield finding(
            run,
            f"It was told to stop at {stop.point}, and ran again. {ending(run)}",
            expected="the next run finishes the work",
            seen="it does not",
            at_us=last_act(run).ended_us,
        )


# -- nothing left ------------------------------------------------------------------------------------------------------


def _emptied(run: Run) -> bool:
    return bool(run.noted("emptied"))


def _took_nothing_for_all(run: Run) -> Iterator[Finding]:
    act, at_us = last_act(run), run.noted("emptied")[0].at_us
    suspected = any(
        record.level >= logging.WARNING and _OF_NOTHING.search(text_of(record))
        for record in logged_between(run, act.act, at_us, act.ended_us)
    )
    if act.ended == "returned" and not act.named_failures and not suspected:
        listed = "The vendor listed nothing" if run.job == "pull" else "The source gave nothing"
        yield finding(
            run,
            f"{listed} where records had been before, and it said done.",
            expected="an error, or a warning that says that there is nothing",
            seen="done, without a word",
            at_us=act.ended_us,
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
    Requirement(
        id="outcome.zero-suspicious",
        sentence="an empty listing or source where the same opened subject met records before is reported, not done",
        source=PRACTICE,
        why="A filter that a vendor changes, or a role that was taken away, shows nothing under status 200; whatever "
        "compares against that deletes everything.",
        remedy="Keep the number of records of the last run; raise, or log a warning, when the next one finds none.",
        level_elsewhere="SHOULD",
        check=each_run(_emptied, _took_nothing_for_all),
    ),
)
