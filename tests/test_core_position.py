"""A walk that was broken off goes on in another process, without gap and without a record twice."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core import Incomplete, PageLoop, RetriesExhausted
from tests.core_dialects import PAGINGS, dialect, integration
from tests.core_vendor import Clock, in_turn, reply, vendor
from tests.test_core_pages import EACH_STYLE, Pages, users

PAGE = {"rows": users(1), "next": "/users?at=1"}


def walked(serving, spoken, *, after=None, pages=None):
    """The records of so many pages, and the position behind them, as it comes back from a file."""
    with integration(serving, spoken, Clock()) as core:
        listing = core.pull("users", after=after)
        rows = []
        if pages != 0:
            for number, page in enumerate(listing.pages(), start=1):
                rows += page
                if number == pages:
                    break
        return rows, json.loads(json.dumps(listing.position))


@EACH_STYLE
@pytest.mark.parametrize("read", [1, 2])
def test_another_process_goes_on_behind_the_page_that_was_stored(style, read):
    spoken = dialect(paging=PAGINGS[style])
    with vendor(Pages(style, [users(1, 2), users(3), users(4, 5)])) as serving:
        before, position = walked(serving, spoken, pages=read)
        after, end = walked(serving, spoken, after=position)

    assert before + after == users(1, 2, 3, 4, 5)
    assert end is None


@settings(max_examples=25, deadline=None)
@given(stops=st.lists(st.integers(1, 3), max_size=6), data=st.data())
def test_a_walk_in_any_number_of_parts_gives_each_row_once(stops, data):
    style = data.draw(st.sampled_from(sorted(PAGINGS)))
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=8))
    pages = [users(*range(sum(sizes[:place]) + 1, sum(sizes[: place + 1]) + 1)) for place in range(len(sizes))]
    spoken, rows, position = dialect(paging=PAGINGS[style], total=("total",)), [], None
    with vendor(Pages(style, pages, total=sum(sizes))) as serving:
        for stop in [*stops, None]:
            more, position = walked(serving, spoken, after=position, pages=stop)
            rows += more
            if position is None:
                break

    assert rows == users(*range(1, sum(sizes) + 1))


def test_a_page_that_was_not_read_to_its_end_is_shown_again():
    with vendor(Pages("cursor", [users(1, 2), users(3, 4)])) as serving:
        with integration(serving, dialect(paging=PAGINGS["cursor"]), Clock()) as core:
            listing = core.pull("users")
            shown = [next(listing) for _ in range(3)]
            position = listing.position
        after, _ = walked(serving, dialect(paging=PAGINGS["cursor"]), after=position)

    assert shown == users(1, 2, 3)
    assert after == users(3, 4)


def test_before_the_first_page_there_is_no_position():
    with vendor(in_turn()) as serving:
        assert walked(serving, dialect(), pages=0) == ([], None)


def test_a_record_of_the_page_before_the_position_is_not_shown_again():
    with vendor(Pages("next_link", [users(1, 2), users(2, 3)])) as serving:
        _, position = walked(serving, dialect(), pages=1)
        after, _ = walked(serving, dialect(), after=position)

    assert after == users(3)


def test_the_total_is_checked_over_both_walks():
    with vendor(Pages("next_link", [users(1, 2), users(3), users(4)], total=5)) as serving:
        _, position = walked(serving, dialect(total=("total",)), pages=2)
        with pytest.raises(RetriesExhausted, match="told of 5 records and showed 4") as raised:
            walked(serving, dialect(total=("total",)), after=position)

    assert isinstance(raised.value.__cause__, Incomplete)


def test_a_page_that_leads_back_to_the_position_is_loud():
    script = in_turn(reply(PAGE), reply({"rows": users(2), "next": "/users?at=1"}))
    with vendor(script) as serving:
        _, position = walked(serving, dialect(), pages=1)
        with pytest.raises(RetriesExhausted) as raised:
            walked(serving, dialect(), after=position)

    assert isinstance(raised.value.__cause__, PageLoop)


def test_the_position_is_small_and_names_no_host():
    with vendor(Pages("next_link", [users(*range(5000)), users(5000)])) as serving:
        _, position = walked(serving, dialect(), pages=1)

    assert len(json.dumps(position)) < 1000
    assert "127.0.0.1" not in json.dumps(position)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"collection": "groups"}, "not one of users here"),
        ({"page": "//elsewhere.test/users"}, "not one of users here"),
        ({"page": "https://elsewhere.test/users"}, "not one of users here"),
        ({"page": 7}, "give one that a pull told"),
        ({"records": None}, "give one that a pull told"),
        ({"params": [["a"]]}, "give one that a pull told"),
    ],
)
def test_what_is_no_position_of_the_collection_is_refused_before_any_request(changes, told):
    with vendor(in_turn(reply(PAGE))) as serving:
        _, position = walked(serving, dialect(), pages=1)
        with integration(serving, dialect(), Clock()) as core, pytest.raises(ValueError, match=told):
            core.pull("users", after=position | changes)

        assert len(serving.asked) == 1
