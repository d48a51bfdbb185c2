"""It is too much: a refusal with a time to wait, without one, three in a row, for ever."""

import pytest

from harness.stage.faults import (
    Backwards,
    Forbidden,
    QuotaTaken,
    RecordThrottled,
    ServerError,
    Throttled,
    Workers,
    named,
)

WAITS = [
    Throttled(retry_after_s=1),
    Throttled(retry_after_s=30),
    Throttled(retry_after_s=60),
    Throttled(retry_after_s=20, form="http_date"),
    Throttled(retry_after_s=20, form="iso8601"),
    Throttled(retry_after_s=20, form="delta_ms"),
    Throttled(retry_after_s=20, form="delta_s"),
    Throttled(retry_after_s=20, form="epoch_s"),
]
LONG_WAITS = [
    Throttled(retry_after_s=7200),
    Throttled(retry_after_s=72_000, form="http_date"),
    Throttled(form="huge"),
]
NO_WAITS = [Throttled(form=form) for form in ("absent", "zero", "negative", "garbage")]


@pytest.mark.requires("limits.wait-honoured", "limits.hits-logged")
@pytest.mark.parametrize("fault", WAITS, ids=named)
def test_a_pull_waits_as_long_as_it_was_told(pull, fault):
    """RFC 9110 s10.2.3."""
    pull(fault, at="list")


@pytest.mark.requires("limits.wait-honoured", "limits.hits-logged")
@pytest.mark.parametrize("fault", WAITS[1:4], ids=named)
def test_a_push_waits_as_long_as_it_was_told(push, fault):
    push(fault, at="*")


@pytest.mark.requires("limits.storm-survived", "limits.hits-logged", "limits.amplification")
@pytest.mark.parametrize("fault", [WAITS[1], WAITS[2], WAITS[3], *NO_WAITS], ids=named)
def test_a_pull_survives_three_refusals_in_a_row(pull, fault):
    pull(fault, at="list", times=3)


@pytest.mark.requires("limits.storm-survived", "limits.amplification")
@pytest.mark.parametrize("fault", [WAITS[1], NO_WAITS[0]], ids=named)
def test_a_push_survives_three_refusals_in_a_row(push, fault):
    push(fault, at="*", times=3)


@pytest.mark.requires("limits.backoff-grows")
@pytest.mark.parametrize("fault", [Throttled(form="absent")], ids=named)
def test_without_a_time_given_waits_grow_and_differ(pull, fault):
    """Exponential backoff with jitter, over 40 seeds."""
    pull(fault, at="list", times=3, seeds=range(1, 41))


@pytest.mark.requires("limits.bounded", "limits.amplification", "errors.context-logged")
@pytest.mark.parametrize("fault", [Throttled(retry_after_s=30), Throttled(form="absent"), ServerError()], ids=named)
def test_a_refusal_that_never_ends_ends_the_run_loudly(pull, fault):
    pull(fault, at="*", times=None)


@pytest.mark.requires("limits.bounded", "limits.amplification", "errors.context-logged")
def test_a_refusal_of_writes_that_never_ends_ends_the_run_loudly(push):
    push(Throttled(form="absent"), at="*", times=None)


@pytest.mark.requires("limits.long-wait-parks", "limits.wait-honoured", "errors.context-logged")
@pytest.mark.parametrize("fault", LONG_WAITS, ids=named)
def test_a_wait_of_hours_ends_a_pull_loudly_with_the_time_to_resume(pull, fault):
    pull(fault, at="list")


@pytest.mark.requires("limits.long-wait-parks", "limits.wait-honoured", "errors.context-logged")
def test_a_wait_of_a_day_ends_a_push_loudly_with_the_time_to_resume(push):
    push(Throttled(form="huge"), at="*")


@pytest.mark.requires("limits.shared-quota", "limits.wait-honoured", "limits.hits-logged")
@pytest.mark.parametrize("fault", [QuotaTaken(), QuotaTaken(retry_after_s=1, left=1)], ids=named)
def test_a_quota_that_another_app_has_used_up_is_waited_for(pull, fault):
    pull(fault, at="list")


@pytest.mark.requires("limits.scope-respected")
@pytest.mark.parametrize("fault", [WAITS[1], WAITS[3]], ids=named)
def test_what_one_worker_is_told_to_wait_all_of_them_wait(pull, fault):
    pull(fault, at="list", beside=Workers(threads=4))


@pytest.mark.requires("limits.rest-goes-on", "limits.wait-honoured", "outcome.honest")
def test_what_one_record_is_limited_to_stops_no_other(push):
    push(RecordThrottled(), at="update", beside=Backwards())


@pytest.mark.requires("limits.not-mistaken", "errors.permanent-not-retried", "errors.context-logged")
def test_a_refusal_for_good_is_not_taken_for_a_limit(pull):
    pull(Forbidden(), at="list", times=None)


@pytest.mark.requires("limits.not-mistaken", "errors.permanent-not-retried", "errors.context-logged")
def test_a_refused_write_is_not_taken_for_a_limit(push):
    push(Forbidden(), at="*", times=None)
