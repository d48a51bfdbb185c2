"""The core writes the pages of a real MediaWiki. Needs one: see ``vendors`` for when these tests run."""

import os
import shutil

import pytest

from harness.core import Integration
from harness.dialects import MEDIAWIKI
from tests.vendors import mediawiki
from tests.vendors.process import NotPossible, free_port, local_session, stop

REQUIRE_ALL = os.environ.get("HARNESS_REQUIRE_ALL") == "1"
EDIT = {"action": "edit", "token": "+\\", "format": "json", "formatversion": "2"}


@pytest.fixture(scope="module")
def running(vendors):
    """A wiki of these tests' own."""
    state = vendors / "mediawiki" / "edits"
    stop(state, mediawiki.NAME)
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    try:
        yield mediawiki.start(state, free_port(), titles=("Contact/1", "Contact/2"))
    except NotPossible as exc:
        if REQUIRE_ALL:
            raise
        pytest.skip(f"MediaWiki cannot run here: {exc}")
    finally:
        stop(state, mediawiki.NAME)


@pytest.fixture
def core(running):
    with Integration(MEDIAWIKI, base_url=running.origin, session=local_session()) as core:
        yield core


@pytest.fixture
def somebody(running):
    """Another one who edits: text by title."""
    with local_session() as session:

        def saved(title, text):
            form = {**EDIT, "title": title, "text": text}
            told = session.post(f"{running.origin}/api.php", data=form, timeout=60).json()
            assert told["edit"]["result"] == "Success"

        yield saved


def texts(core, *titles):
    """What the wiki holds, as the core's own lookups see it."""
    writes = core._push("pages", None).writes
    return [held.record["text"] if (held := writes.lookups.look_up(title)) else None for title in titles]


def test_new_pages_are_created_once_and_found_under_the_spelling_of_the_source(core):
    pages = [
        {"title": "supplier/south_coast", "text": "Delivers on Tuesdays."},
        {"title": "Zoë Müller+ops/ä & Söhne", "text": "Zoë+Müller: 100 % = «all»\n\nNext line."},
    ]

    assert core.push("pages", pages).created == tuple(page["title"] for page in pages)
    assert core.push("pages", pages).unchanged == tuple(page["title"] for page in pages)
    listed = [row["title"] for row in core.pull("pages")]
    assert listed.count("Supplier/south coast") == listed.count(pages[1]["title"]) == 1
    assert texts(core, *(page["title"] for page in pages)) == [page["text"] for page in pages]


def test_what_somebody_changes_between_look_and_write_is_read_before_it_is_changed(core, somebody):
    writes = core._push("pages", None).writes
    held = writes.lookups.look_up("Contact/1")
    somebody("Contact/1", "Theirs.")

    with pytest.raises(Exception, match="changed by somebody else"):
        writes.send(writes.updating("Contact/1", held, {"text": "Ours."}))

    assert texts(core, "Contact/1") == ["Theirs."]
    assert core.push("pages", [{"title": "Contact/1", "text": "Ours."}]).updated == ("Contact/1",)
    assert texts(core, "Contact/1") == ["Ours."]


def test_what_somebody_creates_between_look_and_write_is_not_created_again(core, somebody):
    writes = core._push("pages", None).writes
    create = writes.creating("Late", {"title": "Late", "text": "Ours."})
    somebody("Late", "Theirs.")

    with pytest.raises(Exception, match="holds a record of this key"):
        writes.send(create)

    assert texts(core, "Late") == ["Theirs."]


def test_a_page_whose_update_would_make_it_is_not_made(core):
    writes = core._push("pages", None).writes
    held = writes.lookups.look_up("Contact/2")

    with pytest.raises(Exception, match="changed by somebody else"):
        writes.send(writes.updating("Nobody/2", held, {"text": "Ours."}))

    assert texts(core, "Nobody/2") == [None]


def test_what_the_wiki_takes_for_another_title_or_for_none_is_named(core):
    report = core.push("pages", [{"title": "C#", "text": "C sharp."}, {"title": "Bad[title", "text": "Bad."}])

    assert report.failed.keys() == {"C#", "Bad[title"}
    assert "vendor_code=invalidtitle" in report.failed["Bad[title"]
    assert texts(core, "C") == [None]


def test_a_limit_is_waited_out_and_everything_written(running):
    mediawiki.limit(running.state)
    pages = [{"title": f"Order/{number}", "text": "Placed."} for number in range(mediawiki.EDITS + 1)]
    with Integration(MEDIAWIKI, base_url=running.origin, session=local_session()) as core:
        report = core.push("pages", pages)

        assert report.created == tuple(page["title"] for page in pages)
        assert core.counts().limit_hits
        assert texts(core, *(page["title"] for page in pages)) == ["Placed."] * len(pages)
