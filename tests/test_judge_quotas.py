"""limits.shared-quota, limits.scope-respected and limits.rest-goes-on: whom, and what, a limit is for."""

import pytest

from harness.dialects import SHIPPED
from harness.dialects.facts import OneRecord
from harness.stage.faults import RecordThrottled
from harness.stage.history import Tally
from tests.certifying import certified, values
from tests.histories import create, ended, exchange, judged, limited, noted, raised, run
from tests.limiting_vendor import LIMITING, OPTIONS

TAKEN = "roundup pull issues.list#1:QuotaTaken()"
REFUSED = limited("issues.list#1", 0, wait_s=30, fault="QuotaTaken()", reply_headers=(("x-ratelimit-remaining", "7"),))

# -- limits.shared-quota -----------------------------------------------------------------------------------------------


def test_a_refusal_that_is_waited_out_passes():
    assert judged("limits.shared-quota", run(TAKEN, REFUSED, exchange("issues.list#1", 30.2))).value == "passed"


def test_asking_again_because_some_seems_left_fails():
    early = run(TAKEN, REFUSED, exchange("issues.list#1", 1.2), exchange("issues.list#2", 2))

    verdict = judged("limits.shared-quota", early)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == (
        "It was refused issues.list while some of the quota seemed left, and asked again 29 s too early."
    )


def test_giving_up_because_some_seems_left_fails():
    assert judged("limits.shared-quota", run(TAKEN, REFUSED, raised("E: 429"))).value == "failed"


def test_quotas_are_unknown_where_nobody_else_used_them():
    own = run("roundup pull issues.list#1:Throttled()", limited("issues.list#1", 0), exchange("issues.list#1", 31))

    assert judged("limits.shared-quota", own).value == "unknown"


# -- limits.scope-respected --------------------------------------------------------------------------------------------

WORKERS = "keystone pull users.list#1:Throttled() run#1:Workers()"
HIT = limited("users.list#1", 0, wait_s=30, thread="t1")


def test_workers_that_wait_together_pass():
    together = [exchange("users.list#1", 30.2, thread=name) for name in ("t1", "t2", "t3", "t4")]

    assert judged("limits.scope-respected", run(WORKERS, HIT, *together)).value == "passed"


@pytest.mark.parametrize("sent_s", [0.1, 0.2])
def test_what_was_under_way_or_sent_at_that_very_moment_is_excused(sent_s):
    crossing = exchange("users.list#1", sent_s, thread="t2")

    assert judged("limits.scope-respected", run(WORKERS, HIT, crossing)).value == "passed"


def test_a_worker_that_goes_on_while_another_waits_fails():
    verdict = judged("limits.scope-respected", run(WORKERS, HIT, exchange("users.list#2", 1.2, thread="t2")))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == (
        "One of 2 workers was told to wait, and users.list was asked for 29 s too early."
    )


def test_other_operations_are_not_what_is_limited():
    assert judged("limits.scope-respected", run(WORKERS, HIT, exchange("token#1", 1, thread="t2"))).value == "passed"


def test_workers_are_unknown_where_there_is_one():
    alone = run("keystone pull users.list#1:Throttled()", limited("users.list#1", 0), exchange("users.list#1", 31))

    assert judged("limits.scope-respected", alone).value == "unknown"


# -- limits.rest-goes-on -----------------------------------------------------------------------------------------------

REST = "limits.rest-goes-on"
ONE = "vendor push users.update#1:RecordThrottled() run#1:Backwards()"
LIMITED = limited("users.update#1", 1, wait_s=86_400, fault="RecordThrottled()", write=True, record_key="alice")
REASON = "users.update: limited [status=429 record_key=alice]"


@pytest.mark.parametrize(
    "events",
    [
        (create("bob", 3), ended("push", held=Tally(3, 3, altered=("alice",)), named_failures=(("alice", REASON),))),
        (create("bob", 3), raised(f"E: {REASON}", job="push", held=Tally(3, 3, altered=("alice",)))),
        (create("bob", 3), exchange("users.update#1", 86_402), ended("push", at_s=86_403)),
    ],
    ids=["named", "raised at the end", "waited for"],
)
def test_who_writes_the_others_passes_whatever_becomes_of_the_limited_record(events):
    assert judged(REST, run(ONE, LIMITED, *events)).value == "passed"


def test_who_stops_for_one_record_fails():
    stopped = raised(f"E: {REASON}", job="push", held=Tally(3, 1, missing=("bob", "carol"), altered=("alice",)))

    verdict = judged(REST, run(ONE, LIMITED, stopped))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == (
        "The vendor limited alice alone, and 2 other records came to nothing, bob, carol among them. "
        f"It raised E: {REASON}."
    )


def test_without_a_limit_of_one_record_nothing_is_shown():
    assert judged(REST, run("vendor push", create("bob", 1))).value == "unknown"
    assert judged(REST, run(ONE, LIMITED, noted("not_recorded", "GET /x"))).value == "unknown"


def test_a_limit_of_one_record_is_no_limit_of_another():
    early = exchange("users.update#2", 2, write=True, record_key="bob")
    again = exchange("users.update#1", 2, write=True, record_key="alice")

    assert judged("limits.wait-honoured", run(ONE, LIMITED, early, ended("push"))).value == "passed"
    assert judged("limits.wait-honoured", run(ONE, LIMITED, again, ended("push"))).value == "failed"


def test_single_records_are_limited_where_the_dialect_says_so_and_on_updates_alone():
    update, new = exchange("users.update#1", 1, write=True), exchange("users.create#1", 1, write=True)

    assert LIMITING.limits.one_record == OneRecord(header="RateLimit-Reason", value="jira-per-issue-on-write")
    assert RecordThrottled().fits(update, LIMITING)
    assert not RecordThrottled().fits(new, LIMITING)
    assert not any(RecordThrottled().fits(update, dialect) for dialect in SHIPPED)


def test_the_core_writes_the_others_where_a_vendor_limits_one_record(tmp_path):
    certificate = certified("tests.limiting_vendor:Core", tmp_path, only=(REST,), **OPTIONS)

    assert values(certificate, "passed") == {REST}


def test_it_does_not_apply_where_no_limit_is_said_to_be_of_one_record(tmp_path):
    certificate = certified("core", tmp_path, only=(REST,), vendors=("keystone", "kinto", "scim"))

    assert values(certificate, "not_applicable") == {REST}
