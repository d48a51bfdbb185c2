"""What is recorded of MediaWiki, flow by flow."""

from harness.dialects.mediawiki import MEDIAWIKI
from tests.vendors import flows_mediawiki, mediawiki, seeds
from tests.vendors.series import Flow, Series

_LICENCE = "GPL-2.0-or-later (it is run, none of it is shipped)"

RECORDED: tuple[Series, ...] = (
    Series(
        folder="mediawiki",
        dialect=MEDIAWIKI,
        licence=_LICENCE,
        start=lambda state, port: mediawiki.start(
            state,
            port,
            titles=seeds.MEDIAWIKI_TITLES,
            limited=f"from rate_limited on {mediawiki.EDITS} edits in {mediawiki.EDITS_INTERVAL_S} s for everybody",
        ),
        flows=(
            Flow(
                name="pull_pages",
                shows="11 pages, two a reply, through continue",
                play=flows_mediawiki.pull_pages,
            ),
            Flow(
                name="contents",
                shows="the text and the revision of all 11 pages, asked for by title in one question",
                play=flows_mediawiki.contents(seeds.MEDIAWIKI_TITLES),
            ),
            Flow(
                name="form_token",
                shows="the token that every edit holds, for nobody in particular",
                play=flows_mediawiki.form_token,
            ),
            Flow(
                name="lookup",
                shows="hit; other case: missing; small first letter, and spaces as underscores: hits; a miss; all 200",
                play=flows_mediawiki.lookup_of("Contact/1"),
            ),
            Flow(
                name="missing_item",
                shows="status 200: one title is there, one is missing",
                play=flows_mediawiki.missing_item,
            ),
            Flow(
                name="invalid_item",
                shows="status 200: one title is there, one is invalid and says why",
                play=flows_mediawiki.invalid_item,
            ),
            Flow(
                name="bad_token",
                shows="status 200 with the error badtoken; no edit happened",
                play=flows_mediawiki.bad_token,
            ),
            Flow(
                name="refused",
                shows="status 200 with the errors permissiondenied and assertuserfailed",
                play=flows_mediawiki.refused,
            ),
            Flow(
                name="duplicate_create",
                shows="createonly of a taken title, in two spellings: a 200 with articleexists; a bad one: an error",
                play=flows_mediawiki.duplicate_of("Contact/1"),
            ),
            Flow(
                name="push_pages",
                shows="4 new pages: each looked up (missing), then created with createonly; titles come back respelled",
                play=flows_mediawiki.push_pages(seeds.MEDIAWIKI_NEW),
            ),
            Flow(
                name="push_pages_again",
                shows="the same push once more: 4 lookups that find, and no write",
                play=flows_mediawiki.push_pages(seeds.MEDIAWIKI_NEW),
            ),
            Flow(
                name="update_page",
                shows="an edit with baserevid and nocreate; the same text again: nochange; of no page: missingtitle",
                play=flows_mediawiki.update_of("Contact/3", "Contact/3 has moved."),
            ),
            Flow(
                name="edit_conflict",
                shows="an edit of an older revision is a 200 with editconflict; one that says what is there, nochange",
                play=flows_mediawiki.conflict_over("Contact/2"),
            ),
            Flow(
                name="saved",
                shows="an edit that does not say whether the page is there changes it, or creates it",
                play=flows_mediawiki.saved(("Contact/4", "Saved/1")),
            ),
            Flow(
                name="pull_after_push",
                shows="16 pages: the new ones stand among the others, ordered by title with underscores",
                play=flows_mediawiki.pull_pages,
            ),
            Flow(
                name="rate_limited",
                shows="four edits, the fifth within 20 s is status 200 with the error ratelimited and no Retry-After",
                play=flows_mediawiki.rate_limited,
                prepare=lambda running: mediawiki.limit(running.state),
            ),
            Flow(
                name="read_only",
                shows="status 200 with the error readonly while an operator has locked the wiki; reading goes on",
                play=flows_mediawiki.read_only,
                prepare=lambda running: mediawiki.lock(running.state),
            ),
        ),
    ),
    Series(
        folder="mediawiki-2",
        dialect=MEDIAWIKI,
        licence=_LICENCE,
        start=lambda state, port: mediawiki.start(state, port, titles=seeds.MEDIAWIKI_2_TITLES),
        flows=(
            Flow(
                name="pull_pages",
                shows="8 pages, three a reply; a next page may begin with a title that has a space in it",
                play=flows_mediawiki.pull_pages_of(3),
            ),
            Flow(
                name="contents",
                shows="the text and the revision of all 8 pages",
                play=flows_mediawiki.contents(seeds.MEDIAWIKI_2_TITLES),
            ),
            Flow(
                name="form_token",
                shows="the token that every edit holds, for nobody in particular",
                play=flows_mediawiki.form_token,
            ),
            Flow(
                name="lookup",
                shows="hit, other case, other spellings, miss, with other names",
                play=flows_mediawiki.lookup_of("Mail room"),
            ),
            Flow(
                name="duplicate_create",
                shows="articleexists in three spellings, and invalidtitle",
                play=flows_mediawiki.duplicate_of("Depot Wien"),
            ),
            Flow(
                name="push_pages",
                shows="2 new pages",
                play=flows_mediawiki.push_pages(seeds.MEDIAWIKI_2_NEW),
            ),
            Flow(
                name="push_pages_again",
                shows="2 lookups that find",
                play=flows_mediawiki.push_pages(seeds.MEDIAWIKI_2_NEW),
            ),
            Flow(
                name="update_page",
                shows="an edit, nochange, missingtitle",
                play=flows_mediawiki.update_of("Fleet", "Nine lorries."),
            ),
            Flow(
                name="edit_conflict",
                shows="editconflict, then an edit of the revision that was read again",
                play=flows_mediawiki.conflict_over("Depot/Linz"),
            ),
            Flow(
                name="pull_after_push",
                shows="10 pages on 4 pages of at most 3",
                play=flows_mediawiki.pull_pages_of(3),
            ),
        ),
    ),
    Series(
        folder="mediawiki-captcha",
        dialect=MEDIAWIKI,
        licence=_LICENCE,
        start=lambda state, port: mediawiki.start(
            state,
            port,
            titles=seeds.MEDIAWIKI_TITLES[:1],
            limited="every edit is asked a question by the extension ConfirmEdit",
            more=mediawiki.CAPTCHA,
        ),
        flows=(
            Flow(
                name="not_done",
                shows="status 200 with the result Failure and no error: the edit was not done",
                play=flows_mediawiki.not_done,
            ),
        ),
    ),
)
