"""The stage's reading of batches: taken apart, and each answer found by what it says of itself."""

import json

import pytest

from harness.dialects import KINTO
from harness.dialects.scim import SCIM
from harness.stage.batches import answers_to, items_of, status_of, without_singles
from harness.stage.documents import parsed
from harness.stage.http1 import Request
from harness.stage.operations import asked

BATCH = KINTO.collections[0].writing.batch
BULK = SCIM.collections[0].writing.batch
PLACE = "/v1/buckets/crm/collections/contacts/records"


def whole(document):
    return Request("POST", "/v1/batch", (), json.dumps(document).encode(), "kinto.test", True)


def put(key):
    headers = {"If-None-Match": "*"}
    return {"method": "PUT", "path": f"{PLACE}/{key}", "headers": headers, "body": {"data": {"id": key}}}


def test_each_request_of_a_batch_is_read_as_if_it_had_come_alone():
    singles = items_of(BATCH, whole({"requests": [put("ann"), {"method": "GET", "path": f"{PLACE}/bob"}]}))
    meanings = [asked(KINTO, single.request) for single in singles]

    assert [(one.operation, one.record_key) for one in meanings] == [
        ("contacts.create", "ann"),
        ("contacts.lookup", "bob"),
    ]


def test_a_bulk_leaves_out_the_root_of_its_paths_and_has_its_versions_beside_them():
    operation = {"method": "PATCH", "path": "/Users/u1", "bulkId": "a", "version": 'W/"1"', "data": {}}
    (single,) = items_of(BULK, whole({"Operations": [operation]}))

    assert (single.request.target, single.request.header("if-match"), single.label) == ("/v2/Users/u1", 'W/"1"', "a")


@pytest.mark.parametrize("document", [{}, {"requests": []}, {"requests": "all"}, {"requests": [{"path": "/"}]}])
def test_what_holds_no_requests_is_no_batch(document):
    assert items_of(BATCH, whole(document)) is None


def test_answers_are_found_by_their_path_in_whichever_order_and_of_one_path_in_theirs():
    singles = items_of(BATCH, whole({"requests": [put("ann"), put("bob"), put("ann")]}))
    answers = [
        {"path": f"{PLACE}/bob", "status": 503},
        {"path": f"{PLACE}/ann", "status": 201},
        {"path": f"{PLACE}/ann", "status": 412},
    ]

    assert [status_of(BATCH, one) for one in answers_to(BATCH, singles, answers)] == [201, 503, 412]
    assert answers_to(BATCH, singles, answers[:1]) == (None, answers[0], None)


def test_answers_are_found_by_their_label_where_a_batch_has_labels():
    operations = [{"method": "POST", "path": "/Users", "bulkId": name, "data": {}} for name in ("a", "b")]
    singles = items_of(BULK, whole({"Operations": operations}))
    answers = [{"bulkId": "b", "status": "409"}, {"bulkId": "a", "status": "201"}]

    assert [status_of(BULK, one) for one in answers_to(BULK, singles, answers)] == [201, 409]


def test_a_batch_without_some_of_its_requests_keeps_the_others_in_their_order():
    left = without_singles(BATCH, whole({"requests": [put("ann"), put("bob"), put("cem")], "x": 1}), (1,))

    assert parsed(left.body) == {"requests": [put("ann"), put("cem")], "x": 1}
