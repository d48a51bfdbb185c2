"""errors.body-error-seen, null-record-seen, context-logged, permanent-not-retried, lost-answer-reconciled."""

import pytest

from harness.stage.history import Tally
from tests.histories import (
    ONE_MISSING,
    create,
    ended,
    exchange,
    judged,
    limited,
    lookup,
    noted,
    raised,
    refused,
    run,
    unanswered,
)

# -- errors.body-error-seen --------------------------------------------------------------------------------------------


def lie(kind, at_s=0, **facts):
    return exchange("users.list#1", at_s, fault=f"{kind}()", effect=False, **facts)


@pytest.mark.parametrize("kind", ["ErrorBody", "HtmlPage", "EmptyBody"])
def test_a_false_success_that_is_asked_again_passes(kind):
    seen = run(f"keystone pull users.list#1:{kind}()", lie(kind), exchange("users.list#1", 2))

    assert judged("errors.body-error-seen", seen).value == "passed"


def test_a_false_success_that_ends_the_run_loudly_passes():
    loud = run("keystone pull users.list#1:HtmlPage()x*", lie("HtmlPage"), raised("E: /v3/users is HTML"), asks="loud")

    assert judged("errors.body-error-seen", loud).value == "passed"


def test_a_false_success_taken_for_an_empty_page_fails():
    believed = run(
        "keystone pull users.list#1:ErrorBody()",
        lie("ErrorBody", error=True, vendor_message="An error occurred."),
        ended(returned=Tally(3, 0, missing=("alice", "bob", "carol"))),
    )

    verdict = judged("errors.body-error-seen", believed)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == (
        "It took 'An error occurred.' under status 200 for a success. "
        "It returned 0 of 3 records and said done (without: alice, bob, carol)."
    )


def test_a_false_success_of_a_write_believed_done_fails():
    believed = run(
        "keystone push users.create#1:EmptyBody()",
        create("carol", 0, fault="EmptyBody()", effect=False, status=200),
        ended("push", held=ONE_MISSING),
    )

    assert judged("errors.body-error-seen", believed).value == "failed"


def test_what_is_hidden_after_the_error_was_seen_is_another_requirements_matter():
    partial = run(
        "keystone pull users.list#1:ErrorBody()",
        lie("ErrorBody", error=True),
        exchange("users.list#1", 2),
        ended(returned=ONE_MISSING),
    )

    assert judged("errors.body-error-seen", partial).value == "passed"


def test_body_errors_are_unknown_where_every_success_was_one():
    assert judged("errors.body-error-seen", run("keystone pull", exchange("users.list#1", 0))).value == "unknown"


# -- errors.null-record-seen -------------------------------------------------------------------------------------------

NULL = "keystone pull users.list#1:NullRecord()"
WITH_NULL = exchange("users.list#1", 0, fault="NullRecord()", rows=2)


def test_a_page_with_a_null_that_is_asked_again_passes():
    assert judged("errors.null-record-seen", run(NULL, WITH_NULL, exchange("users.list#1", 2))).value == "passed"


def test_a_null_that_ends_the_run_loudly_passes():
    assert judged("errors.null-record-seen", run(NULL, WITH_NULL, raised("E: null"), asks="either")).value == "passed"


@pytest.mark.parametrize("tally", [ONE_MISSING, Tally(3, 3, missing=("carol",), unexpected=("None",))])
def test_a_null_that_is_stored_or_stepped_over_fails(tally):
    verdict = judged("errors.null-record-seen", run(NULL, WITH_NULL, ended(returned=tally)))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence.startswith("It went on over a null where a record should be.")


def test_nulls_are_unknown_where_none_was_shown():
    assert judged("errors.null-record-seen", run("keystone pull", exchange("users.list#1", 0))).value == "unknown"


# -- errors.context-logged ---------------------------------------------------------------------------------------------

REFUSAL = refused("users.create#1", 0, 403, record_key="alice", request_id="req-7", vendor_message="Not allowed.")
PUSH = "keystone push users.create#1:Forbidden()x*"


