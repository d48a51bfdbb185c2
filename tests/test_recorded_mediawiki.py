"""What MediaWiki's dialect claims of its writes is what the recordings of MediaWiki show."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from harness.dialects.mediawiki import MEDIAWIKI
from harness.stage.documents import at
from harness.stage.recordings import RecordedExchange, load, load_folder

CASSETTES = Path(__file__).resolve().parents[1] / "cassettes"
PAGES = MEDIAWIKI.collections[0]
WRITING = PAGES.writing
FINDING = WRITING.finding
both = pytest.mark.parametrize("folder", ["mediawiki", "mediawiki-2"])


def recorded(flow: str, folder: str = "mediawiki") -> tuple[RecordedExchange, ...]:
    return load(CASSETTES / folder / f"{flow}.yaml").exchanges


def reply(one: RecordedExchange) -> Any:
    return json.loads(one.reply_body)


def form(one: RecordedExchange) -> dict[str, str]:
    return dict(parse_qsl(one.request_body.decode()))


def query(one: RecordedExchange) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(one.url).query))


def edits(flow: str, folder: str = "mediawiki") -> list[RecordedExchange]:
    return [one for one in recorded(flow, folder) if one.method == "POST"]


def codes(exchanges) -> list[str]:
    return [at(reply(one), MEDIAWIKI.errors.code) or at(reply(one), WRITING.success.path) for one in exchanges]


def page(one: RecordedExchange) -> dict[str, Any]:
    (row,) = at(reply(one), FINDING.rows)
    return row


def state(row: dict[str, Any]) -> dict[str, Any]:
    """The fields that a page shows deeper inside."""
    return {name: at(row, path) for name, path in WRITING.shown_at}


def token(folder: str = "mediawiki") -> dict[str, str]:
    """The parameter that every form holds, with the token that was given."""
    (given,) = recorded("form_token", folder)
    assert query(given) == dict(WRITING.token.query)
    return {WRITING.token.param: at(reply(given), WRITING.token.path)}


@both
def test_every_answer_about_a_page_is_a_200(folder):
    for recording in load_folder(CASSETTES / folder):
        assert {one.status for one in recording.exchanges} == {200}


@both
def test_a_lookup_asks_with_the_queries_that_the_dialect_names_and_no_other(folder):
    for one in (*recorded("lookup", folder), *recorded("contents", folder)):
        assert query(one) == {**dict(FINDING.query), FINDING.param: query(one)[FINDING.param]}


@both
def test_a_page_shows_its_text_and_its_revision_where_the_dialect_says(folder):
    hit = page(recorded("lookup", folder)[0])

    assert hit[PAGES.key_field] == query(recorded("lookup", folder)[0])[FINDING.param]
    assert isinstance(hit[PAGES.id_field], int)
    assert state(hit)["text"] == f"About {hit['title']}."
    assert (state(hit)["revid"], state(hit)["parentid"]) == (hit[PAGES.id_field], 0)


@both
def test_a_title_in_another_case_is_missing_and_in_another_spelling_is_the_same_page(folder):
    hit, upper, small, spaced, nobody = recorded("lookup", folder)

    assert FINDING.absent[0] in page(upper)
    assert FINDING.absent[0] in page(nobody)
    for one in (small, spaced):
        asked = query(one)[FINDING.param]
        assert page(one) == page(hit)
        assert [(told["from"], told["to"]) for told in at(reply(one), FINDING.respelled)] == [
            (asked, page(hit)["title"])
        ]
    assert query(small)[FINDING.param][0].islower()
    assert "_" in query(spaced)[FINDING.param]
    assert query(spaced)[FINDING.param] != query(spaced)[FINDING.param].strip()


def test_a_title_that_no_page_can_have_is_absent_in_words_of_its_own():
    rows = at(reply(recorded("invalid_item")[0]), FINDING.rows)

    assert [[name for name in FINDING.absent if name in row] for row in rows] == [[FINDING.absent[1]], []]


@both
def test_a_create_is_a_form_that_says_so_and_is_answered_by_the_success_word(folder):
    created = edits("push_pages", folder)

    for one in created:
        sent, told = form(one), at(reply(one), (WRITING.envelope,))
        constants = {**dict(WRITING.creating.told_by), **dict(WRITING.creating.params), **token(folder)}
        assert sent == {**constants, WRITING.creating.flag: "1", "title": sent["title"], "text": sent["text"]}
        assert ("content-type", "application/x-www-form-urlencoded") in {
            (name.lower(), value) for name, value in one.request_headers
        }
        assert at(reply(one), WRITING.success.path) == WRITING.success.word
        assert (told["new"], told[WRITING.version.told_before_as]) == (True, 0)
    assert len(created) == {"mediawiki": 4, "mediawiki-2": 2}[folder]


def test_new_titles_come_back_as_the_wiki_spells_them():
    told = [(form(one)["title"], at(reply(one), ("edit", "title"))) for one in edits("push_pages")]

    assert told == [
        ("Supplier/North", "Supplier/North"),
        ("supplier/south_coast", "Supplier/south coast"),
        ("Zoë Müller+ops/ä", "Zoë Müller+ops/ä"),
        ("Supplier/East", "Supplier/East"),
    ]


@both
def test_the_same_push_again_finds_every_page_with_its_text_and_writes_nothing(folder):
    sent = {at(reply(one), ("edit", "title")): form(one)["text"] for one in edits("push_pages", folder)}
    again = recorded("push_pages_again", folder)

    assert edits("push_pages_again", folder) == []
    assert {page(one)["title"]: state(page(one))["text"] for one in again} == sent


@both
def test_a_taken_title_is_refused_in_every_spelling_and_a_bad_one_in_another_way(folder):
    refused = edits("duplicate_create", folder)

    assert codes(refused) == [WRITING.duplicate.code] * 3 + ["invalidtitle"]
    assert len({form(one)["title"] for one in refused[:3]}) == 2
    assert refused[0].status == WRITING.duplicate.status


def test_a_create_with_a_forged_token_is_refused():
    (refused,) = edits("bad_token")

    assert codes([refused]) == [WRITING.token.refused_code]
    assert form(refused)[WRITING.token.param] != token()[WRITING.token.param]


def test_what_is_not_done_without_an_error_lacks_the_word_for_success():
    refused, after = recorded("not_done", "mediawiki-captcha")

    assert at(reply(refused), MEDIAWIKI.errors.in_success) is None
    assert at(reply(refused), WRITING.success.path) == "Failure"
    assert FINDING.absent[0] in page(after)


@both
def test_an_update_names_the_revision_it_was_made_for_and_gets_a_new_one(folder):
    before, update, after, again, nobody = recorded("update_page", folder)
    told = at(reply(update), (WRITING.envelope,))

    assert form(update)[WRITING.version.param] == str(state(page(before))["revid"])
    assert WRITING.changing.flag in form(update)
    assert (told[WRITING.version.told_before_as], told[WRITING.version.told_as]) == (
        state(page(before))["revid"],
        state(page(after))["revid"],
    )
    assert state(page(after))[WRITING.version.before] == state(page(before))["revid"]
    assert state(page(after))["text"] == form(update)["text"]
    assert at(reply(again), (WRITING.envelope, "nochange")) is True
    assert WRITING.version.told_as not in at(reply(again), (WRITING.envelope,))
    assert codes([nobody]) == [WRITING.changing.absent_code]


@both
def test_an_update_of_an_older_revision_is_refused_unless_it_says_what_is_there(folder):
    before, first, second, same, _, last = recorded("edit_conflict", folder)
    base = str(state(page(before))["revid"])

    assert [form(one)[WRITING.version.param] for one in (first, second, same)] == [base] * 3
    assert codes([first, second, same, last]) == ["Success", WRITING.version.stale_code, "Success", "Success"]
    assert form(same)["text"] == form(first)["text"]
    assert at(reply(same), (WRITING.envelope, "nochange")) is True
    assert int(form(last)[WRITING.version.param]) > int(base)


def test_an_edit_that_does_not_say_whether_the_page_is_there_does_either():
    changed, made = edits("saved")

    assert {WRITING.creating.flag, WRITING.changing.flag} & (form(changed).keys() | form(made).keys()) == set()
    assert "new" not in reply(changed)["edit"]
    assert reply(made)["edit"]["new"] is True


@both
def test_pages_are_listed_by_title_with_underscores_and_each_page_names_the_next_ones_first(folder):
    walked = recorded("pull_after_push", folder)
    rows = [at(reply(one), PAGES.rows) for one in walked]
    titles = [row["title"] for page in rows for row in page]
    leads = [at(reply(one), PAGES.paging.path) for one in walked]

    assert titles == sorted(titles, key=lambda title: title.replace(" ", "_"))
    assert len(set(titles)) == {"mediawiki": 16, "mediawiki-2": 10}[folder]
    assert max(len(page) for page in rows) == int(query(walked[0])[PAGES.paging.size_param])
    assert [lead["apcontinue"] for lead in leads[:-1]] == [page[0]["title"].replace(" ", "_") for page in rows[1:]]
    assert leads[-1] is None
