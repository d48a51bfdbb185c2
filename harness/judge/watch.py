"""Requirements on being watched: runs are recorded, the status is true, and silence raises an alarm."""

import logging
from collections.abc import Iterator, Sequence

from harness.judge.each_run import each_run, finding
from harness.judge.reading import has, number_of, seconds
from harness.judge.requirement import POST, Requirement
from harness.judge.verdict import Finding
from harness.stage.history import Acted, Event, Logged, Looked, Run

_TRUE_ENDS = {
    "returned": frozenset({"succeeded", "partial", "failed"}),
    "raised": frozenset({"failed", "partial", "interrupted"}),
    "exited": frozenset({"failed", "partial", "interrupted", "crashed"}),
    "crashed": frozenset({"crashed", "failed", "interrupted"}),
    "interrupted": frozenset({"crashed", "failed", "interrupted", "partial"}),
}
"""What a status may call the end of an act: a crash may be told as a failure, but not as a run that still goes on."""
_IN_WORDS = {
    "returned": "returned",
    "raised": "failed",
    "exited": "ended the interpreter",
    "crashed": "crashed",
    "interrupted": "was told to stop",
}
_SCHEDULES = ("NoRuns", "OnlyFailures", "DeafChannel")
_SEVERAL_JOBS = ("Emptied", "Overlap", "TwoAccounts", "Workers")
"""With these an act is several jobs, which may end in different ways."""
_CLOCKS_SET = ("ClockSetBack", "ClockSetForward")
"""A moment that was told by a clock that was set is no moment of the run."""
_ROUNDING_US = 1_000_000


def _succeeded(act: Acted) -> bool:
    """Whether the subject itself said that all was done. Whether that is so is outcome.honest's matter."""
    return act.ended == "returned" and not act.named_failures


def _first_line(look: Looked) -> str:
    return look.error.partition("\n")[0][:200] or "no message"


# -- the status --------------------------------------------------------------------------------------------------------


def _looks(run: Run) -> Iterator[tuple[Looked, list[Acted]]]:
    """Each look at the status, and the acts before it, of which the last has an end that can be told."""
    if has(run, *_SEVERAL_JOBS, *_CLOCKS_SET):
        return
    for look in run.looks("status"):
        acts = [act for act in run.acts() if act.act <= look.act]
        if acts and acts[-1].ended in _TRUE_ENDS:
            yield look, acts


def _asked_for_status(run: Run) -> bool:
    return any(_looks(run))


def _not_recorded(run: Run) -> Iterator[Finding]:
    for look, acts in _looks(run):
        ended = acts[-1].ended
        if look.state not in _TRUE_ENDS[ended]:
            yield finding(
                run,
                f"A run {_IN_WORDS[ended]}, and its record does not say so: {_told(look)}.",
                expected=" or ".join(sorted(_TRUE_ENDS[ended])),
                seen=look.state or "no state",
                at_us=look.at_us,
            )


def _told(look: Looked) -> str:
    if look.ended != "returned":
        return f"asked for its status, it {look.ended} ({_first_line(look)})"
    return f"it told the state {look.state!r}" if look.state else look.unreadable or "it told no state"


def _status_lies(run: Run) -> Iterator[Finding]:
    for look, acts in _looks(run):
        last = acts[-1]
        success = next((act for act in reversed(acts) if _succeeded(act)), None)
        if look.state == "succeeded" and success is not last:
            undone = ", ".join(key for key, _ in last.named_failures[:3])
            yield finding(
                run,
                f"Its status calls the last run a success, and {undone or 'the run'} was not done.",
                expected="partial" if undone else "failed",
                seen=look.state,
                at_us=look.at_us,
            )
        elif wrong := _wrong_success(look, acts, success):
            yield finding(
                run,
                f"Its status {wrong}.",
                expected=f"a success at {seconds(success.ended_us)}" if success else "no success",
                seen="no success" if look.success_us is None else f"a success at {seconds(look.success_us)}",
                at_us=look.at_us,
            )


