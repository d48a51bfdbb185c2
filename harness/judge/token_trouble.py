"""Requirements on trouble with tokens: taken back, refused, or not given out just now."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.outcome import outcome
from harness.judge.reading import (
    after,
    ending,
    for_ever,
    grants,
    number_of,
    planned,
    rejected,
    repeats,
    seconds,
    struck,
    survived,
)
from harness.judge.requirement import POST, Requirement
from harness.judge.verdict import Finding
from harness.stage.history import Exchange, Run

_MOST_REFUSED_CALLS = 3


def _one_rejection(run: Run) -> bool:
    return run.asks == "correct" and bool(planned(run, "Revoked")) and bool(_rejections(run))


def _rejections(run: Run) -> tuple[Exchange, ...]:
    return tuple(one for one in struck(run, "Revoked") if rejected(one))


def _not_recovered(run: Run) -> Iterator[Finding]:
    for rejection in _rejections(run):
        again = repeats(run, rejection)
        wanted = "one new token, and the same request again"
        if not again:
            yield finding(
                run,
                f"It did not send {rejection.method} {rejection.target} again after the 401. {ending(run)}",
                expected=wanted,
                seen="no second attempt",
                at_us=rejection.sent_us,
            )
            return
        between = [one for one in grants(run, rejection.act) if rejection.sent_us <= one.sent_us <= again[0].sent_us]
        if len(between) != 1:
            yield finding(
                run,
                f"It fetched {number_of(len(between), 'new token')} between the 401 and the next attempt.",
                expected=wanted,
                seen=number_of(len(between), "new token"),
                at_us=rejection.sent_us,
            )
            return
    if not survived(run, _rejections(run)):
        yield finding(run, ending(run), expected="the run ends correct", seen="the run ended otherwise")


def _limited_tokens(run: Run) -> tuple[Exchange, ...]:
    return tuple(one for one in struck(run, "Throttled") if one.operation == "token")


def _endpoint_throttled(run: Run) -> bool:
    return bool(_limited_tokens(run))


def _endpoint_not_obeyed(run: Run) -> Iterator[Finding]:
    for limit in _limited_tokens(run):
        following = next((one for one in after(run, limit) if one.operation == "token"), None)
        if following and limit.wait_until_us is not None and following.sent_us < limit.wait_until_us:
            early = seconds(limit.wait_until_us - following.sent_us)
            yield finding(
                run,
                f"It asked the token endpoint again {early} too early.",
                expected="no token call before the time that the endpoint gave",
                seen=f"a token call {early} before it",
                at_us=following.sent_us,
            )
            return
    once = all(one.times == 1 for one in planned(run, "Throttled"))
    # Whether a storm is survived is limits.storm-survived's matter.
    if once and run.asks == "correct" and not survived(run, _limited_tokens(run)):
        yield finding(run, ending(run), expected="the token is fetched after the wait", seen="the run ended otherwise")


def _credentials_rejected(run: Run) -> bool:
    return bool(struck(run, "CredentialsRejected"))


def _not_loud_about_credentials(run: Run) -> Iterator[Finding]:
    refused, ended = struck(run, "CredentialsRejected"), outcome(run)
    if len(refused) > _MOST_REFUSED_CALLS:
        yield finding(
            run,
            f"It asked {len(refused)} times with credentials that were rejected each time.",
            expected=f"at most {number_of(_MOST_REFUSED_CALLS, 'call')}",
            seen=number_of(len(refused), "call"),
            at_us=refused[_MOST_REFUSED_CALLS].sent_us,
        )
    elif ended in ("silent", "hung") or (ended == "correct" and for_ever(run, "CredentialsRejected")):
        yield finding(run, ending(run), expected="the run fails, and says so", seen="it did not fail")


TOKEN_TROUBLE = (
    Requirement(
        id="token.rejection-recovered",
        sentence="a 401 on a token believed good leads to one new token, the request is sent again, "
        "the run ends correct",
        source="RFC 6750 s3.1",
        why="Vendors take tokens back before their time: on a deployment, a key rotation, a login elsewhere.",
        remedy="On a 401, drop the token, fetch one new one, sign the request again and send it once more.",
        needs=frozenset({"tokens"}),
        check=each_run(_one_rejection, _not_recovered),
    ),
    Requirement(
        id="token.bad-credentials-loud",
        sentence="rejected credentials end the run loudly after a bounded number of calls",
        source="RFC 6749 s5.2",
        why="A secret that has expired looks like an empty vendor, or locks the account by endless attempts.",
        remedy="Take invalid_client for final: raise with the vendor's words, and ask no more.",
        needs=frozenset({"signed"}),
        check=each_run(_credentials_rejected, _not_loud_about_credentials),
    ),
    Requirement(
        id="token.endpoint-throttled",
        sentence="a throttled token endpoint is obeyed like any other",
        source=POST,
        why="Whoever hammers the token endpoint is locked out of the whole API.",
        remedy="Send token calls through the same retry policy as every other request.",
        needs=frozenset({"tokens"}),
        check=each_run(_endpoint_throttled, _endpoint_not_obeyed),
    ),
)
