"""limits.shared-quota and limits.scope-respected: whom a limit is for."""

import pytest

from tests.histories import exchange, judged, limited, raised, run

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