def test_a_failure_that_tells_record_status_message_and_request_id_passes():
    told = raised("VendorError: alice: 403 Not allowed. (req-7)", job="push")

    assert judged("errors.context-logged", run(PUSH, REFUSAL, told, asks="loud")).value == "passed"


def test_a_failure_without_context_fails_and_says_what_was_missing():
    mute = raised("VendorError: the vendor said no", job="push")

    verdict = judged("errors.context-logged", run(PUSH, REFUSAL, mute, asks="loud"))

    assert verdict.value == "failed"
    assert verdict.findings[0].outcome == "unexplained"
    assert verdict.findings[0].sentence == (
        "It raised VendorError: the vendor said no. "
        "Neither the error nor the log told status 403, request id req-7, record alice, vendor message 'Not allowed.'."
    )


def test_a_failure_that_keeps_the_vendors_message_to_itself_fails():
    curt = raised("VendorError: alice: 403 (req-7)", job="push")

    verdict = judged("errors.context-logged", run(PUSH, REFUSAL, curt, asks="loud"))

    assert verdict.findings[0].seen == "no vendor message 'Not allowed.'"


def test_the_beginning_of_a_long_message_is_enough():
    long = refused("users.list#1", 0, 503, vendor_message="The service " + "is down " * 20 + "\nsorry")
    told = raised("VendorError: 503 The service " + "is down " * 8 + "...")

    assert judged("errors.context-logged", run("keystone pull", long, told)).value == "passed"


def test_a_failure_named_in_the_result_must_be_told_as_well():
    named = ended("push", held=ONE_MISSING, named_failures=(("alice", "not done"),))

    assert judged("errors.context-logged", run(PUSH, REFUSAL, named)).value == "unknown"

    named = ended("push", held=Tally(3, 2, missing=("alice",)), named_failures=(("alice", "not done"),))

    assert judged("errors.context-logged", run(PUSH, REFUSAL, named)).value == "failed"


def test_context_is_unknown_where_nothing_failed():
    assert judged("errors.context-logged", run("keystone pull", exchange("users.list#1", 0))).value == "unknown"


# -- errors.permanent-not-retried --------------------------------------------------------------------------------------


def test_a_refusal_for_good_sent_once_passes():
    once = run(PUSH, create("alice", 0, status=403, error=True, fault="Forbidden()"), raised(job="push"), asks="loud")

    assert judged("errors.permanent-not-retried", once).value == "passed"


def test_a_refusal_for_good_sent_again_fails():
    twice = [create("alice", at_s, status=403, error=True, fault="Forbidden()") for at_s in (0, 2)]

    verdict = judged("errors.permanent-not-retried", run(PUSH, *twice, raised(job="push"), asks="loud"))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It sent POST /v3/users again after status 403, which does not pass."


def test_a_conflict_sent_again_fails_and_one_with_another_name_does_not():
    taken = create("alice", 0, status=409, error=True)

    assert judged("errors.permanent-not-retried", run("k push", taken, create("alice", 2))).value == "failed"
    assert judged("errors.permanent-not-retried", run("k push", taken, create("alice-2", 2))).value == "passed"


def test_a_conflict_sent_again_passes_where_a_look_in_between_did_not_find_yet_what_is_there():
    taken = create("alice", 0, status=409, error=True)
    behind = lookup("alice", 1, fault="LaggingLookup()")
    plan = "k push users.lookup#1:LaggingLookup()x2"

    sound = run(plan, taken, behind, create("alice", 2, status=409, error=True), lookup("alice", 3))
    other = run(plan, taken, lookup("bob", 1, fault="LaggingLookup()"), create("alice", 2, status=409, error=True))
    found = run(plan, taken, lookup("alice", 1), create("alice", 2, status=409, error=True))

    assert judged("errors.permanent-not-retried", sound).value == "passed"
    assert judged("errors.permanent-not-retried", other).value == "failed"
    assert judged("errors.permanent-not-retried", found).value == "failed"


