"""A vendor that asks for fewer calls on its successes is called at half the speed, and no run is held up for good."""

import logging

import pytest

from harness.core import DeadlineReached, Integration
from harness.dialects import KINTO
from harness.dialects.credentials import Basic
from tests.core_vendor import Clock, reply, vendor

TOOK_S = 0.5
PAGES = 4


def walked(*hints, took_s=TOOK_S, **options):
    """The clock after a listing of four pages, each of which took so long and carried the next of the hints."""
    clock, shown = Clock(), []

    def script(asked):
        clock.passed_s += took_s
        shown.append(asked)
        number = len(shown)
        headers = {"backoff": hints[number - 1]} if number <= len(hints) and hints[number - 1] else {}
        if number < PAGES:
            headers["next_page"] = f"{serving.url}/v1/buckets/crm/collections/contacts/records?_token={number}"
        return reply({"data": [{"id": f"c{number}"}]}, **headers)

    with vendor(script) as serving:
        core = Integration(KINTO, credentials=Basic("a", "p"), base_url=serving.url, clock=clock, **options)
        assert len(list(core.pull("contacts"))) == PAGES
    return clock


def test_after_each_request_it_rests_for_as_long_as_the_request_took():
    assert walked("10", "10", "10", "10").slept_s == pytest.approx([TOOK_S] * (PAGES - 1))


def test_a_run_takes_at_most_twice_its_time_whatever_is_asked_for():
    assert walked(*["3600"] * PAGES).passed_s <= 2 * PAGES * TOOK_S


def test_a_hint_shorter_than_a_request_is_the_whole_rest():
    assert walked("0.2", took_s=5.0).slept_s == pytest.approx([0.2])


def test_without_a_hint_it_does_not_rest():
    assert walked().slept_s == []


def test_it_goes_on_at_full_speed_when_the_vendor_asks_no_longer():
    assert walked("10", "", "").slept_s == pytest.approx([TOOK_S])


@pytest.mark.parametrize("hint", ["0", "-5", "soon", "nan", "1e999"])
def test_a_hint_that_makes_no_sense_is_none(hint):
    assert sum(walked(hint).slept_s) <= TOOK_S


def test_the_hint_is_told_once(caplog):
    with caplog.at_level(logging.INFO):
        walked("10", "10", "10", "10")

    assert [record.getMessage() for record in caplog.records if "called less" in record.getMessage()] == [
        "the vendor asks to be called less for 10 s at a time: from here on at half the speed"
    ]


def test_a_rest_never_outlasts_the_deadline():
    with pytest.raises(DeadlineReached):
        walked("10", "10", "10", took_s=1.0, deadline_s=5.5)
