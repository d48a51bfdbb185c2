"""What a subject keeps between its runs: its folder, its death, and what it says of itself when it is asked."""

import shutil
from pathlib import Path

import pytest

from harness.certify.evidence import evidence_for
from harness.certify.performance import Order, Performance
from harness.certify.plan import parse
from harness.certify.shipped import shipped
from harness.certify.venue import RecordedVenue
from harness.dialects import KEYSTONE
from harness.stage.recordings import load_folder
from tests.healthy_subject import Healthy
from tests.on_stage import stage  # noqa: F401 - a fixture
from tests.watched_subject import ForgetsWhatDied, Watched

TELLS = ("status", "check_staleness")
CRASH = "keystone push users.create#2:Crash(after_effect=True)"


@pytest.fixture(scope="module")
def evidence():
    return evidence_for(KEYSTONE, load_folder(shipped("cassettes") / "keystone"))


@pytest.fixture
def performed(evidence):
    """The run of a plan by a subject."""

    def perform(subject, plan, tells=TELLS):
        performance = Performance(evidence, RecordedVenue(evidence), subject, 0, tells=tells)
        return performance.run(Order(parse(plan), "correct", 1000))

    return perform


def states(run):
    return [look.state for look in run.looks("status")]


def test_a_subject_that_can_tell_is_asked_after_each_act(performed):
    run = performed(Watched, "keystone push run#1:Again()")

    assert states(run) == ["succeeded", "succeeded"]
    assert [look.success_us for look in run.looks("status")] == [act.ended_us for act in run.acts()]


def test_one_that_cannot_is_not_asked(performed):
    assert performed(Healthy, "keystone pull", tells=()).looks("status") == ()


class CleansUp(Watched):
    """Writes down that it failed, whatever ends it."""

    def push(self, collection, records):
        try:
            return super().push(collection, records)
        finally:
            self._write("failed")


def test_a_crash_is_death_no_clean_up_of_the_subject_runs(performed):
    run = performed(CleansUp, CRASH)

    assert [act.ended for act in run.acts()] == ["crashed", "returned"]
    assert states(run)[0] == "crashed"


def test_after_a_crash_the_vendor_is_as_the_subject_left_it(performed):
    run = performed(Watched, CRASH)
    died, again = run.acts()

    assert died.held.found == again.held.found - 4
    assert again.held.agrees
    assert [one.point for one in run.exchanges() if one.act == 1][-1] == "users.create#2"


def test_the_same_plan_gives_the_same_history_whichever_process_dies(performed):
    assert performed(Watched, CRASH) == performed(Watched, CRASH)


class RemembersItsFolder(Watched):
    """Tells where it was to keep things."""

    folders: list[Path] = []  # noqa: RUF012 - shared with the test

    def open(self, access):
        super().open(access)
        self.folders.append(access.state_folder)
        assert len(self.folders) > 1 or not list(access.state_folder.iterdir())


def test_the_folder_is_empty_at_first_kept_through_the_acts_and_gone_afterwards(performed):
    RemembersItsFolder.folders.clear()
    performed(RemembersItsFolder, "keystone push run#1:Again()")
    first, *others = RemembersItsFolder.folders

    assert set(others) == {first}
    assert not first.exists()


class LogsItsFolder(Watched):
    """Fails with the folder's name in its error."""

    def pull(self, collection):
        raise ValueError(f"nothing in {self.access.state_folder}")


def test_the_folder_s_name_does_not_get_into_the_history(performed):
    run = performed(LogsItsFolder, "keystone pull")

    assert run.acts()[0].error == "ValueError: nothing in <state folder>"


class TakesItsFolderAway(Watched):
    """Deletes the folder that it was given."""

    def close(self):
        shutil.rmtree(self.access.state_folder)
        super().close()


def test_a_status_that_cannot_be_had_is_in_the_history(performed):
    run = performed(TakesItsFolderAway, "keystone pull")

    assert run.acts()[0].ended == "returned"
    assert run.looks("status")[0].state == ""


class TellsNonsense(Watched):
    """Has a status that nobody can read."""

    def status(self):
        return {"state": "succeeded", "last_success": "yesterday"}


def test_a_moment_that_is_none_is_told_as_one(performed):
    (look,) = performed(TellsNonsense, "keystone pull").looks("status")

    assert look.unreadable == "last_success is 'yesterday', no moment"


def test_a_schedule_looks_between_the_runs_and_moves_the_clock(performed):
    run = performed(Watched, "keystone pull run#1:NoRuns()")

    assert [len(look.alerts) for look in run.looks("staleness")] == [0, 1, 0, 0, 1]
    assert [look.at_us // 60_000_000 for look in run.looks("staleness")] == [30, 90, 120, 162, 240]
    assert run.virtual_s > 2 * 3600


def test_the_vendor_is_down_in_the_runs_that_are_to_fail(performed):
    run = performed(Watched, "keystone pull run#1:OnlyFailures()")

    assert [act.ended for act in run.acts()] == ["returned", "raised"]
    assert {one.fault for one in run.exchanges() if one.act == 2} == {"ServerError()"}
    assert states(run) == ["succeeded", "failed"]


def test_a_channel_that_fails_reaches_the_subject(performed):
    first, *_ = performed(Watched, "keystone pull run#1:DeafChannel()").looks("staleness")

    assert (first.ended, first.channel, len(first.alerts)) == ("raised", "fails", 1)
    assert first.error == "ChannelFailed: the alert's channel answered 503"


def test_what_a_dead_run_wrote_only_at_its_end_is_lost(performed):
    assert states(performed(ForgetsWhatDied, CRASH)) == ["", "succeeded"]
