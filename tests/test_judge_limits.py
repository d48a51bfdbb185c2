"""limits.wait-honoured, bounded, storm-survived, not-mistaken, hits-logged."""

import logging

import pytest

from tests.histories import (
    ONE_MISSING,
    create,
    ended,
    exchange,
    judged,
    limited,
    logged,
    raised,
    refused,
    run,
    unanswered,
)

THROTTLED = "keystone pull users.list#1:Throttled()"


# -- limits.wait-honoured ----------------------------------------------------------------------------------------------


def test_an_attempt_after_the_wait_passes():
    waited = run(THROTTLED, limited("users.list#1", 0, wait_s=30), exchange("users.list#1", 30.2))

    assert judged("limits.wait-honoured", waited).value == "passed"


def test_an_attempt_before_the_end_of_the_wait_fails():
    early = run(THROTTLED, limited("users.list#1", 0, wait_s=30), exchange("users.list#1", 1.2))

    verdict = judged("limits.wait-honoured", early)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It asked for users.list again 29 s too early."
    assert verdict.findings[0].expected == "no users.list before 30.2 s, the time that the vendor gave"


def test_ending_loudly_honours_a_wait():
    gave_up = run(THROTTLED, limited("users.list#1", 0, wait_s=86_400), raised("VendorError: 429"), asks="either")

    assert judged("limits.wait-honoured", gave_up).value == "passed"


def test_other_operations_may_go_on():
    other = run(THROTTLED, limited("users.list#1", 0, wait_s=30), exchange("token#1", 1), exchange("users.list#1", 31))

    assert judged("limits.wait-honoured", other).value == "passed"


def test_what_was_under_way_when_the_limit_was_told_is_excused():
    crossing = run(THROTTLED, limited("users.list#1", 0, wait_s=30), exchange("users.list#1", 0.1, thread="b"))

    assert judged("limits.wait-honoured", crossing).value == "passed"


def test_another_act_is_another_process_that_heard_of_no_limit():
    crashed = run(
        "keystone pull users.list#2:Crash()",
        limited("users.list#1", 0, wait_s=30),
        ended(how="crashed"),
        exchange("users.list#1", 2, act=2),
        ended(act=2),
    )

    assert judged("limits.wait-honoured", crashed).value == "passed"


def test_a_limit_without_a_time_shows_nothing_about_waits():
    unsaid = run(THROTTLED, limited("users.list#1", 0, wait_s=None), exchange("users.list#1", 1))

    assert judged("limits.wait-honoured", unsaid).value == "unknown"


# -- limits.bounded ----------------------------------------------------------------------------------------------------

FOR_EVER = "keystone pull users.list#1:Throttled(form='absent')x*"


def attempts(count, apart_s=10):
    return [limited("users.list#1", number * apart_s, wait_s=None) for number in range(count)]


def test_retries_that_end_loudly_pass():
    bounded = run(FOR_EVER, *attempts(6), raised("VendorError: 429"), asks="loud")

    assert judged("limits.bounded", bounded).value == "passed"


def test_more_than_twenty_attempts_fail():
    error = raised("VendorError: 429", at_s=300)

    assert judged("limits.bounded", run(FOR_EVER, *attempts(20), error, asks="loud")).value == "passed"
    verdict = judged("limits.bounded", run(FOR_EVER, *attempts(21), error, asks="loud"))
    assert (verdict.value, verdict.findings[0].sentence) == ("failed", "It tried users.list#1 21 times.")


def test_records_that_are_given_up_one_by_one_are_bounded_each():
    forever = "keystone push users.lookup#1:Throttled(form='absent')x*"
    refusals = [
        limited("users.lookup#1", number * 10, wait_s=None, target=f"/v3/users?name={key}", record_key=key)
        for number, key in enumerate(["ada"] * 7 + ["grace"] * 7 + ["joan"] * 7)
    ]

    given_up = run(forever, *refusals, raised("VendorError: ada, grace, joan: 429", at_s=300), asks="loud")

    assert judged("limits.bounded", given_up).value == "passed"


