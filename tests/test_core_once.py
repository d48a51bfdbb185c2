"""A create that is good once cannot happen twice, even where the vendor would take a second record of the name."""

import pytest

from harness.core import LeadsElsewhere, Refused
from tests.core_dialects import integration
from tests.core_holding import after, before
from tests.core_tracker import Tracker, spoken
from tests.core_vendor import RESET, Clock, reply, vendor

ANN = {"name": "ann", "email": "ann@x.test"}
BOB = {"name": "bob", "email": "bob@x.test"}
FAILED = reply({"error": {"code": 500, "message": "try again"}}, 500)


def pushed(tracker, *records):
    """The report of a push, and what arrived."""
    with vendor(tracker) as serving, integration(serving, spoken(), Clock()) as core:
        report = core.push("users", list(records))
        assert set(report.failed) <= {record["name"] for record in records}
        return report, serving.asked


def names(tracker):
    return [user["name"] for user in tracker.held]


def creates(asked):
    """Where creates were sent to."""
    return [one.path for one in asked if one.method == "POST" and one.path != "/users/@once"]


def test_each_create_goes_to_an_address_that_was_bought_for_it():
    tracker = Tracker()
    report, asked = pushed(tracker, ANN, BOB)

    assert report.created == ("ann", "bob")
    assert tracker.asked == ["find", "buy", "create"] * 2
    assert creates(asked) == ["/users/@once/1", "/users/@once/2"]
    assert [one.document for one in asked if one.path in creates(asked)] == [ANN, BOB]


def test_who_is_there_already_needs_no_address():
    report, _ = pushed(tracker := Tracker(ANN), ANN)

    assert report.unchanged == ("ann",)
    assert tracker.asked == ["find", "look"]


def test_every_write_says_where_it_comes_from_and_no_read_does():
    with vendor(Tracker({**ANN, "email": "old"})) as serving, integration(serving, spoken(), Clock()) as core:
        core.push("users", [ANN, BOB])
        told = {one.headers.get("origin") for one in serving.asked if one.method != "GET"}
        silent = {one.headers.get("origin") for one in serving.asked if one.method == "GET"}

        assert (told, silent) == ({serving.url}, {None})


@pytest.mark.parametrize("when", [before, after], ids=["before-the-effect", "after-the-effect"])
@pytest.mark.parametrize("lost", [RESET, FAILED], ids=["reset", "500"])
def test_a_lost_answer_ends_in_one_record(when, lost):
    tracker = Tracker(ruin={("create", 1): when(lost)})
    report, _ = pushed(tracker, ANN)

    assert report.created == ("ann",)
    assert names(tracker) == ["ann"]
    assert tracker.given == 1


def test_a_create_of_unknown_outcome_is_sent_again_to_the_same_address_where_it_cannot_happen_twice():
    """The lookup does not see the first one yet; only the address knows."""
    tracker = Tracker(ruin={("create", 1): after(RESET)}, lag=1)
    report, asked = pushed(tracker, ANN)

    assert report.created == ("ann",)
    assert names(tracker) == ["ann"]
    assert creates(asked) == ["/users/@once/1", "/users/@once/1"]
    assert tracker.asked == ["find", "buy", "create", "find", "create", "find", "look"]


def test_a_create_that_nobody_can_find_afterwards_fails_and_is_not_made_a_second_time():
    tracker = Tracker(ruin={("create", 1): after(RESET)}, lag=1000)
    report, asked = pushed(tracker, ANN)

    assert list(report.failed) == ["ann"]
    assert "has been used" in report.failed["ann"]
    assert names(tracker) == ["ann"]
    assert set(creates(asked)) == {"/users/@once/1"}


def test_an_address_whose_time_is_over_is_replaced():
    tracker = Tracker(ends=[1])
    report, asked = pushed(tracker, ANN)

    assert report.created == ("ann",)
    assert creates(asked) == ["/users/@once/1", "/users/@once/2"]
    assert names(tracker) == ["ann"]


def test_addresses_that_are_never_good_end_loudly():
    tracker = Tracker(ends=range(1, 100))
    report, _ = pushed(tracker, ANN)

    assert list(report.failed) == ["ann"]
    assert tracker.given < 20


def test_an_address_that_could_not_be_had_is_asked_for_again():
    tracker = Tracker(ruin={("buy", 1): before(FAILED), ("buy", 2): before(reply({"data": {}}))})
    report, _ = pushed(tracker, ANN)

    assert report.created == ("ann",)
    assert tracker.asked.count("buy") == 3


def test_who_gets_no_address_for_good_asks_for_no_other():
    refusal = reply({"error": {"code": 403, "message": "you may not create"}}, 403)
    tracker = Tracker(ruin={("buy", 1): before(refusal)})

    with pytest.raises(Refused, match="you may not create"):
        pushed(tracker, ANN, BOB)
    assert tracker.asked == ["find", "buy"]


def test_a_create_is_not_sent_to_another_host():
    tracker = Tracker(origin="https://elsewhere.test")

    with pytest.raises(LeadsElsewhere, match="another host"):
        pushed(tracker, ANN)
    assert tracker.asked == ["find", "buy"]


def test_an_update_names_the_version_that_a_look_at_the_record_shows():
    tracker = Tracker({**ANN, "email": "old@x.test"})
    report, asked = pushed(tracker, ANN)

    assert report.updated == ("ann",)
    assert tracker.asked == ["find", "look", "update"]
    assert asked[-1].headers["if-match"] == '"1"'
    assert asked[-1].document == {"email": "ann@x.test"}


def test_an_update_that_came_too_late_reads_again_and_leaves_what_others_wrote():
    tracker = Tracker({**ANN, "email": "old@x.test"})

    def somebody_was_faster(answer):
        tracker.held[0] |= {"phone": "1", "version": '"7"'}
        return answer()

    tracker.ruin = {("update", 1): somebody_was_faster}
    report, asked = pushed(tracker, ANN)

    assert report.updated == ("ann",)
    assert tracker.asked == ["find", "look", "update", "find", "look", "update"]
    assert asked[-1].headers["if-match"] == '"7"'
    assert tracker.held == [{"id": "1", "name": "ann", "email": "ann@x.test", "phone": "1", "version": '"8"'}]
