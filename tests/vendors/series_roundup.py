"""What is recorded of Roundup, flow by flow."""

from harness.dialects.roundup import ROUNDUP
from tests.vendors import flows_roundup, flows_roundup_issues, roundup, seeds
from tests.vendors.series import Flow, Series

RECORDED: tuple[Series, ...] = (
    Series(
        folder="roundup",
        dialect=ROUNDUP,
        licence="MIT",
        start=lambda state, port: roundup.start(state, port, users=seeds.ROUNDUP_USERS, calls=600),
        flows=(
            Flow(
                name="pull_users",
                shows="11 users on 6 pages of 2 by @links.next; X-Count-Total and @total_size say 11",
                play=flows_roundup.pull_users(2),
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
                name="lookup",
                shows="username:= finds exactly, on a page or not; another case, a prefix, nobody find nothing",
                play=flows_roundup.lookup_of("daria.novak", 2),
            ),
            Flow(
                name="get_user",
                shows="a user by id with @etag and ETag, and the 404 of an id that nobody has",
                play=flows_roundup.get_of("bruno.novak"),
            ),
            Flow(
                name="from_nowhere",
                shows="a write without X-Requested-With and Origin is a 400, and nothing is done",
                play=flows_roundup.from_nowhere,
            ),
            Flow(
                name="update_user",
                shows="PATCH with If-Match tells what is other than before; a stale one, or none, is a 412",
                play=flows_roundup.update_of(
                    "goran.novak", {"realname": "Goran Öz"}, {"organisation": "Harbour Office"}
                ),
            ),
            Flow(
                name="push_users",
                shows="3 new users: each looked up by name, then created (201); the answer tells the id alone",
                play=flows_roundup.push_users(seeds.ROUNDUP_NEW),
            ),
            Flow(
                name="push_users_again",
                shows="the same push once more: 3 lookups that find, and no write",
                play=flows_roundup.push_users(seeds.ROUNDUP_NEW),
            ),
            Flow(
                name="push_users_once",
                shows="2 new users, each by an address that was bought for one create",
                play=flows_roundup.push_users_once(seeds.ROUNDUP_NEW_ONCE),
            ),
            Flow(
                name="once_only",
                shows="a second POST to a bought address is a 400, whatever it holds; a 409 uses it up too",
                play=flows_roundup.once_only(
                    {"username": "nadia.obrien", "realname": "Nadia O'Brien", "phone": "+43 1 5550130"},
                    "jonas.weber",
                ),
            ),
            Flow(
                name="duplicate_create",
                shows="a name that is taken is a 409, with a space behind it too; without a name it is a 400",
                play=flows_roundup.duplicate_of("jonas.weber"),
            ),
            Flow(
                name="invalid_name",
                shows="a name with other signs than a-z, A-Z, 0-9 and @._-!+% is a 409 as well",
                play=flows_roundup.invalid_name,
            ),
            Flow(
                name="create_other_case",
                shows="a name that differs in case alone is another user (201), and a lookup tells the two apart",
                play=flows_roundup.create_other_case("jonas.weber"),
            ),
            Flow(
                name="pull_after_push",
                shows="18 users on 9 pages: those created since stand behind the others, by number",
                play=flows_roundup.pull_users(2),
            ),
        ),
    ),
    Series(
        folder="roundup-2",
        dialect=ROUNDUP,
        licence="MIT",
        start=lambda state, port: roundup.start(state, port, users=seeds.ROUNDUP_2_USERS, row_cap=40, calls=1000),
        flows=(
            Flow(name="pull_users", shows="7 users on 3 pages of 3", play=flows_roundup.pull_users(3)),
            Flow(
                name="lookup",
                shows="hit, other case, prefix, miss, with other names",
                play=flows_roundup.lookup_of("svc-search-1", 3),
            ),
            Flow(
                name="update_user",
                shows="phone set on an existing user, then another realname",
                play=flows_roundup.update_of(
                    "svc-search-2", {"phone": "+43 1 5550140"}, {"realname": "Search account 2, moved"}
                ),
            ),
            Flow(
                name="push_users",
                shows="2 new users",
                play=flows_roundup.push_users(seeds.ROUNDUP_2_NEW),
            ),
            Flow(
                name="push_users_once",
                shows="1 new user by a bought address",
                play=flows_roundup.push_users_once(seeds.ROUNDUP_2_NEW_ONCE),
            ),
            Flow(
                name="once_only",
                shows="a bought address that is used twice, and one that a 409 uses up",
                play=flows_roundup.once_only({"username": "svc-audit-4", "realname": "Reads only"}, "svc-audit-1"),
            ),
            Flow(
                name="duplicate_create",
                shows="the 409 of a name that is taken",
                play=flows_roundup.duplicate_of("svc-audit-2"),
            ),
            Flow(name="pull_after_push", shows="11 users on 4 pages of 3", play=flows_roundup.pull_users(3)),
        ),
    ),
    Series(
        folder="roundup-issues",
        dialect=ROUNDUP,
        licence="MIT",
        start=lambda state, port: roundup.start(state, port, titles=seeds.ROUNDUP_TITLES),
        flows=(
            Flow(
                name="pull_issues",
                shows="11 issues on 6 pages of 2 by @links.next; X-Count-Total and @total_size say 11; no limit met",
                play=flows_roundup_issues.pull_issues,
            ),
            Flow(
                name="bad_password",
                shows="a wrong password is a 401 in plain text; nobody at all is a 403",
                play=flows_roundup_issues.bad_password,
            ),
            Flow(
                name="page_too_large",
                shows="a page size above the cap of 50 is a 400",
                play=flows_roundup_issues.page_too_large,
            ),
            Flow(
                name="pull_to_limit",
                shows="46 issues on 23 pages: with the 20 calls used up the next is a 429, and waits as told",
                play=flows_roundup_issues.pull_to_limit,
                prepare=flows_roundup_issues.refill(seeds.ROUNDUP_MORE),
            ),
        ),
    ),
    Series(
        folder="roundup-issues-2",
        dialect=ROUNDUP,
        licence="MIT",
        start=lambda state, port: roundup.start(state, port, titles=seeds.ROUNDUP_TITLES, row_cap=3),
        flows=(
            Flow(
                name="silent_cap",
                shows="without @page_size a 200 with 3 of 11 rows, @total_size -1, X-Count-Total -1 and no next",
                play=flows_roundup_issues.silent_cap,
            ),
        ),
    ),
    Series(
        folder="roundup-moving",
        dialect=ROUNDUP,
        licence="MIT",
        start=lambda state, port: roundup.start(state, port, titles=seeds.ROUNDUP_TITLES, calls=1000),
        flows=(
            Flow(
                name="rows_move",
                shows="issue 1 is retired after page 1: issue 3 is on no later page, and the total falls from 11 to 10",
                play=flows_roundup_issues.rows_move,
            ),
        ),
    ),
)
