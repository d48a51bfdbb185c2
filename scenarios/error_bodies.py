"""The vendor says 200 and means no, or the answer breaks on its way."""

import pytest

from harness.stage.faults import (
    Cut,
    CutSilently,
    EmptyBody,
    ErrorBody,
    Garbage,
    HangUp,
    HtmlPage,
    NotFoundForWant,
    NullRecord,
    Oversized,
    PartlyFailed,
    RedirectedWrite,
    ServerError,
    Slow,
    StaleConnection,
    Stalled,
    UnusualText,
    named,
)

LIES = [ErrorBody(), HtmlPage(), EmptyBody()]
PARTLY = [
    PartlyFailed(),
    PartlyFailed(order="reversed"),
    PartlyFailed(status=409),
    PartlyFailed(status=404),
    PartlyFailed(status=403),
    PartlyFailed(status=403, order="reversed"),
]
BROKEN = [
    HangUp(),
    HangUp(after_effect=True),
    Cut(),
    CutSilently(),
    Stalled(),
    Garbage(),
    ServerError(),
    ServerError(status=500),
    ServerError(status=502),
]
LOST = [HangUp(after_effect=True), Cut(), Stalled(), Garbage()]


@pytest.mark.requires("errors.body-error-seen", "outcome.honest", "outcome.ends")
@pytest.mark.parametrize("fault", LIES, ids=named)
def test_a_success_that_is_none_is_not_taken_for_a_page(pull, fault):
    pull(fault, at="list")


@pytest.mark.requires("errors.body-error-seen", "errors.context-logged")
@pytest.mark.parametrize("fault", LIES, ids=named)
def test_a_success_that_is_never_one_ends_the_run_loudly(pull, fault):
    pull(fault, at="list", times=None)


@pytest.mark.requires("errors.body-error-seen", "outcome.honest")
@pytest.mark.parametrize("fault", LIES, ids=named)
def test_a_success_that_is_none_is_not_taken_for_a_write(push, fault):
    push(fault, at="*")


@pytest.mark.requires("errors.partial-failure-named", "outcome.honest", "outcome.ends")
@pytest.mark.parametrize("fault", PARTLY, ids=named)
def test_a_batch_that_partly_failed_is_neither_a_success_nor_a_failure(push, fault):
    push(fault, at="batch")


@pytest.mark.requires("errors.redirect-not-a-write", "outcome.honest", "outcome.ends")
@pytest.mark.parametrize("fault", [RedirectedWrite(), RedirectedWrite(status=301)], ids=named)
def test_a_write_that_is_redirected_is_not_done(push, fault):
    """RFC 9110 s15.4.2: a client may change the method from POST to GET."""
    push(fault, at="*")


@pytest.mark.requires("errors.body-bounded", "outcome.honest", "outcome.ends")
@pytest.mark.parametrize("fault", [Oversized(), Oversized(form="gzip")], ids=named)
def test_an_answer_without_end_is_not_read_to_its_end(pull, fault):
    """At one page of each vendor: what is read there takes real time and memory."""
    pull(fault, at="list", seeds=[1])


@pytest.mark.requires("errors.text-exact", "outcome.honest")
def test_letters_signs_and_long_numbers_arrive_as_they_were_sent(pull):
    """RFC 8259 s8.1: JSON is UTF-8; s6: not every number fits a float."""
    pull(UnusualText(), at="run")


@pytest.mark.requires("errors.text-exact", "outcome.honest")
def test_letters_signs_and_long_numbers_are_written_and_found_again(push):
    push(UnusualText(), at="run")


@pytest.mark.requires("errors.not-found-not-deleted", "outcome.honest", "outcome.ends")
@pytest.mark.parametrize("times", [1, None])
def test_what_may_not_be_seen_is_not_taken_for_absent(push, times):
    """RFC 9110 s15.5.4: a vendor that does not wish to say 403 says 404."""
    push(NotFoundForWant(), at="lookup", times=times)


@pytest.mark.requires("errors.idempotency-key-stable")
@pytest.mark.parametrize("fault", [HangUp(), HangUp(after_effect=True), Stalled()], ids=named)
def test_a_write_that_is_sent_again_has_the_key_of_its_first_attempt(push, fault):
    push(fault, at="create")


@pytest.mark.requires("errors.null-record-seen")
@pytest.mark.parametrize("times", [1, None])
def test_a_null_among_the_records_is_not_stored(pull, times):
    pull(NullRecord(), at="list", times=times)


@pytest.mark.requires("wire.broken-reply-survived", "outcome.ends")
@pytest.mark.parametrize("fault", BROKEN, ids=named)
def test_a_broken_answer_to_a_safe_request_is_survived(pull, fault):
    """RFC 9110 s9.2.2: a safe request may be sent again."""
    pull(fault, at="list")


@pytest.mark.requires("outcome.honest", "outcome.ends", "errors.context-logged")
@pytest.mark.parametrize("fault", BROKEN, ids=named)
def test_a_broken_answer_during_a_push_hides_nothing(push, fault):
    push(fault, at="*")


@pytest.mark.requires("errors.lost-answer-reconciled", "outcome.honest")
@pytest.mark.parametrize("fault", LOST, ids=named)
def test_after_a_lost_answer_to_a_write_the_truth_is_looked_up(push, fault):
    push(fault, at="create")


@pytest.mark.requires("outcome.ends", "errors.context-logged")
@pytest.mark.parametrize("fault", [HangUp(), Stalled(), CutSilently()], ids=named)
def test_a_wire_that_stays_broken_ends_the_run_loudly(pull, fault):
    pull(fault, at="*", times=None)


@pytest.mark.requires("wire.stale-connection")
def test_a_kept_connection_that_the_vendor_closed_is_replaced(pull):
    """RFC 9112 s9.3.1."""
    pull(StaleConnection(), at="list")


@pytest.mark.requires("wire.stale-connection")
def test_a_kept_connection_that_the_vendor_closed_is_replaced_before_a_write(push):
    push(StaleConnection(), at="lookup")


@pytest.mark.requires("outcome.survived", "outcome.ends")
@pytest.mark.parametrize("seconds", [2, 20])
def test_a_slow_answer_harms_nobody(pull, seconds):
    pull(Slow(seconds=seconds), at="list")
