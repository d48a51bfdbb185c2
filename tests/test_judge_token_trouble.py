"""token.rejection-recovered, token.bad-credentials-loud, token.endpoint-throttled."""

from tests.histories import ONE_MISSING, ended, exchange, judged, limited, no_token, raised, refused, run, token, use

REVOKED = "keystone pull users.list#1:Revoked()"


def rejection(at_s=1, **facts):
    return refused("users.list#1", at_s, 401, fault="Revoked()", token_used=use(alive=False), **facts)


def listed(at_s, serial=2, **facts):
    return exchange("users.list#1", at_s, token_used=use(serial), **facts)


# -- token.rejection-recovered -----------------------------------------------------------------------------------------


def test_a_rejection_followed_by_one_token_and_the_same_request_passes():
    recovered = run(REVOKED, token(0), rejection(), token(2, 2), listed(3))

    assert judged("token.rejection-recovered", recovered).value == "passed"


def test_giving_up_after_a_rejection_fails():
    gave_up = run(REVOKED, token(0), rejection(), raised("VendorError: 401"))

    verdict = judged("token.rejection-recovered", gave_up)

    assert verdict.value == "failed"
    sentence = "It did not send GET /v3/users?page=1 again after the 401. It raised VendorError: 401."
    assert verdict.findings[0].sentence == sentence


def test_sending_the_rejected_token_again_fails():
    stubborn = run(REVOKED, token(0), rejection(), listed(2, 1, status=401, error=True), token(3, 2), listed(4))

    verdict = judged("token.rejection-recovered", stubborn)

    assert verdict.findings[0].sentence == "It fetched 0 new tokens between the 401 and the next attempt."


def test_two_tokens_for_one_rejection_fail():
    greedy = run(REVOKED, token(0), rejection(), token(2, 2), token(3, 3), listed(4, 3))

    assert judged("token.rejection-recovered", greedy).value == "failed"


def test_a_write_must_be_repeated_with_its_body():
    asked = {"method": "POST", "target": "/v3/users", "write": True}
    other = run(
        "keystone push users.create#1:Revoked()",
        token(0),
        rejection(**asked, request_body="alice"),
        token(2, 2),
        listed(3, **asked, request_body="bob"),
    )

    assert judged("token.rejection-recovered", other).value == "failed"


def test_what_a_recovered_run_hides_for_another_reason_is_another_requirements_matter():
    partial = run(REVOKED, token(0), rejection(), token(2, 2), listed(3), ended(returned=ONE_MISSING))

    assert judged("token.rejection-recovered", partial).value == "passed"
    assert judged("outcome.honest", partial).value == "failed"


def test_recovery_is_unknown_without_a_rejection():
    assert judged("token.rejection-recovered", run("keystone pull", token(0), listed(1, 1))).value == "unknown"


def test_a_token_taken_back_for_ever_need_not_be_recovered_from():
    for_ever = run(REVOKED + "x*", token(0), rejection(), raised("VendorError: 401"), asks="loud")

    assert judged("token.rejection-recovered", for_ever).value == "unknown"


# -- token.bad-credentials-loud ----------------------------------------------------------------------------------------

REJECTED = "keystone pull token#1:CredentialsRejected()x*"


def refusals(count):
    return [no_token(at_s, fault="CredentialsRejected()") for at_s in range(count)]


def test_rejected_credentials_that_end_the_run_loudly_pass():
    loud = run(REJECTED, *refusals(1), raised("AuthError: 401 invalid_client"), asks="loud")

    assert judged("token.bad-credentials-loud", loud).value == "passed"


def test_three_token_calls_with_rejected_credentials_are_the_most():
    error = raised("AuthError: 401 invalid_client")

    assert judged("token.bad-credentials-loud", run(REJECTED, *refusals(3), error, asks="loud")).value == "passed"
    assert judged("token.bad-credentials-loud", run(REJECTED, *refusals(4), error, asks="loud")).value == "failed"


def test_rejected_credentials_taken_for_an_empty_vendor_fail():
    silent = run(REJECTED, *refusals(1), ended(returned=ONE_MISSING), asks="loud")

    verdict = judged("token.bad-credentials-loud", silent)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It returned 2 of 3 records and said done (without: carol)."


def test_credentials_rejected_once_may_be_tried_again():
    once = run("keystone pull token#1:CredentialsRejected()", *refusals(1), token(1), listed(2, 1), asks="either")

    assert judged("token.bad-credentials-loud", once).value == "passed"


def test_bad_credentials_are_unknown_where_all_were_taken():
    assert judged("token.bad-credentials-loud", run("keystone pull", token(0))).value == "unknown"


# -- token.endpoint-throttled ------------------------------------------------------------------------------------------

THROTTLED = "keystone pull token#1:Throttled()"


def test_a_token_call_after_the_wait_passes():
    waited = run(THROTTLED, limited("token#1", 0, wait_s=30), token(30.5))

    assert judged("token.endpoint-throttled", waited).value == "passed"


def test_a_token_call_before_the_end_of_the_wait_fails():
    hammered = run(THROTTLED, limited("token#1", 0, wait_s=30), token(1.2))

    verdict = judged("token.endpoint-throttled", hammered)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It asked the token endpoint again 29 s too early."


def test_dying_of_one_refused_token_call_fails():
    died = run(THROTTLED, limited("token#1", 0), raised("AuthError: 429"))

    assert judged("token.endpoint-throttled", died).value == "failed"


def test_dying_in_a_storm_of_refused_token_calls_is_another_requirements_matter():
    refusals = [limited("token#1", at_s, wait_s=30) for at_s in (0, 31, 62)]
    died = run(THROTTLED + "x3", *refusals, raised("AuthError: 429"))

    assert judged("token.endpoint-throttled", died).value == "passed"
    assert judged("limits.storm-survived", died).value == "failed"


def test_a_throttled_token_endpoint_is_unknown_where_only_listings_were_throttled():
    other = run("keystone pull users.list#1:Throttled()", token(0), limited("users.list#1", 1))

    assert judged("token.endpoint-throttled", other).value == "unknown"
