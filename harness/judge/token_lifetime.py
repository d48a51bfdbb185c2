"""Requirements on a token's lifetime: none is used when it has ended, or is about to."""

from collections.abc import Callable, Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.outcome import failing
from harness.judge.reading import after, grants, has, seconds, struck, tokens
from harness.judge.requirement import POST, PRACTICE, Requirement
from harness.judge.token_calls import WRONG_CLOCKS, too_many
from harness.judge.verdict import Finding
from harness.stage.history import Exchange, Run

_LONGEST_MARGIN_US = 60_000_000


def _told_ends_us(grant: Exchange) -> int | None:
    told_s = grant.token_granted.told_lifetime_s if grant.token_granted else None
    return grant.sent_us + round(told_s * 1e6) if told_s is not None and told_s > 0 else None


def _margin_us(issued_us: int, ends_us: int) -> int:
    return min(_LONGEST_MARGIN_US, (ends_us - issued_us) // 10)


def _margin_began_us(grant: Exchange) -> int | None:
    ends_us = _told_ends_us(grant)
    return None if ends_us is None else ends_us - _margin_us(grant.sent_us, ends_us)


def _asked_after(run: Run, moment_us: Callable[[Exchange], int | None]) -> bool:
    """Whether the subject asked for anything after that moment in the life of a token that it had been given."""
    for act in run.acts():
        for grant in grants(run, act.act):
            from_us = moment_us(grant)
            if from_us is not None and any(one.sent_us >= from_us for one in after(run, grant)):
                return True
    return False


def _outlived_end(run: Run) -> bool:
    return not has(run, *WRONG_CLOCKS) and _asked_after(run, _told_ends_us)


def _outlived_margin(run: Run) -> bool:
    return not has(run, *WRONG_CLOCKS) and _asked_after(run, _margin_began_us)


def _tried_to_refresh(run: Run, use: Exchange, from_us: int) -> bool:
    """Whether a token call failed since: then a refresh was not possible."""
    return any(from_us <= one.sent_us <= use.sent_us and failing(one) for one in tokens(run, use.act))


def _expired_uses(run: Run) -> Iterator[Finding]:
    for one in run.exchanges():
        used = one.token_used
        if used is None or used.told_ends_us is None or one.sent_us < used.told_ends_us:
            continue
        if not _tried_to_refresh(run, one, used.told_ends_us - _margin_us(used.issued_us, used.told_ends_us)):
            late = seconds(one.sent_us - used.told_ends_us)
            yield finding(
                run,
                f"It sent {one.method} {one.target} with a token that had ended {late} before.",
                expected="a new token before the end of the old one",
                seen=f"token {used.serial}, {late} after its end",
                at_us=one.sent_us,
            )
            return


def _late_uses(run: Run) -> Iterator[Finding]:
    for one in run.exchanges():
        used = one.token_used
        if used is None or used.told_ends_us is None:
            continue
        margin_us = _margin_us(used.issued_us, used.told_ends_us)
        from_us = used.told_ends_us - margin_us
        if one.sent_us > from_us and not _tried_to_refresh(run, one, from_us):
            left = seconds(max(0, used.told_ends_us - one.sent_us))
            yield finding(
                run,
                f"It sent {one.method} {one.target} with a token that had {left} to live.",
                expected=f"no use in the last {seconds(margin_us)} of the token's life",
                seen=f"token {used.serial}, {left} before its end",
                at_us=one.sent_us,
            )
            return


# -- wrong clocks ------------------------------------------------------------------------------------------------------


def _clock_was_wrong(run: Run) -> bool:
    return bool(struck(run, *WRONG_CLOCKS)) and any(grants(run, act.act) for act in run.acts())


def _followed_the_clock(run: Run) -> Iterator[Finding]:
    """A token that was kept beyond its end, or given up before it."""
    yield from _expired_uses(run)
    yield from too_many(run)


TOKEN_LIFETIME = (
    Requirement(
        id="token.never-expired",
        sentence="no request carries an expired token when a refresh was possible",
        source="RFC 6749 s5.1; RFC 6750 s3.1",
        why="A long job fails in the middle, at whichever request happens to come first after the token's end.",
        remedy="Read expires_in, and check the token before each attempt, not once before the job.",
        needs=frozenset({"tokens"}),
        check=each_run(_outlived_end, _expired_uses),
    ),
    Requirement(
        id="token.refreshed-early",
        sentence="no request carries a token inside the margin of its end",
        source=POST,
        why="A token that ends while its request travels is rejected, once in a while and never when somebody looks.",
        remedy="Refresh min(60 s, a tenth of the lifetime) before the end; a fixed margin eats up short lifetimes.",
        needs=frozenset({"tokens"}),
        level_elsewhere="SHOULD",
        check=each_run(_outlived_margin, _late_uses),
    ),
    Requirement(
        id="token.skew-tolerated",
        sentence="a token's lifetime counts from the subject's own request: no clock that is wrong, or set, ends or "
        "extends it",
        source=f"RFC 6749 s5.1; {PRACTICE}",
        why="Clocks are set in the middle of the night: tokens are used for an hour too long, or bought all night.",
        remedy="Add expires_in to a monotonic clock, read before the token is asked for; read no date.",
        needs=frozenset({"tokens"}),
        check=each_run(_clock_was_wrong, _followed_the_clock),
    ),
)
