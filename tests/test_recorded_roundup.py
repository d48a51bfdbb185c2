"""What Roundup's dialect claims is what the recordings of Roundup show."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from harness.dialects.roundup import ROUNDUP
from harness.stage.documents import at
from harness.stage.recordings import RecordedExchange, load, load_folder

CASSETTES = Path(__file__).resolve().parents[1] / "cassettes"
USERS, ISSUES = ROUNDUP.collections
WRITING = USERS.writing
FIELDS = ["phone", "realname", "username"]
both = pytest.mark.parametrize("folder", ["roundup", "roundup-2"])


def recorded(flow: str, folder: str = "roundup") -> tuple[RecordedExchange, ...]:
    return load(CASSETTES / folder / f"{flow}.yaml").exchanges


def of_issues(flow: str, folder: str = "roundup-issues") -> tuple[RecordedExchange, ...]:
    return recorded(flow, folder)


def reply(one: RecordedExchange) -> Any:
    return json.loads(one.reply_body)


def headers(one: RecordedExchange) -> dict[str, str]:
    return {name.lower(): value for name, value in one.reply_headers}


def statuses(exchanges) -> list[tuple[str, int]]:
    return [(one.method, one.status) for one in exchanges]


def names(one: RecordedExchange) -> list[str]:
    return [row[USERS.key_field] for row in at(reply(one), USERS.rows)]


def condition(one: RecordedExchange) -> str | None:
    return dict(one.request_headers).get("If-Match")


# -- users, listed -----------------------------------------------------------------------------------------------------


@both
def test_pages_are_counted_and_each_leads_to_the_next(folder):
    walked = recorded("pull_users", folder)
    numbers = [dict(parse_qsl(urlsplit(one.url).query))[USERS.paging.number_param] for one in walked]
    leads = [at(reply(one), USERS.paging.path) for one in walked]

    assert numbers == [str(number) for number in range(1, len(walked) + 1)]
    assert leads[-1] is None
    assert [parse_qs(urlsplit(lead).query) for lead in leads[:-1]] == [
        parse_qs(urlsplit(one.url).query) for one in walked[1:]
    ]


@both
def test_every_page_tells_the_total(folder):
    walked = recorded("pull_users", folder)
    total = sum(len(names(one)) for one in walked)

    assert [at(reply(one), USERS.total) for one in walked] == [total] * len(walked)


def test_users_come_by_number_those_created_since_behind_the_others():
    ids = [row["id"] for one in recorded("pull_after_push") for row in at(reply(one), USERS.rows)]

    assert ids == sorted(ids, key=int) != sorted(ids)
    assert ids[:11] == [row["id"] for one in recorded("pull_users") for row in at(reply(one), USERS.rows)]


def test_a_listing_shows_the_fields_that_were_asked_for_and_no_others():
    for one in recorded("pull_users"):
        assert all(sorted({*row} - {"id", "link"}) == FIELDS for row in at(reply(one), USERS.rows))


# -- users, looked up --------------------------------------------------------------------------------------------------


@both
def test_a_lookup_finds_the_exact_name_alone(folder):
    hit, other_case, prefix, nobody, paged_hit, paged_miss = recorded("lookup", folder)

    assert f"{WRITING.finding.param}=" in hit.url
    assert dict(WRITING.asking).items() <= dict(parse_qsl(urlsplit(hit.url).query)).items()
    assert [len(names(one)) for one in (hit, other_case, prefix, nobody, paged_hit, paged_miss)] == [1, 0, 0, 0, 1, 0]


def test_a_lookup_does_not_show_the_version_a_look_at_the_record_does():
    found, shown, missing = recorded("get_user")
    record = at(reply(shown), WRITING.answer.path)

    assert at(at(reply(found), USERS.rows)[0], WRITING.version.path) is None
    assert headers(shown)[WRITING.version.header.lower()] == at(record, WRITING.version.path)
    assert sorted(record[WRITING.answer.fields]) == FIELDS
    assert missing.status == 404


# -- users, written ----------------------------------------------------------------------------------------------------


def test_a_write_that_does_not_say_where_it_comes_from_is_refused_and_done_by_nobody():
    refused, looked = recorded("from_nowhere")

    assert not {name for name, _ in WRITING.headers} & {name for name, _ in refused.request_headers}
    assert (refused.status, at(reply(refused), ROUNDUP.errors.message)) == (400, "Required Header Missing")
    assert names(looked) == []


def test_every_other_write_carries_the_headers_that_the_dialect_names():
    carried = {(name, value.replace("{origin}", ROUNDUP.base_url)) for name, value in WRITING.headers}
    for recording in load_folder(CASSETTES / "roundup"):
        if recording.name != "from_nowhere":
            for one in recording.exchanges:
                assert one.method == "GET" or carried <= set(one.request_headers)


@both
def test_a_create_is_answered_with_the_new_id_and_nothing_else(folder):
    looked, created = recorded("push_users", folder)[:2]

    assert names(looked) == []
    assert (created.status, sorted(at(reply(created), WRITING.answer.path))) == (201, ["id", "link"])


def test_the_same_push_again_finds_every_user_and_writes_nothing():
    assert statuses(recorded("push_users_again")) == [("GET", 200)] * 3
    assert [len(names(one)) for one in recorded("push_users_again")] == [1, 1, 1]


@both
def test_an_address_is_bought_where_the_dialect_says_and_is_good_for_one_create(folder):
    once = WRITING.creating
    bought, created, again, another, *_ = recorded("once_only", folder)
    address = at(reply(bought), once.address)

    assert urlsplit(bought.url).path == f"{USERS.path}/{once.buying}"
    assert at(reply(bought), once.ends) - float(headers(bought)["now"]) == pytest.approx(1800, abs=2)
    assert {created.url, again.url, another.url} == {address}
    assert [one.status for one in (bought, created, again, another)] == [200, 201, once.spent_status, once.spent_status]
    assert all(once.spent_says in at(reply(one), ROUNDUP.errors.message) for one in (again, another))


@both
def test_a_refused_create_uses_its_address_up_as_well(folder):
    bought, taken, spent = recorded("once_only", folder)[4:7]

    assert {taken.url, spent.url} == {at(reply(bought), WRITING.creating.address)}
    assert [taken.status, spent.status] == [WRITING.duplicate.status, WRITING.creating.spent_status]


@both
def test_what_was_sent_twice_to_one_address_is_there_once_and_what_it_refused_is_not(folder):
    assert [len(names(one)) for one in recorded("once_only", folder)[-2:]] == [1, 0]


@both
def test_a_taken_name_is_refused_with_a_space_behind_it_too(folder):
    taken, spaced, nameless = recorded("duplicate_create", folder)

    assert [taken.status, spaced.status, nameless.status] == [409, 409, 400]
    assert json.loads(spaced.request_body)["username"] == json.loads(taken.request_body)["username"] + " "
    assert spaced.reply_body == taken.reply_body


def test_names_are_told_apart_by_case():
    created, other, first = recorded("create_other_case")

    assert created.status == 201
    assert names(other) != names(first)
    assert names(other)[0].lower() == names(first)[0]


def test_a_name_of_other_signs_than_the_dialect_names_is_refused_as_a_taken_one_is():
    refused, looked = recorded("invalid_name")

    assert re.fullmatch(WRITING.keys.form, json.loads(refused.request_body)["username"]) is None
    assert (refused.status, names(looked)) == (WRITING.duplicate.status, [])


def test_every_name_that_was_taken_has_the_form_that_the_dialect_names():
    for recording in load_folder(CASSETTES / "roundup"):
        for one in recording.exchanges:
            if one.method == "POST" and one.status == 201:
                assert re.fullmatch(WRITING.keys.form, json.loads(one.request_body)["username"])


@both
def test_an_update_names_the_version_that_it_was_made_for(folder):
    _, held, done, stale, unnamed, *_ = recorded("update_user", folder)
    version = at(at(reply(held), WRITING.answer.path), WRITING.version.path)

    assert [condition(one) for one in (done, stale, unnamed)] == [version, version, None]
    assert [one.status for one in (done, stale, unnamed)] == [200] + [WRITING.version.stale_status] * 2


@both
def test_the_answer_to_an_update_shows_what_is_other_than_before(folder):
    _, _, done, _, _, held, same, more, after, unknown = recorded("update_user", folder)
    shown = [at(reply(one), WRITING.answer.path)[WRITING.answer.changed] for one in (done, same, more)]
    sent = [json.loads(one.request_body) for one in (done, more)]

    assert shown == [sent[0], {}, {name: value for name, value in sent[1].items() if name not in sent[0]}]
    assert condition(same) == condition(more)
    assert headers(held)["etag"] != headers(after)["etag"]
    assert unknown.status == 404


# -- issues ------------------------------------------------------------------------------------------------------------


def test_roundup_refuses_what_is_too_much_as_the_dialect_says():
    refused = next(one for one in of_issues("pull_to_limit") if one.status == ROUNDUP.limits.status)
    wait_s = headers(refused)[ROUNDUP.limits.waits[0].header.lower()]

    assert wait_s == "3"
    assert json.loads(refused.reply_body) == json.loads(ROUNDUP.limits.body.replace("{wait_s}", wait_s))
    assert {(name.lower(), value) for name, value in ROUNDUP.limits.headers} <= set(headers(refused).items())


def test_roundup_went_on_to_the_end_after_the_wait_that_it_asked_for():
    exchanges = of_issues("pull_to_limit")
    limited = [number for number, one in enumerate(exchanges) if one.status == 429]
    rows = [row for one in exchanges if one.status == 200 for row in json.loads(one.reply_body)["data"]["collection"]]

    assert limited[0] >= 20
    assert len({row["id"] for row in rows}) == 46
    for number in limited:
        before, after = (float(headers(exchanges[place])["now"]) for place in (number, number + 1))
        assert after - before >= 3
        assert exchanges[number + 1].status == 200


def test_roundup_tells_the_total_where_the_dialect_says():
    for page in of_issues("pull_issues"):
        assert at(json.loads(page.reply_body), ISSUES.total) == 11
        assert headers(page)["x-count-total"] == "11"


def test_roundup_refuses_a_wrong_password_and_nobody_as_the_dialect_says():
    wrong, nobody = recorded("bad_password")

    assert (wrong.status, wrong.reply_body.decode()) == (401, ROUNDUP.errors.unauthorized)
    assert (nobody.status, json.loads(nobody.reply_body)) == (
        ROUNDUP.errors.refused_status,
        json.loads(ROUNDUP.errors.refused),
    )


def test_roundup_says_what_went_wrong_where_the_dialect_says():
    refused = json.loads(recorded("page_too_large")[0].reply_body)

    assert at(refused, ROUNDUP.errors.code) == 400
    assert at(refused, ROUNDUP.errors.message).startswith("Page size 100 must be less than admin limit")


def test_roundup_cuts_a_listing_silently_and_gives_the_total_as_unknown():
    (cut,) = of_issues("silent_cap", "roundup-issues-2")
    document = json.loads(cut.reply_body)

    assert cut.status == 200
    assert len(document["data"]["collection"]) == 3
    assert at(document, ISSUES.total) == -1
    assert at(document, ISSUES.paging.path) is None
