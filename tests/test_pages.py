"""A page as the examiner reads it, in each paging, and what faults may make of it."""

import json
from dataclasses import replace

import pytest

from harness.dialects.facts import Collection, Header, Marker, Offset
from harness.stage.faults.pages import CursorLoop, DroppedNext, EmptyPage, OverlappingPage, RepeatedPage, ShortPage
from harness.stage.http1 import Reply
from harness.stage.pages import Page
from tests.core_dialects import PAGINGS, dialect
from tests.histories import exchange

HERE = Collection(name="users", path="/users", rows=("rows",), paging=PAGINGS["next_header"])
SCIM = replace(
    HERE,
    paging=Offset(param="startIndex", first=1, told_size=("size",), told_place=("start",)),
    total=("total",),
)


def page(collection, document, **headers):
    told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Page(collection, Reply(200, told, json.dumps(document).encode()))


def rows(*ids):
    return [{"id": each} for each in ids]


def test_a_header_that_holds_the_next_address_leads_on():
    shown = page(HERE, {"rows": rows(1)}, next_page="https://v.test/users?_token=x")

    assert shown.next == "https://v.test/users?_token=x"
    assert shown.without_next().next is None
    assert shown.with_next("https://v.test/a").reply.header("Next-Page") == "https://v.test/a"


def test_a_total_in_a_header_is_read_and_changed_there():
    shown = page(replace(HERE, total=Header(name="Total-Objects")), {"rows": []}, total_objects="7")

    assert shown.total == 7
    assert shown.with_total(9).reply.header("total-objects") == "9"


@pytest.mark.parametrize(("start", "leads_on"), [(1, True), (4, True), (5, False)])
def test_a_page_that_says_where_it_begins_is_the_last_when_the_total_is_reached(start, leads_on):
    shown = page(SCIM, {"rows": rows(1, 2), "start": start, "size": 2, "total": 6})

    assert (shown.next is not None) == leads_on


def test_a_page_that_says_how_many_records_it_holds_goes_on_telling_the_truth():
    shown = page(SCIM, {"rows": rows(1, 2), "start": 1, "size": 2, "total": 6})

    assert json.loads(shown.with_rows(({"id": 1},)).reply.body)["size"] == 1


def test_markers_lead_on_by_the_flag_where_there_is_one():
    flagged = replace(HERE, paging=Marker(param="after"), more=("more",))

    assert page(flagged, {"rows": rows(1), "more": True}).next
    assert page(flagged, {"rows": rows(1), "more": False}).next is None


def test_markers_without_a_flag_lead_on_from_every_record():
    bare = replace(HERE, paging=Marker(param="after"))

    assert page(bare, {"rows": rows(1)}).next
    assert page(bare, {"rows": []}).next is None


LATER = exchange("users.list#2", 1, rows=3, more=True)


@pytest.mark.parametrize("fault", [DroppedNext(), EmptyPage(), CursorLoop()])
@pytest.mark.parametrize("style", ["page_number", "offset", "marker"])
def test_what_leads_on_is_not_ruined_where_nothing_does(style, fault):
    assert not fault.fits(LATER, dialect(paging=PAGINGS[style], total=("total",)))
    assert fault.fits(LATER, dialect(paging=PAGINGS["next_header"], total=("total",)))


def test_a_repeated_page_is_told_by_the_total_alone_where_records_are_counted():
    assert RepeatedPage().fits(LATER, dialect(paging=PAGINGS["offset"], total=("total",)))
    assert not RepeatedPage().fits(LATER, dialect(paging=PAGINGS["offset"]))
    assert RepeatedPage().fits(LATER, dialect(paging=PAGINGS["marker"]))


def test_a_record_more_on_a_page_would_move_all_others_where_records_are_counted():
    assert not OverlappingPage().fits(LATER, dialect(paging=PAGINGS["offset"], total=("total",)))
    assert OverlappingPage().fits(LATER, dialect(paging=PAGINGS["page_number"]))


@pytest.mark.parametrize(("style", "held_back"), [("offset", ()), ("marker", ()), ("page_number", ({"id": 2},))])
def test_a_short_page_holds_records_back_only_where_the_next_page_would_not_begin_with_them(style, held_back):
    scene = _Scene()

    ShortPage().ruined(scene, page(replace(HERE, paging=PAGINGS[style]), {"rows": rows(1, 2)}))

    assert scene.carried == held_back


class _Scene:
    carried = ()

    def carry_over(self, rows):
        self.carried = rows
