"""What is recorded: which vendors, in which configuration, and flow by flow, in the order in which they are played."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from harness.dialects.facts import Dialect
from harness.dialects.keystone import KEYSTONE
from harness.dialects.kinto import KINTO
from harness.dialects.mediawiki import MEDIAWIKI
from harness.dialects.roundup import ROUNDUP
from harness.dialects.scim import SCIM
from tests.vendors import (
    flows_keystone,
    flows_kinto,
    flows_mediawiki,
    flows_roundup,
    flows_scim,
    keystone,
    kinto,
    mediawiki,
    roundup,
    scim,
    seeds,
)
from tests.vendors.process import Running


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One cassette: what it shows, and how it is played."""

    name: str
    shows: str
    play: Callable[[requests.Session, Running], None]
    prepare: Callable[[Running], None] = lambda running: None
    """Done before the flow and not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One folder of cassettes: one server, one configuration, flows in their order."""

    folder: str
    dialect: Dialect
    licence: str
    start: Callable[[Path, int], Running]
    flows: tuple[Flow, ...]


SERIES: tuple[Series, ...] = (
    Series(
        folder="keystone",
        dialect=KEYSTONE,
        licence="Apache-2.0",
        start=lambda state, port: keystone.start(state, port, users=seeds.KEYSTONE_USERS, page_cap=5),
        flows=(
            Flow(
                name="token",
                shows="client credentials buy a token that lives 20 s; a second call buys another",
                play=flows_keystone.token,
            ),
            Flow(
                name="bad_credentials",
                shows="a wrong secret is a 401 invalid_client; a made-up token and no token are a 401 each",
                play=flows_keystone.bad_credentials,
            ),
            Flow(
                name="pull_users",
                shows="48 users on 10 pages of at most 5, by id; all but the last with links.next and truncated",
                play=flows_keystone.pull_users,
            ),
            Flow(
                name="token_expires_in_pull",
                shows="after 20 real seconds the fourth page is a 401; a new token continues at the same marker",
                play=flows_keystone.token_expires_in_pull,
            ),
            Flow(
                name="forbidden",
                shows="an application credential with the role reader gets a token, and 403 for listing and creating",
                play=flows_keystone.forbidden,
            ),
            Flow(
                name="page_size",
                shows="limit=2 and limit=99 are ignored: the page holds 5 either way, and the next link says limit=5",
                play=flows_keystone.page_size,
            ),
            Flow(
                name="lookup",
                shows="name finds exactly: another case, a prefix, and a name that nobody has find nothing",
                play=flows_keystone.lookup,
            ),
            Flow(
                name="get_user",
                shows="a user by id, and the 404 of an id that nobody has",
                play=flows_keystone.get_user,
            ),
            Flow(
                name="update_user",
                shows="PATCH sets the named fields and keeps the others; a lookup and the 404 of an unknown id follow",
                play=flows_keystone.update_user,
            ),
            Flow(
                name="disable_user",
                shows="PATCH enabled=false; the disabled user is still found by name and still holds it (409)",
                play=flows_keystone.disable_user,
            ),
            Flow(
                name="enable_user",
                shows="PATCH enabled=true on the user that disable_user left disabled",
                play=flows_keystone.enable_user,
            ),
            Flow(
                name="delete_then_list",
                shows="DELETE is a 204 without a body; again it is a 404; the listing holds 47 users",
                play=flows_keystone.delete_then_list,
            ),
            Flow(
                name="push_users",
                shows="12 new users: each looked up by name, then created (201)",
                play=flows_keystone.push_users(seeds.KEYSTONE_NEW),
            ),
            Flow(
                name="push_users_again",
                shows="the same push once more: 12 lookups that find, and no write",
                play=flows_keystone.push_users(seeds.KEYSTONE_NEW),
            ),
            Flow(
                name="duplicate_create",
                shows="a name that is taken is a 409, with a space behind it too; without a name it is a 400",
                play=flows_keystone.duplicate_create,
            ),
            Flow(
                name="create_other_case",
                shows="a name that differs in case alone is another user (201), and a lookup tells the two apart",
                play=flows_keystone.create_other_case,
            ),
            Flow(
                name="pull_after_push",
                shows="60 users on 12 pages: those created since stand among the others, ordered by id",
                play=flows_keystone.pull_users,
            ),
        ),
    ),
    Series(
        folder="keystone-2",
        dialect=KEYSTONE,
        licence="Apache-2.0",
        start=lambda state, port: keystone.start(state, port, users=seeds.KEYSTONE_2_USERS, page_cap=3),
        flows=(
            Flow(name="token", shows="as in keystone", play=flows_keystone.token),
            Flow(name="pull_users", shows="17 users on 6 pages of at most 3", play=flows_keystone.pull_users),
            Flow(
                name="lookup",
                shows="hit, other case, prefix, miss, with other names",
                play=flows_keystone.lookup_of("svc-mail-2"),
            ),
            Flow(
                name="update_user",
                shows="description set on an existing user",
                play=flows_keystone.update_of("svc-edge-3", {"description": "Edge account 3, moved"}),
            ),
            Flow(
                name="push_users",
                shows="5 new users, with descriptions instead of e-mail addresses",
                play=flows_keystone.push_users(seeds.KEYSTONE_2_NEW),
            ),
            Flow(
                name="push_users_again",
                shows="5 lookups that find",
                play=flows_keystone.push_users(seeds.KEYSTONE_2_NEW),
            ),
            Flow(
                name="duplicate_create",
                shows="the 409 of a name that is taken",
                play=flows_keystone.duplicate_of("svc-audit-4"),
            ),
        ),
    ),
    Series(
        folder="roundup",
        dialect=ROUNDUP,
        licence="MIT",
        start=lambda state, port: roundup.start(state, port, titles=seeds.ROUNDUP_TITLES),
        flows=(
            Flow(
                name="pull_issues",
                shows="11 issues on 6 pages of 2 by @links.next; X-Count-Total and @total_size say 11; no limit met",
                play=flows_roundup.pull_issues,
            ),
            Flow(
                name="bad_password",
                shows="a wrong password is a 401 in plain text; nobody at all is a 403",
                play=flows_roundup.bad_password,
            ),
            Flow(
                name="page_too_large",
                shows="a page size above the cap of 50 is a 400",
                play=flows_roundup.page_too_large,
            ),
            Flow(
                name="pull_to_limit",
                shows="46 issues on 23 pages: the 21st call is a 429 with Retry-After, waited out as told",
                play=flows_roundup.pull_to_limit,
                prepare=flows_roundup.refill(seeds.ROUNDUP_MORE),
            ),
        ),
    ),
    Series(
        folder="roundup-2",
        dialect=ROUNDUP,
        licence="MIT",
        start=lambda state, port: roundup.start(state, port, titles=seeds.ROUNDUP_TITLES, row_cap=3),
        flows=(
            Flow(
                name="silent_cap",
                shows="without @page_size a 200 with 3 of 11 rows, @total_size -1, X-Count-Total -1 and no next",
                play=flows_roundup.silent_cap,
            ),
        ),
    ),
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
    Series(
        folder="scim",
        dialect=SCIM,
        licence="Apache-2.0",
        start=lambda state, port: scim.start(state, port, users=seeds.SCIM_USERS, page_cap=3, page_size=2),
        flows=(
            Flow(
                name="pull_users",
                shows="13 users on 5 pages by startIndex from 1: count=100 is served as 3; totalResults says 13",
                play=flows_scim.pull_users,
            ),
            Flow(
                name="places_and_sizes",
                shows="no count is 2, count=0 shows no user, startIndex=0 is 1, beyond the end is an empty page",
                play=flows_scim.places_and_sizes,
            ),
            Flow(
                name="lookup",
                shows="userName eq finds in any case, no prefix, escapes quotation marks, and pages",
                play=flows_scim.lookup_of("daria.okafor"),
            ),
            Flow(
                name="bad_token",
                shows="a made-up token and no token are a 401 each",
                play=flows_scim.bad_token,
            ),
            Flow(
                name="get_user",
                shows="a user by id with its ETag, and the 404 of an id that nobody has",
                play=flows_scim.get_of("bruno.okafor"),
            ),
            Flow(
                name="update_user",
                shows="PATCH is a 204 and keeps other fields; a stale If-Match is a 412; an unknown id a 404",
                play=flows_scim.update_of("goran.okafor", {"displayName": "Goran Öz", "nickName": "Gö"}),
            ),
            Flow(
                name="deactivate_user",
                shows="PATCH active=false; the user is still found by name and still holds it (409)",
                play=flows_scim.set_active_of("emre.okafor", active=False),
            ),
            Flow(
                name="activate_user",
                shows="PATCH active=true on the user that deactivate_user left inactive",
                play=flows_scim.set_active_of("emre.okafor", active=True),
            ),
            Flow(
                name="push_users",
                shows="5 new users: each looked up by name, then created (201)",
                play=flows_scim.push_users(seeds.SCIM_NEW),
            ),
            Flow(
                name="push_users_again",
                shows="the same push once more: 5 lookups that find, and no write",
                play=flows_scim.push_users(seeds.SCIM_NEW),
            ),
            Flow(
                name="duplicate_create",
                shows="a name that is taken is a 409 uniqueness, in another case too; without a name it is a 400",
                play=flows_scim.duplicate_of("jonas.weber"),
            ),
            Flow(
                name="bulk",
                shows="one bulk request ends with 409, 201, 200, 412 and 404; one of more than 5 operations is a 413",
                play=flows_scim.bulk_of("jonas.weber", "kofi.mensah"),
            ),
            Flow(
                name="delete_user",
                shows="DELETE is a 204 without a body; again it is a 404; the name finds nobody",
                play=flows_scim.delete_of("farah.okafor"),
            ),
            Flow(
                name="pull_after_push",
                shows="18 users on 6 pages: those created since stand among the others, ordered by id",
                play=flows_scim.pull_users,
            ),
        ),
    ),
    Series(
        folder="scim-2",
        dialect=SCIM,
        licence="Apache-2.0",
        start=lambda state, port: scim.start(
            state, port, users=seeds.SCIM_2_USERS, page_cap=4, page_size=3, bulk_cap=6
        ),
        flows=(
            Flow(name="pull_users", shows="9 users on 3 pages of at most 4", play=flows_scim.pull_users),
            Flow(name="places_and_sizes", shows="as in scim, with other sizes", play=flows_scim.places_and_sizes),
            Flow(
                name="lookup",
                shows="hit, other case, prefix, miss, with other names",
                play=flows_scim.lookup_of("svc-mail-2"),
            ),
            Flow(
                name="update_user",
                shows="displayName set on an existing user",
                play=flows_scim.update_of("svc-search-3", {"displayName": "Search account 3, moved"}),
            ),
            Flow(
                name="push_users",
                shows="3 new users",
                play=flows_scim.push_users(seeds.SCIM_2_NEW),
            ),
            Flow(
                name="push_users_again",
                shows="3 lookups that find",
                play=flows_scim.push_users(seeds.SCIM_2_NEW),
            ),
            Flow(
                name="duplicate_create",
                shows="the 409 of a name that is taken",
                play=flows_scim.duplicate_of("svc-audit-2"),
            ),
            Flow(
                name="bulk",
                shows="one bulk request of six operations, two of them new users; of seven a 413",
                play=flows_scim.bulk_of("svc-audit-1", "svc-audit-8", "svc-audit-9"),
            ),
        ),
    ),
    Series(
        folder="scim-cursor",
        dialect=SCIM,
        licence="Apache-2.0",
        start=lambda state, port: scim.start(state, port, users=seeds.SCIM_USERS, page_cap=3, page_size=2),
        flows=(
            Flow(
                name="pull_by_cursor",
                shows="13 users on 5 pages by RFC 9865 cursors; the first is empty, the last page has no nextCursor",
                play=flows_scim.pull_by_cursor,
            ),
            Flow(
                name="bad_cursor",
                shows="a cursor that the vendor did not give is a 400",
                play=flows_scim.bad_cursor,
            ),
            Flow(
                name="bad_filter",
                shows="a filter that is none is a 400 invalidFilter",
                play=flows_scim.bad_filter,
            ),
        ),
    ),
    Series(
        folder="kinto",
        dialect=KINTO,
        licence="Apache-2.0",
        start=lambda state, port: kinto.start(
            state, port, contacts=seeds.KINTO_CONTACTS, page_cap=5, batch_cap=5, backoff_s=10
        ),
        flows=(
            Flow(
                name="pull_contacts",
                shows="23 contacts on 5 pages of at most 5, by the header Next-Page; every answer says Backoff: 10",
                play=flows_kinto.pull_contacts,
            ),
            Flow(
                name="silent_cap",
                shows="_limit=100 is cut to a page of 5 without a word, and the next page's address says _limit=5",
                play=flows_kinto.silent_cap,
            ),
            Flow(
                name="bad_password",
                shows="a wrong password is a 401, and so is none",
                play=flows_kinto.bad_password,
            ),
            Flow(
                name="forbidden",
                shows="an account without permission is a 403 for listing and for creating",
                play=flows_kinto.forbidden,
            ),
            Flow(
                name="lookup",
                shows="a contact by its id; another case and an id that nobody has are a 404",
                play=flows_kinto.lookup_of("daria-tanaka"),
            ),
            Flow(
                name="taken",
                shows="PUT with If-None-Match on a known id is a 412 that shows it; POST of it changes nothing (200)",
                play=flows_kinto.taken_of("daria-tanaka"),
            ),
            Flow(
                name="update_contact",
                shows="PATCH with If-Match sets the named fields and keeps the others; an unknown id is a 404",
                play=flows_kinto.update_of("goran-silva", {"email": "g.silva@example.org", "city": "Graz"}),
            ),
            Flow(
                name="stale_update",
                shows="PATCH and PUT for an older state are a 412 that shows the record; for the new state a 200",
                play=flows_kinto.stale_update,
            ),
            Flow(
                name="replaced",
                shows="PUT without a condition puts the whole record: fields that are left out are gone",
                play=flows_kinto.replaced,
            ),
            Flow(
                name="delete_then_list",
                shows="DELETE answers with a tombstone; again it is a 404; the listing holds 22 contacts",
                play=flows_kinto.delete_then_list,
            ),
            Flow(
                name="push_contacts",
                shows="4 new contacts: each looked up (404), then created by PUT with If-None-Match (201)",
                play=flows_kinto.push_contacts(seeds.KINTO_NEW),
            ),
            Flow(
                name="push_contacts_again",
                shows="the same push once more: 4 lookups that find, and no write",
                play=flows_kinto.push_contacts(seeds.KINTO_NEW),
            ),
            Flow(
                name="create_other_case",
                shows="an id that differs in case alone is another contact (201), and a GET tells the two apart",
                play=flows_kinto.create_other_case,
            ),
            Flow(
                name="invalid_key",
                shows="an id with a space in it is a 400",
                play=flows_kinto.invalid_key,
            ),
            Flow(
                name="batch_mixed",
                shows="a 200 whose five answers are 412, 201, 404, 412 and 200, in the order of the requests",
                play=flows_kinto.batch_mixed(
                    "emre-silva", ({"id": "late-joiner", "name": "Late Joiner"},), "amara-novak"
                ),
            ),
            Flow(
                name="batch_too_large",
                shows="6 requests in a batch are a 400, and none of them is carried out",
                play=flows_kinto.batch_too_large(5),
            ),
            Flow(
                name="pull_after_push",
                shows="28 contacts on 6 pages: those created since stand among the others, ordered by id",
                play=flows_kinto.pull_contacts,
            ),
        ),
    ),
    Series(
        folder="kinto-2",
        dialect=KINTO,
        licence="Apache-2.0",
        start=lambda state, port: kinto.start(state, port, contacts=seeds.KINTO_2_CONTACTS, page_cap=3, batch_cap=7),
        flows=(
            Flow(
                name="pull_contacts",
                shows="8 contacts on 3 pages of at most 3; no Backoff",
                play=flows_kinto.pull_contacts,
            ),
            Flow(
                name="lookup",
                shows="hit, other case, miss, with other names",
                play=flows_kinto.lookup_of("shop-03"),
            ),
            Flow(
                name="taken",
                shows="the 412 and the 200 of an id that is taken",
                play=flows_kinto.taken_of("shop-04"),
            ),
            Flow(
                name="update_contact",
                shows="city set on an existing contact",
                play=flows_kinto.update_of("shop-05", {"city": "Baden"}),
            ),
            Flow(
                name="push_contacts",
                shows="2 new contacts",
                play=flows_kinto.push_contacts(seeds.KINTO_2_NEW),
            ),
            Flow(
                name="batch_mixed",
                shows="412, 201, 201, 201, 404, 412 and 200 in one batch of seven",
                play=flows_kinto.batch_mixed(
                    "shop-01",
                    tuple({"id": f"shop-{number}", "name": f"Shop {number}"} for number in (50, 51, 52)),
                    "shop-02",
                ),
            ),
            Flow(
                name="batch_too_large",
                shows="8 requests in a batch are a 400",
                play=flows_kinto.batch_too_large(7),
            ),
            Flow(
                name="pull_after_push",
                shows="13 contacts on 5 pages of at most 3",
                play=flows_kinto.pull_contacts,
            ),
        ),
    ),
)
