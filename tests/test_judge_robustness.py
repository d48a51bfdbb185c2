"""Whatever a history holds, no checker breaks on it, and each says the same of it twice."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.judge.outcome import outcome
from harness.judge.requirements import CATALOGUE
from harness.judge.verdict import judge
from harness.stage.history import Acted, Exchange, Logged, Noted, Run, Tally, TokenGrant, TokenUse

KINDS = (
    *("Revoked", "ShortLived", "LifetimeZero", "CredentialsRejected", "Throttled", "Forbidden", "ErrorBody"),
    *("HtmlPage", "EmptyBody", "NullRecord", "ShortPage", "EmptyPage", "OverlappingPage", "DroppedNext"),
    *("TotalDisagrees", "RepeatedPage", "CursorLoop", "ForeignNext", "Redirected", "HangUp", "Cut", "CutSilently"),
    *(
        "InsufficientScope",
        "TwoAccounts",
        "ClockSetBack",
        "VendorClockBehind",
        "QuotaTaken",
        "Stalled",
        "Garbage",
        "Slow",
        "ServerError",
        "StaleConnection",
        "Crash",
        "Interrupted",
        "Emptied",
        "Again",
        "Workers",
        "RedirectedWrite",
        "Oversized",
        "UnusualText",
        "NotFoundForWant",
        "CursorExpired",
        "Ceiling",
        "TwinRows",
        "Returner",
        "KeptByHand",
        "LaggingLookup",
        "ChangedMeanwhile",
    ),
)
moments_us = st.integers(0, 4_000_000_000)
kinds = st.sampled_from(KINDS)
acts = st.integers(1, 2)
keys = st.sampled_from(["", "alice", "bob"])
uses = st.builds(TokenUse, st.integers(0, 3), moments_us, st.none() | moments_us, st.booleans())
grants = st.builds(TokenGrant, st.integers(1, 3), st.none() | st.floats(-1, 3600), moments_us)
exchanges = st.builds(
    Exchange,
    act=acts,
    sent_us=moments_us,
    point=st.sampled_from(["token#1", "users.list#1", "users.list#2", "users.create#1", "foreign#1", "other#1"]),
    method=st.sampled_from(["GET", "POST"]),
    host=st.just("keystone.test"),
    target=st.sampled_from(["/v3/users", "/token"]),
    answered_us=st.none() | moments_us,
    status=st.none() | st.sampled_from([200, 201, 401, 403, 409, 429, 503]),
    fault=st.just("") | kinds.map("{}()".format),
    effect=st.booleans(),
    write=st.booleans(),
    record_key=keys,
    request_id=st.sampled_from(["", "req-1"]),
    vendor_message=st.sampled_from(["", "\n", "no\nmore"]),
    error=st.booleans(),
    limited=st.booleans(),
    wait_until_us=st.none() | moments_us,
    foreign=st.booleans(),
    token_used=st.none() | uses,
    token_granted=st.none() | grants,
)
logs = st.builds(
    Logged,
    act=acts,
    at_us=moments_us,
    level=st.sampled_from([20, 30]),
    logger=st.just("x"),
    message=st.text(max_size=9),
)
notes = st.builds(
    Noted, act=acts, at_us=moments_us, kind=st.sampled_from(["hung", "crash", "emptied"]), text=st.just("x")
)
named = st.lists(keys, max_size=2, unique=True).map(tuple)
tallies = st.builds(Tally, st.integers(0, 3), st.integers(0, 3), missing=named, doubled=named, altered=named)
endings = st.sampled_from(["returned", "raised", "crashed", "interrupted", "hung", "exited"])


@st.composite
def runs(draw: st.DrawFn) -> Run:
    job = draw(st.sampled_from(["pull", "push"]))
    last = draw(acts)
    ended = st.builds(
        Acted,
        act=st.just(1),
        job=st.just(job),
        began_us=moments_us,
        ended_us=moments_us,
        ended=endings,
        error=st.sampled_from(["", "E: ", "E: no"]),
        returned=tallies,
        held=tallies,
        named_failures=named.map(lambda keys: tuple((key, "why") for key in keys)),
    )
    faults = draw(st.lists(kinds, max_size=1))
    repeat = draw(st.sampled_from(["", "x3", "x*"]))
    plan = " ".join(["keystone", job, "seed=1", *(f"users.list#1:{kind}(){repeat}" for kind in faults)])
    events = draw(st.lists(exchanges | logs | notes, max_size=8))
    ends = [replace(draw(ended), act=act) for act in range(1, last + 1)]
    asks = draw(st.sampled_from(["correct", "loud", "either"]))
    return Run(
        vendor="keystone",
        against="replay",
        plan=plan,
        job=job,
        asks=asks,
        faults=tuple(faults),
        events=(*events, *ends),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(runs(), max_size=3))
def test_no_checker_breaks_and_each_says_the_same_twice(some):
    for requirement in CATALOGUE:
        verdict = judge(requirement.check, some)

        assert "the checker broke" not in verdict.why, f"{requirement.id}: {verdict.why}"
        assert verdict == judge(requirement.check, some)
        assert bool(verdict.findings) == (verdict.value == "failed")
    assert {outcome(run) for run in some} <= {"correct", "loud", "unexplained", "silent", "hung", "unknown"}
