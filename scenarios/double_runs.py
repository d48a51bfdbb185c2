"""The same run twice, two at once, a run that died or was stopped, and one whose source came up short."""

import pytest

from harness.stage.faults import Again, Crash, Emptied, Interrupted, Leavers, Overlap, ShortSource, named

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


@pytest.mark.requires("rerun.overlap-safe", "outcome.honest")
def test_two_pushes_at_once_leave_each_record_once(push):
    push(Overlap(), at="run", seeds=range(3))


@pytest.mark.requires("rerun.mass-retire-refused", "outcome.honest", "outcome.survived")
def test_who_left_the_source_goes_out_of_use(push):
    push(Leavers(), at="run")


@pytest.mark.requires("rerun.mass-retire-refused")
def test_a_source_that_came_up_short_takes_nobody_out_of_use(push):
    push(ShortSource(), at="run")


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


@pytest.mark.requires("outcome.zero-suspicious")
def test_a_listing_that_shows_nothing_where_records_were_is_not_believed(pull):
    pull(Emptied(), at="run")


@pytest.mark.requires("outcome.zero-suspicious")
def test_a_source_that_gives_nothing_where_records_were_is_not_believed(push):
    push(Emptied(), at="run")