def test_what_one_of_two_processes_was_refused_the_other_may_ask():
    both = [create("alice", at_s, status=409, error=True, thread=thread) for at_s, thread in ((0, "t1"), (0.1, "t2"))]
    overlap = run("k push run#1:Overlap()", *both, asks="either")

    assert judged("errors.permanent-not-retried", overlap).value == "unknown"


def test_permanence_is_unknown_where_nothing_was_refused_for_good():
    assert judged("errors.permanent-not-retried", run("k push", limited("users.create#1", 0))).value == "unknown"


# -- errors.lost-answer-reconciled -------------------------------------------------------------------------------------

LOST = "keystone push users.create#1:HangUp(after_effect=True)"


def lost(at_s=0, **facts):
    asked = {"method": "POST", "target": "/v3/users", "request_body": "carol", "write": True, "record_key": "carol"}
    return unanswered("users.create#1", at_s, "HangUp(after_effect=True)", **asked, **facts)


def test_a_lost_answer_that_is_looked_up_passes():
    assert judged("errors.lost-answer-reconciled", run(LOST, lost(), lookup("carol", 1))).value == "passed"


def test_a_write_sent_again_after_a_look_passes():
    looked = run(LOST, lost(effect=False), lookup("carol", 1), create("carol", 2))

    assert judged("errors.lost-answer-reconciled", looked).value == "passed"


def test_a_write_sent_again_without_a_look_fails():
    blind = run(LOST, lost(), create("carol", 1, status=409, error=True), raised(job="push"), asks="either")

    verdict = judged("errors.lost-answer-reconciled", blind)

    assert verdict.value == "failed"
    sentence = "It sent POST /v3/users again after its answer was lost, and did not look first."
    assert verdict.findings[0].sentence == sentence


def test_a_look_at_something_else_is_no_look():
    elsewhere = run(LOST, lost(), exchange("token#2", 1), create("carol", 2))

    assert judged("errors.lost-answer-reconciled", elsewhere).value == "failed"


def test_the_same_idempotency_key_makes_the_repeat_safe():
    key, other = (("idempotency-key", "k-1"),), (("idempotency-key", "k-2"),)

    safe = run(LOST, lost(request_headers=key), create("carol", 1, request_headers=key))
    unsafe = run(LOST, lost(request_headers=key), create("carol", 1, request_headers=other))

    assert judged("errors.lost-answer-reconciled", safe).value == "passed"
    assert judged("errors.lost-answer-reconciled", unsafe).value == "failed"


def test_a_lost_write_believed_done_fails():
    believed = run(LOST, lost(effect=False), ended("push", held=ONE_MISSING))

    verdict = judged("errors.lost-answer-reconciled", believed)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == (
        "It guessed what became of carol, whose answer was lost. "
        "It said done, and the vendor held 2 of 3 records (without: carol)."
    )


def test_a_lost_write_that_made_a_second_record_of_another_name_fails():
    renamed = run(LOST, lost(), ended("push", held=Tally(3, 4, unexpected=("carol-2",))))

    assert judged("errors.lost-answer-reconciled", renamed).value == "failed"


def test_ending_loudly_after_a_lost_answer_passes():
    loud = run(LOST, lost(), raised("ReadError: carol", job="push"), asks="either")

    assert judged("errors.lost-answer-reconciled", loud).value == "passed"


def test_a_write_that_may_be_repeated_needs_no_look():
    asked = {"method": "PATCH", "target": "/v3/users/7", "write": True, "record_key": "7"}
    update = unanswered("users.update#1", 0, "HangUp()", **asked)
    repeated = run("keystone push users.update#1:HangUp()", update, exchange("users.update#1", 1, **asked))

    assert judged("errors.lost-answer-reconciled", repeated).value == "unknown"


def test_lost_answers_are_unknown_where_every_answer_came():
    assert judged("errors.lost-answer-reconciled", run("k push", create("carol", 0))).value == "unknown"


def test_a_lost_answer_in_a_run_that_cannot_be_judged_is_unknown():
    unjudged = run(LOST, lost(), create("carol", 1), noted("not_recorded", "GET /v3/groups"), ended("push"))

    assert judged("errors.lost-answer-reconciled", unjudged).value == "unknown"
