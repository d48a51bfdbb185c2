"""watch.run-recorded, status-true, staleness-alerts."""

import logging

import pytest

from harness.stage.history import Looked
from tests.histories import ended, judged, logged, raised, run, us

HOUR_S = 3600
CRASH = "keystone pull users.list#2:Crash()"
NO_RUNS = "keystone pull run#1:NoRuns()"
DEAF = "keystone pull run#1:DeafChannel()"
FAILING = "keystone pull run#1:OnlyFailures()"


def status(state, success_s=None, *, act=1, at_s=101, **facts):
    told = None if success_s is None else us(success_s)
    said = {"act": act, "at_us": us(at_s), "asked": "status", "ended": "returned", "state": state, "success_us": told}
    return Looked(**{**said, **facts})


def check(at_hours, *alerts, act=1, **facts):
    """A look at whether it is overdue, so many hours after the run began; a success is expected every hour."""
    asked = {"act": act, "at_us": us(at_hours * HOUR_S), "asked": "staleness", "ended": "returned"}
    return Looked(**{**asked, "alerts": alerts, "expected_every_us": us(HOUR_S), **facts})


# -- watch.run-recorded ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "state"),
    [
        (ended(), "succeeded"),
        (ended("push", named_failures=(("ada", "403"),)), "partial"),
        (raised(), "failed"),
    ],
)
def test_a_run_that_is_recorded_with_its_true_end_passes(act, state):
    assert judged("watch.run-recorded", run("keystone pull", act, status(state))).value == "passed"


def crashed(*looks):
    """A run that died, the looks after it, and the run after that."""
    return run(CRASH, ended(how="crashed"), *looks, ended(act=2, at_s=200))


@pytest.mark.parametrize("state", ["crashed", "failed"])
def test_a_crash_that_is_recorded_passes(state):
    assert judged("watch.run-recorded", crashed(status(state))).value == "passed"


@pytest.mark.parametrize("state", ["running", "succeeded", ""])
def test_a_crash_that_is_not_recorded_as_one_fails(state):
    assert judged("watch.run-recorded", crashed(status(state))).value == "failed"


def test_the_finding_says_what_the_record_said():
    verdict = judged("watch.run-recorded", crashed(status("running")))

    told = "A run crashed, and its record does not say so: it told the state 'running'."
    assert verdict.findings[0].sentence == told


@pytest.mark.parametrize(("act", "state"), [(ended(), "running"), (raised(), "succeeded"), (ended(), "crashed")])
def test_another_end_than_the_true_one_fails(act, state):
    assert judged("watch.run-recorded", run("keystone pull", act, status(state))).value == "failed"


def test_a_status_that_cannot_be_had_records_nothing():
    broken = status("", ended="raised", error="FileNotFoundError: runs")
    verdict = judged("watch.run-recorded", run("keystone pull", ended(), broken))

    assert verdict.value == "failed"
    assert "it raised (FileNotFoundError: runs)" in verdict.findings[0].sentence


def test_each_act_s_record_is_judged():
    acts = (ended(how="crashed"), status("running"), ended(act=2, at_s=200), status("succeeded", 200, act=2, at_s=201))

    assert judged("watch.run-recorded", run(CRASH, *acts)).value == "failed"


def test_the_record_is_unknown_where_nobody_asked():
    assert judged("watch.run-recorded", run("keystone pull", ended())).value == "unknown"


# -- watch.status-true -------------------------------------------------------------------------------------------------


def test_a_success_that_is_told_with_its_moment_passes():
    assert judged("watch.status-true", run("keystone pull", ended(), status("succeeded", 100))).value == "passed"


def test_a_failure_after_a_success_leaves_the_last_success_as_it_was():
    acts = (ended(), status("succeeded", 100), raised(act=2, at_s=300, began_us=us(200)))

    assert judged("watch.status-true", run(FAILING, *acts, status("failed", 100, act=2, at_s=301))).value == "passed"


@pytest.mark.parametrize("success_s", [300, None])
def test_another_moment_of_the_last_success_fails(success_s):
    acts = (ended(), status("succeeded", 100), raised(act=2, at_s=300, began_us=us(200)))
    verdict = judged("watch.status-true", run(FAILING, *acts, status("failed", success_s, act=2, at_s=301)))

    assert verdict.value == "failed"
    assert verdict.findings[0].expected == "a success at 100 s"


