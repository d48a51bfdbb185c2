"""Walks that the vendor does not let end as they began: a refused page is not the end, and rows that move are not lost.

pages.cursor-expired, pages.ceiling-noticed, pages.concurrent-change.
"""

import pytest

from harness.stage.history import Tally
from tests.histories import ONE_MISSING, ended, exchange, judged, noted, raised, refused, run

EXPIRED = "keystone pull users.list#2:CursorExpired()"
CEILING = "keystone pull users.list#2:Ceiling()x*"
FIRST = exchange("users.list#1", 1)
GONE = refused("users.list#2", 2, 410, fault="CursorExpired()")
NO_FURTHER = refused("users.list#2", 2, 422, fault="Ceiling()")
DELETED = "scim pull users.list#2:RowDeleted()"
CREATED = "scim pull users.list#2:RowCreated()"
SHIFTED = exchange("users.list#2", 2, fault="RowCreated()")
MOVED = exchange("users.list#2", 2, fault="RowDeleted()")


@pytest.mark.parametrize(
    ("requirement", "plan", "events"),
    [
        ("cursor-expired", EXPIRED, [FIRST, GONE, exchange("users.list#2", 3, target="/v3/users?page=1"), ended()]),
        ("cursor-expired", EXPIRED, [FIRST, GONE, raised("E: 410")]),
        ("ceiling-noticed", CEILING, [FIRST, NO_FURTHER, raised("E: 422")]),
    ],
    ids=["begun anew", "loud", "loud at a ceiling"],
)
def test_a_refused_page_is_asked_for_anew_or_told(requirement, plan, events):
    assert judged(f"pages.{requirement}", run(plan, *events)).value == "passed"


@pytest.mark.parametrize(
    ("requirement", "plan", "page", "sentence"),
    [
        (
            "cursor-expired",
            EXPIRED,
            GONE,
            "The vendor answered /v3/users?page=2 with status 410: the cursor has expired.",
        ),
        (
            "ceiling-noticed",
            CEILING,
            NO_FURTHER,
            "The vendor answered /v3/users?page=2 with status 422: so far it lists, and no further.",
        ),
    ],
)
def test_a_refused_page_that_is_taken_for_the_end_fails(requirement, plan, page, sentence):
    verdict = judged(f"pages.{requirement}", run(plan, FIRST, page, ended(returned=ONE_MISSING)))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == f"{sentence} It returned 2 of 3 records and said done (without: carol)."


@pytest.mark.parametrize(("requirement", "plan"), [("cursor-expired", EXPIRED), ("ceiling-noticed", CEILING)])
def test_without_a_refused_page_nothing_is_shown(requirement, plan):
    assert judged(f"pages.{requirement}", run("keystone pull", FIRST)).value == "unknown"
    assert judged(f"pages.{requirement}", run(plan, FIRST, noted("not_recorded", "GET /x"))).value == "unknown"


@pytest.mark.parametrize("end", [ended(), raised("E: the total changed from 3 to 2")], ids=["listed again", "loud"])
def test_rows_that_move_are_listed_again_or_the_change_is_told(end):
    assert judged("pages.concurrent-change", run(DELETED, FIRST, MOVED, end)).value == "passed"


def test_a_row_that_moved_out_of_sight_and_is_not_missed_fails():
    verdict = judged("pages.concurrent-change", run(DELETED, FIRST, MOVED, ended(returned=ONE_MISSING)))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == (
        "Somebody deleted a record, and those behind it moved up, before it asked for /v3/users?page=2. "
        "It returned 2 of 3 records and said done (without: carol)."
    )


def test_a_row_that_moved_onto_the_next_page_and_is_returned_twice_fails():
    twice = ended(returned=Tally(3, 4, doubled=("carol",)))

    verdict = judged("pages.concurrent-change", run(CREATED, FIRST, SHIFTED, twice))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence.startswith("Somebody created a record, and those behind it moved down, before")


def test_where_no_row_moved_nothing_is_shown():
    assert judged("pages.concurrent-change", run("scim pull", FIRST)).value == "unknown"
    assert judged("pages.concurrent-change", run(DELETED, FIRST, MOVED, noted("not_recorded", "GET /x"))).value == (
        "unknown"
    )
