"""Tokens end: on time, early, unannounced; and the endpoint that gives them out has troubles of its own."""

import pytest

from harness.stage.faults import (
    ClockSetBack,
    ClockSetForward,
    CredentialsRejected,
    ForeignNext,
    InsufficientScope,
    LifetimeAsText,
    LifetimeUnsaid,
    LifetimeZero,
    Redirected,
    Revoked,
    ServerError,
    ShortLived,
    Slow,
    Throttled,
    TwoAccounts,
    VendorClockAhead,
    VendorClockBehind,
    Workers,
    named,
)


@pytest.mark.requires("token.reused", "token.refresh-logged")
def test_one_token_serves_a_whole_pull(pull):
    """RFC 6749 s5.1: a token is good for its lifetime."""
    pull()


@pytest.mark.requires("token.reused", "token.refresh-logged")
def test_one_token_serves_a_whole_push(push):
    push()


@pytest.mark.requires("token.never-expired", "token.refreshed-early", "token.reused", "token.refresh-logged")
@pytest.mark.parametrize("lifetime_s", [1, 2, 3])
def test_a_token_that_ends_in_the_middle_of_a_pull_is_replaced_before_its_end(pull, lifetime_s):
    pull(ShortLived(expires_in_s=lifetime_s), at="token", times=None)


@pytest.mark.requires("token.never-expired", "token.refreshed-early", "token.reused")
def test_a_token_that_ends_in_the_middle_of_a_push_is_replaced_before_its_end(push):
    push(ShortLived(expires_in_s=2), at="token", times=None)


@pytest.mark.requires("outcome.survived", "outcome.ends", "token.reused")
@pytest.mark.parametrize("fault", [LifetimeUnsaid(), LifetimeAsText()], ids=named)
def test_a_lifetime_that_is_no_number_harms_nobody(pull, fault):
    """RFC 6749 s5.1 only recommends ``expires_in``."""
    pull(fault, at="token")


@pytest.mark.requires("outcome.honest", "outcome.ends", "token.reused")
def test_a_lifetime_of_nothing_hides_nothing(pull):
    pull(LifetimeZero(), at="token")


@pytest.mark.requires("token.rejection-recovered")
def test_a_token_that_is_taken_back_during_a_pull_is_replaced_once(pull):
    """RFC 6750 s3.1: 401 invalid_token; the client may ask for a new one and try again."""
    pull(Revoked(), at="*")


@pytest.mark.requires("token.rejection-recovered")
def test_a_token_that_is_taken_back_during_a_push_is_replaced_once(push):
    push(Revoked(), at="*")


@pytest.mark.requires("token.bad-credentials-loud", "errors.context-logged")
def test_credentials_that_are_not_taken_end_the_run_loudly(pull):
    """RFC 6749 s5.2: invalid_client does not pass by waiting."""
    pull(CredentialsRejected(), at="*", times=None)


@pytest.mark.requires("token.skew-tolerated")
@pytest.mark.parametrize(
    "fault", [ClockSetBack(), ClockSetForward(), VendorClockAhead(), VendorClockBehind()], ids=named
)
def test_a_wrong_clock_neither_ends_a_token_nor_extends_it(pull, fault):
    """RFC 6749 s5.1: ``expires_in`` is a span, and no date."""
    pull(fault, at="token")


@pytest.mark.requires("token.scope-failure-distinct", "errors.context-logged")
@pytest.mark.parametrize("status", [403, 401])
def test_a_token_that_may_not_read_this_is_not_replaced_over_and_over(pull, status):
    """RFC 6750 s3.1: insufficient_scope."""
    pull(InsufficientScope(status=status), at="list", times=None)


@pytest.mark.requires("token.scope-failure-distinct", "errors.permanent-not-retried", "errors.context-logged")
def test_a_token_that_may_not_write_this_is_not_replaced_for_each_record(push):
    push(InsufficientScope(), at="create", times=None)


@pytest.mark.requires("token.endpoint-throttled", "limits.wait-honoured")
@pytest.mark.parametrize(
    "fault", [Throttled(retry_after_s=30), Throttled(retry_after_s=45, form="http_date")], ids=named
)
@pytest.mark.parametrize("times", [1, 3])
def test_a_limit_at_the_token_endpoint_is_obeyed(pull, fault, times):
    pull(fault, at="token", times=times)


@pytest.mark.requires("outcome.survived", "outcome.ends", "token.reused")
@pytest.mark.parametrize("fault", [ServerError(), Slow()], ids=named)
def test_trouble_at_the_token_endpoint_is_survived(pull, fault):
    pull(fault, at="token")


@pytest.mark.requires("token.single-flight")
def test_workers_that_need_a_token_at_once_ask_for_one(pull):
    pull(Workers(threads=4), at="run")


@pytest.mark.requires("token.bound")
@pytest.mark.parametrize("differ", ["client", "issuer"])
def test_two_accounts_in_one_process_have_a_token_each(pull, differ):
    pull(TwoAccounts(differ=differ), at="run")


@pytest.mark.requires("token.stays-home")
@pytest.mark.parametrize("fault", [ForeignNext(), Redirected()], ids=named)
def test_no_credential_goes_to_another_host(pull, fault):
    """RFC 9110 s15.4: a redirect, like a link, may lead to anybody."""
    pull(fault, at="list")


@pytest.mark.requires("token.never-leaks")
def test_no_secret_shows_when_a_pull_fails(pull):
    pull(ServerError(status=500), at="*", times=None)


@pytest.mark.requires("token.never-leaks")
def test_no_secret_shows_when_credentials_are_not_taken(pull):
    pull(Redirected(), at="*", times=None)
