"""The same run twice, and a run that died or was stopped in the middle."""

import pytest

from harness.stage.faults import Again, Crash, Interrupted, named

CRASHES = [Crash(), Crash(after_effect=True)]


@pytest.mark.requires("rerun.same-state", "outcome.honest")
def test_a_push_leaves_each_record_once(push):
    push(Again(), at="run")


@pytest.mark.requires("rerun.no-writes")
def test_a_second_push_writes_nothing(push):
    push(Again(), at="run")


@pytest.mark.requires("rerun.crash-converges")
@pytest.mark.parametrize("fault", CRASHES, ids=named)
def test_a_push_that_died_is_finished_by_the_next(push, fault):
    push(fault, at="*")


@pytest.mark.requires("pages.complete")
@pytest.mark.parametrize("fault", CRASHES, ids=named)
def test_a_pull_that_died_is_finished_by_the_next(pull, fault):
    pull(fault, at="*")


@pytest.mark.requires("outcome.interrupt-clean", "outcome.ends")
def test_a_pull_that_is_told_to_stop_ends_and_is_finished_by_the_next(pull):
    pull(Interrupted(), at="*")


@pytest.mark.requires("outcome.interrupt-clean", "outcome.ends")
def test_a_push_that_is_told_to_stop_ends_and_is_finished_by_the_next(push):
    push(Interrupted(), at="*")