def test_token_calls_that_start_over_for_each_record_are_not_bounded():
    forever = "keystone push token#1:Throttled(form='absent')x*"
    refusals = [limited("token#1", number * 10, wait_s=None) for number in range(21)]

    assert judged("limits.bounded", run(forever, *refusals, raised("429", at_s=300), asks="loud")).value == "failed"


def test_more_than_an_hour_fails():
    slow = run(FOR_EVER, *attempts(6, apart_s=700), raised("VendorError: 429", at_s=3601), asks="loud")

    verdict = judged("limits.bounded", slow)

    assert (verdict.value, verdict.findings[0].sentence) == ("failed", "It went on for 3601 s.")


@pytest.mark.parametrize("end", [ended(how="hung"), ended(returned=ONE_MISSING)])
def test_retries_that_end_quietly_or_never_fail(end):
    assert judged("limits.bounded", run(FOR_EVER, *attempts(3), end, asks="loud")).value == "failed"


def test_bounds_are_unknown_where_the_trouble_passes():
    assert judged("limits.bounded", run(THROTTLED, *attempts(1), exchange("users.list#1", 20))).value == "unknown"


# -- limits.storm-survived ---------------------------------------------------------------------------------------------

STORM = "keystone pull users.list#1:Throttled()x3"
REFUSALS = [limited("users.list#1", at_s) for at_s in (0, 31, 62)]


def test_a_storm_that_ends_correct_is_survived():
    assert judged("limits.storm-survived", run(STORM, *REFUSALS, exchange("users.list#1", 93))).value == "passed"


def test_giving_up_in_a_storm_fails():
    verdict = judged("limits.storm-survived", run(STORM, *REFUSALS, raised("VendorError: 429")))

    assert verdict.value == "failed"
    sentence = "It came to its end at refusal 3 of the storm. It raised VendorError: 429."
    assert verdict.findings[0].sentence == sentence


def test_taking_a_storm_for_the_end_of_the_listing_fails():
    partial = run(STORM, *REFUSALS, ended(returned=ONE_MISSING))

    assert judged("limits.storm-survived", partial).value == "failed"


def test_one_refusal_is_no_storm():
    once = run(THROTTLED, REFUSALS[0], raised("VendorError: 429"))

    assert judged("limits.storm-survived", once).value == "unknown"


# -- limits.not-mistaken -----------------------------------------------------------------------------------------------

FORBIDDEN = "keystone pull users.list#1:Forbidden()x*"


def forbidden(at_s):
    return refused("users.list#1", at_s, 403, fault="Forbidden()")


def test_a_refusal_for_good_that_is_not_repeated_passes():
    once = run(FORBIDDEN, forbidden(0), raised("VendorError: 403"), asks="loud")

    assert judged("limits.not-mistaken", once).value == "passed"


def test_a_refusal_for_good_taken_for_a_limit_fails():
    verdict = judged("limits.not-mistaken", run(FORBIDDEN, forbidden(0), forbidden(9), raised("E: 403"), asks="loud"))

    assert verdict.value == "failed"
    assert verdict.findings[0].seen == "2 attempts"


def test_the_same_refusal_of_another_record_is_no_repeat():
    refusals = [create(key, at_s, status=403, error=True, fault="Forbidden()") for at_s, key in enumerate(("a", "b"))]

    assert judged("limits.not-mistaken", run("keystone push users.create#1:Forbidden()x*", *refusals)).value == "passed"


def test_a_limit_in_an_unusual_status_that_is_retried_passes():
    unusual = limited("pages.list#1", 0, status=200, wait_s=None)
    retried = run("mediawiki pull pages.list#1:Throttled(form='absent')", unusual, exchange("pages.list#1", 2))

    assert judged("limits.not-mistaken", retried).value == "passed"


def test_a_limit_in_an_unusual_status_taken_for_fatal_fails():
    unusual = limited("pages.list#1", 0, status=200, wait_s=None)
    died = run("mediawiki pull pages.list#1:Throttled(form='absent')", unusual, raised("VendorError: ratelimited"))

    verdict = judged("limits.not-mistaken", died)

    assert verdict.value == "failed"
    sentence = "It took a limit with status 200 for something else, and did not try again."
    assert verdict.findings[0].sentence == sentence


