"""Requirements on what a token is good for: its own account, and its scope."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.reading import after, grants, number_of, rejected, struck
from harness.judge.requirement import PRACTICE, Requirement
from harness.judge.token_calls import half_lifetimes
from harness.judge.verdict import Finding
from harness.stage.history import Exchange, Noted, Run

# -- accounts ----------------------------------------------------------------------------------------------------------


def _turns(run: Run) -> Iterator[tuple[int, Exchange]]:
    """Each exchange with the account whose subject was at it."""
    account = 1
    for event in run.events:
        if isinstance(event, Noted) and event.kind == "account":
            account = int(event.text)
        elif isinstance(event, Exchange):
            yield account, event


def _served_two(run: Run) -> bool:
    return any(account == 2 and (one.token_used or one.token_granted) for account, one in _turns(run))


def _mixed_up(run: Run) -> Iterator[Finding]:
    for account, one in _turns(run):
        carried = one.token_used if one.token_used and one.token_used.serial else one.token_granted
        if carried and carried.account != account:
            yield finding(
                run,
                f"For account {account} it sent {one.method} {one.target} with what belongs to account "
                f"{carried.account}.",
                expected="a token of its own for each account",
                seen=f"token {carried.serial}, of account {carried.account}",
                at_us=one.sent_us,
            )
            return


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
        id="token.bound",
        sentence="a token serves the client and the issuer (tenant) that it was bought for, and never another",
        source=f"RFC 6749 s1.4; {PRACTICE}",
        why="A token kept in the module serves whichever customer comes next: his records end up in another's account.",
        remedy="Keep tokens by issuer, client, scope and tenant, in the object that was opened with them.",
        needs=frozenset({"oauth", "pull"}),
        check=each_run(_served_two, _mixed_up),
    ),
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
