"""Where pages or places are counted, a record that comes or goes moves all behind it: as recorded, so played."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.certify.evidence import evidence_for, request_of
from harness.certify.tallies import tally_returned
from harness.dialects import KEYSTONE, KINTO, MEDIAWIKI, ROUNDUP, SCIM
from harness.dialects.facts import Collection, Dialect, Header, PageNumber, Unsigned
from harness.stage.documents import parsed
from harness.stage.faults import RowCreated, RowDeleted
from harness.stage.history import Tally
from harness.stage.http1 import Reply
from harness.stage.numbered import NumberedListing
from harness.stage.operations import query_of
from harness.stage.pages import Page
from harness.stage.recordings import RecordedExchange, load, load_folder
from harness.stage.replay import Replay
from harness.stage.shown import learn
from harness.stage.simulator import Simulator
from tests.histories import exchange

CASSETTES = Path(__file__).parents[1] / "cassettes"
ISSUES, USERS = ROUNDUP.collection("issues"), SCIM.collections[0]
TRACKER = replace(ROUNDUP, collections=(ISSUES,))
"""Roundup with the collection whose rows were recorded as they moved."""


def evidence(dialect):
    return evidence_for(dialect, load_folder(CASSETTES / dialect.name))


def moving(dialect):
    """The recorded walk during which a record is deleted: what was listed before, and after."""
    exchanges = load(CASSETTES / f"{dialect.name}-moving" / "rows_move.yaml").exchanges
    deleted = next(place for place, one in enumerate(exchanges) if one.method == "DELETE")
    path = dialect.collections[0].path
    listings = [
        [one for one in part if one.url.split("?")[0].endswith(path)]
        for part in (exchanges[:deleted], exchanges[deleted:])
    ]
    return [
        [(request_of(one), Reply(one.status, one.reply_headers, one.reply_body)) for one in part] for part in listings
    ]


def shown(collection, reply):
    """What a client reads off a page; addresses of other pages than the next one do not count."""
    page = Page(collection, reply)
    return page.rows, page.total, page.next, reply.header("x-count-total")


def roundup():
    exchanges = load(CASSETTES / "roundup-issues" / "pull_issues.yaml").exchanges
    return NumberedListing.of(Replay(exchanges), TRACKER, exchanges), exchanges


def test_pages_that_are_counted_are_listed_as_recorded():
    listing, exchanges = roundup()

    for one in exchanges:
        assert parsed(listing.handle(request_of(one)).body) == parsed(one.reply_body)


def test_after_a_delete_pages_that_are_counted_are_listed_as_recorded():
    before, after = moving(TRACKER)
    listing, _ = roundup()
    listed_before = [(shown(ISSUES, listing.handle(request)), shown(ISSUES, reply)) for request, reply in before]
    listing.others_delete()
    listed_after = [(shown(ISSUES, listing.handle(request)), shown(ISSUES, reply)) for request, reply in after]

    assert len(after) == 6
    for played, recorded in listed_before + listed_after:
        assert played == recorded


NUMBERED = Dialect(
    name="acme",
    base_url="https://acme.test",
    signing=Unsigned(),
    collections=(
        Collection(
            name="people",
            path="/people",
            rows=("rows",),
            paging=PageNumber(param="page", first=0),
            total=Header(name="X-Total"),
        ),
    ),
)


def people(number, *ids):
    rows = [{"id": one, "name": f"n{one}"} for one in ids]
    return RecordedExchange(
        method="GET",
        url=f"https://acme.test/people?page={number}",
        request_headers=(),
        request_body=b"",
        status=200,
        reply_headers=(("Content-Type", "application/json"), ("X-Total", "5")),
        reply_body=json.dumps({"rows": rows}).encode(),
    )


def test_pages_that_the_subject_numbers_move_too_and_beyond_the_last_is_an_empty_one():
    pages = [people(0, 1, 2), people(1, 3, 4), people(2, 5)]
    listing = NumberedListing.of(Replay(pages), NUMBERED, pages)
    asked = [request_of(people(number)) for number in range(4)]

    def listed():
        read = [Page(NUMBERED.collections[0], listing.handle(request)) for request in asked]
        return [[row["id"] for row in page.rows] for page in read], {page.total for page in read}

    assert listed() == ([[1, 2], [3, 4], [5], []], {5})
    listing.others_delete()
    assert listed() == ([[2, 3], [4, 5], [], []], {4})


def test_after_a_delete_places_that_are_counted_are_listed_as_recorded():
    (_, first), *after = [pair for part in moving(SCIM) for pair in part]
    recordings = evidence(SCIM)
    known = {row["id"]: row for reply in (first, *(reply for _, reply in after)) for row in Page(USERS, reply).rows}
    others = [{"id": f"~{number}", "userName": f"somebody-{number}"} for number in range(13 - len(known))]
    simulator = Simulator(
        learn(SCIM, recordings.pull, recordings.simulates), new_id=str, records=[*known.values(), *others]
    )
    simulator.others_delete()

    assert [query_of(request.target)["startIndex"] for request, _ in after] == ["4", "13", "1"]
    for request, reply in after:
        assert shown(USERS, simulator.handle(request)) == shown(USERS, reply)


def test_a_record_that_others_create_stands_before_those_of_later_places():
    recordings = evidence(SCIM)
    simulator = Simulator(learn(SCIM, recordings.pull, recordings.simulates), new_id=str)
    before = simulator.records()
    simulator.others_create()

    created, *rest = simulator.records()
    assert tuple(rest) == before
    assert created.keys() == before[0].keys()
    assert created["userName"] not in {record["userName"] for record in before}


@pytest.mark.parametrize("dialect", [ROUNDUP, SCIM], ids=lambda dialect: dialect.name)
def test_a_delete_moves_rows_where_pages_are_counted_and_a_total_tells(dialect):
    name = dialect.collections[0].name

    assert RowDeleted().fits(exchange(f"{name}.list#2", 1), dialect)
    assert RowCreated().fits(exchange(f"{name}.list#2", 1), dialect) == (dialect is SCIM)
    assert not RowDeleted().fits(exchange(f"{name}.list#1", 1), dialect)


@pytest.mark.parametrize("dialect", [KEYSTONE, KINTO, MEDIAWIKI], ids=lambda dialect: dialect.name)
def test_behind_a_marker_or_a_cursor_no_row_moves(dialect):
    name = dialect.collections[0].name

    assert not RowDeleted().fits(exchange(f"{name}.list#2", 1), dialect)
    assert not RowCreated().fits(exchange(f"{name}.list#2", 1), dialect)


def issue(number):
    return {"id": str(number), "title": f"issue {number}"}


@pytest.mark.parametrize("returned", [[2, 3], [1, 2, 3]], ids=["left out", "returned"])
def test_a_record_that_was_there_for_a_part_of_the_run_may_be_returned_or_not(returned):
    tally = tally_returned(
        ISSUES, [issue(number) for number in returned], [issue(2), issue(3)], dict, passing=[issue(1)]
    )

    assert tally == Tally(2, 2)


def test_a_record_that_was_there_for_a_part_of_the_run_is_returned_once_at_most():
    tally = tally_returned(ISSUES, [issue(1), issue(1), issue(2)], [issue(2)], dict, passing=[issue(1)])

    assert tally == Tally(1, 1, doubled=("issue 1",))
