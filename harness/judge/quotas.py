"""Requirements on whom, and what, a limit is for: for everybody who works with the account, or for one record."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.reading import act_of, after, ending, has, number_of, seconds, struck, survived
from harness.judge.requirement import PRACTICE, Requirement
from harness.judge.verdict import Finding
from harness.stage.history import Exchange, Run


def _too_early(run: Run, limit: Exchange, *, grace_us: int = 0) -> Exchange | None:
    """The first request to what is limited between the refusal and the end of the wait."""
    if limit.answered_us is None or limit.wait_until_us is None:
        return None
    # What was under way when the answer came could not know of it.
    span = range(limit.answered_us + grace_us, limit.wait_until_us)
    return next((one for one in after(run, limit) if one.operation == limit.operation and one.sent_us in span), None)


# -- other apps --------------------------------------------------------------------------------------------------------


def _quota_taken(run: Run) -> bool:
    return bool(struck(run, "QuotaTaken"))


def _trusted_what_is_left(run: Run) -> Iterator[Finding]:
    for limit in struck(run, "QuotaTaken"):
        early = _too_early(run, limit)
        if early:
            until_us = limit.wait_until_us or 0
            yield finding(
                run,
                f"It was refused {limit.operation} while some of the quota seemed left, and asked again "
                f"{seconds(until_us - early.sent_us)} too early.",
                expected=f"no {limit.operation} before {seconds(until_us)}, the time that the vendor gave",
                seen=f"{early.method} {early.target} at {seconds(early.sent_us)}",
                at_us=early.sent_us,
            )
            return
    if run.asks == "correct" and not survived(run, struck(run, "QuotaTaken")):
        yield finding(run, ending(run), expected="it waits, and the run ends correct", seen="the run ended otherwise")


# -- other workers -----------------------------------------------------------------------------------------------------


def _limits(run: Run) -> tuple[Exchange, ...]:
    return tuple(one for one in run.exchanges() if one.limited and one.wait_until_us is not None)


def _workers_limited(run: Run) -> bool:
    return has(run, "Workers") and bool(_limits(run))


def _dodged(run: Run) -> Iterator[Finding]:
    for limit in _limits(run):
        # In the very microsecond in which one worker hears of it, the others may not have.
        early = _too_early(run, limit, grace_us=1)
        if early:
            until_us = limit.wait_until_us or 0
            workers = {one.thread for one in run.exchanges(limit.operation)}
            yield finding(
                run,
                f"One of {number_of(len(workers), 'worker')} was told to wait, and {limit.operation} was asked for "
                f"{seconds(until_us - early.sent_us)} too early.",
                expected=f"no {limit.operation} by any worker before {seconds(until_us)}",
                seen=f"{early.method} {early.target} by {early.thread} at {seconds(early.sent_us)}",
                at_us=early.sent_us,
            )
            return


# -- other records -----------------------------------------------------------------------------------------------------


def _record_limited(run: Run) -> bool:
    return bool(struck(run, "RecordThrottled"))


def _stopped_the_rest(run: Run) -> Iterator[Finding]:
    limits = struck(run, "RecordThrottled")
    held = act_of(run, limits[0]).held
    undone = {*held.missing, *held.altered} - {one.record_key for one in limits} if held else ()
    if undone:
        shown = ", ".join(sorted(undone)[:3])
        yield finding(
            run,
            f"The vendor limited {limits[0].record_key} alone, and {number_of(len(undone), 'other record')} came to "
            f"nothing, {shown} among them. {ending(run)}",
            expected=f"all other records written, and {limits[0].record_key} named where it cannot wait",
            seen=f"{number_of(len(undone), 'other record')} not as wanted",
            at_us=limits[0].answered_us,
        )


QUOTAS = (
    Requirement(
        id="limits.shared-quota",
        sentence="a limit that is hit with some of the quota apparently left (another app used it) is obeyed",
        source=PRACTICE,
        why="Quotas belong to the account: whoever trusts its own count is refused all the time that another app runs.",
        remedy="Take a refusal for what it is, whatever the headers say is left, and wait until the time it gives.",
        needs=frozenset({"waits", "quota"}),
        check=each_run(_quota_taken, _trusted_what_is_left),
    ),
    Requirement(
        id="limits.scope-respected",
        sentence="a limit that one worker meets is not dodged by the others",
        source=PRACTICE,
        why="Three workers that go on while the fourth waits are refused in turn, until the vendor locks the account.",
        remedy="Keep the end of the wait where all workers look before each request, not in the one that was refused.",
        needs=frozenset({"waits", "pull"}),
        check=each_run(_workers_limited, _dodged),
    ),
    Requirement(
        id="limits.rest-goes-on",
        sentence="a limit on one record does not keep the others from being written",
        source=f"{PRACTICE}; https://developer.atlassian.com/cloud/jira/platform/rate-limiting/",
        why="One record that many programs write to is limited all day; a run that stops for it writes nothing at all.",
        remedy="Read what a refusal says that it counts; set that record aside, name it, and go on with the others.",
        needs=frozenset({"waits", "push", "recorded", "record_limit"}),
        check=each_run(_record_limited, _stopped_the_rest),
    ),
)
