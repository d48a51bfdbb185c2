"""A batch: each record has an outcome of its own, only what failed is tried again, and nothing is taken on trust."""

import json
from dataclasses import replace

import pytest

from harness.core import FailuresUnread, RetriesExhausted, reconcile
from harness.core.integration import Integration
from harness.dialects import KINTO
from harness.dialects.credentials import Basic
from harness.dialects.writing import Batch, BatchItem, ByParam, PatchOp, Writing
from tests.core_dialects import dialect, integration
from tests.core_vendor import RESET, Clock, reply, vendor

CONTACTS = "/v1/buckets/crm/collections/contacts/records"
KEYS = ("ann", "bob", "cem", "dea", "eva", "fay")


def contact(key, **fields):
    return {"id": key, "name": key.title(), **fields}


class Kinto:
    """Holds contacts at the addresses of their keys. ``ruin`` makes another reply of the n-th batch's answers."""

    def __init__(self, *held, ruin=None):
        self.held = {one["id"]: {**one, "last_modified": 1} for one in held}
        self.ruin = ruin or {}
        self.batches = []

    def __call__(self, asked):
        if asked.path != "/v1/batch":
            status, body = self.single(asked.method, asked.path, asked.document if asked.body else None, asked.headers)
            return reply(body, status)
        items = asked.document["requests"]
        self.batches.append([(one["method"], one["path"].rpartition("/")[2]) for one in items])
        ruin = self.ruin.get(len(self.batches))
        if ruin is not None and ruin.failing:
            return ruin(self, items)
        answers = [self.item(one) for one in items]
        return ruin(self, answers) if ruin else reply({"responses": answers})

    def item(self, one):
        headers = {name.lower(): value for name, value in one.get("headers", {}).items()}
        status, body = self.single(one["method"], one["path"], one["body"], headers)
        return {"path": one["path"], "status": status, "headers": {}, "body": body}

    def single(self, method, path, document, headers):
        key = path.rpartition("/")[2]
        held = self.held.get(key)
        if method == "GET":
            return (200, {"data": held}) if held else (404, {"code": 404, "errno": 110})
        if method == "PUT" and held:
            return 412, {"code": 412, "errno": 114, "details": {"existing": held}}
        if method == "PATCH" and headers["if-match"] != f'"{held["last_modified"]}"':
            return 412, {"code": 412, "errno": 114, "details": {"existing": held}}
        version = held["last_modified"] + 1 if held else 1
        self.held[key] = {**(held or {}), **document["data"], "id": key, "last_modified": version}
        return (200 if held else 201), {"data": self.held[key]}


def done(change):
    """What was asked for is done, and the answers are changed on their way."""
    change.failing = False
    return change


def failing(*keys, status=503):
    """Those items are not carried out, and say so; the others are."""

    def ruin(kinto, items):
        answers = []
        for one in items:
            refused = one["path"].rpartition("/")[2] in keys
            body = {"code": status, "errno": 201, "message": "not now"}
            answers.append({"path": one["path"], "status": status, "body": body} if refused else kinto.item(one))
        return reply({"responses": answers})

    ruin.failing = True
    return ruin


@done
def lost(kinto, answers):
    return RESET


@done
def turned_round(kinto, answers):
    return reply({"responses": answers[::-1]})


@done
def without_the_last(kinto, answers):
    return reply({"responses": answers[:-1]})


def pushed(kinto, records):
    """The report, with its failures read, and the requests that arrived outside of batches."""
    with vendor(kinto) as serving, speaking_kinto(serving) as core:
        report = core.push("contacts", records)
        assert set(report.failed) <= {record["id"] for record in records}
        return report, [(one.method, one.path.rpartition("/")[2]) for one in serving.asked if one.path != "/v1/batch"]


def speaking_kinto(serving):
    return Integration(KINTO, credentials=Basic("a", "p"), base_url=serving.url, clock=Clock())


def puts(*keys):
    return [("PUT", key) for key in keys]


def test_new_records_go_in_together_as_many_as_the_vendor_takes_at_once():
    kinto = Kinto()

    report, alone = pushed(kinto, [contact(key) for key in (*KEYS, "gil")])

    assert report.created == (*KEYS, "gil")
    assert kinto.batches == [puts(*KEYS[:5]), puts("fay", "gil")]
    assert {method for method, _ in alone} == {"GET"}


