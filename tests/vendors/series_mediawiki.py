"""What is recorded of MediaWiki, flow by flow."""

from harness.dialects.mediawiki import MEDIAWIKI
from tests.vendors import flows_mediawiki, mediawiki, seeds
from tests.vendors.series import Flow, Series

RECORDED: tuple[Series, ...] = (
    Series(
        folder="mediawiki",
        dialect=MEDIAWIKI,
        licence="GPL-2.0-or-later (it is run, none of it is shipped)",
        start=lambda state, port: mediawiki.start(state, port, titles=seeds.MEDIAWIKI_TITLES),
        flows=(
            Flow(
                name="pull_pages",
                shows="11 pages, two a reply, through continue",
                play=flows_mediawiki.pull_pages,
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
                name="rate_limited",
                shows="four edits, the fifth within 20 s is status 200 with the error ratelimited and no Retry-After",
                play=flows_mediawiki.rate_limited,
            ),
            Flow(
                name="read_only",
                shows="status 200 with the error readonly while an operator has locked the wiki; reading goes on",
                play=flows_mediawiki.read_only,
                prepare=lambda running: mediawiki.lock(running.state),
            ),
        ),
    ),
)
