"""What is recorded of Keystone, flow by flow."""

from harness.dialects.keystone import KEYSTONE
from tests.vendors import flows_keystone, keystone, seeds
from tests.vendors.series import Flow, Series

RECORDED: tuple[Series, ...] = (
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
)
