"""What a run's end is called, and what counts as context."""

import pytest

from harness.judge.outcome import outcome, unjudgeable
from harness.stage.history import Tally
from tests.histories import (
    ONE_MISSING,
    create,
    ended,
    exchange,
    limited,
    logged,
    lookup,
    no_token,
    noted,
    raised,
    refused,
    run,
    token,
    unanswered,
)

FAILED = refused("users.list#2", 1, 503, request_id="req-7", vendor_message="down")


def test_a_pull_that_returned_every_record_once_is_correct():
    assert outcome(run("keystone pull", ended())) == "correct"


def test_a_pull_that_returned_too_little_is_silent():
    assert outcome(run("keystone pull", ended(returned=ONE_MISSING))) == "silent"


@pytest.mark.parametrize(
    "tally",
    [
        Tally(3, 4, doubled=("alice",)),
        Tally(3, 4, unexpected=("None",)),
        Tally(3, 3, altered=("alice",)),
        ONE_MISSING,
    ],
)
def test_a_push_that_left_anything_wrong_behind_is_silent(tally):
    assert outcome(run("keystone push", ended("push", held=tally))) == "silent"


def test_a_run_that_never_ended_is_hung():
    assert outcome(run("keystone pull", ended(how="hung"))) == "hung"


def test_the_worst_act_names_the_run():
    acts = ended(act=1), ended(act=2, returned=ONE_MISSING)

    assert outcome(run("keystone pull run#1:Again()", *acts)) == "silent"


def test_an_act_that_the_plan_crashed_does_not_count():
    acts = ended(how="crashed"), ended(act=2)

    assert outcome(run("keystone pull users.list#1:Crash()", *acts)) == "correct"


# -- named failures ----------------------------------------------------------------------------------------------------


def test_a_push_that_names_what_is_missing_is_loud():
    named = ended("push", held=ONE_MISSING, named_failures=(("carol", "403 req-7 not allowed"),))
    refusal = refused("users.create#3", 1, 403, record_key="carol", request_id="req-7")

    assert outcome(run("keystone push", refusal, named)) == "loud"


def test_a_push_that_names_it_without_the_status_is_unexplained():
    named = ended("push", held=ONE_MISSING, named_failures=(("carol", "req-7 not allowed"),))
    refusal = refused("users.create#3", 1, 403, record_key="carol", request_id="req-7")

    assert outcome(run("keystone push", refusal, named)) == "unexplained"


def test_a_push_that_names_another_record_is_silent():
    named = ended("push", held=ONE_MISSING, named_failures=(("bob", "not allowed"),))

    assert outcome(run("keystone push", named)) == "silent"


def test_keys_beyond_those_that_a_tally_shows_must_be_named_too():
    shown = tuple(f"user-{number}" for number in range(20))
    named = ended("push", held=Tally(50, 10, missing=shown), named_failures=tuple((key, "no") for key in shown))

    assert outcome(run("keystone push", named)) == "silent"


# -- context -----------------------------------------------------------------------------------------------------------


def test_a_failure_with_status_and_request_id_in_its_text_is_loud():
    assert outcome(run("keystone pull", FAILED, raised("VendorError: 503, request req-7"))) == "loud"


def test_the_context_may_be_in_the_log():
    record = logged("users.list failed", 1, fields=(("status", "503"), ("request_id", "req-7")))

    assert outcome(run("keystone pull", FAILED, record, raised("VendorError: gave up"))) == "loud"


@pytest.mark.parametrize("text", ["VendorError: 503", "VendorError: req-7", "VendorError: request req-5035037"])
def test_a_failure_without_status_or_without_request_id_is_unexplained(text):
    assert outcome(run("keystone pull", FAILED, raised(text))) == "unexplained"


def test_a_failed_write_must_tell_its_record():
    refusal = refused("users.create#1", 1, 500, record_key="alice")

    assert outcome(run("keystone push", refusal, raised("Error: 500", job="push"))) == "unexplained"
    assert outcome(run("keystone push", refusal, raised("Error: alice 500", job="push"))) == "loud"


def test_a_record_key_counts_in_a_quoted_address_too():
    missed = unanswered("users.lookup#1", 1, "Stalled()", record_key="Ann B")

    assert outcome(run("keystone push", missed, raised("Timeout: /v3/users?name=Ann+B", job="push"))) == "loud"


@pytest.mark.parametrize(
    "text",
    [
        "ConnectionError: HTTPSConnectionPool(host='keystone.test', port=443): read timed out",
        "ReadTimeout: GET /v3/users",
        "SyncError: the users could not be listed",
    ],
)
def test_a_failure_without_an_answer_must_tell_which_request(text):
    stalled = unanswered("users.list#2", 1, "Stalled()")

    assert outcome(run("keystone pull", stalled, raised(text))) == "loud"


def test_a_failure_without_an_answer_that_tells_no_request_is_unexplained():
    stalled = unanswered("users.list#2", 1, "Stalled()")

    assert outcome(run("keystone pull", stalled, raised("ReadTimeout: timed out"))) == "unexplained"


def test_a_page_for_people_under_200_is_a_failure_to_be_told():
    page = exchange("users.list#1", 1, fault="HtmlPage()")

    assert outcome(run("keystone pull", page, raised("JSONDecodeError: Expecting value"))) == "unexplained"
    assert outcome(run("keystone pull", page, raised("VendorError: /v3/users is no JSON"))) == "loud"


def test_of_an_error_under_200_the_vendors_words_will_do():
    lie = exchange("users.list#1", 1, error=True, vendor_message="read-only mode")

    assert outcome(run("keystone pull", lie, raised("VendorError: read-only mode"))) == "loud"


def test_a_failure_that_was_made_good_needs_no_telling():
    recovered = no_token(0, request_id="req-1"), token(1)

    assert outcome(run("keystone pull", *recovered, raised("VendorError: 2 of 3 users"))) == "loud"


def test_a_conclusion_of_the_subjects_own_needs_any_message():
    assert outcome(run("keystone pull", exchange("users.list#1", 1), raised("ValueError: 2 of 3 users"))) == "loud"
    assert outcome(run("keystone pull", exchange("users.list#1", 1), raised("ValueError: "))) == "unexplained"


def test_a_failure_about_one_record_is_not_excused_by_success_with_another():
    events = refused("users.create#1", 1, 500, record_key="alice"), create("bob", 2), lookup("bob", 3)

    assert outcome(run("keystone push", *events, raised("Error: it failed", job="push"))) == "unexplained"


def test_ending_the_interpreter_is_a_failure_without_context():
    left = run("keystone pull", ended(how="exited"), crash_text="the subject ended the interpreter (exit code 3)")

    assert outcome(left) == "unexplained"


def test_a_limit_is_a_failure_with_a_status_too():
    assert outcome(run("keystone pull", limited("users.list#1", 1), raised("Error: 429"))) == "loud"


# -- unknown -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (noted("not_recorded", "GET /v3/groups"), "not recorded: GET /v3/groups"),
        (noted("escaped", "os.fork"), "something left the wire: os.fork"),
        (noted("real_time", "more than 10 s"), "real time passed: more than 10 s"),
        (ended(how="real_time"), "real time passed: an act did not end in its share of it"),
        (ended(returned=None), "act 1 returned and nothing was counted"),
        (ended(how="crashed"), "no act after the crash was recorded: "),
        (exchange("users.list#1", 0, act=2), "the end of act 2 was not recorded"),
    ],
)
def test_a_run_that_shows_nothing_is_unknown(event, why):
    unknown = run("keystone pull", event)

    assert (outcome(unknown), unjudgeable(unknown)) == ("unknown", why)
