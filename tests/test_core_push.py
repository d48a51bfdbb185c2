"""Provisioning: afterwards the vendor holds each record once, whatever happened on the way."""

import logging
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core import (
    CredentialsRejected,
    FailuresUnread,
    Integration,
    RetriesExhausted,
    RetryPolicy,
    SourceRefused,
    WaitTooLong,
)
from harness.dialects import ROUNDUP
from harness.dialects.credentials import Basic
from tests.core_dialects import OAUTH, dialect, integration
from tests.core_holding import Holding, after, before
from tests.core_vendor import RESET, Clock, Sent, reply, vendor

ANN = {"name": "ann", "email": "ann@x.test"}
BOB = {"name": "bob", "email": "bob@x.test"}


FAILED = reply({"error": {"code": 503, "message": "down"}}, 503, x_request_id="req-5")
LIMITED = reply({"error": {"code": 429, "message": "too many"}}, 429, retry_after="30")
REFUSED = reply({"error": {"code": 400, "message": "email is odd"}}, 400, x_request_id="req-4")
NO_RECORD = reply({"ok": True})


def pushed(script, records, *, times=1):
    """The report of the last push, and the requests of all of them."""
    with vendor(script) as serving, integration(serving, dialect(), Clock()) as core:
        for _ in range(times):
            report = core.push("users", records)
            assert set(report.failed) <= {record["name"] for record in records}
        return report, [each.method for each in serving.asked]


def failed(script, records, error, *, spoken=None):
    with vendor(script) as serving, integration(serving, spoken or dialect(), Clock()) as core:
        with pytest.raises(error) as raised:
            core.push("users", records)
        return raised.value, [each.method for each in serving.asked]


def names(held):
    return sorted(held.held)


def test_records_may_come_from_a_generator():
    with vendor(Holding()) as serving, integration(serving, dialect(), Clock()) as core:
        report = core.push("users", (record for record in [ANN, BOB]))

    assert report.created == ("ann", "bob")


def test_what_is_missing_is_created_with_the_defaults():
    held = Holding()

    report, asked = pushed(held, [ANN, BOB])

    assert report.created == ("ann", "bob")
    assert asked == ["GET", "POST", "GET", "POST"]
    assert held.held["ann"] == {"id": "u0", "domain": "main", **ANN}


def test_what_is_the_same_is_not_written():
    report, asked = pushed(Holding(ANN), [ANN])

    assert report.unchanged == ("ann",)
    assert asked == ["GET"]


def test_what_differs_is_updated_and_other_fields_stay():
    held = Holding({**ANN, "email": "old@x.test", "phone": "1"})

    report, asked = pushed(held, [ANN])

    assert report.updated == ("ann",)
    assert asked == ["GET", "PATCH"]
    assert held.held["ann"] == {"id": "u0", "phone": "1", **ANN}


def test_a_second_run_writes_nothing():
    _, asked = pushed(Holding(), [ANN, {**BOB, "tags": ("a", "b")}], times=2)

    assert asked[4:] == ["GET", "GET"]


@pytest.mark.parametrize("sent", [RESET, FAILED, NO_RECORD, Sent(b"HTTP/1.1 201 OK\r\n\r\n{", then="end")])
@pytest.mark.parametrize("when", [before, after])
def test_after_a_lost_answer_the_vendor_is_asked_before_anything_is_sent_again(when, sent):
    held = Holding(ruin={2: when(sent)})

    report, asked = pushed(held, [ANN])

    assert report.created == ("ann",)
    assert asked == ["GET", "POST", "GET", *(["POST"] if when is before else [])]
    assert names(held) == ["ann"]


@pytest.mark.parametrize("when", [before, after])
def test_a_lost_answer_to_an_update_is_looked_up_too(when):
    held = Holding({**ANN, "email": "old@x.test"}, ruin={2: when(RESET)})

    report, asked = pushed(held, [ANN])

    assert report.updated == ("ann",)
    assert asked == ["GET", "PATCH", "GET", *(["PATCH"] if when is before else [])]


