"""What the simulated Roundup does with users: once-only creates, updates that name a version, pages by number."""

import functools
import json
from pathlib import Path

import pytest

from harness.certify.evidence import evidence_for
from harness.dialects import ROUNDUP
from harness.stage.documents import parsed
from harness.stage.http1 import Request
from harness.stage.recordings import load_folder
from harness.stage.shown import learn
from harness.stage.simulator import Simulator
from harness.stage.vendor import NotRecorded

CASSETTES = Path(__file__).parents[1] / "cassettes"
USERS = "/rest/data/user"
SHOWN = "@fields=username,realname,phone"
FROM_HERE = (("x-requested-with", "rest"), ("origin", "https://roundup.test"))


@functools.cache
def shown():
    evidence = evidence_for(ROUNDUP, load_folder(CASSETTES / "roundup"))
    return learn(ROUNDUP, evidence.pull, evidence.simulates)


@pytest.fixture
def tracker():
    return Simulator(shown(), new_id=shown().new_ids(lambda: "by-chance"))


def get(query):
    return Request("GET", f"{USERS}{query}", (), b"", "roundup.test", True)


def write(method, target, document, *headers):
    return Request(method, target, (*FROM_HERE, *headers), json.dumps(document).encode(), "roundup.test", True)


def bought(tracker):
    """The target of an address that is good for one create."""
    address = parsed(tracker.handle(write("POST", f"{USERS}/@poe", {})).body)["data"]["link"]
    return address.removeprefix("https://roundup.test")


def found(tracker, name):
    return parsed(tracker.handle(get(f"?username:={name}&{SHOWN}")).body)["data"]["collection"]


def read(tracker, number):
    return parsed(tracker.handle(get(f"/{number}?{SHOWN}")).body)["data"]


def test_new_users_get_the_next_numbers_and_stand_behind_the_others(tracker):
    made = [tracker.handle(write("POST", USERS, {"username": f"late-{n}"})) for n in (1, 2)]

    assert [parsed(one.body)["data"]["id"] for one in made] == ["12", "13"]
    assert [one.header("location") for one in made] == [f"https://roundup.test{USERS}/{n}" for n in (12, 13)]
    assert [one["id"] for one in tracker.records()] == [str(number) for number in range(1, 14)]


def test_an_address_creates_once_and_another_one_once_more(tracker):
    first, second = bought(tracker), bought(tracker)
    statuses = [
        tracker.handle(write("POST", first, {"username": "a"})).status,
        tracker.handle(write("POST", first, {"username": "b"})).status,
        tracker.handle(write("POST", second, {"username": "b"})).status,
        tracker.handle(write("POST", f"{USERS}/@poe/made-up", {"username": "c"})).status,
    ]

    assert statuses == [201, 400, 201, 400]
    assert [len(found(tracker, name)) for name in "abc"] == [1, 1, 0]


def test_a_refused_create_uses_its_address_up(tracker):
    address = bought(tracker)

    assert tracker.handle(write("POST", address, {"username": "demo"})).status == 409
    assert tracker.handle(write("POST", address, {"username": "newcomer"})).status == 400


def test_an_update_for_the_state_that_is_there_is_done_and_tells_what_is_other_than_before(tracker):
    before = read(tracker, 5)
    wanted = {"realname": "Somebody", "phone": before["attributes"]["phone"]}
    reply = tracker.handle(write("PATCH", f"{USERS}/5", wanted, ("if-match", before["@etag"])))

    assert parsed(reply.body)["data"]["attribute"] == {"realname": "Somebody"}
    assert read(tracker, 5)["attributes"] == before["attributes"] | {"realname": "Somebody"}
    assert read(tracker, 5)["@etag"] != before["@etag"]


def test_an_update_that_changes_nothing_leaves_the_version(tracker):
    before = read(tracker, 5)
    same = {"realname": before["attributes"]["realname"]}

    assert tracker.handle(write("PATCH", f"{USERS}/5", same, ("if-match", before["@etag"]))).status == 200
    assert read(tracker, 5) == before


@pytest.mark.parametrize("condition", [(), (("if-match", '"of-yesterday"'),)], ids=["no-version", "older-version"])
def test_an_update_for_another_state_is_refused(tracker, condition):
    before = read(tracker, 5)

    assert tracker.handle(write("PATCH", f"{USERS}/5", {"realname": "x"}, *condition)).status == 412
    assert read(tracker, 5) == before


def test_versions_are_each_others_even_where_no_recording_looked():
    versions = [record["@etag"] for record in shown().records]

    assert len(set(versions)) == len(versions) == 11


def test_a_write_from_nowhere_is_refused(tracker):
    bare = Request("POST", USERS, (), b'{"username": "x"}', "roundup.test", True)

    assert tracker.handle(bare).status == 400
    assert found(tracker, "x") == []


def test_what_is_no_name_is_refused(tracker):
    assert tracker.handle(write("POST", USERS, {"username": "zoë"})).status == 409
    assert found(tracker, "zo%C3%AB") == []


def test_a_walk_over_the_numbered_pages_shows_every_user_once_and_the_total(tracker):
    for number in range(30):
        tracker.handle(write("POST", USERS, {"username": f"late-{number}"}))
    target, seen = f"{USERS}?@page_size=2&@page_index=1&{SHOWN}", []
    while target:
        reply = tracker.handle(Request("GET", target, (), b"", "roundup.test", True))
        data = parsed(reply.body)["data"]
        assert (data["@total_size"], reply.header("x-count-total")) == (41, "41")
        seen += [row["id"] for row in data["collection"]]
        links = data["@links"].get("next")
        target = links and links[0]["uri"].removeprefix("https://roundup.test")

    assert seen == [str(number) for number in range(1, 42)]


@pytest.mark.parametrize(
    "target",
    [
        f"?@page_size=2&@page_index=7&{SHOWN}",
        f"?@page_size=2&@page_index=0&{SHOWN}",
        f"?@page_size=60&@page_index=1&{SHOWN}",
        f"?@page_size=many&@page_index=1&{SHOWN}",
        "?@page_size=2&@page_index=1&@fields=username",
        f"?{SHOWN}",
        "?username:=demo&@fields=username",
        f"?username:=demo&@page_index=2&@page_size=2&{SHOWN}",
        "/3",
    ],
)
def test_what_no_recording_showed_is_refused(tracker, target):
    with pytest.raises(NotRecorded):
        tracker.handle(get(target))
