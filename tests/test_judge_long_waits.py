"""limits.long-wait-parks: a wait of hours is not slept, and its end is told."""

import pytest

from harness.judge.told_times import tells_wait
from tests.histories import ONE_MISSING, create, ended, exchange, judged, limited, logged, raised, run

DAY_S = 86_400
PLAN = "keystone pull users.list#1:Throttled(form='huge')"
BEGAN = 1_767_225_600  # 2026-01-01T00:00:00Z
REFUSED = limited("users.list#1", 0, wait_s=DAY_S)


def parked(*events, plan=PLAN):
    return run(plan, *events, asks="either", began_epoch_s=BEGAN)


@pytest.mark.parametrize(
    "text",
    [
        "E: limited; run again after 2026-01-02T00:00:01Z",
        "E: limited until 2026-01-02 00:00:00+00:00",
        "E: limited until Fri, 02 Jan 2026 00:00:00 GMT",
        "E: Retry-After: 86400",
        "E: come back in 24 hours",
        "E: come back in 1440 min",
        "E: come back in 1 day",
        "E: come back in 1 day, 0:00:00",
        "E: resume at 1767312000",
        "E: resume at 1767312000000",
    ],
)
def test_an_end_that_tells_the_wait_or_its_end_passes(text):
    assert judged("limits.long-wait-parks", parked(REFUSED, raised(text, at_s=1))).value == "passed"


def test_the_time_may_stand_in_the_log():
    told = parked(REFUSED, logged("limit hit, wait_s=86400.0", 0.2), raised("E: 429", at_s=1))

    assert judged("limits.long-wait-parks", told).value == "passed"


def test_an_end_without_the_time_fails():
    verdict = judged("limits.long-wait-parks", parked(REFUSED, raised("E: 429 too many requests", at_s=1)))

    assert verdict.value == "failed"
    sentence = "It was asked to wait 86400 s, and neither its error nor its log tells when to run again."
    assert verdict.findings[0].sentence == sentence


def test_sleeping_through_the_day_fails():
    slept = parked(REFUSED, exchange("users.list#1", DAY_S + 1), ended(at_s=DAY_S + 2))

    verdict = judged("limits.long-wait-parks", slept)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence.startswith("It was asked to wait 86400 s, and ended 86401.8 s later.")


def test_raising_only_the_next_day_fails():
    late = parked(REFUSED, raised("E: come back in 24 hours", at_s=DAY_S))

    assert judged("limits.long-wait-parks", late).value == "failed"


@pytest.mark.parametrize("end", [ended(how="hung"), ended(returned=ONE_MISSING, at_s=1)])
def test_ending_quietly_or_never_fails(end):
    assert judged("limits.long-wait-parks", parked(REFUSED, end)).value == "failed"


def test_a_record_that_is_named_with_the_time_is_parked():
    hit = limited("users.create#1", 0, wait_s=DAY_S, record_key="ada")
    named = ended("push", at_s=2, named_failures=(("ada", "limited for 24 h"),))
    plan = "keystone push users.create#1:Throttled(form='huge')"

    assert judged("limits.long-wait-parks", parked(hit, create("grace", 1), named, plan=plan)).value == "passed"


def test_parking_is_unknown_where_the_wait_was_short():
    short = parked(
        limited("users.list#1", 0, wait_s=60), raised("E: 429"), plan="keystone pull users.list#1:Throttled()"
    )

    assert judged("limits.long-wait-parks", short).value == "unknown"


@pytest.mark.parametrize("text", ["status=429", "request req-86400ab", "port 8640", "2026-01-01T00:00:00Z"])
def test_numbers_that_are_no_time_tell_nothing(text):
    assert not tells_wait(text, wait_s=DAY_S, until_epoch_s=BEGAN + DAY_S)