def test_mistakes_are_unknown_where_every_limit_looked_like_one():
    assert judged("limits.not-mistaken", run(THROTTLED, *REFUSALS[:1])).value == "unknown"


# -- limits.hits-logged ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["rate limit hit", "throttled", "status=429", "Too Many Requests", "RateLimited"])
def test_a_hit_that_is_logged_passes(text):
    told = run(THROTTLED, limited("users.list#1", 0), logged(text, 0.2), exchange("users.list#1", 31))

    assert judged("limits.hits-logged", told).value == "passed"


def test_a_hit_without_a_record_fails():
    mute = run(THROTTLED, limited("users.list#1", 0), logged("retrying in 30 s", 0.2), exchange("users.list#1", 31))

    verdict = judged("limits.hits-logged", mute)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It was limited at 0 s and did not log it."


def test_a_record_after_the_next_attempt_is_too_late():
    late = run(THROTTLED, limited("users.list#1", 0), exchange("users.list#1", 31), logged("limit hit", 40))

    assert judged("limits.hits-logged", late).value == "failed"


def test_what_other_threads_ask_meanwhile_does_not_keep_a_hit_from_being_logged():
    others = [exchange(f"users.lookup#{number}", 0.1 * number, thread=f"push_{number}") for number in (2, 3, 4)]
    hit = limited("users.lookup#1", 0, thread="push_1", record_key="ada")
    told = run("keystone push users.lookup#1:Throttled()", hit, *others, logged("rate limit hit: ada", 0.2))

    assert judged("limits.hits-logged", told).value == "passed"


def test_a_copy_of_the_vendors_message_or_address_does_not_call_it_a_limit():
    hit = limited("pages.list#1", 0, status=200, wait_s=None, vendor_message="You are limited.\nCome again later.")
    copied = logged("failed /api.php?aplimit=2 message=You are limited.", 0.2)
    told = run("mediawiki pull pages.list#1:Throttled(form='absent')", hit, copied, exchange("pages.list#1", 9))

    assert judged("limits.hits-logged", told).value == "failed"


def test_the_last_hit_may_be_told_by_the_error():
    gave_up = run(THROTTLED, limited("users.list#1", 0), raised("VendorError: rate limit, come back in a day"))

    assert judged("limits.hits-logged", gave_up).value == "passed"


GIVEN_UP = limited("users.lookup#1", 0, record_key="ada"), exchange("users.lookup#2", 1, record_key="grace")


@pytest.mark.parametrize(
    "end",
    [
        raised("PushError: 1 of 2 failed: ada: rate limit, come back in a day"),
        ended(named_failures=(("ada", "rate limit, come back in a day"),)),
    ],
)
def test_the_last_hit_of_a_record_may_be_told_with_the_record_in_the_end(end):
    assert (
        judged("limits.hits-logged", run("keystone push users.lookup#1:Throttled()x*", *GIVEN_UP, end)).value
        == "passed"
    )


def test_an_error_that_does_not_name_the_record_tells_nothing_of_its_hit():
    end = raised("PushError: grace: rate limit")

    assert (
        judged("limits.hits-logged", run("keystone push users.lookup#1:Throttled()", *GIVEN_UP, end)).value == "failed"
    )


@pytest.mark.parametrize(("level", "value"), [(logging.WARNING, "passed"), (logging.INFO, "failed")])
def test_regular_hits_are_a_warning(level, value):
    records = [logged("limit hit", at_s + 0.2, level) for at_s in (0, 31, 62)]
    told = run(STORM, *REFUSALS, *records, exchange("users.list#1", 93))

    assert judged("limits.hits-logged", told).value == value


def test_hit_logging_is_unknown_without_a_hit():
    assert judged("limits.hits-logged", run("k pull", unanswered("users.list#1", 0, "HangUp()"))).value == "unknown"
