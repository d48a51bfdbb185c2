"""Requirements on limits: waits are kept, storms survived, retries end, and hits are seen in the log."""

import logging
import re
from collections.abc import Iterator

from harness.judge.backoff import backoff_grows
from harness.judge.each_run import each_run, finding
from harness.judge.outcome import outcome
from harness.judge.reading import (
    act_of,
    after,
    attempts,
    ending,
    for_ever,
    has,
    kind_of,
    logged_between,
    number_of,
    planned,
    repeats,
    seconds,
    struck,
    survived,
    text_of,
)
from harness.judge.requirement import POST, PRACTICE, Requirement
from harness.judge.verdict import Finding
from harness.stage.history import Acted, Exchange, Logged, Run

_MOST_ATTEMPTS = 20
_LONGEST_RUN_US = 3_600_000_000
_STORM = (2, 3)
_OFTEN = 3
_USUAL_STATUSES = (429, 503)
_OF_LIMITS = re.compile(r"(?<![a-z])limit|rate.?limit|throttl|too many|quota")


def _limited(run: Run) -> tuple[Exchange, ...]:
    return tuple(one for one in run.exchanges() if one.limited)


# -- waits -------------------------------------------------------------------------------------------------------------


def _told_to_wait(run: Run) -> bool:
    # What other workers do meanwhile is limits.scope-respected's matter.
    return not has(run, "Workers") and any(one.wait_until_us is not None for one in _limited(run))


def _too_early(run: Run) -> Iterator[Finding]:
    for limit in _limited(run):
        until_us = limit.wait_until_us
        if until_us is None:
            continue
        # What was under way when the answer came could not know of it.
        known_us = limit.answered_us or limit.sent_us
        for one in after(run, limit):
            if _is_limited_by(limit, one) and known_us <= one.sent_us < until_us:
                early = seconds(until_us - one.sent_us)
                yield finding(
                    run,
                    f"It asked for {one.operation} again {early} too early.",
                    expected=f"no {one.operation} before {seconds(until_us)}, the time that the vendor gave",
                    seen=f"{one.method} {one.target} at {seconds(one.sent_us)}",
                    at_us=one.sent_us,
                )
                return


def _is_limited_by(limit: Exchange, one: Exchange) -> bool:
    """Whether what was refused is what is asked for; of a limit of one record, about that record."""
    alone = kind_of(limit) == "RecordThrottled"
    return one.operation == limit.operation and (not alone or one.record_key == limit.record_key)


# -- storms ------------------------------------------------------------------------------------------------------------


def _never_ending(run: Run) -> bool:
    return for_ever(run, "Throttled", "ServerError") and bool(struck(run, "Throttled", "ServerError"))


def _unbounded(run: Run) -> Iterator[Finding]:
    (_, point, _), most = attempts(run, "Throttled", "ServerError").most_common(1)[0]
    longest_us = max(act.ended_us - act.began_us for act in run.acts())
    wanted = f"at most {_MOST_ATTEMPTS} attempts within {seconds(_LONGEST_RUN_US)}, and a loud end"
    if most > _MOST_ATTEMPTS:
        yield finding(run, f"It tried {point} {most} times.", expected=wanted, seen=f"{most} attempts")
    elif longest_us > _LONGEST_RUN_US:
        yield finding(run, f"It went on for {seconds(longest_us)}.", expected=wanted, seen=seconds(longest_us))
    elif outcome(run) in ("hung", "silent"):
        yield finding(run, ending(run), expected=wanted, seen="no loud end")


def _storm(run: Run) -> bool:
    return run.asks == "correct" and any(fault.times in _STORM for fault in planned(run, "Throttled"))


def _not_survived(run: Run) -> Iterator[Finding]:
    refusals = struck(run, "Throttled")
    if not survived(run, refusals[-1:]):
        yield finding(
            run,
            f"It came to its end at refusal {len(refusals)} of the storm. {ending(run)}",
            expected="it waits, and the run ends correct",
            seen="the run ended otherwise",
            at_us=refusals[-1].sent_us if refusals else None,
        )


# -- mistaken ----------------------------------------------------------------------------------------------------------


def _unusual(run: Run) -> tuple[Exchange, ...]:
    return tuple(one for one in _limited(run) if one.status not in _USUAL_STATUSES)


def _mistakable(run: Run) -> bool:
    return bool(struck(run, "Forbidden")) or (run.asks == "correct" and bool(_unusual(run)))


def _mistaken(run: Run) -> Iterator[Finding]:
    for refusal in struck(run, "Forbidden"):
        again = repeats(run, refusal)
        if again:
            yield finding(
                run,
                f"It sent {refusal.method} {refusal.target} {len(again) + 1} times, although it was refused for good.",
                expected="one attempt",
                seen=number_of(len(again) + 1, "attempt"),
                at_us=again[0].sent_us,
            )
            return
    for limit in _unusual(run)[:1]:
        if run.asks == "correct" and not repeats(run, limit):
            yield finding(
                run,
                f"It took a limit with status {limit.status} for something else, and did not try again.",
                expected="another attempt after a wait",
                seen=ending(run),
                at_us=limit.sent_us,
            )


