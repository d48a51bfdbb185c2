"""token.reused, token.refresh-logged, token.single-flight."""

import logging

import pytest

from tests.histories import ended, exchange, judged, logged, refused, run, token, use


def listed(number, at_s, serial=1, **facts):
    return exchange(f"users.list#{number}", at_s, token_used=use(serial), **facts)


# -- token.reused ------------------------------------------------------------------------------------------------------


def test_one_token_for_several_requests_is_reused():
    clean = run("keystone pull", token(0), listed(1, 1), listed(2, 2))

    assert judged("token.reused", clean).value == "passed"


def test_a_token_for_each_request_is_not_reused():
    greedy = run("keystone pull", token(0), listed(1, 1), token(2, 2), listed(2, 3, 2), token(4, 3), listed(3, 5, 3))

    verdict = judged("token.reused", greedy)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It fetched 3 tokens in 4 s, the first good for 20 s."
    assert verdict.findings[0].seen == "3 token calls"


def test_a_new_token_after_half_the_lifetime_is_allowed():
    assert judged("token.reused", run("keystone pull", token(0), listed(1, 1), token(10, 2))).value == "passed"


def test_a_new_token_before_half_the_lifetime_is_not_allowed():
    assert judged("token.reused", run("keystone pull", token(0), listed(1, 1), token(9.9, 2))).value == "failed"


def test_a_rejected_token_may_be_replaced_at_once():
    rejection = refused("users.list#1", 1, 401, token_used=use(alive=False))
    recovered = run("keystone pull", token(0), rejection, token(2, 2), listed(1, 3, 2))

    assert judged("token.reused", recovered).value == "passed"


def test_two_processes_at_once_have_a_token_each():
    overlap = run("keystone push run#1:Overlap()", token(0), token(0, 2, thread="t1"), asks="either")

    assert judged("token.reused", overlap).value == "unknown"


def test_two_accounts_have_a_token_each():
    accounts = run("keystone pull run#1:TwoAccounts()", token(0), token(4, 2))

    assert judged("token.reused", accounts).value == "unknown"


def test_each_act_may_fetch_a_token_of_its_own():
    second = token(2, 2, act=2), listed(1, 3, 2, act=2)
    again = run("keystone pull run#1:Again()", token(0), listed(1, 1), *second, ended(), ended(act=2))

    assert judged("token.reused", again).value == "passed"


def test_a_token_that_never_arrived_does_not_count():
    lost = token(0, status=None, answered_us=None, fault="HangUp(after_effect=True)")

    assert judged("token.reused", run("keystone pull", lost, token(1, 2), listed(1, 2, 2))).value == "passed"


def test_a_token_told_to_live_for_no_time_may_be_replaced_at_any_moment():
    zero = run("keystone pull token#1:LifetimeZero()", token(0, told_s=0), listed(1, 1), token(2, 2), listed(2, 3, 2))

    assert judged("token.reused", zero).value == "passed"


def test_reuse_is_unknown_where_no_token_was_given_out():
    assert judged("token.reused", run("keystone pull", exchange("users.list#1", 0))).value == "unknown"


# -- token.single-flight -----------------------------------------------------------------------------------------------

WORKERS = "keystone pull run#1:Workers()"


def test_workers_that_share_one_token_call_pass():
    shared = run(WORKERS, token(0), listed(1, 1, thread="a"), listed(1, 1, thread="b"))

    assert judged("token.single-flight", shared).value == "passed"


def test_workers_that_ask_at_once_fail():
    raced = run(WORKERS, token(0, thread="a"), token(0.1, 2, thread="b"))

    verdict = judged("token.single-flight", raced)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "Two threads asked for a token at once, 0.1 s apart."
    assert verdict.findings[0].seen == "2 token calls by 2 threads"


def test_workers_that_ask_one_after_the_other_fail_too():
    queued = run(WORKERS, token(0, thread="a"), token(1, 2, thread="b"))

    assert judged("token.single-flight", queued).value == "failed"


def test_workers_that_replace_one_rejected_token_once_pass():
    rejections = [refused("users.list#1", 1, 401, token_used=use(alive=False), thread=name) for name in "abcd"]
    shared = run(WORKERS, token(0), *rejections, token(2, 2), listed(1, 3, 2))

    assert judged("token.single-flight", shared).value == "passed"


def test_single_flight_is_unknown_without_workers():
    assert judged("token.single-flight", run("keystone pull", token(0), token(0.1, 2))).value == "unknown"


# -- token.refresh-logged ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["token refreshed reason=first", "Fetching a token: the old one has expired"])
def test_a_refresh_with_its_reason_in_the_log_passes(text):
    assert judged("token.refresh-logged", run("keystone pull", token(0), logged(text, 0.2))).value == "passed"


def test_the_reason_may_be_a_field():
    record = logged("token_refreshed", 0.2, fields=(("reason", "expiring"),))

    assert judged("token.refresh-logged", run("keystone pull", token(0), record)).value == "passed"


def test_the_refresh_may_be_told_before_it_is_made():
    told = run("keystone pull", listed(1, 0), logged("refresh: token expiring", 0.3), token(0.5, 2))

    assert judged("token.refresh-logged", told).value == "passed"


def test_one_reason_serves_all_attempts_at_one_refresh():
    failed = refused("token#1", 0.5, 503, fault="ServerError()")
    told = run("keystone pull token#1:ServerError()", logged("token: first", 0.4), failed, token(3))

    assert judged("token.refresh-logged", told).value == "passed"


@pytest.mark.parametrize("text", ["token fetched, expires in 20 s", "users fetched reason=first", ""])
def test_a_refresh_without_its_reason_fails(text):
    assert judged("token.refresh-logged", run("keystone pull", token(0), logged(text, 0.2))).value == "failed"


def test_each_refresh_needs_a_record_of_its_own():
    first_alone = run("keystone pull", token(0), logged("token reason=first", 0.2), listed(1, 18), token(19, 2))

    verdict = judged("token.refresh-logged", first_alone)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It fetched a token at 19 s and did not log why."


def test_tokens_fetched_at_once_are_logged_when_they_come():
    raced = token(0, thread="a"), token(0, 2, thread="b"), logged("token reason=first", 0.2)

    assert judged("token.refresh-logged", run(WORKERS, *raced)).value == "passed"


def rejected_three_times(level):
    events = [token(0), logged("token reason=first", 0.2)]
    for serial in (1, 2, 3):
        events += [
            refused("users.list#1", serial, 401, token_used=use(serial, alive=False)),
            token(serial + 0.3, serial + 1),
            logged("token reason=rejected", serial + 0.5, level),
        ]
    return run("keystone pull users.list#1:Revoked()x3", *events)


def test_tokens_rejected_again_and_again_are_a_warning():
    assert judged("token.refresh-logged", rejected_three_times(logging.WARNING)).value == "passed"
    assert judged("token.refresh-logged", rejected_three_times(logging.INFO)).value == "failed"


def test_refresh_logging_is_unknown_where_no_token_was_given_out():
    assert judged("token.refresh-logged", run("roundup pull")).value == "unknown"
