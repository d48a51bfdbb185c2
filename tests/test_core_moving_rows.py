"""Records come and go while the core walks through a listing whose pages, or places, are counted."""

import pytest

from harness.core import Incomplete, ListingChanged
from harness.dialects.facts import NextLink
from tests.core_dialects import COUNTED, PAGINGS, dialect
from tests.core_vendor import reply, vendor
from tests.test_core_pages import failed, pulled, users
from tests.test_core_position import walked

MOVING = {**{style: PAGINGS[style] for style in COUNTED}, "numbered": NextLink(path=("next",), number_param="at")}
EACH_COUNT = pytest.mark.parametrize("style", MOVING)
SIZE = 2


def spoken(style):
    return dialect(paging=MOVING[style], total=("total",))


class Shared:
    """Holds records in order, two to a page, and tells how many they are; before the n-th answer others write."""

    def __init__(self, style, ids, written):
        self.style, self.ids, self.written, self.answers = style, list(ids), written, 0

    def __call__(self, asked):
        self.answers += 1
        self.written.get(self.answers, lambda ids: None)(self.ids)
        begin = self._begin(asked.query)
        document = {"rows": users(*self.ids[begin : begin + SIZE]), "total": len(self.ids)}
        if self.style == "numbered" and begin + SIZE < len(self.ids):
            document["next"] = f"/users?at={begin // SIZE + 2}"
        return reply(document)

    def _begin(self, query):
        match self.style:
            case "page_number":
                return (int(query["page"]) - 1) * SIZE
            case "offset":
                return int(query["skip"])
            case "offset_from_one":
                return int(query["startIndex"]) - 1
            case _:
                return (int(query.get("at", 1)) - 1) * SIZE


def first_goes(ids):
    del ids[0]


def one_comes_first(ids):
    ids.insert(0, 0)


def one_comes_last(ids):
    ids.append(9)


@EACH_COUNT
def test_a_record_that_goes_hides_none_that_stays(style):
    rows, _ = pulled(Shared(style, [1, 2, 3, 4, 5], {2: first_goes}), spoken(style))

    assert rows == users(1, 2, 3, 4, 5)


@EACH_COUNT
def test_a_record_that_comes_shows_none_twice(style):
    rows, _ = pulled(Shared(style, [1, 2, 3, 4, 5], {2: one_comes_first}), spoken(style))

    assert rows == users(1, 2, 0, 3, 4, 5)


@EACH_COUNT
def test_one_that_goes_and_one_that_comes_hide_none_though_the_last_total_is_the_first(style):
    rows, _ = pulled(Shared(style, [1, 2, 3, 4, 5, 6], {2: first_goes, 3: one_comes_last}), spoken(style))

    assert rows == users(1, 2, 3, 4, 5, 6, 9)


@EACH_COUNT
def test_a_listing_that_does_not_change_is_read_once(style):
    assert pulled(Shared(style, [1, 2, 3, 4, 5], {}), spoken(style)) == (users(1, 2, 3, 4, 5), 3)


@EACH_COUNT
def test_a_listing_that_changes_each_time_is_loud(style):
    always = dict.fromkeys(range(2, 100), one_comes_last)

    error, asked = failed(Shared(style, [1, 2, 3], always), spoken(style), error=ListingChanged)

    assert len(asked) == 6
    assert "the total changed from 7 to 8" in str(error)
    assert error.status == 200


def test_what_was_begun_anew_is_in_the_log(caplog):
    pulled(Shared("offset", [1, 2, 3], {2: first_goes}), spoken("offset"))

    told = [record for record in caplog.records if "listing changed" in record.getMessage()]
    assert [record.levelname for record in told] == ["WARNING"]
    assert "users.list" in told[0].getMessage()


def test_who_goes_on_from_a_position_is_told_that_rows_have_moved_since():
    with vendor(Shared("offset", [1, 2, 3, 4, 5], {2: first_goes})) as serving:
        _, position = walked(serving, spoken("offset"), pages=1)
        with pytest.raises(ListingChanged, match="from 5 to 4"):
            walked(serving, spoken("offset"), after=position)


def test_behind_a_position_of_a_listing_that_began_anew_no_record_is_lost():
    with vendor(Shared("offset", [1, 2, 3, 4, 5], {2: first_goes})) as serving:
        before, position = walked(serving, spoken("offset"), pages=2)
        after, _ = walked(serving, spoken("offset"), after=position)

    assert before + after == users(1, 2, 3, 4, 5)


def test_behind_a_cursor_nothing_moves_and_the_walk_goes_on():
    pages = {
        "": {"rows": users(1, 2), "total": 4, "cursor": "a"},
        "a": {"rows": users(3, 4), "total": 5, "cursor": "b"},
        "b": {"rows": users(5), "total": 5},
    }
    rows, requests = pulled(
        lambda asked: reply(pages[asked.query.get("after", "")]),
        dialect(paging=PAGINGS["cursor"], total=("total",)),
    )

    assert (rows, requests) == (users(1, 2, 3, 4, 5), 3)


def test_a_listing_that_is_empty_when_it_is_read_again_is_not_believed():
    error, _ = failed(Shared("offset", [1, 2, 3], {2: lambda ids: ids.clear()}), spoken("offset"))

    assert isinstance(error.__cause__, Incomplete)
    assert "lists 0 records, and there were some before" in str(error.__cause__)