# -- the log -----------------------------------------------------------------------------------------------------------


def _hit(run: Run) -> bool:
    return bool(_limited(run))


def _unlogged(run: Run) -> Iterator[Finding]:
    hits, warned = _limited(run), False
    for hit in hits:
        told = [record for record in _window(run, hit, act_of(run, hit)) if _tells_limit(text_of(record), hit)]
        warned = warned or any(record.level >= logging.WARNING for record in told)
        if not told and not _tells_limit(_reported_of(run, hit, act_of(run, hit)), hit):
            yield finding(
                run,
                f"It was limited at {seconds(hit.sent_us)} and did not log it.",
                expected="a log record that names the limit",
                seen="none",
                at_us=hit.answered_us,
            )
            return
    if len(hits) >= _OFTEN and not warned:
        yield finding(
            run,
            f"It was limited {len(hits)} times, and did not warn.",
            expected="at least one record of level WARNING",
            seen="none",
            at_us=hits[-1].answered_us,
        )


def _window(run: Run, hit: Exchange, act: Acted) -> Iterator[Logged]:
    """What was logged between the hit and the next exchange of the same operation.

    What other threads ask meanwhile does not keep the one that was hit from logging it.
    """
    known_us = hit.answered_us or hit.sent_us
    later = (one.sent_us for one in after(run, hit) if (one.operation, one.thread) == (hit.operation, hit.thread))
    return logged_between(run, hit.act, known_us, next((at_us for at_us in later if at_us >= known_us), act.ended_us))


def _reported_of(run: Run, hit: Exchange, act: Acted) -> str:
    """What the caller is told of the hit where it was the end of the act, or of its record, which the text names."""
    later = after(run, hit)
    if not later:
        return act.error.casefold()
    if not hit.record_key or any(one.record_key == hit.record_key for one in later):
        return ""
    reason = dict(act.named_failures).get(hit.record_key, "")
    return (reason or (act.error if hit.record_key in act.error else "")).casefold()


def _tells_limit(text: str, hit: Exchange) -> bool:
    """Whether the text calls it a limit in words of its own: that the vendor's message was copied shows nothing."""
    for line in filter(None, hit.vendor_message.casefold().splitlines()):
        text = text.replace(line, "")
    status = hit.status or 0
    return bool(_OF_LIMITS.search(text)) or (status >= 400 and str(status) in text)


LIMITS = (
    Requirement(
        id="limits.wait-honoured",
        sentence="no request to what is limited before the time the vendor gave, in whichever form it gave it",
        source=f"RFC 9110 s10.2.3; {POST}",
        why="Vendors count requests made too early against the limit: whoever does not wait is never let in again.",
        remedy="Read the wait in every form the vendor uses (seconds, HTTP date, reset time), and sleep until then.",
        needs=frozenset({"waits"}),
        check=each_run(_told_to_wait, _too_early),
    ),
    Requirement(
        id="limits.backoff-grows",
        sentence="without a time given, waits grow exponentially, with jitter",
        source=POST,
        why="Equal waits bring all workers back at the same moment, and keep down the vendor that they wait for.",
        remedy="Double the wait at each attempt up to a cap, and add a random part: 2**n + U(0, 1).",
        check=backoff_grows,
    ),
    Requirement(
        id="limits.bounded",
        sentence="retries end after a bounded number and time, loudly",
        source=POST,
        why="A job that retries for ever holds its lock and its slot, and nobody hears of it.",
        remedy="Stop after a number of attempts and a time, and raise the last error with its context.",
        check=each_run(_never_ending, _unbounded),
    ),
    Requirement(
        id="limits.storm-survived",
        sentence="a storm that ends is survived",
        source=PRACTICE,
        why="Busy hours refuse several times in a row; who gives up at the second refusal fails every day at nine.",
        remedy="Allow at least four attempts, and do not count waits that the vendor asked for against the time limit.",
        check=each_run(_storm, _not_survived),
    ),
    Requirement(
        id="limits.not-mistaken",
        sentence="a refusal that only looks like a limit is not retried; a limit in an unusual status is",
        source="RFC 9110 s15.5.4",
        why="Retrying what is forbidden hides a missing permission; giving up at a limit told in a 200 loses the run.",
        remedy="Tell limits by status and error code as the vendor documents them, and never by status class alone.",
        check=each_run(_mistakable, _mistaken),
    ),
    Requirement(
        id="limits.hits-logged",
        sentence="every limit hit is logged; regular hits are a warning",
        source=POST,
        why="Limits that are hit every night make the job slower until it no longer fits into the night.",
        remedy="Log each hit with its operation and wait, and use WARNING.",
        level_elsewhere="SHOULD",
        check=each_run(_hit, _unlogged),
    ),
)
