"""What the SCIM dialect claims is what the recordings show."""

import json
from urllib.parse import urlsplit

import pytest

from harness.dialects.facts import Cursor
from harness.dialects.scim import SCIM
from harness.stage.documents import at
from harness.stage.operations import query_of
from harness.stage.recordings import load
from tests.test_recorded_facts import CASSETTES, headers, only

(USERS,) = SCIM.collections
WRITING, PAGING = USERS.writing, USERS.paging
FOLDERS = pytest.mark.parametrize(("folder", "cap", "size"), [("scim", 3, 2), ("scim-2", 4, 3)])


def exchanges(flow, folder="scim"):
    return load(CASSETTES / folder / f"{flow}.yaml").exchanges


def told(exchange):
    return json.loads(exchange.reply_body)


def asked(exchange):
    return query_of(exchange.url)


def sent(exchange):
    return json.loads(exchange.request_body)


def ids(exchanges):
    return [row["id"] for one in exchanges for row in at(told(one), USERS.rows)]


def written(flow, method):
    return [one for one in exchanges(flow) if one.method == method]


# -- pages -------------------------------------------------------------------------------------------------------------


@FOLDERS
def test_a_page_is_cut_to_the_vendors_cap_and_says_so_in_its_size_alone(folder, cap, size):
    walked = exchanges("pull_users", folder)

    assert {asked(one)[PAGING.size_param] for one in walked} == {"100"}
    assert [at(told(one), PAGING.told_size) for one in walked[:-1]] == [cap] * (len(walked) - 1)
    assert [at(told(one), PAGING.told_size) for one in walked] == [len(at(told(one), USERS.rows)) for one in walked]


@FOLDERS
def test_places_count_records_from_the_dialects_first(folder, cap, size):
    walked = exchanges("pull_users", folder)
    places = [int(asked(one)[PAGING.param]) for one in walked]

    assert places == [PAGING.first + cap * number for number in range(len(walked))]
    assert [at(told(one), PAGING.told_place) for one in walked] == places


@FOLDERS
def test_every_page_tells_the_total(folder, cap, size):
    walked = exchanges("pull_users", folder)

    assert {at(told(one), USERS.total) for one in walked} == {len(ids(walked))}
    assert len(set(ids(walked))) == len(ids(walked))


@FOLDERS
def test_without_a_count_a_page_has_a_size_of_its_own(folder, cap, size):
    bare, *_ = exchanges("places_and_sizes", folder)

    assert (asked(bare), at(told(bare), PAGING.told_size)) == ({}, size)


def test_a_place_below_the_first_is_the_first():
    below = next(one for one in exchanges("places_and_sizes") if asked(one).get("startIndex") == "0")

    assert at(told(below), PAGING.told_place) == PAGING.first


def test_a_page_beyond_the_end_is_empty_and_still_tells_the_total():
    beyond = exchanges("places_and_sizes")[-1]

    assert (at(told(beyond), USERS.rows), at(told(beyond), USERS.total)) == ([], 13)


CURSOR = Cursor(path=("nextCursor",), param="cursor")


def test_cursors_lead_from_an_empty_one_through_the_whole_listing():
    walked = exchanges("pull_by_cursor", "scim-cursor")
    cursors = [at(told(one), CURSOR.path) for one in walked]

    assert [asked(one)[CURSOR.param] for one in walked] == ["", *cursors[:-1]]
    assert cursors[-1] is None
    assert {at(told(one), USERS.total) for one in walked} == {len(set(ids(walked)))}


def test_a_made_up_cursor_is_refused():
    refused = only(load(CASSETTES / "scim-cursor" / "bad_cursor.yaml"), 400)

    assert told(refused)["scimType"] == "invalidCursor"


# -- the door, and errors ----------------------------------------------------------------------------------------------


def test_the_token_travels_where_the_dialect_says():
    signed = dict(exchanges("pull_users")[0].request_headers)

    assert signed[SCIM.signing.header].startswith(f"{SCIM.signing.scheme} ")


def test_a_made_up_token_and_none_are_refused_in_the_dialects_words():
    refused = exchanges("bad_token")

    assert [one.status for one in refused] == [401, 401]
    assert [told(one) for one in refused] == [json.loads(SCIM.errors.unauthorized)] * 2


def test_an_error_tells_its_status_and_its_reason_where_the_dialect_says():
    refused = only(load(CASSETTES / "scim-cursor" / "bad_filter.yaml"), 400)

    assert at(told(refused), SCIM.errors.code) == "400"
    assert at(told(refused), SCIM.errors.message)
    assert told(refused)["scimType"] == "invalidFilter"


def test_a_success_holds_nothing_where_errors_are_told():
    good = [one for flow in ("pull_users", "push_users") for one in exchanges(flow) if one.status < 300]

    assert [one for one in good if at(told(one), SCIM.errors.in_success) is not None] == []


# -- finding -----------------------------------------------------------------------------------------------------------


