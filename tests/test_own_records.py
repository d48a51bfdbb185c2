"""What a live run may write to: records that carry its tag, or that it has created, alone and within a batch."""

import json

import pytest

from harness.certify.own_records import OwnRecords
from harness.dialects import KEYSTONE, KINTO, SCIM
from harness.stage.http1 import Reply, Request
from harness.stage.live import Trouble

OWN = "harness-abcdef-tadyxc-0000-1"
CONTACTS = "/v1/buckets/crm/collections/contacts/records"


def asking(method, target, document=None, **headers):
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(method, target, named, json.dumps(document).encode() if document else b"", "", tls=True)


def answering(status, document):
    return Reply(status, (("Content-Type", "application/json"),), json.dumps(document).encode())


def refusal(own, request):
    with pytest.raises(Trouble) as refused:
        own.check(request)
    assert refused.value.kind == "not_allowed"
    return str(refused.value)


def kinto_batch(*requests):
    return asking("POST", "/v1/batch", {"requests": list(requests)})


def scim_bulk(*operations):
    return asking("POST", "/v2/Bulk", {"Operations": list(operations)})


def test_a_record_with_the_tag_in_its_key_may_be_created_and_another_not():
    own = OwnRecords(KEYSTONE)
    own.check(asking("POST", "/v3/users", {"user": {"name": OWN}}))

    told = refusal(own, asking("POST", "/v3/users", {"user": {"name": "ada"}}))

    assert told == "POST /v3/users would write to a record that is not its own"


def test_a_record_that_was_shown_under_the_tag_may_be_written_to_by_its_id():
    own = OwnRecords(KEYSTONE)
    rows = [{"id": "1", "name": OWN}, {"id": "2", "name": "ada"}]
    own.learn(asking("GET", f"/v3/users?name={OWN}"), answering(200, {"users": rows, "links": {"next": None}}))
    own.check(asking("PATCH", "/v3/users/1", {"user": {"enabled": False}}))

    assert "PATCH /v3/users/2" in refusal(own, asking("PATCH", "/v3/users/2", {"user": {"enabled": False}}))
    assert "DELETE /v3/users/2" in refusal(own, asking("DELETE", "/v3/users/2"))


def test_an_own_record_may_not_lose_its_tag():
    own = OwnRecords(KEYSTONE)
    own.learn(asking("POST", "/v3/users"), answering(201, {"user": {"id": "1", "name": OWN}}))
    own.check(asking("PATCH", "/v3/users/1", {"user": {"name": f"{OWN}b"}}))

    assert "PATCH /v3/users/1" in refusal(own, asking("PATCH", "/v3/users/1", {"user": {"name": "ada"}}))


def test_reads_are_nobodys_business():
    OwnRecords(KEYSTONE).check(asking("GET", "/v3/users/2"))


def test_a_batch_may_write_to_own_records():
    OwnRecords(KINTO).check(
        kinto_batch(
            {"method": "PUT", "path": f"{CONTACTS}/{OWN}", "body": {"data": {}}, "headers": {"If-None-Match": "*"}},
            {"method": "PATCH", "path": f"{CONTACTS}/{OWN}", "body": {"data": {"name": "Ada"}}},
            {"method": "GET", "path": f"{CONTACTS}/ada"},
        )
    )


@pytest.mark.parametrize(
    "foreign",
    [
        {"method": "PUT", "path": f"{CONTACTS}/ada", "body": {"data": {}}, "headers": {"If-None-Match": "*"}},
        {"method": "PATCH", "path": f"{CONTACTS}/ada", "body": {"data": {"name": "Ada"}}},
        {"method": "DELETE", "path": f"{CONTACTS}/ada"},
        {"method": "DELETE", "path": CONTACTS},
        {"method": "PUT", "path": "/v1/buckets/other"},
        {"method": "POST", "path": "/v1/batch", "body": {"requests": []}},
    ],
    ids=["create", "update", "delete", "delete all", "elsewhere", "a batch within"],
)
def test_one_foreign_record_within_a_batch_keeps_all_of_it_from_being_sent(foreign):
    mine = {"method": "PATCH", "path": f"{CONTACTS}/{OWN}", "body": {"data": {"name": "Ada"}}}

    told = refusal(OwnRecords(KINTO), kinto_batch(mine, foreign))

    assert told.startswith(f"{foreign['method']} {foreign['path']} within POST /v1/batch would write to a record")


@pytest.mark.parametrize("document", [None, {"requests": "all"}, {"requests": [{"path": CONTACTS}]}])
def test_a_batch_that_cannot_be_read_is_not_sent(document):
    told = refusal(OwnRecords(KINTO), asking("POST", "/v1/batch", document))

    assert told == "POST /v1/batch is a batch whose requests cannot be read"


@pytest.mark.parametrize("shown", [{"response": {"id": "7", "userName": OWN}}, {}], ids=["body", "address"])
def test_what_a_batch_created_may_be_written_to_by_the_id_that_it_was_given(shown):
    own = OwnRecords(SCIM)
    creating = scim_bulk(
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": OWN}},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": {"userName": f"{OWN}b"}},
    )
    own.check(creating)
    created = {"bulkId": "a", "status": "201", "location": "https://scim.test/v2/Users/7"} | shown
    refused = {"bulkId": "b", "status": "409", "location": "https://scim.test/v2/Users/8"}
    own.learn(creating, answering(200, {"Operations": [refused, created]}))
    own.check(scim_bulk({"method": "PATCH", "path": "/Users/7", "data": {}}))

    assert "PATCH /v2/Users/8" in refusal(own, scim_bulk({"method": "PATCH", "path": "/Users/8", "data": {}}))