def test_a_partial_run_that_is_called_a_success_fails():
    act = ended("push", named_failures=(("ada", "403"),))
    verdict = judged("watch.status-true", run("keystone push", act, status("succeeded", 100)))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "Its status calls the last run a success, and ada was not done."


def test_a_success_that_never_was_fails():
    verdict = judged("watch.status-true", run("keystone pull", raised(), status("failed", 100)))

    assert verdict.findings[0].sentence == "Its status tells of a success, and no run succeeded."


@pytest.mark.parametrize(
    "facts", [{"ended": "raised", "error": "no"}, {"unreadable": "last_success is 'x', no moment"}]
)
def test_a_status_that_cannot_be_read_fails(facts):
    assert judged("watch.status-true", run("keystone pull", ended(), status("", **facts))).value == "failed"


def test_the_status_is_unknown_where_nobody_asked():
    assert judged("watch.status-true", run("keystone pull", ended())).value == "unknown"


# -- watch.staleness-alerts --------------------------------------------------------------------------------------------


def test_one_alarm_while_it_is_overdue_passes():
    looks = (check(0.5), check(1.5, "no success"), check(2))

    assert judged("watch.staleness-alerts", run(NO_RUNS, ended(), *looks)).value == "passed"


def test_its_recovery_may_be_told_and_the_next_silence_has_to_be():
    again = ended(act=2, at_s=2.2 * HOUR_S, began_us=us(2.1 * HOUR_S))
    looks = (check(1.5, "no success"), again, check(2.7, "recovered", act=2), check(4, "no success", act=2))

    assert judged("watch.staleness-alerts", run(NO_RUNS, ended(), *looks)).value == "passed"


@pytest.mark.parametrize(
    ("looks", "sentence"),
    [
        ((check(0.5, "no success"),), "It raised the alarm too early, 1700 s after the last success"),
        ((check(1.5),), "It raised no alarm, 5300 s after the last success, with one expected every 3600 s."),
        ((check(1.5, "one", "two"),), "It raised the alarm several times"),
        ((check(1.5, "no success"), check(2, "no success")), "It raised the alarm again, 7100 s after"),
        ((check(1.5, ended="raised", error="KeyError: 'told'"),), "The check raised (KeyError: 'told')"),
    ],
)
def test_an_alarm_too_early_too_late_or_too_often_fails(looks, sentence):
    verdict = judged("watch.staleness-alerts", run(NO_RUNS, ended(), *looks))

    assert verdict.value == "failed"
    assert len(verdict.findings) == 1
    assert verdict.findings[0].sentence.startswith(sentence)


def test_a_failed_run_is_no_success():
    failed = raised(act=2, at_s=0.9 * HOUR_S)

    assert judged("watch.staleness-alerts", run(FAILING, ended(), failed, check(1.5, act=2))).value == "failed"


DEAF_CHECK = check(1.5, "no success", channel="fails")


@pytest.mark.parametrize(
    "looks",
    [
        (logged("the alert did not get through", 1.5 * HOUR_S, logging.WARNING), DEAF_CHECK, check(2, "no success")),
        (check(1.5, "no success", channel="fails", ended="raised", error="IOError: 503"), check(2, "no success")),
    ],
)
def test_a_channel_that_fails_is_reported_and_the_alert_told_again(looks):
    assert judged("watch.staleness-alerts", run(DEAF, ended(), *looks)).value == "passed"


def test_a_channel_that_fails_in_silence_fails():
    looks = (logged("alert sent", 1.5 * HOUR_S, logging.INFO), DEAF_CHECK, check(2, "no success"))
    verdict = judged("watch.staleness-alerts", run(DEAF, ended(), *looks))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence.startswith("The alert's channel failed, and that was not reported")


def test_an_alert_that_did_not_get_through_has_to_be_told_again():
    reported = logged("the alert did not get through", 1.5 * HOUR_S, logging.ERROR)

    assert judged("watch.staleness-alerts", run(DEAF, ended(), reported, DEAF_CHECK, check(2))).value == "failed"


def test_alarms_are_unknown_where_nobody_looked_or_nothing_ever_succeeded():
    assert judged("watch.staleness-alerts", run("keystone pull", ended())).value == "unknown"
    assert judged("watch.staleness-alerts", run(NO_RUNS, raised(), check(1.5))).value == "unknown"
