"""token.stays-home, token.never-leaks."""

import pytest

from tests.histories import ended, exchange, judged, logged, raised, run

FOREIGN_NEXT = "keystone pull users.list#1:ForeignNext()"
OFFERED = exchange("users.list#1", 0, fault="ForeignNext()")


def abroad(**facts):
    return exchange("foreign#1", 1, host="elsewhere.test", foreign=True, status=404, error=True, **facts)


def test_a_foreign_link_that_is_not_followed_passes():
    assert judged("token.stays-home", run(FOREIGN_NEXT, OFFERED, raised(), asks="either")).value == "passed"


def test_a_foreign_link_followed_without_credentials_passes():
    bare = run(FOREIGN_NEXT, OFFERED, abroad(credential=False), raised(), asks="either")

    assert judged("token.stays-home", bare).value == "passed"


def test_a_credential_at_another_host_fails():
    verdict = judged("token.stays-home", run(FOREIGN_NEXT, OFFERED, abroad(), raised(), asks="either"))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It sent its credentials to elsewhere.test."


def test_a_redirect_followed_with_credentials_fails():
    redirected = exchange("users.list#1", 0, fault="Redirected()", status=307)
    followed = run("keystone pull users.list#1:Redirected()", redirected, abroad(), raised(), asks="either")

    assert judged("token.stays-home", followed).value == "failed"


def test_staying_home_is_unknown_where_nothing_led_away():
    assert judged("token.stays-home", run("keystone pull", exchange("users.list#1", 0))).value == "unknown"


# -- token.never-leaks -------------------------------------------------------------------------------------------------


def test_a_run_that_shows_no_secret_passes():
    quiet = run("keystone pull", exchange("users.list#1", 0), logged("sent <token 1>", 1))

    assert judged("token.never-leaks", quiet).value == "passed"


def test_a_secret_in_a_log_record_fails():
    leaky = run("keystone pull", exchange("users.list#1", 0), logged("sent", 1, leaks=("token 1",)))

    verdict = judged("token.never-leaks", leaky)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It logged its token 1."


@pytest.mark.parametrize("act", [raised("Error: it failed", leaks=("client secret",)), ended(leaks=("client secret",))])
def test_a_secret_in_an_error_or_a_result_fails(act):
    verdict = judged("token.never-leaks", run("keystone pull", exchange("users.list#1", 0), act))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It showed its client secret in its error, its result or its output."


def test_leaks_are_unknown_where_no_secret_was_used():
    unsigned = run("mediawiki pull", exchange("pages.list#1", 0, credential=False))

    assert judged("token.never-leaks", unsigned).value == "unknown"
