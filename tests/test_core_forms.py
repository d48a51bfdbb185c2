"""The core writes a vendor whose writes are forms at one address, and whose every answer is a 200: MediaWiki's."""

from urllib.parse import parse_qsl

import pytest

from harness.core import Integration, Refused, RetriesExhausted
from harness.core.keys import compared
from harness.dialects import MEDIAWIKI
from tests.core_dialects import integration
from tests.core_vendor import RESET, Clock, in_turn, reply, vendor

KEYS = MEDIAWIKI.collections[0].writing.keys
NORTH = {"title": "supplier/north", "text": "Delivers on Mondays."}
MISSING = reply({"query": {"pages": [{"ns": 0, "title": "Supplier/north", "missing": True}]}})
CREATED = reply({"edit": {"new": True, "result": "Success", "pageid": 7, "title": "Supplier/north", "newrevid": 9}})
CHANGED = reply({"edit": {"result": "Success", "pageid": 7, "title": "Supplier/north", "oldrevid": 9, "newrevid": 12}})
NO_CHANGE = reply({"edit": {"result": "Success", "pageid": 7, "title": "Supplier/north", "nochange": True}})


def page(text, revision, title="Supplier/north"):
    slots = {"main": {"contentmodel": "wikitext", "content": text}}
    row = {"pageid": 7, "ns": 0, "title": title, "revisions": [{"revid": revision, "parentid": 0, "slots": slots}]}
    return reply({"query": {"pages": [row]}})


def error(code, info="No."):
    return reply({"error": {"code": code, "info": info}})


def giving(tokens, *sent):
    """A wiki that gives out these tokens, and answers all else with ``sent`` in turn."""
    given, others = in_turn(*(reply({"query": {"tokens": {"csrftoken": one}}}) for one in tokens)), in_turn(*sent)
    return lambda asked: given(asked) if asks_for_token(asked) else others(asked)


def asks_for_token(asked):
    return asked.query.get("meta") == "tokens"


def pushed(*sent, records=(NORTH,), tokens=("+\\",)):
    """The report, and what arrived at a wiki that answers with ``sent`` in turn, but for what asks for the token."""
    with vendor(giving(tokens, *sent)) as serving, integration(serving, MEDIAWIKI, Clock()) as core:
        report = core.push("pages", list(records))
        assert set(report.failed) <= {record["title"] for record in records}
        return report, [one for one in serving.asked if not asks_for_token(one)]


def form(asked):
    assert asked.method == "POST"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    return dict(parse_qsl(asked.body.decode()))


def test_a_missing_page_is_created_only_if_nobody_else_creates_it():
    report, (lookup, create) = pushed(MISSING, CREATED)

    assert report.created == ("supplier/north",)
    assert (lookup.path, lookup.query["titles"], lookup.query["prop"]) == ("/api.php", "supplier/north", "revisions")
    assert form(create) == {
        **NORTH,
        "action": "edit",
        "createonly": "1",
        "token": "+\\",
        "format": "json",
        "formatversion": "2",
    }


def test_a_page_that_says_what_it_should_is_left_alone_however_its_title_is_spelled():
    report, asked = pushed(page(NORTH["text"], 9))

    assert report.unchanged == ("supplier/north",)
    assert len(asked) == 1


def test_a_page_is_changed_for_the_revision_that_was_read_and_never_made():
    report, asked = pushed(page("Closed.", 9), CHANGED)

    assert report.updated == ("supplier/north",)
    sent = form(asked[1])
    assert (sent["baserevid"], sent["nocreate"], sent["text"]) == ("9", "1", NORTH["text"])
    assert "createonly" not in sent


def test_an_edit_conflict_is_read_again_and_the_page_changed_for_the_revision_that_is_there_now():
    report, asked = pushed(page("Closed.", 9), error("editconflict"), page("Moved.", 12), CHANGED)

    assert report.updated == ("supplier/north",)
    assert [one.method for one in asked] == ["GET", "POST", "GET", "POST"]
    assert [form(one)["baserevid"] for one in asked if one.method == "POST"] == ["9", "12"]


def test_a_conflict_with_somebody_who_wrote_the_same_needs_no_second_edit():
    report, asked = pushed(page("Closed.", 9), error("editconflict"), page(NORTH["text"], 12))

    assert report.failed == {}
    assert [one.method for one in asked] == ["GET", "POST", "GET"]


def test_a_page_that_went_away_after_it_was_read_is_read_again_and_created():
    report, asked = pushed(page("Closed.", 9), error("missingtitle"), MISSING, CREATED)

    assert report.failed == {}
    assert [form(one).get("createonly") for one in asked if one.method == "POST"] == [None, "1"]


def test_a_title_that_somebody_took_meanwhile_becomes_an_update_of_what_is_there():
    report, asked = pushed(MISSING, error("articleexists"), page("Theirs.", 9), CHANGED)

    assert report.updated == ("supplier/north",)
    assert [one.method for one in asked] == ["GET", "POST", "GET", "POST"]


def test_no_change_is_a_success():
    report, asked = pushed(page(f"{NORTH['text']}\n", 9), NO_CHANGE)

    assert report.failed == {}
    assert len(asked) == 2


def test_after_a_lost_answer_the_page_is_looked_up_and_not_created_again():
    report, asked = pushed(MISSING, RESET, page(NORTH["text"], 9))

    assert report.created == ("supplier/north",)
    assert [one.method for one in asked] == ["GET", "POST", "GET"]