def test_a_throttled_write_is_sent_again_after_the_wait():
    with (
        vendor(Holding(ruin={2: before(LIMITED)})) as serving,
        integration(serving, dialect(), clock := Clock()) as core,
    ):
        report = core.push("users", [ANN])

    assert report.created == ("ann",)
    assert 30 <= clock.slept_s[0] <= 31
    assert [each.method for each in serving.asked] == ["GET", "POST", "POST"]


def test_a_duplicate_that_somebody_else_made_is_taken_over():
    held = Holding({**ANN, "email": "old@x.test"}, ruin={1: before(reply({"rows": []}))})

    report, asked = pushed(held, [ANN])

    assert report.updated == ("ann",)
    assert asked == ["GET", "POST", "GET", "PATCH"]
    assert held.held["ann"]["email"] == ANN["email"]


def test_a_duplicate_that_cannot_be_found_is_named():
    unseen = before(reply({"rows": []}))

    report, _asked = pushed(Holding(ANN, ruin={1: unseen, 3: unseen}), [ANN, BOB])

    assert "duplicate entry" in report.failed["ann"]
    assert "req-dup" in report.failed["ann"]
    assert report.created == ("bob",)


def test_failures_that_nobody_reads_are_raised_when_the_integration_is_closed():
    with vendor(Holding(ruin={2: before(REFUSED)})) as serving:
        core = integration(serving, dialect(), Clock())
        core.push("users", [ANN])
        with pytest.raises(FailuresUnread, match="email is odd"):
            core.close()


def test_a_refused_record_is_named_with_its_context_and_the_others_are_done():
    report, asked = pushed(Holding(ruin={2: before(REFUSED)}), [ANN, BOB])

    assert list(report.failed) == ["ann"]
    assert all(word in report.failed["ann"] for word in ("users.create", "400", "email is odd", "req-4", "ann"))
    assert report.created == ("bob",)
    assert asked == ["GET", "POST", "GET", "POST"]


def test_a_record_that_fails_for_ever_is_named_and_the_others_are_done():
    held = Holding()

    def script(asked):
        return FAILED if asked.method == "POST" and asked.document["user"]["name"] == "ann" else held(asked)

    report, asked = pushed(script, [ANN, BOB])

    assert "gave up: 7 tries" in report.failed["ann"]
    assert asked.count("POST") == 8
    assert names(held) == ["bob"]


def test_three_records_in_a_row_that_fail_for_ever_end_the_run():
    records = [{"name": f"n{n}"} for n in range(10)]

    error, asked = failed(lambda asked: FAILED, records, RetriesExhausted)

    assert len(asked) == 21
    assert error.record_key == "n2"
    assert error.__notes__ == ["0 of 10 records were done; failed: n0, n1, n2"]


def test_a_limit_that_never_ends_ends_the_run_at_the_first_record():
    error, asked = failed(lambda asked: LIMITED, [ANN, BOB], RetriesExhausted)

    assert len(asked) == 7
    assert error.record_key == "ann"


def test_a_wait_of_hours_ends_the_run_at_once():
    parked = reply({"error": {"code": 429}}, 429, retry_after="7200")

    _, asked = failed(lambda asked: parked, [ANN, BOB], WaitTooLong)

    assert asked == ["GET"]


def test_rejected_credentials_end_the_run_after_one_token_call():
    no = reply({"error": "invalid_client"}, 401)

    error, asked = failed(lambda asked: no, [ANN, BOB], CredentialsRejected, spoken=dialect(signing=OAUTH))

    assert asked == ["POST"]
    assert error.record_key == "ann"


