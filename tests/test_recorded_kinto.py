"""What Kinto's dialect claims is what the recordings of Kinto show."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.dialects.kinto import KINTO
from harness.stage.documents import at
from harness.stage.recordings import RecordedExchange, load, load_folder

CASSETTES = Path(__file__).resolve().parents[1] / "cassettes"
CONTACTS = KINTO.collections[0]
WRITING = CONTACTS.writing
both = pytest.mark.parametrize("folder", ["kinto", "kinto-2"])


def recorded(flow: str, folder: str = "kinto") -> tuple[RecordedExchange, ...]:
    return load(CASSETTES / folder / f"{flow}.yaml").exchanges


def reply(one: RecordedExchange) -> Any:
    return json.loads(one.reply_body)


def headers(one: RecordedExchange) -> dict[str, str]:
    return {name.lower(): value for name, value in one.reply_headers}


def statuses(exchanges) -> list[tuple[str, int]]:
    return [(one.method, one.status) for one in exchanges]


def test_the_header_leads_from_page_to_page_and_the_last_has_none():
    walked = recorded("pull_contacts")
    leads = [headers(one).get(CONTACTS.paging.header.lower()) for one in walked]

    assert [len(at(reply(one), CONTACTS.rows)) for one in walked] == [5, 5, 5, 5, 3]
    assert leads[:-1] == [one.url for one in walked[1:]]
    assert leads[-1] is None


def test_a_larger_page_is_cut_without_a_word():
    first, _ = recorded("silent_cap")

    assert "_limit=100" in first.url
    assert len(reply(first)["data"]) == 5
    assert "_limit=5" in headers(first)["next-page"]


def test_records_come_by_their_id():
    ids = [row["id"] for one in recorded("pull_contacts") for row in reply(one)["data"]]

    assert ids == sorted(ids)
    assert len(set(ids)) == 23


def test_every_answer_of_the_first_server_asks_for_fewer_calls_and_none_of_the_second():
    hint = KINTO.limits.hints[0].header.lower()

    assert {headers(one).get(hint) for flow in load_folder(CASSETTES / "kinto") for one in flow.exchanges} == {"10"}
    assert {headers(one).get(hint) for flow in load_folder(CASSETTES / "kinto-2") for one in flow.exchanges} == {None}


def test_a_wrong_password_and_none_are_refused_as_the_dialect_says():
    assert [(one.status, reply(one)) for one in recorded("bad_password")] == [
        (401, json.loads(KINTO.errors.unauthorized))
    ] * 2


def test_a_stranger_is_refused_as_the_dialect_says():
    assert [(one.status, reply(one)) for one in recorded("forbidden")] == [
        (KINTO.errors.refused_status, json.loads(KINTO.errors.refused))
    ] * 2


def test_a_failure_has_its_code_where_the_dialect_says_and_a_success_has_none():
    for flow in load_folder(CASSETTES / "kinto"):
        for one in flow.exchanges:
            assert (at(reply(one), KINTO.errors.code) is None) == (one.status < 300)
            assert (at(reply(one), KINTO.errors.in_success) is None) == (one.status < 300)


@both
def test_a_contact_is_found_at_the_address_of_its_exact_key_alone(folder):
    hit, other_case, nobody = recorded("lookup", folder)

    assert hit.url.rpartition("/")[2] == reply(hit)[WRITING.envelope][CONTACTS.key_field]
    assert [hit.status, other_case.status, nobody.status] == [200, WRITING.finding.miss_status, 404]
    assert other_case.url.casefold() == hit.url.casefold()


def test_keys_are_told_apart_by_case():
    created, another, first = recorded("create_other_case")

    assert WRITING.keys.case == "matters"
    assert [created.status, reply(another)["data"]["id"], reply(first)["data"]["id"]] == [
        201,
        "Ines-Ferreira",
        "ines-ferreira",
    ]


@both
def test_a_create_is_a_put_to_the_address_of_the_key_for_nobody_else_to_be_there(folder):
    writes = [one for one in recorded("push_contacts", folder) if one.method != "GET"]

    assert {(one.method, dict(one.request_headers)["If-None-Match"], one.status) for one in writes} == {
        ("PUT", "*", 201)
    }
    for one in writes:
        sent = json.loads(one.request_body)
        assert list(sent) == [WRITING.envelope]
        assert sent["data"].items() <= reply(one)["data"].items()
        assert one.url.endswith("/" + sent["data"]["id"])


@both
def test_a_taken_key_is_refused_with_the_record_and_posting_it_changes_nothing(folder):
    refused, posted, held = recorded("taken", folder)

    assert [refused.status, posted.status] == [WRITING.duplicate.status, WRITING.duplicate.known_id_status]
    assert json.loads(posted.request_body)["data"]["name"] == "Somebody Else"
    assert at(reply(refused), WRITING.duplicate.existing) == reply(posted)["data"] == reply(held)["data"]


@both
def test_an_update_is_a_merge_that_keeps_the_other_fields(folder):
    before, patched, after, unknown = recorded("update_contact", folder)
    sent = json.loads(patched.request_body)["data"]
    was, now = reply(before)["data"], reply(after)["data"]

    assert (patched.method, unknown.status) == ("PATCH", 404)
    assert now.items() >= sent.items()
    assert {name: now[name] for name in was if name not in (*sent, "last_modified")} == {
        name: was[name] for name in was if name not in (*sent, "last_modified")
    }


def test_the_version_in_the_record_is_the_condition_that_updates_carry():
    for one in recorded("update_contact")[:3]:
        version = at(reply(one)["data"], WRITING.version.path)
        assert headers(one)["etag"] == WRITING.version.form.replace("{version}", str(version))
    before, patched = recorded("update_contact")[:2]
    assert dict(patched.request_headers)["If-Match"] == headers(before)["etag"]


def test_an_update_for_an_older_state_is_refused_and_shows_the_record():
    _, theirs, patch, put, again, held = recorded("stale_update")

    assert [patch.status, put.status, again.status] == [WRITING.version.stale_status, 412, 200]
    assert at(reply(patch), WRITING.duplicate.existing) == reply(theirs)["data"]
    assert reply(held)["data"]["phone"] == json.loads(theirs.request_body)["data"]["phone"]


def test_a_put_without_a_condition_drops_what_it_does_not_name():
    put, _ = recorded("replaced")

    assert (put.status, set(reply(put)["data"])) == (200, {"id", "name", "last_modified"})


def test_a_delete_leaves_a_tombstone_and_then_nothing():
    gone, again, looked, *walked = recorded("delete_then_list")

    assert statuses([gone, again, looked]) == [("DELETE", 200), ("DELETE", 404), ("GET", 404)]
    assert reply(gone)["data"]["deleted"] is True
    assert "farah-novak" not in {row["id"] for one in walked for row in reply(one)["data"]}


def test_a_key_with_a_space_is_refused_for_good():
    (refused,) = recorded("invalid_key")

    assert (refused.status, at(reply(refused), KINTO.errors.message)) == (400, "path: Invalid object id")


def test_the_same_push_again_writes_nothing():
    assert statuses(recorded("push_contacts_again")) == [("GET", 200)] * 4


@both
def test_a_batch_answers_item_by_item_under_one_200(folder):
    (whole,) = [one for one in recorded("batch_mixed", folder) if one.method == "POST"]
    batch = WRITING.batch
    sent, told = at(json.loads(whole.request_body), batch.requests), at(reply(whole), batch.answers)

    assert whole.url == KINTO.base_url + batch.path
    assert whole.status == 200
    assert [one[batch.request.path] for one in sent] == [one[batch.answer.path] for one in told]
    assert [one[batch.answer.status] for one in told] == [412, *([201] * (len(sent) - 4)), 404, 412, 200]
    for one in told:
        assert (at(one[batch.answer.body], KINTO.errors.code) is None) == (one[batch.answer.status] < 300)


def test_a_batch_of_more_than_the_cap_is_refused_whole():
    refused, looked = recorded("batch_too_large")

    assert refused.status == 400
    assert at(reply(refused), KINTO.errors.message) == f"Number of requests is limited to {WRITING.batch.most}"
    assert len(json.loads(refused.request_body)["requests"]) == WRITING.batch.most + 1
    assert looked.status == 404


def test_the_second_server_takes_more_in_one_batch_and_shows_less_on_a_page():
    refused, _ = recorded("batch_too_large", "kinto-2")

    assert at(reply(refused), KINTO.errors.message) == "Number of requests is limited to 7"
    assert [len(reply(one)["data"]) for one in recorded("pull_contacts", "kinto-2")] == [3, 3, 2]
