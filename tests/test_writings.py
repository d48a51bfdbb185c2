"""The stage's reading of how records are written: the same facts as the core's, other code."""

import json
from urllib.parse import quote

import pytest

from harness.dialects.facts import Collection, Dialect, NextLink, Unsigned
from harness.dialects.writing import Batch, ByFilter, ById, ByParam, PatchOp, PutNew, Writing
from harness.stage.http1 import Request
from harness.stage.operations import asked
from harness.stage.writings import looked_up, sent_fields

KINTO_LIKE = Writing(
    finding=ById(),
    creating=PutNew(),
    envelope="data",
    batch=Batch(path="/batch", most=5, requests=("requests",), answers=("responses",)),
)
SCIM_LIKE = Writing(finding=ByFilter(text="userName eq {key}"), changing=PatchOp())


def users(writing):
    return Collection(name="users", path="/users", rows=("rows",), paging=NextLink(path=("next",)), writing=writing)


def meaning(writing, method, target, body=b"", headers=()):
    dialect = Dialect(name="v", base_url="https://v.test", signing=Unsigned(), collections=(users(writing),))
    what = asked(dialect, Request(method, target, headers, body, "v.test", True))
    return what.operation, what.record_key, what.write


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", (), ("users.lookup", "c1", False)),
        ("PUT", (("if-none-match", "*"),), ("users.create", "c1", True)),
        ("PUT", (("if-match", '"1"'),), ("users.update", "c1", True)),
        ("PUT", (), ("users.update", "c1", True)),
        ("PATCH", (), ("users.update", "c1", True)),
        ("DELETE", (), ("users.delete", "c1", True)),
    ],
)
def test_where_the_key_is_the_id_the_address_names_the_record(method, headers, expected):
    assert meaning(KINTO_LIKE, method, "/users/c1", b'{"data": {}}', headers) == expected


def test_a_batch_is_a_write_of_many():
    assert meaning(KINTO_LIKE, "POST", "/batch", b"{}") == ("users.batch", "", True)


def test_a_filter_that_asks_for_one_key_is_a_lookup():
    target = "/users?filter=" + quote("userName eq " + json.dumps('a"b'))

    assert meaning(SCIM_LIKE, "GET", target) == (
        "users.lookup",
        'a"b',
        False,
    )


@pytest.mark.parametrize("text", ['userName sw "a"', "userName eq 5", "userName eq", 'userName eq "a" and active pr'])
def test_another_filter_is_no_lookup(text):
    assert looked_up(SCIM_LIKE, {"filter": text}) is None


def test_a_parameter_that_asks_for_one_key_is_a_lookup():
    assert looked_up(Writing(finding=ByParam(param="name")), {"name": "ann"}) == "ann"


def test_either_way_to_find_a_record_is_a_lookup():
    writing = Writing(finding=ByParam(param="search"), confirming=ByParam(param="exactly"))

    assert looked_up(writing, {"search": "ann"}) == looked_up(writing, {"exactly": "ann"}) == "ann"


@pytest.mark.parametrize(
    ("operations", "fields"),
    [
        ([{"op": "replace", "value": {"active": False}}], {"active": False}),
        ([{"op": "Replace", "path": "active", "value": False}], {"active": False}),
        ([{"op": "add", "path": "emails", "value": []}], None),
        ([{"op": "replace", "value": 5}], None),
    ],
)
def test_a_scim_patch_says_which_fields_it_replaces(operations, fields):
    body = json.dumps({"Operations": operations}).encode()

    assert sent_fields(users(SCIM_LIKE), Request("PATCH", "/users/1", (), body, "v.test", True)) == fields
