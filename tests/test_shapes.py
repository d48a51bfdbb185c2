"""What a vendor's answers show of a change: fields that are gone, kinds that are others; never what may be absent."""

import json

import pytest

from harness.stage.shapes import Shapes, differences


def shapes(*documents, operation="users.list", status=200):
    made = Shapes()
    for document in documents:
        made.add(operation, status, json.dumps(document).encode())
    return made


RECORDED = shapes({"users": [{"id": "1", "name": "a"}, {"id": "2", "name": "b", "note": "x"}], "next": None})


@pytest.mark.parametrize(
    "seen",
    [
        {"users": [{"id": "7", "name": "z", "note": "y"}], "next": None},
        {"users": [{"id": "7", "name": "z"}], "next": "https://vendor.test/2"},
        {"users": [{"id": "7", "name": None, "more": 1}], "next": None},
        {"users": [], "next": None},
        {"users": None, "next": None},
    ],
    ids=["alike", "an-optional-field-absent", "null", "empty-list", "null-list"],
)
def test_what_may_be_so_is_no_difference(seen):
    assert differences(RECORDED, shapes(seen)) == ()


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (
            {"users": [{"id": "1", "login": "a"}], "next": None},
            (
                "users.list 200: $.users[].name is gone, which was text",
                "users.list 200: $.users[].login is new",
            ),
        ),
        ({"users": [{"id": 1, "name": "a"}], "next": None}, ("users.list 200: $.users[].id was text and is number",)),
        ({"users": [{"id": "1", "name": "a"}]}, ("users.list 200: $.next is gone, which was null",)),
    ],
    ids=["renamed", "another-kind", "gone"],
)
def test_a_change_is_told_by_its_path(seen, told):
    assert differences(RECORDED, shapes(seen)) == told


def test_a_status_that_no_recording_shows_is_a_difference_and_a_failing_server_is_not():
    assert differences(RECORDED, shapes({"error": 1}, status=410)) == (
        "users.list answered 410, which no recording shows",
    )
    assert differences(RECORDED, shapes({"error": 1}, status=503)) == ()


def test_an_operation_that_was_never_recorded_says_nothing():
    assert differences(RECORDED, shapes({"id": 1}, operation="groups.list")) == ()
