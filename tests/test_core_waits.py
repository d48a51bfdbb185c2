"""What a vendor's wait means, in every form in which vendors say it."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.waits import LONGEST_S, asked_wait_s, rate_limits, read_wait_s
from harness.dialects.facts import BodyWait, CostWait, Form, Limits, NamedWait, WaitForm

NOW_S = 1_800_000_000.0  # 2027-01-15T08:00:00Z
FORMS = get_args(Form)
RETRY_AFTER = WaitForm(header="Retry-After")


@pytest.mark.parametrize(
    ("form", "text", "wait_s"),
    [
        ("retry_after", "30", 30.0),
        ("retry_after", " 30 ", 30.0),
        ("retry_after", "1.5", 1.5),
        ("retry_after", "Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
        ("retry_after", "Friday, 15-Jan-27 08:00:30 GMT", 30.0),
        ("retry_after", "2027-01-15T08:00:30Z", 30.0),
        ("delta_s", "0.25", 0.25),
        ("delta_ms", "1500", 1.5),
        ("epoch_s", "1800000030", 30.0),
        ("epoch_ms", "1800000030000", 30.0),
        ("iso8601", "2027-01-15T08:00:30Z", 30.0),
        ("iso8601", "2027-01-15T09:00:30+01:00", 30.0),
        ("iso8601", "2027-01-15T08:00:30", 30.0),
        ("ratelimit", '"default";r=0;t=30', 30.0),
        ("ratelimit", '"burst";r=7;t=5, "daily" ; r=0 ; t=30', 30.0),
    ],
)
def test_each_form_reads_as_seconds_from_now(form, text, wait_s):
    assert read_wait_s(text, form, now_s=NOW_S) == wait_s


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", ["", "0", "0.0", "-5", "soon", "1e3", "٣", "NaN", "inf", "1 000"])
def test_what_asks_for_no_wait_reads_as_none(form, text):
    assert read_wait_s(text, form, now_s=NOW_S) is None


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("retry_after", "Fri, 15 Jan 2027 07:59:30 GMT"),
        ("epoch_s", "1799999970"),
        ("epoch_ms", "1799999970000"),
        ("iso8601", "2027-01-15T07:59:30Z"),
    ],
)
def test_a_moment_in_the_past_asks_for_no_wait(form, text):
    assert read_wait_s(text, form, now_s=NOW_S) is None


def test_a_number_too_large_to_be_meant_reads_as_the_longest_wait():
    assert read_wait_s("9" * 400, "retry_after", now_s=NOW_S) == LONGEST_S


def asked(headers, *waits, document=None, **limits):
    return asked_wait_s(headers, document, Limits(waits=waits, **limits), epoch_s=NOW_S)


def test_a_date_counts_from_the_vendors_own_clock():
    headers = {"date": "Fri, 15 Jan 2027 10:00:00 GMT", "retry-after": "Fri, 15 Jan 2027 10:00:30 GMT"}

    assert asked(headers, RETRY_AFTER) == 30.0


def test_of_several_waits_the_longest_holds():
    headers = {"retry-after": "5", "x-ratelimit-reset": "1800000040"}

    assert asked(headers, RETRY_AFTER, WaitForm(header="X-RateLimit-Reset", form="epoch_s")) == 40.0


def test_retry_after_is_read_where_the_dialect_knows_of_none():
    assert asked({"retry-after": "7"}) == 7.0


def test_the_dialects_own_form_of_retry_after_holds():
    assert asked({"retry-after": "7000"}, WaitForm(header="Retry-After", form="delta_ms")) == 7.0


@pytest.mark.parametrize(("left", "wait_s"), [("0", 40.0), ("12", None), ("", None)])
def test_a_reset_that_counts_at_zero_only_is_no_wait_while_calls_are_left(left, wait_s):
    reset = WaitForm(header="X-RateLimit-Reset", form="epoch_s", only_at_zero="X-RateLimit-Remaining")

    assert asked({"x-ratelimit-reset": "1800000040", "x-ratelimit-remaining": left}, reset) == wait_s


def test_the_ratelimit_field_is_read_where_nothing_else_says_anything():
    assert asked({"ratelimit": '"default";r=0;t=30'}) == 30.0


def test_retry_after_takes_precedence_over_the_ratelimit_field():
    assert asked({"ratelimit": '"default";r=0;t=30', "retry-after": "5"}) == 5.0


@pytest.mark.parametrize(
    "text",
    ["", "r=0;t=30", '"default;r=0;t=30', '"default";r=soon;t=30', '"default";r=0', '"default";r=0;t=-3', ";;,;"],
)
def test_a_malformed_ratelimit_field_is_ignored(text):
    assert asked({"ratelimit": text}) is None


def test_each_quota_of_a_ratelimit_field_is_read():
    assert rate_limits('"burst";r=50;t=30,"a,b;c";t=86400;r=0') == [(50, 30.0), (0, 86_400.0)]


COST = CostWait(
    requested=("extensions", "cost", "requestedQueryCost"),
    available=("extensions", "cost", "throttleStatus", "currentlyAvailable"),
    restored_per_s=("extensions", "cost", "throttleStatus", "restoreRate"),
)


def cost(requested, available, restored_per_s):
    status = {"maximumAvailable": 1000.0, "currentlyAvailable": available, "restoreRate": restored_per_s}
    return {"extensions": {"cost": {"requestedQueryCost": requested, "throttleStatus": status}}}


@pytest.mark.parametrize(
    ("told", "document", "wait_s"),
    [
        (BodyWait(path=("error", "retry_after")), {"error": {"retry_after": 300}}, 300.0),
        (BodyWait(path=("error", "retry_after")), {"error": {"retry_after": "300"}}, 300.0),
        (BodyWait(path=("error", "retry_after")), {"error": {"retry_after": True}}, None),
        (BodyWait(path=("error", "retry_after")), {"error": "too many"}, None),
        (NamedWait(path=("policyName",), waits_s=(("TEN_SECONDLY_ROLLING", 10.0),)), {"policyName": "DAILY"}, None),
        (
            NamedWait(path=("policyName",), waits_s=(("TEN_SECONDLY_ROLLING", 10.0),)),
            {"policyName": "TEN_SECONDLY_ROLLING"},
            10.0,
        ),
        (COST, cost(752, 666, 50.0), 1.72),
        (COST, cost(752, 800, 50.0), None),
        (COST, cost(752, 666, 0), None),
        (COST, cost(752, None, 50.0), None),
        (COST, {"extensions": None}, None),
    ],
)
def test_a_wait_in_the_body_is_read_where_the_dialect_says(told, document, wait_s):
    assert asked({}, document=document, body_waits=(told,)) == wait_s


@given(st.recursive(st.none() | st.text() | st.floats() | st.integers(), lambda inner: st.lists(inner)), st.data())
def test_no_body_raises_or_reads_as_a_negative_or_endless_wait(value, data):
    told = data.draw(
        st.sampled_from(
            [
                BodyWait(path=("a",)),
                BodyWait(path=("a", 0)),
                CostWait(requested=("a",), available=("a", 0), restored_per_s=("a", 1)),
            ]
        )
    )

    wait_s = asked({}, document={"a": value}, body_waits=(told,))

    assert wait_s is None or 0 < wait_s <= LONGEST_S


@given(st.text(), st.sampled_from(FORMS))
def test_no_text_raises_or_reads_as_a_negative_or_endless_wait(text, form):
    wait_s = read_wait_s(text, form, now_s=NOW_S)

    assert wait_s is None or 0 < wait_s <= LONGEST_S


@given(st.text(st.sampled_from("0123456789TZ:-+., GMTJanFri")), st.sampled_from(FORMS))
def test_no_text_that_looks_like_a_date_or_number_raises(text, form):
    wait_s = read_wait_s(text, form, now_s=NOW_S)

    assert wait_s is None or 0 < wait_s <= LONGEST_S


@given(st.integers(1, 10**8), st.integers(0, 4 * 10**9))
def test_every_form_gives_back_the_wait_that_was_written(wait_s, now_s):
    moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=now_s + wait_s)

    def read(text: str, form: str) -> float | None:
        return read_wait_s(text, form, now_s=float(now_s))

    assert read(str(wait_s), "retry_after") == wait_s
    assert read(format_datetime(moment, usegmt=True), "retry_after") == wait_s
    assert read(moment.isoformat(), "retry_after") == wait_s
    assert read(moment.isoformat().replace("+00:00", "Z"), "iso8601") == wait_s
    assert read(str(now_s + wait_s), "epoch_s") == wait_s
    assert read(str(wait_s), "delta_s") == wait_s
    assert math.isclose(read(str(wait_s * 1000), "delta_ms") or 0, wait_s)
    assert math.isclose(read(str((now_s + wait_s) * 1000), "epoch_ms") or 0, wait_s, abs_tol=1e-3)
    assert read(f'"default";r=0;t={wait_s}', "ratelimit") == wait_s
