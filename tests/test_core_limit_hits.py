"""A limit is known in whichever form the vendor tells it, waited out, and told."""

import logging

import pytest

from harness.core import (
    Refused,
    WaitTooLong,
)
from harness.dialects.facts import CostWait, Errors, Limits
from tests.core_dialects import dialect, integration
from tests.core_pulls import USERS, error, failed, pulled
from tests.core_vendor import Clock, in_turn, reply, vendor


def test_a_limit_in_the_vendors_own_status_is_waited_out():
    spoken = dialect(limits=Limits(status=403, codes=("rateLimitExceeded",)))
    limit = error(403, code="rateLimitExceeded", retry_after="20")

    rows, clock, _ = pulled(in_turn(limit, reply(USERS)), spoken=spoken)

    assert rows == USERS["rows"]
    assert 20 <= clock.slept_s[0] <= 21


def test_a_refusal_in_the_limits_status_with_another_code_is_not_repeated():
    spoken = dialect(limits=Limits(status=403, codes=("rateLimitExceeded",)))

    _, _, asked = failed(in_turn(error(403, code="forbidden")), Refused, spoken=spoken)

    assert len(asked) == 1


def test_a_limits_code_is_known_in_whichever_case():
    spoken = dialect(limits=Limits(status=400, codes=("HOURLY_APIINVOCATION_LIMIT_EXCEEDED",)))

    rows, _, _ = pulled(in_turn(error(400, code="Hourly_APIInvocation_Limit_Exceeded"), reply(USERS)), spoken=spoken)

    assert rows == USERS["rows"]


GRAPHQL = {
    "limits": Limits(
        status=200,
        codes=("THROTTLED",),
        waits=(),
        body_waits=(
            CostWait(
                requested=("extensions", "cost", "requestedQueryCost"),
                available=("extensions", "cost", "throttleStatus", "currentlyAvailable"),
                restored_per_s=("extensions", "cost", "throttleStatus", "restoreRate"),
            ),
        ),
    ),
    "errors": Errors(
        code=("errors", 0, "extensions", "code"),
        message=("errors", 0, "message"),
        in_success=("errors",),
        transient_codes=("INTERNAL_SERVER_ERROR",),
    ),
}


def graphql_error(code):
    status = {"maximumAvailable": 1000.0, "currentlyAvailable": 666, "restoreRate": 10.0}
    told = {"cost": {"requestedQueryCost": 752, "actualQueryCost": None, "throttleStatus": status}}
    return reply({"errors": [{"message": "Throttled", "extensions": {"code": code}}], "extensions": told})


def test_a_throttled_query_waits_until_the_bucket_holds_its_cost():
    rows, clock, _ = pulled(in_turn(graphql_error("THROTTLED"), reply(USERS)), spoken=dialect(**GRAPHQL))

    assert rows == USERS["rows"]
    assert 8.6 <= clock.slept_s[0] <= 9.6


def test_a_query_that_costs_more_than_any_bucket_holds_is_asked_once():
    _, _, asked = failed(in_turn(graphql_error("MAX_COST_EXCEEDED")), Refused, spoken=dialect(**GRAPHQL))

    assert len(asked) == 1


def test_a_429_is_a_limit_whatever_else_the_dialect_says():
    spoken = dialect(limits=Limits(status=403, codes=("rateLimitExceeded",)))

    rows, _, _ = pulled(in_turn(error(429, code="other"), reply(USERS)), spoken=spoken)

    assert rows == USERS["rows"]


def test_a_limit_in_the_body_of_a_success_is_waited_out():
    spoken = dialect(limits=Limits(status=200, codes=("ratelimited",), waits=()))

    rows, clock, _ = pulled(in_turn(reply({"error": {"code": "ratelimited"}}), reply(USERS)), spoken=spoken)

    assert rows == USERS["rows"]
    assert 1 <= clock.slept_s[0] <= 2


def test_a_code_that_is_not_among_the_passing_ones_is_refused_for_good():
    spoken = dialect(errors=Errors(transient_codes=("readonly",)))

    _, _, asked = failed(in_turn(reply({"error": {"code": "permissiondenied"}})), Refused, spoken=spoken)

    assert len(asked) == 1


def test_a_wait_of_hours_ends_the_run_with_the_time_to_resume_and_parks_the_next_one():
    clock = Clock()
    with vendor(in_turn(error(429, retry_after="86400"))) as serving, integration(serving, dialect(), clock) as core:
        with pytest.raises(WaitTooLong, match="2027-01-16T08:00:0"):
            list(core.pull("users"))
        with pytest.raises(WaitTooLong, match=r"users\.list: .*run again after"):
            list(core.pull("users"))

    assert len(serving.asked) == 1
    assert clock.slept_s == []


def test_limit_hits_are_logged_and_regular_ones_are_a_warning_of_their_own(caplog):
    pulled(in_turn(*[error(429, retry_after="5")] * 3, reply(USERS)))

    hits = [record for record in caplog.records if record.event == "limit_hit"]
    regular = [record.getMessage() for record in caplog.records if record.event == "limit_regular"]

    assert [(record.levelno, record.status, record.request_id) for record in hits] == [
        (logging.WARNING, 429, "req-9")
    ] * 3
    assert "limit hit, throttled: users.list" in hits[0].getMessage()
    assert "the limit is hit regularly: 3 times in 1" in regular[0]
