"""The requirement on waits of hours: nobody sleeps them, and somebody is told when to come again."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.outcome import everything_said
from harness.judge.reading import act_of, ending, seconds
from harness.judge.requirement import PRACTICE, Requirement
from harness.judge.told_times import tells_wait
from harness.judge.verdict import Finding
from harness.stage.history import Acted, Exchange, Run

_LONG_US = 3_600_000_000
_WANTED = "a loud end within an hour that tells the time to resume"


def _wait_us(limit: Exchange) -> int:
    if limit.wait_until_us is None or limit.answered_us is None:
        return 0
    return limit.wait_until_us - limit.answered_us


def _long_waits(run: Run) -> tuple[Exchange, ...]:
    return tuple(one for one in run.exchanges() if one.limited and _wait_us(one) >= _LONG_US)


def _told_to_park(run: Run) -> bool:
    return bool(_long_waits(run))


def _not_parked(run: Run) -> Iterator[Finding]:
    for limit in _long_waits(run):
        act = act_of(run, limit)
        asked, held_us = seconds(_wait_us(limit)), act.ended_us - (limit.answered_us or limit.sent_us)
        if act.ended == "returned" and not act.named_failures:
            seen = f"It was asked to wait {asked}, and ended {seconds(held_us)} later. {ending(run)}"
        elif act.ended == "hung" or held_us > _LONG_US:
            seen = f"It was asked to wait {asked}, and held on for {seconds(held_us)}."
        elif not _told(run, act, limit):
            seen = f"It was asked to wait {asked}, and neither its error nor its log tells when to run again."
        else:
            continue
        yield finding(run, seen, expected=_WANTED, seen="none", at_us=limit.answered_us)
        return


def _told(run: Run, act: Acted, limit: Exchange) -> bool:
    until_epoch_s = run.began_epoch_s + (limit.wait_until_us or 0) / 1e6
    return tells_wait(everything_said(run, act), wait_s=_wait_us(limit) / 1e6, until_epoch_s=until_epoch_s)


LONG_WAITS = (
    Requirement(
        id="limits.long-wait-parks",
        sentence="a wait of an hour or more ends the run loudly with the time to resume",
        source=PRACTICE,
        why="A job that sleeps until a daily quota is reset holds its slot and its lock all day, and looks alive.",
        remedy="Raise when the wait is longer than the job may sleep, and put the wait, or its end, into the error.",
        needs=frozenset({"waits"}),
        check=each_run(_told_to_park, _not_parked),
    ),
)
