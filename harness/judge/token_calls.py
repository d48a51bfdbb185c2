"""Requirements on token calls: as few as the lifetime allows, one at a time, each with its reason in the log."""

import logging
import re
from collections.abc import Iterator
from itertools import pairwise

from harness.judge.each_run import each_run, finding
from harness.judge.reading import (
    grants,
    has,
    kind_of,
    logged_between,
    number_of,
    rejected_tokens,
    seconds,
    text_of,
    tokens,
)
from harness.judge.requirement import POST, PRACTICE, Requirement
from harness.judge.verdict import Finding
from harness.stage.history import Acted, Exchange, Run

WRONG_CLOCKS = ("ClockSetBack", "ClockSetForward", "VendorClockAhead", "VendorClockBehind")
"""What they do to tokens is token.skew-tolerated's matter."""
_OFTEN = 3
_OF_TOKENS = re.compile(r"token|refresh|credential")
_REASON = re.compile(
    r"reason|because|first|initial|no token|expired|expiring|to expire|stale|reject|revoke|invalid|401|unauthor"
)


def _allowed(run: Run, act: int) -> float:
    """Token calls that the act may make: the first, one per half lifetime, one per rejected token."""
    given = grants(run, act)
    # A caller may give up on an answer that takes its time.
    slow = sum(kind_of(one) == "Slow" for one in given)
    return 1 + len(rejected_tokens(run, act)) + slow + half_lifetimes(given)


def half_lifetimes(given: tuple[Exchange, ...]) -> float:
    """How many halves of the shortest lifetime lie between the first token and the last."""
    lifetimes_us = [_lifetime_us(one) for one in given]
    if not lifetimes_us:
        return 0
    # Whoever is told that a token lives for no time may ask for another at any moment.
    shortest_us = min(lifetimes_us)
    return (given[-1].sent_us - given[0].sent_us) // (shortest_us / 2) if shortest_us > 0 else float("inf")


def _lifetime_us(grant: Exchange) -> float:
    """As the subject was told; as it really is where it was told nothing."""
    assert grant.token_granted is not None
    told_s = grant.token_granted.told_lifetime_s
    return grant.token_granted.ends_us - grant.sent_us if told_s is None else told_s * 1e6


def too_many(run: Run) -> Iterator[Finding]:
    """Each act that made more token calls than lifetimes and rejections explain."""
    for act in run.acts():
        given, allowed = grants(run, act.act), _allowed(run, act.act)
        if len(given) > allowed:
            span, life = seconds(given[-1].sent_us - given[0].sent_us), seconds(round(_lifetime_us(given[0])))
            yield finding(
                run,
                f"It fetched {number_of(len(given), 'token')} in {span}, the first good for {life}.",
                expected=f"at most {number_of(int(allowed), 'token call')}",
                seen=number_of(len(given), "token call"),
                at_us=given[1].sent_us,
            )


def _granted(run: Run) -> bool:
    return any(grants(run, act.act) for act in run.acts())


def _one_thread_granted(run: Run) -> bool:
    # Two processes at once have a token each, and so have two accounts.
    return _granted(run) and not has(run, "Workers", "Overlap", "TwoAccounts", *WRONG_CLOCKS)


def _workers_with_tokens(run: Run) -> bool:
    return _granted(run) and has(run, "Workers")


def _several_flights(run: Run) -> Iterator[Finding]:
    for act in run.acts():
        calls = tokens(run, act.act)
        threads = {call.thread for call in calls}
        for one, other in pairwise(calls):
            if other.sent_us < (one.answered_us or one.sent_us):
                yield finding(
                    run,
                    f"Two threads asked for a token at once, {seconds(other.sent_us - one.sent_us)} apart.",
                    expected="one token call, for which the others wait",
                    seen=f"{number_of(len(calls), 'token call')} by {number_of(len(threads), 'thread')}",
                    at_us=other.sent_us,
                )
                return
    yield from too_many(run)


# -- logged ------------------------------------------------------------------------------------------------------------


def _silent_refresh(run: Run) -> Iterator[Finding]:
    for act in run.acts():
        for grant in grants(run, act.act):
            span = _decided_us(run, act, grant), _next_us(run, act, grant)
            if not any(_tells_refresh(text_of(record)) for record in logged_between(run, act.act, *span)):
                yield finding(
                    run,
                    f"It fetched a token at {seconds(grant.sent_us)} and did not log why.",
                    expected="a log record that names the token and the reason",
                    seen="none",
                    at_us=grant.sent_us,
                )
                return
        yield from _often_without_warning(run, act)


def _next_us(run: Run, act: Acted, grant: Exchange) -> int:
    """When the next token was asked for by somebody who could have had this one; the end of the act where none was."""
    had_us = grant.answered_us or grant.sent_us
    later = (one.sent_us for one in grants(run, act.act) if one.sent_us >= had_us and one is not grant)
    return min(later, default=act.ended_us)


def _decided_us(run: Run, act: Acted, grant: Exchange) -> int:
    """The earliest moment at which the subject may have told of the refresh: when it had its last answer before it.

    Token calls that brought none do not count: who tries again asks for the reason told before the first attempt.
    """
    before = [
        one
        for one in run.exchanges()
        if one.act == act.act and one.sent_us < grant.sent_us and (one.operation != "token" or one.token_granted)
    ]
    if not before:
        return act.began_us
    return min(before[-1].answered_us or before[-1].sent_us, grant.sent_us)


def _tells_refresh(text: str) -> bool:
    return bool(_OF_TOKENS.search(text) and _REASON.search(text))


def _often_without_warning(run: Run, act: Acted) -> Iterator[Finding]:
    turned_down = rejected_tokens(run, act.act)
    warned = any(
        record.act == act.act and record.level >= logging.WARNING and _tells_refresh(text_of(record))
        for record in run.logged()
    )
    if len(turned_down) >= _OFTEN and not warned:
        yield finding(
            run,
            f"{number_of(len(turned_down), 'token')} in a row were rejected, and it did not warn.",
            expected="a warning that tokens are refreshed unexpectedly often",
            seen="no log record of level WARNING about it",
        )


TOKEN_CALLS = (
    Requirement(
        id="token.reused",
        sentence="one token serves its lifetime",
        source=f"{POST}; RFC 6749 s5.1",
        why="A token per request doubles the traffic, and runs into the low limit of the token endpoint.",
        remedy="Keep the token with the moment of its end, and ask for another only when that moment is near.",
        needs=frozenset({"tokens"}),
        check=each_run(_one_thread_granted, too_many),
    ),
    Requirement(
        id="token.refresh-logged",
        sentence="each refresh is logged with its reason; refreshing unexpectedly often is a warning",
        source=POST,
        why="Tokens that are rejected again and again look like a slow API until somebody sees the refreshes.",
        remedy="Log each token call with its reason (first, expiring, rejected), and warn of rejected tokens.",
        needs=frozenset({"tokens"}),
        level_elsewhere="SHOULD",
        check=each_run(_granted, _silent_refresh),
    ),
    Requirement(
        id="token.single-flight",
        sentence="workers that need a token at once cause one token call",
        source=PRACTICE,
        why="Each new token may end the one before it, so that workers take turns in locking each other out.",
        remedy="Hold a lock while the token is looked at and fetched; whoever waited uses what was fetched meanwhile.",
        needs=frozenset({"tokens"}),
        check=each_run(_workers_with_tokens, _several_flights),
    ),
)
