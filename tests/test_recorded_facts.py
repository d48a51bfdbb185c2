"""What the dialects claim is what the recordings show."""

import json
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from harness.dialects.facts import Dialect
from harness.dialects.keystone import KEYSTONE
from harness.dialects.kinto import KINTO
from harness.dialects.mediawiki import MEDIAWIKI
from harness.dialects.roundup import ROUNDUP
from harness.dialects.scim import SCIM
from harness.stage.documents import at
from harness.stage.recordings import RecordedExchange, Recording, load, load_folder

CASSETTES = Path(__file__).resolve().parents[1] / "cassettes"
DIALECTS = (KEYSTONE, ROUNDUP, MEDIAWIKI, SCIM)
by_every_name = pytest.mark.parametrize("dialect", [*DIALECTS, KINTO], ids=lambda dialect: dialect.name)
by_name = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


def recorded(folder: str, flow: str) -> Recording:
    return load(CASSETTES / folder / f"{flow}.yaml")


def only(recording: Recording, status: int) -> RecordedExchange:
    """The first exchange of that status."""
    return next(one for one in recording.exchanges if one.status == status)


def pages(recording: Recording, path: str) -> list[RecordedExchange]:
    return [one for one in recording.exchanges if urlsplit(one.url).path == path and one.status == 200]


def headers(exchange: RecordedExchange) -> dict[str, str]:
    return {name.lower(): value for name, value in exchange.reply_headers}


@by_every_name
def test_every_recording_that_a_dialect_names_is_there(dialect: Dialect):
    named = [word.strip(";,") for _, place in dialect.shown_by for word in place.split()]
    files = [word for word in named if word.endswith(".yaml")]

    assert files
    assert [name for name in files if not (CASSETTES / dialect.name / name).exists()] == []


@by_every_name
def test_the_recorded_product_is_the_one_that_the_dialect_names(dialect: Dialect):
    for recording in load_folder(CASSETTES / dialect.name):
        assert recording.product.startswith(dialect.product)


@by_name
def test_the_pull_is_whole_and_its_rows_stand_where_the_dialect_says(dialect: Dialect):
    collection = dialect.collections[0]
    rows = [
        row
        for page in pages(recorded(dialect.name, dialect.pull), collection.path)
        for row in at(json.loads(page.reply_body), collection.rows)
    ]

    assert len(rows) == {"keystone": 48, "roundup": 11, "mediawiki": 11, "scim": 13}[dialect.name]
    assert len({row[collection.id_field] for row in rows}) == len(rows)
    assert all(row[collection.key_field] for row in rows)


@pytest.mark.parametrize("dialect", [KEYSTONE, ROUNDUP, MEDIAWIKI], ids=lambda dialect: dialect.name)
def test_each_page_leads_to_the_next_and_the_last_to_none(dialect: Dialect):
    collection = dialect.collections[0]
    walked = pages(recorded(dialect.name, dialect.pull), collection.path)
    leads = [at(json.loads(page.reply_body), collection.paging.path) for page in walked]

    assert all(leads[:-1])
    assert not leads[-1]
    assert dict(parse_qsl(urlsplit(walked[0].url).query)) == dict(collection.query)
    for lead, (_, after) in zip(leads, pairwise(walked), strict=False):
        asked = dict(parse_qsl(urlsplit(after.url).query))
        if isinstance(lead, str):
            assert asked == dict(parse_qsl(urlsplit(lead).query))
        else:
            assert asked == {**dict(collection.query), **lead}


def test_the_next_links_of_roundup_count_pages_in_the_parameter_that_the_dialect_names():
    collection = ROUNDUP.collections[0]
    walked = pages(recorded("roundup", "pull_users"), collection.path)
    asked = [dict(parse_qsl(urlsplit(page.url).query))[collection.paging.number_param] for page in walked]

    assert asked == ["1", "2", "3", "4", "5", "6"]


def test_keystone_promises_more_on_every_page_but_the_last():
    walked = pages(recorded("keystone", "pull_users"), "/v3/users")
    flags = [at(json.loads(page.reply_body), KEYSTONE.collections[0].more) for page in walked]

    assert flags == [True] * 9 + [None]


def test_keystone_serves_its_own_page_size_whatever_is_asked():
    replies = pages(recorded("keystone", "page_size"), "/v3/users")

    assert [dict(parse_qsl(urlsplit(one.url).query)).get("limit") for one in replies] == ["2", "5", "99", "5"]
    assert [len(json.loads(one.reply_body)["users"]) for one in replies] == [5, 5, 5, 5]


def test_keystone_grants_tokens_where_and_as_the_dialect_says():
    grant = recorded("keystone", "token").exchanges[0]

    assert urlsplit(grant.url).path == KEYSTONE.signing.token_path
    assert dict(grant.request_headers)["Authorization"].startswith("Basic ")
    assert json.loads(grant.reply_body)["expires_in"] == 20


def test_keystone_takes_the_granted_token_in_the_header_that_the_dialect_names():
    grant, first = recorded("keystone", "pull_users").exchanges[:2]

    assert dict(first.request_headers)[KEYSTONE.signing.header] == json.loads(grant.reply_body)["access_token"]