@pytest.mark.parametrize("code", ["readonly", "maxlag"])
def test_an_error_under_200_that_passes_is_waited_out_and_looked_into(code):
    report, asked = pushed(MISSING, error(code), MISSING, CREATED)

    assert report.created == ("supplier/north",)
    assert [one.method for one in asked] == ["GET", "POST", "GET", "POST"]


def test_a_limit_under_200_is_waited_out():
    report, asked = pushed(MISSING, error("ratelimited"), CREATED)

    assert report.created == ("supplier/north",)
    assert [one.method for one in asked] == ["GET", "POST", "POST"]


def test_the_token_is_asked_for_once_and_only_by_who_writes():
    south = reply({"query": {"pages": [{"ns": 0, "title": "Supplier/south", "missing": True}]}})
    told = ["abc+\\"], MISSING, CREATED, south, CREATED, page(NORTH["text"], 9)
    with vendor(giving(*told)) as serving, integration(serving, MEDIAWIKI, Clock()) as core:
        assert core.push("pages", [NORTH, {**NORTH, "title": "supplier/south"}]).failed == {}
        assert core.push("pages", [NORTH]).unchanged == ("supplier/north",)
        asked = [asks_for_token(one) for one in serving.asked]

    assert asked == [False, True, False, False, False, False]


def test_a_token_that_is_refused_is_replaced_once_and_the_edit_sent_again():
    report, asked = pushed(MISSING, error("badtoken"), CREATED, tokens=("old+\\", "new+\\"))

    assert report.created == ("supplier/north",)
    assert [form(one)["token"] for one in asked[1:]] == ["old+\\", "new+\\"]


def test_a_new_token_that_is_refused_too_is_named():
    report, asked = pushed(MISSING, error("badtoken", "Invalid CSRF token."))

    assert "vendor_code=badtoken" in report.failed["supplier/north"]
    assert [one.method for one in asked] == ["GET", "POST", "POST"]


def test_a_wiki_that_gives_no_token_is_asked_for_none_by_the_records_that_follow():
    refused = error("permissiondenied", "Not for you.")

    def script(asked):
        return refused if asks_for_token(asked) else MISSING

    with vendor(script) as serving, integration(serving, MEDIAWIKI, Clock()) as core:
        with pytest.raises(Refused, match=r"Not for you.*record_key=supplier/north"):
            core.push("pages", [NORTH, {**NORTH, "title": "Supplier/south"}])
        assert [one.method for one in serving.asked] == ["GET", "GET"]


def test_an_answer_without_a_token_is_not_taken_for_one():
    with (
        vendor(giving([""], MISSING, CREATED)) as serving,
        integration(serving, MEDIAWIKI, Clock()) as core,
        pytest.raises(RetriesExhausted, match="the answer holds no token"),
    ):
        core.push("pages", [NORTH])


@pytest.mark.parametrize("code", ["protectedpage", "invalidtitle"])
def test_an_error_under_200_that_stays_is_named_and_not_tried_again(code):
    report, asked = pushed(MISSING, error(code, "Not for you."))

    assert f"vendor_code={code}" in report.failed["supplier/north"]
    assert "Not for you." in report.failed["supplier/north"]
    assert len(asked) == 2


def test_a_200_without_the_word_for_success_is_no_success():
    captcha = reply({"edit": {"result": "Failure", "captcha": {"type": "simple", "id": "509895952"}}})

    report, asked = pushed(MISSING, captcha)

    assert "its word for that is 'Failure'" in report.failed["supplier/north"]
    assert len(asked) == 2


@pytest.mark.parametrize(
    "answer",
    [page("About C.", 9, title="C"), reply({"query": {"pages": [{"ns": 0, "title": "C", "missing": True}]}})],
    ids=["there", "missing"],
)
def test_a_title_that_the_wiki_takes_for_another_is_not_written(answer):
    report, asked = pushed(answer, records=[{"title": "C#", "text": "About C#."}])

    assert "the vendor takes this key for 'C'" in report.failed["C#"]
    assert [one.method for one in asked] == ["GET"]


def test_a_title_that_would_be_two_is_not_written():
    two = reply({"query": {"pages": [{"title": "A", "missing": True}, {"title": "B", "missing": True}]}})

    report, asked = pushed(two, records=[{"title": "A|B", "text": "Both."}])

    assert "not one record" in report.failed["A|B"]
    assert {one.method for one in asked} == {"GET"}


def test_a_field_that_is_no_text_is_named_before_it_is_sent():
    report, asked = pushed(MISSING, records=[{"title": "supplier/north", "text": 5}])

    assert "the field text holds 5" in report.failed["supplier/north"]
    assert [one.method for one in asked] == ["GET"]


def test_two_rows_whose_titles_the_wiki_spells_alike_are_refused():
    twins = [NORTH, {"title": "Supplier/north ", "text": "Twin."}]

    with Integration(MEDIAWIKI) as core, pytest.raises(Exception, match="share a key"):
        core.push("pages", twins)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("depot_wien", "Depot wien", True),
        ("Depot  Wien", "Depot_Wien", True),
        (" Depot Wien ", "Depot Wien", True),
        ("depot Wien", "Depot wien", False),
        ("DEPOT", "Depot", False),
    ],
)
def test_titles_compare_as_the_wiki_compares_them(one, other, same):
    assert (compared(KEYS, one) == compared(KEYS, other)) is same