def test_a_name_is_found_in_any_case_whole_and_escaped():
    looked = exchanges("lookup")[:4]
    keys = ["daria.okafor", "DARIA.OKAFOR", "daria.okafo", 'nobody "at" all']

    assert [asked(one)["filter"] for one in looked] == [
        WRITING.finding.text.replace("{key}", json.dumps(key)) for key in keys
    ]
    assert [[row["userName"] for row in at(told(one), USERS.rows)] for one in looked] == [
        ["daria.okafor"],
        ["daria.okafor"],
        [],
        [],
    ]


def test_a_lookup_pages_like_a_listing():
    hit, miss = exchanges("lookup")[4:]

    assert (asked(hit)[PAGING.param], asked(hit)[PAGING.size_param]) == ("1", "100")
    assert [at(told(one), USERS.total) for one in (hit, miss)] == [1, 0]


# -- writing -----------------------------------------------------------------------------------------------------------


def test_a_new_user_is_the_document_with_the_dialects_defaults_in_its_media_type():
    created = written("push_users", "POST")

    assert {one.status for one in created} == {201}
    assert {dict(one.request_headers)["Content-Type"] for one in created} == {WRITING.content_type}
    assert [sent(one)["schemas"] for one in created] == [list(dict(WRITING.defaults)["schemas"])] * len(created)
    assert all(told(one)[USERS.key_field] == sent(one)[USERS.key_field] for one in created)


def test_the_second_push_only_looks():
    assert {(one.method, one.status) for one in exchanges("push_users_again")} == {("GET", 200)}


def test_a_taken_name_is_refused_in_any_case():
    same, other_case, nameless = exchanges("duplicate_create")

    assert (same.status, other_case.status) == (WRITING.duplicate.status,) * 2
    assert sent(same)["userName"].upper() == sent(other_case)["userName"]
    assert told(same)["scimType"] == "uniqueness"
    assert nameless.status == 400


def test_an_update_replaces_what_it_names_and_answers_without_a_body():
    found, done, *_ = exchanges("update_user")
    after = next(one for one in exchanges("update_user") if one.method == "GET" and "filter" not in asked(one))
    changes = sent(done)["Operations"][0]["value"]
    before = at(told(found), USERS.rows)[0]

    assert (done.status, done.reply_body) == (204, b"")
    assert sent(done)["schemas"] == [WRITING.changing.schema]
    assert {**before, **changes, "meta": None} == {**told(after), "meta": None}


def test_an_update_made_for_an_older_version_is_refused():
    found, done, stale, after, again, unknown = exchanges("update_user")
    version = at(at(told(found), USERS.rows)[0], WRITING.version.path)

    assert [dict(one.request_headers)["If-Match"] for one in (done, stale)] == [version] * 2
    assert stale.status == WRITING.version.stale_status
    assert headers(after)["etag"] == at(told(after), WRITING.version.path) == headers(done)["etag"]
    assert (again.status, unknown.status) == (204, 404)


def test_an_inactive_user_is_found_and_holds_its_name():
    _, changed, found, taken = exchanges("deactivate_user")
    field, value = WRITING.activation.field, WRITING.activation.inactive

    assert sent(changed)["Operations"][0]["value"] == {field: value}
    assert [row[field] for row in at(told(found), USERS.rows)] == [value]
    assert taken.status == WRITING.duplicate.status


def test_one_bulk_request_ends_in_many_ways_under_a_200():
    _, bulk, *_ = exchanges("bulk")
    batch = WRITING.batch
    answers = at(told(bulk), batch.answers)
    taken, new, update, *_ = answers

    assert (urlsplit(bulk.url).path, bulk.status) == (batch.path, 200)
    assert [one[batch.answer.status] for one in answers] == ["409", "201", "200", "412", "404"]
    assert [one.get(batch.answer.label) for one in answers] == [
        one.get(batch.request.label) for one in at(sent(bulk), batch.requests)
    ]
    assert at(taken, (batch.answer.body, "scimType")) == "uniqueness"
    assert [batch.answer.body in one for one in answers] == [True, False, False, True, True]
    assert urlsplit(new[batch.answer.path]).path.startswith(f"{batch.root}/Users/")
    assert sent(bulk)["schemas"] == list(dict(batch.constants)["schemas"])
    assert batch.answer.version in update


def test_a_bulk_update_carries_its_version_beside_its_path():
    found, bulk, *_ = exchanges("bulk")
    update, stale = at(sent(bulk), WRITING.batch.requests)[2:4]
    version = at(at(told(found), USERS.rows)[0], WRITING.version.path)

    assert update[WRITING.batch.request.version] == stale[WRITING.batch.request.version] == version


def test_more_operations_than_the_dialect_says_are_refused_whole():
    _, _, refused, *_ = exchanges("bulk")

    assert refused.status == WRITING.batch.too_many_status
    assert len(at(sent(refused), WRITING.batch.requests)) == WRITING.batch.most + 1