def test_a_token_of_keystone_really_ended_in_the_pull():
    refused = only(recorded("keystone", "token_expires_in_pull"), 401)
    grants = [
        json.loads(one.reply_body)["access_token"]
        for one in recorded("keystone", "token_expires_in_pull").exchanges
        if one.method == "POST"
    ]

    assert json.loads(refused.reply_body) == json.loads(KEYSTONE.errors.unauthorized)
    assert dict(refused.request_headers)["X-Auth-Token"] == grants[0] != grants[1]


def test_keystone_refuses_a_client_as_the_dialect_says():
    refused = recorded("keystone", "bad_credentials").exchanges[0]

    assert (refused.status, json.loads(refused.reply_body)) == (401, json.loads(KEYSTONE.errors.bad_client))


def test_keystone_refuses_for_good_as_the_dialect_says():
    refused = only(recorded("keystone", "forbidden"), KEYSTONE.errors.refused_status)

    assert json.loads(refused.reply_body) == json.loads(KEYSTONE.errors.refused)


def test_keystone_refuses_a_duplicate_and_trims_the_name_it_compares():
    refusals = recorded("keystone", "duplicate_create").exchanges[1:3]

    assert [one.status for one in refusals] == [KEYSTONE.collections[0].writing.duplicate.status] * 2
    assert [json.loads(one.request_body)["user"]["name"] for one in refusals] == ["jonas.weber", "jonas.weber "]
    assert refusals[0].reply_body == refusals[1].reply_body


def test_keystone_tells_names_apart_by_case():
    created, *_ = (one for one in recorded("keystone", "create_other_case").exchanges if one.status == 201)
    lookups = [one for one in recorded("keystone", "create_other_case").exchanges if "name=" in one.url]

    assert json.loads(created.reply_body)["user"]["name"] == "Jonas.Weber"
    assert [[user["name"] for user in json.loads(one.reply_body)["users"]] for one in lookups] == [
        ["Jonas.Weber"],
        ["jonas.weber"],
    ]


def test_keystone_finds_a_user_by_the_exact_name_alone():
    found = [len(json.loads(one.reply_body)["users"]) for one in recorded("keystone", "lookup").exchanges[1:]]

    assert found == [1, 0, 0, 0]


def test_keystone_creates_in_the_envelope_with_the_defaults_that_the_dialect_names():
    writing = KEYSTONE.collections[0].writing
    created = [one for one in recorded("keystone", "push_users").exchanges if one.status == 201]

    assert len(created) == 12
    for one in created:
        sent, got = json.loads(one.request_body), json.loads(one.reply_body)
        assert list(sent) == list(got) == [writing.envelope]
        assert dict(writing.defaults).items() <= sent[writing.envelope].items() <= got[writing.envelope].items()


def test_the_same_push_again_writes_nothing():
    again = recorded("keystone", "push_users_again").exchanges[1:]

    assert [one.method for one in again] == ["GET"] * 12
    assert [len(json.loads(one.reply_body)["users"]) for one in again] == [1] * 12


def test_every_answer_of_keystone_has_a_request_id():
    for recording in load_folder(CASSETTES / "keystone"):
        for one in recording.exchanges:
            assert KEYSTONE.errors.request_id.lower() in headers(one)


def test_the_second_recording_of_keystone_has_another_cap_and_other_names():
    walked = pages(recorded("keystone-2", "pull_users"), "/v3/users")
    sizes = [len(json.loads(one.reply_body)["users"]) for one in walked]

    assert sizes == [3, 3, 3, 3, 3, 2]


@pytest.mark.parametrize(
    ("flow", "number", "claimed"),
    [
        ("rate_limited", 4, MEDIAWIKI.limits.body),
        ("refused", 0, MEDIAWIKI.errors.refused),
        ("refused", 1, MEDIAWIKI.errors.unauthorized),
        ("read_only", 0, MEDIAWIKI.errors.in_success_body),
    ],
    ids=["limits", "refused", "unauthorized", "in-success"],
)
def test_mediawiki_says_no_with_status_200_as_the_dialect_says(flow, number, claimed):
    reply = recorded("mediawiki", flow).exchanges[number]
    document, claim = json.loads(reply.reply_body), json.loads(claimed)

    assert reply.status == 200
    assert at(document, MEDIAWIKI.errors.in_success)
    assert claim["error"].items() <= document["error"].items()
    assert headers(reply)["mediawiki-api-error"] == at(document, MEDIAWIKI.errors.code)


def test_mediawiki_gives_no_time_to_wait():
    reply = recorded("mediawiki", "rate_limited").exchanges[4]

    assert MEDIAWIKI.limits.waits == ()
    assert "retry-after" not in headers(reply)
    assert {(name.lower(), value) for name, value in MEDIAWIKI.limits.headers} <= set(headers(reply).items())


def test_mediawiki_hides_a_missing_and_an_invalid_item_in_a_success():
    missing = json.loads(recorded("mediawiki", "missing_item").exchanges[0].reply_body)["query"]["pages"]
    invalid = json.loads(recorded("mediawiki", "invalid_item").exchanges[0].reply_body)["query"]["pages"]

    assert sum(page.get("missing", False) for page in missing) == 1
    assert sum(page.get("invalid", False) for page in invalid) == 1
