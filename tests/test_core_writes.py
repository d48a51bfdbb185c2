"""The core writes as each vendor wants it: one dialect for each way to create, find and change."""

from dataclasses import replace

import pytest

from harness.core import KeyTaken
from harness.core.keys import compared
from harness.dialects.writing import (
    ByFilter,
    ById,
    ByParam,
    Duplicate,
    KeysCompare,
    PatchOp,
    PutNew,
    PutWhole,
    Version,
    Writing,
)
from tests.core_dialects import dialect, integration
from tests.core_vendor import Clock, in_turn, reply, vendor

ANN = {"name": "ann", "email": "ann@x.test"}
OLD = {"id": "u1", "name": "ann", "email": "old@x.test", "phone": "1"}
BY_NAME = ByParam(param="name")


def speaking(writing, **changes):
    spoken = dialect()
    return replace(spoken, collections=(replace(spoken.collections[0], writing=writing, **changes),))


def pushed(writing, *sent, records=(ANN,), **changes):
    """The report, and what arrived at a vendor that answers with ``sent`` in turn."""
    with vendor(in_turn(*sent)) as serving, integration(serving, speaking(writing, **changes), Clock()) as core:
        report = core.push("users", list(records))
        assert set(report.failed) <= {record["name"] for record in records}
        return report, serving.asked


def test_a_filter_holds_the_key_as_a_json_string():
    writing = Writing(finding=ByFilter(text="userName eq {key}"))

    _, asked = pushed(writing, reply({"rows": []}), reply({"id": "u1"}, 201), records=[{"name": 'a"b\\ü'}])

    assert asked[0].query["filter"] == 'userName eq "a\\"b\\\\ü"'


def test_a_record_whose_key_is_its_id_is_looked_up_and_created_at_its_address():
    writing = Writing(finding=ById(), creating=PutNew(), envelope="data")

    report, asked = pushed(writing, reply({}, 404), reply({"data": {"name": "ann"}}, 201), id_field="name")

    assert report.created == ("ann",)
    assert [(one.method, one.path, one.headers.get("if-none-match")) for one in asked] == [
        ("GET", "/users/ann", None),
        ("PUT", "/users/ann", "*"),
    ]
    assert asked[1].document == {"data": ANN}


BEHIND = Writing(finding=BY_NAME, confirming=ById())
"""A search that may be behind, and an address that never is."""


def test_a_search_that_may_be_behind_is_not_believed_when_it_finds_nobody():
    report, asked = pushed(BEHIND, reply({"rows": []}), reply(OLD | ANN))

    assert report.unchanged == ("ann",)
    assert [(one.method, one.target) for one in asked] == [("GET", "/users?name=ann"), ("GET", "/users/ann")]


def test_after_a_lost_answer_the_read_that_sees_every_write_decides():
    report, asked = pushed(BEHIND, reply({"rows": []}), reply({}, 404), reply({"no": "news"}, 503), reply(OLD | ANN))

    assert report.created == ("ann",)
    assert [(one.method, one.path) for one in asked[2:]] == [("POST", "/users"), ("GET", "/users/ann")]


def test_a_record_that_the_search_finds_is_not_looked_up_twice():
    _, asked = pushed(BEHIND, reply({"rows": [OLD | ANN]}))

    assert len(asked) == 1


def test_a_miss_of_a_lookup_by_id_is_no_failure_in_the_log(caplog):
    writing = Writing(finding=ById(), creating=PutNew())

    pushed(writing, reply({}, 404), reply({"name": "ann"}, 201), id_field="name")

    assert caplog.records == []


@pytest.mark.parametrize(
    ("writing", "taken"),
    [
        (Writing(finding=BY_NAME, duplicate=Duplicate(status=412)), reply({}, 412)),
        (Writing(finding=BY_NAME, duplicate=Duplicate(known_id_status=200)), reply(OLD, 200)),
    ],
    ids=["refused", "shown"],
)
def test_a_create_whose_key_is_taken_becomes_an_update_of_what_is_there(writing, taken):
    found = reply({"rows": [OLD]})

    report, asked = pushed(writing, reply({"rows": []}), taken, found, reply({**OLD, **ANN}))

    assert report.updated == ("ann",)
    assert [one.method for one in asked] == ["GET", "POST", "GET", "PATCH"]
    assert asked[3].document == {"email": "ann@x.test"}


def test_a_taken_key_that_cannot_be_found_is_named_by_the_error():
    nothing = reply({"rows": []})

    report, _ = pushed(Writing(finding=BY_NAME), nothing, reply({}, 409), nothing)

    assert "users.create" in report.failed["ann"]
    assert "status=409" in report.failed["ann"]
    assert issubclass(KeyTaken, Exception)