def test_a_single_record_needs_no_batch():
    kinto = Kinto()

    _, alone = pushed(kinto, [contact("ann")])

    assert (kinto.batches, alone) == ([], [("GET", "ann"), ("PUT", "ann")])


def test_what_is_the_same_is_left_out_and_what_differs_goes_with_what_is_new():
    kinto = Kinto(contact("ann"), contact("bob", phone="1"))

    report, _ = pushed(kinto, [contact("ann"), {**contact("bob"), "name": "Robert"}, contact("cem")])

    assert (report.unchanged, report.updated, report.created) == (("ann",), ("bob",), ("cem",))
    assert kinto.batches == [[("PATCH", "bob"), ("PUT", "cem")]]
    assert kinto.held["bob"]["phone"] == "1"


def test_exactly_the_failed_items_are_tried_again():
    kinto = Kinto(ruin={1: failing("bob", "dea")})

    report, alone = pushed(kinto, [contact(key) for key in KEYS[:5]])

    assert kinto.batches[1:] == [[("PUT", "bob"), ("PUT", "dea")]]
    assert alone[5:] == [("GET", "bob"), ("GET", "dea")]
    assert set(report.created) == set(KEYS[:5])


def test_exactly_the_items_that_are_refused_for_good_are_named_with_their_own_status_and_never_sent_again():
    kinto = Kinto(ruin={1: failing("bob", status=403)})

    report, _ = pushed(kinto, [contact(key) for key in KEYS[:5]])

    assert list(report.failed) == ["bob"]
    assert all(word in report.failed["bob"] for word in ("contacts.create", "403", "not now", "record_key=bob"))
    assert report.created == ("ann", "cem", "dea", "eva")
    assert len(kinto.batches) == 1


def test_an_item_that_fails_for_ever_is_named_and_the_others_are_done():
    kinto = Kinto()

    def script(asked):
        if asked.path == f"{CONTACTS}/bob" and asked.method == "PUT":
            return reply({"code": 503, "errno": 201}, 503)
        return failing("bob")(kinto, asked.document["requests"]) if asked.path == "/v1/batch" else kinto(asked)

    report, alone = pushed(script, [contact(key) for key in KEYS[:3]])

    assert "gave up" in report.failed["bob"]
    assert "status=503" in report.failed["bob"]
    assert report.created == ("ann", "cem")
    assert alone.count(("PUT", "bob")) == 6


def test_answers_are_matched_by_their_address_and_not_by_their_place():
    kinto = Kinto(contact("bob", name="Old"), ruin={1: turned_round})
    kinto.held["bob"]["last_modified"] = 7

    report, _ = pushed(kinto, [contact(key) for key in KEYS[:3]])

    assert (report.created, report.updated) == (("ann", "cem"), ("bob",))
    assert len(kinto.batches) == 1


def test_a_failure_among_answers_in_another_order_is_told_of_the_right_record():
    def ruin(kinto, items):
        answers = json.loads(failing("ann", status=403)(kinto, items).payload.partition(b"\r\n\r\n")[2])["responses"]
        return reply({"responses": answers[::-1]})

    ruin.failing = True

    report, _ = pushed(Kinto(ruin={1: ruin}), [contact(key) for key in KEYS[:3]])

    assert list(report.failed) == ["ann"]


def test_after_a_lost_answer_every_record_is_looked_up_and_none_is_sent_again_that_is_there():
    kinto = Kinto(ruin={1: lost})

    report, alone = pushed(kinto, [contact(key) for key in KEYS[:3]])

    assert report.created == KEYS[:3]
    assert len(kinto.batches) == 1
    assert alone == [("GET", key) for key in (*KEYS[:3], *KEYS[:3])]


def test_a_record_that_the_answer_does_not_mention_is_looked_up():
    kinto = Kinto(ruin={1: without_the_last})

    report, alone = pushed(kinto, [contact(key) for key in KEYS[:3]])

    assert report.created == KEYS[:3]
    assert alone[3:] == [("GET", "cem")]


