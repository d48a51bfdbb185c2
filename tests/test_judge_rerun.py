"""rerun.same-state, no-writes, crash-converges, overlap-safe, mass-retire-refused."""

import pytest

from harness.stage.history import Tally
from tests.histories import ALL_THERE, ONE_MISSING, create, ended, judged, lookup, raised, run

AGAIN = "keystone push run#1:Again()"
CRASH = "keystone push users.create#2:Crash(after_effect=True)"
DOUBLED = Tally(3, 4, doubled=("alice",))


def twice(first=ALL_THERE, second=ALL_THERE, *events):
    return run(AGAIN, create("alice", 0), ended("push", held=first), *events, ended("push", act=2, held=second))


# -- rerun.same-state --------------------------------------------------------------------------------------------------


def test_two_runs_that_leave_one_state_pass():
    assert judged("rerun.same-state", twice()).value == "passed"


@pytest.mark.parametrize("tally", [DOUBLED, Tally(3, 4, unexpected=("alice-2",))])
def test_a_second_run_that_adds_a_record_fails(tally):
    assert judged("rerun.same-state", twice(ALL_THERE, tally)).value == "failed"


def test_the_finding_names_what_the_second_run_did():
    verdict = judged("rerun.same-state", twice(ALL_THERE, DOUBLED))

    assert verdict.findings[0].sentence == "The second run left another state than the first: alice doubled."


def test_a_second_run_that_fails_where_the_first_succeeded_fails():
    second = raised("VendorError: 409 alice", job="push", act=2, held=ALL_THERE)

    verdict = judged("rerun.same-state", run(AGAIN, ended("push"), second))

    assert verdict.value == "failed"
    sentence = "The first run succeeded and the second did not. It raised VendorError: 409 alice."
    assert verdict.findings[0].sentence == sentence


def test_what_both_runs_got_wrong_is_another_requirements_matter():
    assert judged("rerun.same-state", twice(ONE_MISSING, ONE_MISSING)).value == "passed"


def test_a_pull_that_returns_less_the_second_time_fails():
    pulls = run("keystone pull run#1:Again()", ended(), ended(act=2, returned=ONE_MISSING))

    assert judged("rerun.same-state", pulls).value == "failed"


def test_the_state_is_unknown_where_nothing_ran_twice():
    assert judged("rerun.same-state", run("keystone push"), run(AGAIN, raised(job="push"))).value == "unknown"


# -- rerun.no-writes ---------------------------------------------------------------------------------------------------


def test_a_second_run_that_only_looks_passes():
    assert judged("rerun.no-writes", twice(ALL_THERE, ALL_THERE, lookup("alice", 101, act=2))).value == "passed"


def test_a_second_run_that_writes_fails():
    verdict = judged("rerun.no-writes", twice(ALL_THERE, DOUBLED, create("alice", 101, act=2)))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "The second run wrote 1 time, first POST /v3/users."


def test_a_write_that_the_vendor_refused_wrote_nothing():
    conflict = create("alice", 101, act=2, status=409, error=True)

    assert judged("rerun.no-writes", twice(ALL_THERE, ALL_THERE, conflict)).value == "passed"


def test_writes_are_unknown_where_nothing_was_pushed_twice():
    assert judged("rerun.no-writes", run("keystone push", create("alice", 0))).value == "unknown"


# -- rerun.crash-converges ---------------------------------------------------------------------------------------------

DIED = ended("push", how="crashed")


def test_a_run_after_a_crash_that_finishes_the_work_passes():
    assert judged("rerun.crash-converges", run(CRASH, DIED, ended("push", act=2))).value == "passed"


@pytest.mark.parametrize(
    "second", [ended("push", act=2, held=ONE_MISSING), ended("push", act=2, held=DOUBLED), raised(job="push", act=2)]
)
def test_a_run_after_a_crash_that_leaves_another_state_fails(second):
    assert judged("rerun.crash-converges", run(CRASH, DIED, second)).value == "failed"


def test_a_crash_after_which_nothing_ran_is_unknown():
    assert judged("rerun.crash-converges", run(CRASH, DIED)).value == "unknown"


def test_convergence_is_unknown_where_nothing_crashed():
    assert judged("rerun.crash-converges", run("keystone push")).value == "unknown"


# -- rerun.overlap-safe ------------------------------------------------------------------------------------------------

AT_ONCE = "keystone push run#1:Overlap()"


def test_two_runs_at_once_that_leave_each_record_once_pass():
    both = [create("alice", 0), create("alice", 0.1, thread="t1", status=409, error=True, effect=False)]

    assert judged("rerun.overlap-safe", run(AT_ONCE, *both, asks="either")).value == "passed"


@pytest.mark.parametrize("tally", [DOUBLED, Tally(3, 4, unexpected=("alice-2",))])
def test_two_runs_at_once_that_leave_one_record_too_many_fail(tally):
    verdict = judged("rerun.overlap-safe", run(AT_ONCE, create("alice", 0), ended("push", held=tally)))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence.startswith("Two runs at once left records that one leaves once, or not at all")


def test_runs_at_once_that_both_failed_are_held_to_what_they_left():
    verdict = judged("rerun.overlap-safe", run(AT_ONCE, raised("409 alice", job="push", held=DOUBLED), asks="either"))

    assert verdict.findings[0].seen == "1 record too many"


def test_overlap_is_unknown_where_nothing_overlapped():
    assert judged("rerun.overlap-safe", run("keystone push"), twice()).value == "unknown"


# -- rerun.mass-retire-refused -----------------------------------------------------------------------------------------

SHORT = "keystone push run#1:ShortSource()"


def test_a_run_that_refuses_a_short_source_passes():
    refusing = run(SHORT, raised("ValueError: 7 of 10 are not listed", job="push", held=Tally(10, 10)), asks="loud")

    assert judged("rerun.mass-retire-refused", refusing).value == "passed"


def test_a_run_that_stops_at_its_share_passes():
    stopping = run(SHORT, raised("a share of 20 %", job="push", held=Tally(10, 10, retired=2)), asks="loud")

    assert judged("rerun.mass-retire-refused", stopping).value == "passed"


@pytest.mark.parametrize("end", [ended, raised])
def test_a_run_that_takes_most_records_out_of_use_fails(end):
    taking = run(SHORT, end(job="push", held=Tally(10, 10, retired=7)), asks="loud")

    verdict = judged("rerun.mass-retire-refused", taking)

    assert verdict.value == "failed"
    sentence = "The source came up short, and 7 of 10 records went out of use with it."
    assert verdict.findings[0].sentence == sentence


def test_mass_retirement_is_unknown_where_no_source_came_up_short():
    leavers = run("keystone push run#1:Leavers()", ended("push", held=Tally(10, 10, retired=1)))

    assert judged("rerun.mass-retire-refused", leavers, run("keystone push")).value == "unknown"