def test_a_token_endpoint_that_is_down_ends_the_run_at_the_first_record():
    """Each record would ask it again as often as is allowed."""
    error, asked = failed(lambda asked: reply({}, 503), [ANN, BOB], RetriesExhausted, spoken=dialect(signing=OAUTH))

    assert asked == ["POST"] * RetryPolicy().tries
    assert (error.operation, error.record_key) == ("token", "ann")


def test_several_records_of_one_key_are_not_touched():
    twice = reply({"rows": [{"id": "u1", **ANN}, {"id": "u2", **ANN}]})

    report, asked = pushed(lambda asked: twice, [ANN])

    assert "holds several records of this key (u1, u2)" in report.failed["ann"]
    assert asked == ["GET"]


def test_a_key_that_the_vendor_finds_in_another_spelling_is_the_same_record():
    report, asked = pushed(lambda asked: reply({"rows": [{"id": "u1", "name": "Ann "}], "user": {"id": "u1"}}), [ANN])

    assert report.updated == ("ann",)
    assert asked == ["GET", "PATCH"]


def test_a_lookup_that_does_not_filter_matches_the_exact_key_alone():
    everybody = [{"id": "u1", "name": "Ann"}, {"id": "u2", "name": "bob"}]

    report, _asked = pushed(lambda asked: reply({"rows": everybody, "user": {"id": "u3"}}, 200), [ANN])

    assert report.created == ("ann",)


def test_a_lookup_that_breaks_off_proves_no_absence():
    _, asked = pushed(lambda asked: reply({"rows": [], "more": True}), [ANN])

    assert set(asked) == {"GET"}


def test_ids_are_quoted_in_addresses():
    found = reply({"rows": [{"id": "a/b?c", "name": "ann"}], "user": {"id": "a/b?c"}})

    with vendor(lambda asked: found) as serving, integration(serving, dialect(), Clock()) as core:
        core.push("users", [ANN])

    assert serving.asked[-1].target == "/users/a%2Fb%3Fc"


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([{"email": "x"}], "record 1 has no name"),
        ([ANN, {"name": " "}], "record 2 has no name"),
        ([ANN, ANN], "'ann' and 'ann' share a key"),
        ([ANN, {"name": "Ann"}], "'ann' and 'Ann' share a key"),
        ([{"name": "ann", "born": object()}], "'ann' cannot be told in JSON"),
    ],
)
def test_a_source_that_cannot_be_told_apart_writes_nothing(records, reason):
    error, asked = failed(Holding(), records, SourceRefused)

    assert reason in str(error)
    assert asked == []


def test_a_collection_that_cannot_be_written_to_is_refused():
    issues = ROUNDUP.collection("issues")
    with (
        Integration(replace(ROUNDUP, collections=(issues,)), credentials=Basic("a", "b")) as core,
        pytest.raises(ValueError, match="does not say how issues are written"),
    ):
        core.push("issues", [ANN])


def test_every_failure_is_logged_with_its_record(caplog):
    pushed(Holding(ruin={2: before(REFUSED)}), [ANN])

    told = [record for record in caplog.records if record.levelno == logging.WARNING]

    assert [(record.record_key, record.status, record.request_id) for record in told] == [("ann", 400, "req-4")]
    assert "email is odd" in told[0].getMessage()


RUINS = st.sampled_from([before, after]).flatmap(
    lambda when: st.sampled_from([RESET, FAILED, LIMITED, NO_RECORD]).map(when)
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.integers(1, 12), RUINS, max_size=4), st.sampled_from(["", "ann", "bob"]))
def test_whatever_goes_wrong_four_times_the_vendor_ends_with_each_record_once(ruin, there):
    old = [{"name": there, "email": "old@x.test"}] if there else []
    held = Holding(*old, ruin=ruin)

    report, _ = pushed(held, [ANN, BOB], times=2)

    assert report.unchanged == ("ann", "bob")
    assert {name: user["email"] for name, user in held.held.items()} == {"ann": ANN["email"], "bob": BOB["email"]}
