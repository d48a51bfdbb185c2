"""A simulated store of records whose key is their address: conditions, versions, batches."""

import json
from pathlib import Path

import pytest

from harness.certify.evidence import evidence_for
from harness.dialects import KINTO
from harness.stage.documents import parsed
from harness.stage.http1 import Request
from harness.stage.recordings import load_folder
from harness.stage.shown import learn
from harness.stage.simulator import Simulator
from harness.stage.vendor import NotRecorded

CASSETTES = Path(__file__).parents[1] / "cassettes"
CONTACTS = "/v1/buckets/crm/collections/contacts/records"


@pytest.fixture(scope="module")
def shown():
    evidence = evidence_for(KINTO, load_folder(CASSETTES / "kinto"))
    return learn(KINTO, evidence.pull, evidence.simulates)


@pytest.fixture
def contacts(shown):
    return lambda **given: Simulator(shown, new_id=lambda: "unused", **given)


def asked(method, target, document=None, **headers):
    told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(method, target, told, b"" if document is None else json.dumps(document).encode(), "kinto.test", True)


def created(subject, key, **fields):
    document = {"data": {"id": key, **fields}}
    return subject.handle(asked("PUT", f"{CONTACTS}/{key}", document, if_none_match="*"))


def test_a_record_is_created_at_its_address_and_found_there(contacts):
    subject = contacts()

    assert created(subject, "newcomer", name="New").status == 201
    assert parsed(subject.handle(asked("GET", f"{CONTACTS}/newcomer")).body)["data"]["name"] == "New"


def test_a_taken_key_is_refused_with_the_record_that_holds_it(contacts):
    subject = contacts()
    created(subject, "newcomer", name="New")
    refused = created(subject, "newcomer", name="Another")

    assert refused.status == 412
    assert parsed(refused.body)["details"]["existing"]["name"] == "New"


def test_a_post_of_a_known_id_shows_the_record_and_changes_nothing(contacts):
    subject = contacts()
    created(subject, "newcomer", name="New")
    reply = subject.handle(asked("POST", CONTACTS, {"data": {"id": "newcomer", "name": "Another"}}))

    assert (reply.status, parsed(reply.body)["data"]["name"]) == (200, "New")


def test_an_update_for_an_older_state_is_refused_and_one_for_this_state_is_done(contacts):
    subject = contacts()
    version = created(subject, "newcomer", name="New").header("etag")
    in_time = subject.handle(asked("PATCH", f"{CONTACTS}/newcomer", {"data": {"city": "Wien"}}, if_match=version))
    late = subject.handle(asked("PATCH", f"{CONTACTS}/newcomer", {"data": {"name": "Late"}}, if_match=version))

    assert (in_time.status, late.status) == (200, 412)
    assert parsed(late.body)["details"]["existing"]["city"] == "Wien"
    assert subject.store.get("newcomer")["name"] == "New"


def test_a_whole_put_leaves_no_field_that_it_does_not_name(contacts):
    subject = contacts()
    created(subject, "newcomer", name="New", city="Wien")
    subject.handle(asked("PUT", f"{CONTACTS}/newcomer", {"data": {"name": "Newer"}}))

    assert set(subject.store.get("newcomer")) == {"id", "name", "last_modified"}


def test_each_request_of_a_batch_has_a_status_of_its_own_whatever_became_of_the_others(contacts):
    subject = contacts()
    created(subject, "newcomer", name="New")
    items = [
        {
            "method": "PUT",
            "path": f"{CONTACTS}/{key}",
            "body": {"data": {"id": key, "name": "x"}},
            "headers": {"If-None-Match": "*"},
        }
        for key in ("newcomer", "second")
    ]
    told = parsed(subject.handle(asked("POST", "/v1/batch", {"requests": items})).body)["responses"]

    assert [(one["path"].rpartition("/")[2], one["status"]) for one in told] == [("newcomer", 412), ("second", 201)]


def test_a_batch_of_more_than_the_cap_is_refused_and_nothing_of_it_is_done(contacts):
    subject = contacts(batch_cap=2)
    items = [{"method": "GET", "path": f"{CONTACTS}/a"}] * 3
    refused = subject.handle(asked("POST", "/v1/batch", {"requests": items}))

    assert refused.status == 400
    assert parsed(refused.body)["message"] == "Number of requests is limited to 2"


@pytest.mark.parametrize(
    "request_",
    [
        asked("PUT", f"{CONTACTS}/nobody", {"data": {"name": "x"}}),
        asked("PATCH", f"{CONTACTS}/daria-tanaka", {"data": {"age": 5}}),
        asked("GET", f"{CONTACTS}/daria-tanaka?_fields=name"),
        asked("GET", f"{CONTACTS}?_sort=name"),
        asked("GET", f"{CONTACTS}?_sort=id&_limit=5&_token=bm9ib2R5"),
        asked("POST", "/v1/batch", {"requests": "all"}),
    ],
    ids=lambda request: f"{request.method}-{request.target.rpartition('/')[2]}",
)
def test_what_no_recording_of_kinto_showed_is_refused(request_, contacts):
    with pytest.raises(NotRecorded):
        contacts().handle(request_)