def _wrong_success(look: Looked, acts: Sequence[Acted], success: Acted | None) -> str:
    """What is untrue about the last success that the status tells; empty where nothing is."""
    if look.ended != "returned" or look.unreadable:
        return f"cannot be had: {look.unreadable or _first_line(look)}"
    if success is None:
        return "" if look.success_us is None else "tells of a success, and no run succeeded"
    if look.success_us is None:
        return "tells of no success, and a run succeeded"
    later = [act.began_us for act in acts if act.act > success.act]
    until_us = later[0] if later else look.at_us
    if not success.began_us - _ROUNDING_US <= look.success_us <= until_us + _ROUNDING_US:
        return "tells another moment of the last success than it was"
    return ""


# -- the alarm ---------------------------------------------------------------------------------------------------------


def _scheduled(run: Run) -> bool:
    """A first run that does not succeed leaves nothing that could grow old."""
    acts = run.acts()
    return has(run, *_SCHEDULES) and bool(run.looks("staleness")) and bool(acts) and _succeeded(acts[0])


def _alarms(run: Run) -> Iterator[Finding]:
    out, success_us = False, 0
    for place, event in enumerate(run.events):
        if isinstance(event, Acted) and _succeeded(event):
            success_us = event.ended_us
        if not isinstance(event, Looked) or event.asked != "staleness":
            continue
        age_us, every_us = event.at_us - success_us, event.expected_every_us
        stale = age_us > every_us
        if wrong := _wrong_alarm(run, place, event, stale=stale, out=out):
            sentence, expected = wrong
            yield finding(
                run,
                f"{sentence}, {seconds(age_us)} after the last success, with one expected every {seconds(every_us)}.",
                expected=expected,
                seen=number_of(len(event.alerts), "alert"),
                at_us=event.at_us,
            )
        # The next look is judged as if this one had done right: one mistake is one finding.
        out = stale and (out or event.channel == "takes")


def _wrong_alarm(run: Run, place: int, look: Looked, *, stale: bool, out: bool) -> tuple[str, str] | None:
    """What was wrong about the look, and what is right; ``out``: an alert is out already."""
    told = len(look.alerts)
    if look.channel == "fails" and told:
        unheard = "The alert's channel failed, and that was not reported"
        return None if _reported(run, place, look) else (unheard, "an error, or a warning in the log")
    if look.ended != "returned":
        return f"The check {look.ended} ({_first_line(look)})", "a check that ends"
    if stale and not out:
        if told == 1:
            return None
        return ("It raised the alarm several times" if told else "It raised no alarm"), "1 alert"
    if told > (out and not stale):  # one may say that it has recovered
        return ("It raised the alarm again", "no alert") if stale else ("It raised the alarm too early", "no alert")
    return None


def _reported(run: Run, place: int, look: Looked) -> bool:
    """Whether the check raised, or a warning was logged in it."""
    return look.ended != "returned" or any(one.level >= logging.WARNING for one in _logged_before(run.events[:place]))


def _logged_before(events: Sequence[Event]) -> Iterator[Logged]:
    for event in reversed(events):
        if not isinstance(event, Logged):
            return
        yield event


WATCH = (
    Requirement(
        id="watch.run-recorded",
        sentence="every run is in the ledger with its true end, a crashed one included",
        source=POST,
        why="A job that dies silently looks like one that has nothing to do, for weeks.",
        remedy="Write a run down when it begins; whoever looks later finds the ones whose process is gone.",
        needs=frozenset({"status"}),
        level_elsewhere="SHOULD",
        check=each_run(_asked_for_status, _not_recorded),
    ),
    Requirement(
        id="watch.status-true",
        sentence="the status tells the truth without digging in logs; a partial run is not a success",
        source=POST,
        why="Nobody reads the logs of a job that says that it is well.",
        remedy="Tell the last success apart from the last run, and count a run as one only if nothing was left out.",
        needs=frozenset({"status"}),
        level_elsewhere="SHOULD",
        check=each_run(_asked_for_status, _status_lies),
    ),
    Requirement(
        id="watch.staleness-alerts",
        sentence="no success for longer than expected raises the alert, once; a failing channel is itself reported",
        source=POST,
        why="A job that runs no more reports no error; an alert that comes each minute is muted.",
        remedy="Compare the age of the last success with what is expected, keep what was told, and tell it once.",
        needs=frozenset({"staleness"}),
        level_elsewhere="SHOULD",
        check=each_run(_scheduled, _alarms),
    ),
)