def test_a_whole_put_keeps_the_fields_that_are_not_ours():
    writing = Writing(finding=BY_NAME, changing=PutWhole())

    _, asked = pushed(writing, reply({"rows": [{**OLD, "seen": 5}]}), reply({**OLD, **ANN}), volatile=("seen",))

    assert (asked[1].method, asked[1].path) == ("PUT", "/users/u1")
    assert asked[1].document == {**OLD, **ANN}


def test_a_scim_patch_replaces_the_changed_fields_in_the_vendors_media_type():
    writing = Writing(finding=BY_NAME, changing=PatchOp(), content_type="application/scim+json")

    _, asked = pushed(writing, reply({"rows": [OLD]}), reply({**OLD, **ANN}))

    assert asked[1].headers["content-type"] == "application/scim+json"
    assert asked[1].document == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "value": {"email": "ann@x.test"}}],
    }


def test_a_list_among_the_defaults_goes_out_as_a_list():
    writing = Writing(finding=BY_NAME, defaults=(("schemas", ("urn:user",)),))

    _, asked = pushed(writing, reply({"rows": []}), reply({"id": "u1"}, 201))

    assert asked[1].document == {"schemas": ["urn:user"], **ANN}


@pytest.mark.parametrize(
    ("version", "row", "expected"),
    [
        (Version(path=("meta", "version")), {**OLD, "meta": {"version": 'W/"7"'}}, 'W/"7"'),
        (Version(path=("last_modified",), form='"{version}"'), {**OLD, "last_modified": 17}, '"17"'),
    ],
    ids=["as-it-is", "quoted"],
)
def test_an_update_says_for_which_version_it_was_made(version, row, expected):
    writing = Writing(finding=BY_NAME, version=version)

    _, asked = pushed(writing, reply({"rows": [row]}), reply({**row, **ANN}))

    assert asked[1].headers["if-match"] == expected


def test_a_version_that_stands_in_a_header_alone_is_read_from_the_record_itself():
    writing = Writing(finding=BY_NAME, version=Version(header="ETag"))
    sent = (reply({"rows": [OLD]}), reply(OLD, etag='"v3"'), reply({**OLD, **ANN}))

    _, asked = pushed(writing, *sent)

    assert [(one.method, one.path) for one in asked] == [
        ("GET", "/users"),
        ("GET", "/users/u1"),
        ("PATCH", "/users/u1"),
    ]
    assert asked[2].headers["if-match"] == '"v3"'


def test_an_update_that_came_too_late_reads_again_and_keeps_what_somebody_else_wrote():
    writing = Writing(finding=BY_NAME, changing=PutWhole(), version=Version(path=("v",), form='"{version}"'))
    before, now = {**OLD, "v": 1}, {**OLD, "v": 2, "phone": "2"}
    sent = (reply({"rows": [before]}), reply({}, 412), reply({"rows": [now]}), reply({**now, **ANN}))

    report, asked = pushed(writing, *sent)

    assert report.updated == ("ann",)
    assert [one.method for one in asked] == ["GET", "PUT", "GET", "PUT"]
    assert [asked[place].headers["if-match"] for place in (1, 3)] == ['"1"', '"2"']
    assert asked[3].document["phone"] == "2"


def test_each_attempt_at_one_write_carries_the_same_idempotency_key_and_another_write_another():
    writing = Writing(finding=BY_NAME, idempotency_header="Idempotency-Key")
    nothing, down = reply({"rows": []}), reply({}, 503)
    sent = (nothing, down, nothing, reply({"id": "u1"}, 201), nothing, reply({"id": "u2"}, 201))

    _, asked = pushed(writing, *sent, records=[ANN, {"name": "bob"}])
    first, again, other = [one for one in asked if one.method == "POST"]

    assert first.body == again.body
    assert first.headers["idempotency-key"] == again.headers["idempotency-key"]
    assert first.headers["idempotency-key"] != other.headers["idempotency-key"]


@pytest.mark.parametrize(
    ("keys", "one"),
    [
        (KeysCompare(), False),
        (KeysCompare(case="ignored"), False),
        (KeysCompare(outer_space="ignored"), False),
        (KeysCompare(case="ignored", outer_space="ignored"), True),
    ],
    ids=str,
)
def test_keys_are_one_where_the_vendor_takes_them_for_one(keys, one):
    assert (compared(keys, "Ann ") == compared(keys, "ann")) is one


def test_two_source_rows_that_are_two_keys_to_the_vendor_are_both_pushed():
    nothing = reply({"rows": []})
    sent = (nothing, reply({"id": "u1"}, 201), nothing, reply({"id": "u2"}, 201))

    report, _ = pushed(Writing(finding=BY_NAME), *sent, records=[ANN, {"name": "Ann"}])

    assert report.created == ("ann", "Ann")
