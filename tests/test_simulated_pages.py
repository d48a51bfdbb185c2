"""A simulated wiki: everything is a 200, edits are forms, titles are respelled, an edit names its revision."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from harness.certify.evidence import evidence_for
from harness.dialects import MEDIAWIKI
from harness.stage.documents import at, parsed, put, written
from harness.stage.http1 import Reply, Request
from harness.stage.pages import Page
from harness.stage.parity import checked_simulator, disagreements
from harness.stage.recordings import load_folder
from harness.stage.shown import learn
from harness.stage.simulator import Simulator
from harness.stage.titled import flat
from harness.stage.vendor import NotRecorded

RECORDED = load_folder(Path(__file__).parents[1] / "cassettes" / "mediawiki")
PAGES = MEDIAWIKI.collections[0]
FORMAT = {"format": "json", "formatversion": "2"}


@pytest.fixture(scope="module")
def shown():
    evidence = evidence_for(MEDIAWIKI, RECORDED)
    return learn(MEDIAWIKI, evidence.pull, evidence.simulates)


@pytest.fixture
def wiki(shown):
    return Simulator(shown, new_id=lambda: "unused")


def get(**query):
    return Request("GET", f"/api.php?{urlencode(query)}", (), b"", "mediawiki.test", True)


def lookup(title, **other):
    return get(**dict(PAGES.writing.finding.query) | {"titles": title} | other)


def edit(title, text, **other):
    form = {"action": "edit", "title": title, "text": text, "token": "+\\", **FORMAT, **other}
    headers = (("content-type", "application/x-www-form-urlencoded"),)
    return Request("POST", "/api.php", headers, urlencode(form).encode(), "mediawiki.test", True)


def created(wiki, title, text="New."):
    return parsed(wiki.handle(edit(title, text, createonly="1")).body)


def changed(wiki, title, text, base):
    return parsed(wiki.handle(edit(title, text, nocreate="1", baserevid=str(base))).body)


def found(wiki, title):
    (row,) = parsed(wiki.handle(lookup(title)).body)["query"]["pages"]
    return flat(PAGES.writing, row)


def code(document):
    return at(document, ("error", "code"))


def test_a_created_page_is_found_under_every_spelling_of_its_title(wiki):
    told = created(wiki, "depot_Linz  north", "Opens at seven.")["edit"]

    assert (told["result"], told["new"], told["title"], told["oldrevid"]) == ("Success", True, "Depot Linz north", 0)
    for spelling in ("Depot Linz north", "depot Linz north", " Depot_Linz_north "):
        page = found(wiki, spelling)
        assert (page["title"], page["text"], page["revid"]) == ("Depot Linz north", "Opens at seven.", told["newrevid"])
    assert "missing" in found(wiki, "depot linz north")


def test_a_taken_title_is_refused_and_keeps_its_text(wiki):
    before = wiki.records()

    assert code(created(wiki, "contact/1", "Mine.")) == "articleexists"
    assert wiki.records() == before


def test_an_edit_for_the_revision_that_is_there_follows_it(wiki):
    base = found(wiki, "Contact/1")["revid"]
    told = changed(wiki, "contact/1", "Moved.", base)["edit"]
    page = found(wiki, "Contact/1")

    assert (told["oldrevid"], told["newrevid"]) == (base, page["revid"]) == (page["parentid"], page["revid"])
    assert page["text"] == "Moved."
    assert page["revid"] > base


def test_an_edit_for_an_older_revision_is_a_conflict_and_changes_nothing(wiki):
    base = found(wiki, "Contact/1")["revid"]
    changed(wiki, "Contact/1", "The first.", base)

    assert code(changed(wiki, "Contact/1", "The second.", base)) == "editconflict"
    assert found(wiki, "Contact/1")["text"] == "The first."


def test_an_edit_that_says_what_is_there_succeeds_without_a_revision_whatever_it_was_made_for(wiki):
    base = found(wiki, "Contact/1")["revid"]
    changed(wiki, "Contact/1", "The first.", base)
    told = changed(wiki, "Contact/1", "The first.", base)["edit"]

    assert (told["result"], told["nochange"], "newrevid" in told) == ("Success", True, False)


def test_an_edit_of_a_page_that_is_not_there_makes_none_unless_it_leaves_that_open(wiki):
    assert code(changed(wiki, "Nobody", "Here?", 1)) == "missingtitle"
    assert "missing" in found(wiki, "Nobody")
    assert parsed(wiki.handle(edit("Nobody", "Here!")).body)["edit"]["new"] is True
    assert found(wiki, "Nobody")["text"] == "Here!"


def test_a_forged_token_and_a_bad_title_write_nothing(wiki):
    before = wiki.records()
    forged = parsed(wiki.handle(edit("New", "New.", createonly="1", token="0+\\")).body)
    bad = created(wiki, "New[title")

    assert (code(forged), code(bad)) == ("badtoken", "invalidtitle")
    assert bad["error"]["info"] == 'Bad title "New[title".'
    assert wiki.records() == before


def test_the_token_is_given_as_it_was_recorded_and_no_form_goes_without(wiki):
    given = wiki.handle(get(**dict(PAGES.writing.token.query)))

    assert at(parsed(given.body), PAGES.writing.token.path) == "+\\"
    form = edit("New", "New.", createonly="1")
    without = replace(form, body=form.body.replace(b"token=%2B%5C&", b""))
    with pytest.raises(NotRecorded, match="without token"):
        wiki.handle(without)


def test_several_titles_are_answered_together_what_is_not_there_first(wiki):
    rows = parsed(wiki.handle(lookup("Main Page|Contact/2|Nobody")).body)["query"]["pages"]

    assert [row["title"] for row in rows] == ["Nobody", "Main Page", "Contact/2"]


def test_a_walk_shows_every_title_once_in_the_order_of_the_wiki(wiki):
    for title in ("Contact 11", "Contact/0", "contact_12"):
        created(wiki, title)
    listing, more, titles = dict(PAGES.query), {}, []
    while more is not None:
        page = Page(PAGES, wiki.handle(get(**listing, **more)))
        assert set(page.rows[0]) == {"pageid", "ns", "title"}
        titles += [row["title"] for row in page.rows]
        more = page.next

    assert titles == sorted((row["title"] for row in wiki.records()), key=lambda title: title.replace(" ", "_"))
    assert len(titles) == 14


@pytest.mark.parametrize(
    "request_",
    [
        get(action="query", meta="tokens", type="rollback", **FORMAT),
        lookup("Talk:Contact/1"),
        lookup("Contact/1#top"),
        lookup("Contact/1", rvprop="content"),
        get(action="query", list="allpages", aplimit="max", **FORMAT),
        get(action="query", list="allpages", aplimit="2", apprefix="C", **FORMAT),
        edit("New", "Ends with a line.\n", createonly="1"),
        edit("New", "Signed ~~~~", createonly="1"),
        edit("New", "New.", createonly="1", summary="by the import"),
        edit("New", "New.", createonly="1", formatversion="1"),
        edit("Contact/1", "New.", basetimestamp="2026-01-01T00:00:00Z"),
        replace(edit("New", "New.", createonly="1"), target="/api.php?action=edit"),
    ],
    ids=[
        "another-token",
        "namespace",
        "section",
        "other-fields",
        "max",
        "prefix",
        "trailing-line",
        "signature",
        "summary",
        "old-format",
        "timestamp",
        "parameters-in-the-address",
    ],
)
def test_what_no_recording_showed_is_refused(request_, wiki):
    with pytest.raises(NotRecorded):
        wiki.handle(request_)


# -- simulators with one thing wrong -----------------------------------------------------------------------------------


class Mutant(Simulator):
    """A wiki with one thing wrong."""


class TakesDuplicates(Mutant):
    def handle(self, request):
        return super().handle(replace(request, body=request.body.replace(b"&createonly=1", b"")))


class ForgetsCreates(Mutant):
    def __init__(self, shown, **given):
        super().__init__(shown, **given)
        held = {str(record["pageid"]) for record in self.records()}
        put = self.store.put
        self.store.put = lambda record: put(record) if str(record["pageid"]) in held else None


class ForgetsUpdates(Mutant):
    def __init__(self, shown, **given):
        super().__init__(shown, **given)
        put = self.store.put
        self.store.put = lambda record: put(record) if self.store.get(str(record["pageid"])) is None else None


class TakesWhatIsStale(Mutant):
    def handle(self, request):
        form = [(name, value) for name, value in parse_qsl(request.body.decode()) if name != "baserevid"]
        return super().handle(replace(request, body=urlencode(form).encode()) if form else request)


class SeesAConflictInEqualTexts(Mutant):
    def handle(self, request):
        reply = super().handle(request)
        told = at(parsed(reply.body), ("edit",)) or {}
        return super().handle(edit("Contact/1", "x", createonly="1")) if "nochange" in told else reply


class MakesARevisionOfNoChange(Mutant):
    def handle(self, request):
        reply = super().handle(request)
        document = parsed(reply.body)
        if at(document, ("edit", "nochange")) is None:
            return reply
        return Reply(
            reply.status, reply.headers, written(put(document, ("edit",), {**document["edit"], "newrevid": 9}))
        )


class CreatesWhatIsOnlyToBeChanged(Mutant):
    def handle(self, request):
        form = [(name, value) for name, value in parse_qsl(request.body.decode()) if name != "nocreate"]
        kept = [pair for pair in form if pair[0] != "baserevid"] if ("title", "Nobody/1") in form else form
        return super().handle(replace(request, body=urlencode(kept).encode()) if form else request)


class TellsSpellingsApart(Mutant):
    def __init__(self, shown, **given):
        super().__init__(shown, **given)
        of_key = self.store.of_key
        self.store.of_key = lambda compared: of_key(compared) if not compared.startswith("Supplier/south") else None


class IgnoresCase(Mutant):
    def __init__(self, shown, **given):
        super().__init__(replace(shown, other_case_is_another=False), **given)


class TakesForgedTokens(Mutant):
    def handle(self, request):
        form = dict(parse_qsl(request.body.decode()))
        return super().handle(replace(request, body=urlencode(form | {"token": "+\\"}).encode()) if form else request)


class ForgetsToContinue(Mutant):
    def handle(self, request):
        reply = super().handle(request)
        page = Page(self._collection, reply)
        return page.without_next().reply if page.next else reply


@pytest.mark.parametrize(
    "mutant",
    [
        TakesDuplicates,
        ForgetsCreates,
        ForgetsUpdates,
        TakesWhatIsStale,
        SeesAConflictInEqualTexts,
        MakesARevisionOfNoChange,
        CreatesWhatIsOnlyToBeChanged,
        TellsSpellingsApart,
        IgnoresCase,
        TakesForgedTokens,
        ForgetsToContinue,
    ],
)
def test_a_wiki_with_one_thing_wrong_disagrees_with_the_recordings(mutant, shown):
    subject = checked_simulator(shown, RECORDED, records=shown.records, cap=shown.cap, made=mutant)

    assert disagreements(shown, subject, RECORDED) != ()