def test_a_key_that_somebody_else_took_meanwhile_is_updated_at_once():
    kinto = Kinto()

    def script(asked):
        if asked.path == "/v1/batch" and not kinto.batches:
            kinto.held["bob"] = {"id": "bob", "name": "Theirs", "city": "Wien", "last_modified": 1}
        return kinto(asked)

    report, _ = pushed(script, [contact("ann"), contact("bob")])

    assert (report.created, report.updated) == (("ann",), ("bob",))
    assert kinto.held["bob"] == {"id": "bob", "name": "Bob", "city": "Wien", "last_modified": 2}


def test_a_batch_that_never_comes_through_ends_the_run_with_what_was_done():
    def script(asked):
        return reply({"code": 503, "errno": 201}, 503) if asked.path == "/v1/batch" else Kinto()(asked)

    with vendor(script) as serving, speaking_kinto(serving) as core, pytest.raises(RetriesExhausted) as raised:
        core.push("contacts", [contact(key) for key in KEYS[:5]])

    assert raised.value.record_key == "cem"
    assert raised.value.__notes__ == ["0 of 5 records were done; failed: ann, bob, cem"]


def test_failures_of_a_batch_that_nobody_reads_are_raised():
    with vendor(Kinto(ruin={1: failing("bob", status=403)})) as serving:
        core = speaking_kinto(serving)
        report = core.push("contacts", [contact("ann"), contact("bob")])

        assert report.created == ("ann",)
        with pytest.raises(FailuresUnread, match="bob"):
            core.close()


# -- the other way to tell a batch: SCIM's -----------------------------------------------------------------------------

BULK = Batch(
    path="/v2/Bulk",
    root="/v2",
    most=4,
    requests=("Operations",),
    answers=("Operations",),
    constants=(("schemas", ("urn:bulk",)),),
    request=BatchItem(body="data", headers="", version="version", label="bulkId"),
    answer=BatchItem(status="status", path="location", body="response", headers="", label="bulkId"),
)


def test_a_bulk_names_its_operations_and_finds_their_answers_by_that_name():
    writing = Writing(
        finding=ByParam(param="name"), changing=PatchOp(), content_type="application/scim+json", batch=BULK
    )
    spoken = dialect()
    users = replace(spoken.collections[0], path="/v2/Users", writing=writing)

    def script(asked):
        if asked.method == "GET":
            return reply({"rows": []})
        answers = [
            {"bulkId": "bob", "status": "409", "response": {"status": "409", "detail": "taken"}},
            {"bulkId": "ann", "status": "201", "location": "https://v/v2/Users/u1", "response": {"id": "u1"}},
        ]
        return reply({"Operations": answers})

    with vendor(script) as serving, integration(serving, replace(spoken, collections=(users,)), Clock()) as core:
        report = core.push("users", [{"name": "ann"}, {"name": "bob"}])
        failed = dict(report.failed)
    bulk = next(one for one in serving.asked if one.method == "POST")

    assert (report.created, list(failed)) == (("ann",), ["bob"])
    assert bulk.headers["content-type"] == "application/scim+json"
    assert bulk.document == {
        "schemas": ["urn:bulk"],
        "Operations": [
            {"method": "POST", "path": "/Users", "data": {"name": "ann"}, "bulkId": "ann"},
            {"method": "POST", "path": "/Users", "data": {"name": "bob"}, "bulkId": "bob"},
        ],
    }


# -- a set of changes --------------------------------------------------------------------------------------------------


def applied(kinto, changes, **options):
    with vendor(kinto) as serving, speaking_kinto(serving) as core:
        report = core.apply("contacts", changes, **options)
        return report, report.failed


@pytest.mark.parametrize("workers", [1, 3])
def test_changes_are_written_in_batches_however_many_write(workers):
    kinto = Kinto(contact("ann"))
    records = [contact("ann", team="blue"), *(contact(key) for key in (*KEYS[1:], "gil"))]
    changes = reconcile(records, [contact("ann")], key="id")

    report, failed = applied(kinto, changes, workers=workers)

    assert report.created == (*KEYS[1:], "gil")
    assert (report.updated, failed) == (("ann",), {})
    assert sorted(len(batch) for batch in kinto.batches) == [2, 5]


def test_of_a_set_of_changes_exactly_the_failed_items_are_named():
    kinto = Kinto(ruin={1: failing(KEYS[1], status=403)})

    report, failed = applied(kinto, reconcile([contact(key) for key in KEYS[:3]], [], key="id"))

    assert list(failed) == [KEYS[1]]
    assert report.created == (KEYS[0], KEYS[2])
