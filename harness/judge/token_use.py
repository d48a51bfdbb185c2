"""Requirements on what a token is good for: its scope."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.reading import after, grants, number_of, rejected, struck
from harness.judge.requirement import Requirement
from harness.judge.token_calls import half_lifetimes
from harness.judge.verdict import Finding
from harness.stage.history import Exchange, Run

# -- scope -------------------------------------------------------------------------------------------------------------


def _lacked_scope(run: Run) -> bool:
    return bool(struck(run, "InsufficientScope"))


def _refreshed_in_vain(run: Run) -> Iterator[Finding]:
    for act in run.acts():
        refusals = [one for one in struck(run, "InsufficientScope") if one.act == act.act]
        if not refusals:
            continue
        bought = _bought_after(run, refusals[0])
        # Under a 401 nobody can know at first that the token itself is good.
        allowed = int(rejected(refusals[0])) + half_lifetimes(grants(run, act.act))
        if len(bought) > allowed:
            yield finding(
                run,
                f"It fetched {number_of(len(bought), 'new token')} after status {refusals[0].status} had told it that "
                "the scope does not suffice.",
                expected="no new token" if not rejected(refusals[0]) else "one new token at most",
                seen=number_of(len(bought), "new token"),
                at_us=bought[0].sent_us,
            )
            return


def _bought_after(run: Run, refusal: Exchange) -> tuple[Exchange, ...]:
    return tuple(one for one in after(run, refusal) if one.token_granted and one.answered_us is not None)


TOKEN_USE = (
    Requirement(
        id="token.scope-failure-distinct",
        sentence="a 403 or insufficient_scope causes no refresh loop",
        source="RFC 6750 s3.1",
        why="A new token has the same scope as the old one: who fetches another each time does so all night.",
        remedy="Replace a token on 401 alone, once; raise a 403, and a 401 that comes again, with the vendor's words.",
        needs=frozenset({"oauth"}),
        check=each_run(_lacked_scope, _refreshed_in_vain),
    ),
)
