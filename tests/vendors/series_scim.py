"""What is recorded of scim2-server, flow by flow."""

from harness.dialects.scim import SCIM
from tests.vendors import flows_scim, scim, seeds
from tests.vendors.series import Flow, Series

RECORDED: tuple[Series, ...] = (
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
        folder="scim-moving",
        dialect=SCIM,
        licence="Apache-2.0",
        start=lambda state, port: scim.start(state, port, users=seeds.SCIM_USERS, page_cap=3, page_size=2),
        flows=(
            Flow(
                name="rows_move",
                shows="user 1 is deleted after page 1: user 4 is on no later page, and the total falls from 13 to 12",
                play=flows_scim.rows_move,
            ),
        ),
    ),
)
