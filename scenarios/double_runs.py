"""The same run twice, two at once, a run that died or was stopped, one whose source came up short, and records that
somebody else has a hand in."""

import pytest

from harness.stage.faults import (
    Again,
    ChangedMeanwhile,
    Crash,
    Emptied,
    Interrupted,
    KeptByHand,
    LaggingLookup,
    Leavers,
    Overlap,
    Returner,
    ShortSource,
    TwinRows,
    named,
)

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


@pytest.mark.requires("rerun.key-as-vendor")
def test_two_rows_of_one_key_are_refused(push):
    push(TwinRows(), at="run")


@pytest.mark.requires("rerun.inactive-matched", "outcome.honest")
def test_who_comes_back_is_put_into_use_again(push):
    push(Returner(), at="run")


@pytest.mark.requires("rerun.read-lag-safe", "outcome.honest", "outcome.ends")
@pytest.mark.parametrize("times", [1, 3])
def test_a_lookup_that_is_behind_makes_no_second_record(push, times):
    push(LaggingLookup(), at="lookup", times=times)


@pytest.mark.requires("rerun.foreign-fields-kept", "outcome.honest")
def test_what_was_written_by_hand_is_kept(push):
    push(KeptByHand(), at="run")


@pytest.mark.requires("rerun.foreign-fields-kept", "outcome.honest")
def test_a_record_that_was_saved_by_somebody_else_is_read_again(push):
    """RFC 9110 s13.1.1."""
    push(ChangedMeanwhile(), at="*")
