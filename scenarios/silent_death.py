"""A run that failed, a run that died, runs that stopped: somebody has to notice, though nobody looks at the log."""

import pytest

from harness.stage.faults import Crash, DeafChannel, Forbidden, NoRuns, OnlyFailures, ServerError, named

CRASHES = [Crash(), Crash(after_effect=True)]
SCHEDULES = [NoRuns(), OnlyFailures(), DeafChannel()]


@pytest.mark.requires("watch.run-recorded", "watch.status-true")
def test_a_pull_that_ended_well_is_known_as_a_success(pull):
    pull()


@pytest.mark.requires("watch.run-recorded", "watch.status-true")
def test_a_push_that_ended_well_is_known_as_a_success(push):
    push()


@pytest.mark.requires("watch.run-recorded", "watch.status-true")
def test_a_pull_that_failed_is_known_as_failed(pull):
    pull(ServerError(), at="*", times=None)


@pytest.mark.requires("watch.run-recorded", "watch.status-true")
def test_a_push_that_left_a_record_out_is_no_success(push):
    push(Forbidden(), at="create")


@pytest.mark.requires("watch.run-recorded", "watch.status-true")
@pytest.mark.parametrize("fault", CRASHES, ids=named)
def test_a_pull_that_died_is_known_as_crashed(pull, fault):
    pull(fault, at="*")


@pytest.mark.requires("watch.run-recorded", "watch.status-true")
@pytest.mark.parametrize("fault", CRASHES, ids=named)
def test_a_push_that_died_is_known_as_crashed(push, fault):
    push(fault, at="*")


@pytest.mark.requires("watch.staleness-alerts", "watch.status-true")
@pytest.mark.parametrize("fault", SCHEDULES, ids=named)
def test_a_pull_without_a_success_raises_the_alarm_once(pull, fault):
    pull(fault, at="run")


@pytest.mark.requires("watch.staleness-alerts", "watch.status-true")
@pytest.mark.parametrize("fault", SCHEDULES, ids=named)
def test_a_push_without_a_success_raises_the_alarm_once(push, fault):
    push(fault, at="run")
