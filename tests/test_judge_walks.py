"""pages.cursor-expired, pages.ceiling-noticed: a refused page is not the end of a listing."""

import pytest

from tests.histories import ONE_MISSING, ended, exchange, judged, noted, raised, refused, run

EXPIRED = "keystone pull users.list#2:CursorExpired()"
CEILING = "keystone pull users.list#2:Ceiling()x*"
FIRST = exchange("users.list#1", 1)
GONE = refused("users.list#2", 2, 410, fault="CursorExpired()")
NO_FURTHER = refused("users.list#2", 2, 422, fault="Ceiling()")


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
