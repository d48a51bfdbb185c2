"""wire.broken-reply-survived, wire.stale-connection."""

import pytest

from tests.histories import ONE_MISSING, ended, exchange, judged, raised, run, unanswered


@pytest.mark.parametrize("kind", ["HangUp", "Cut", "CutSilently", "Garbage", "Stalled"])
def test_a_broken_answer_that_is_asked_for_again_passes(kind):
    broken = unanswered("users.list#1", 0, f"{kind}()")
    survived = run(f"keystone pull users.list#1:{kind}()", broken, exchange("users.list#1", 2))

    assert judged("wire.broken-reply-survived", survived).value == "passed"


BROKEN = unanswered("users.list#1", 0, "Cut()")
CUT = "keystone pull users.list#1:Cut()"


@pytest.mark.parametrize("end", [raised("ProtocolError: /v3/users"), ended(how="hung"), ended(returned=ONE_MISSING)])
def test_a_broken_answer_that_ends_the_run_fails(end):
    verdict = judged("wire.broken-reply-survived", run(CUT, BROKEN, end))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence.startswith("The answer to GET /v3/users?page=1 broke once.")


def test_what_a_run_hides_after_it_got_over_the_answer_is_another_requirements_matter():
    partial = run(CUT, BROKEN, exchange("users.list#1", 2), ended(returned=ONE_MISSING))

    assert judged("wire.broken-reply-survived", partial).value == "passed"


def test_a_broken_answer_to_a_write_need_not_be_survived():
    lost = unanswered("users.create#1", 0, "Cut()", method="POST", write=True, record_key="alice")
    loud = run("keystone push users.create#1:Cut()", lost, raised("E: alice", job="push"), asks="either")

    assert judged("wire.broken-reply-survived", loud).value == "unknown"


def test_broken_answers_are_unknown_where_none_broke():
    assert judged("wire.broken-reply-survived", run("keystone pull", exchange("users.list#1", 0))).value == "unknown"


STALE = "keystone pull users.list#1:StaleConnection()"
CLOSED = exchange("users.list#1", 0, fault="StaleConnection()")


def test_a_closed_connection_that_is_replaced_passes():
    assert judged("wire.stale-connection", run(STALE, CLOSED, exchange("users.list#2", 1))).value == "passed"


@pytest.mark.parametrize("end", [raised("ConnectionError: keystone.test"), ended(how="hung")])
def test_a_closed_connection_that_ends_the_run_fails(end):
    verdict = judged("wire.stale-connection", run(STALE, CLOSED, end))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence.startswith("The vendor closed the connection after GET /v3/users?page=1.")


def test_stale_connections_are_unknown_where_none_was_closed():
    assert judged("wire.stale-connection", run("keystone pull", exchange("users.list#1", 0))).value == "unknown"
