"""A login at a real Keystone. Needs one: see ``running`` for when these tests run."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness.core import CredentialsRejected, Integration
from harness.dialects import KEYSTONE
from harness.dialects.credentials import Login
from harness.dialects.facts import LoginSession
from tests.vendors import keystone
from tests.vendors.process import NotPossible, free_port, local_session, stop
from tests.vendors.seeds import KEYSTONE_USERS

REQUIRE_ALL = os.environ.get("HARNESS_REQUIRE_ALL") == "1"
_USER = ("auth", "identity", "password", "user")
LOGIN = LoginSession(
    token_path="/v3/auth/tokens",
    username_at=(*_USER, "name"),
    password_at=(*_USER, "password"),
    others=(
        (("auth", "identity", "methods"), ("password",)),
        ((*_USER, "domain", "id"), "default"),
        (("auth", "scope", "project", "name"), "admin"),
        (("auth", "scope", "project", "domain", "id"), "default"),
    ),
    token_header="X-Subject-Token",
    ends_at=("token", "expires_at"),
    ends_form="iso8601",
    header="X-Auth-Token",
    scheme="",
)
USERS = KEYSTONE_USERS[:7]
"""More than one page; every one of them takes a second on a busy machine, and the token that seeds them ends."""
SPOKEN = replace(KEYSTONE, signing=LOGIN)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A Keystone of these tests' own."""
    vendors = os.environ.get("HARNESS_VENDORS", "")
    if not vendors and not REQUIRE_ALL:
        pytest.skip("no vendors here: set HARNESS_VENDORS to a folder for them, or HARNESS_REQUIRE_ALL=1")
    folder = Path(vendors).resolve() if vendors else tmp_path_factory.mktemp("vendors")
    state = folder / "keystone" / "login"
    stop(state, keystone.NAME)
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    try:
        yield keystone.start(state, free_port(), users=USERS)
    except NotPossible as exc:
        if REQUIRE_ALL:
            raise
        pytest.skip(f"keystone cannot run here: {exc}")
    finally:
        stop(state, keystone.NAME)


def logged_in(running, password):
    return Integration(SPOKEN, base_url=running.origin, credentials=Login("admin", password), session=local_session())


def test_a_login_lists_every_user_of_a_real_keystone_with_one_session(running):
    with logged_in(running, running.secrets["admin_password"]) as core:
        users = list(core.pull("users"))

    assert len(users) == len(USERS) + 1
    assert core.counts().token_fetches == {"first": 1}


def test_a_session_of_a_real_keystone_counts_no_longer_than_it_lives(running):
    with logged_in(running, running.secrets["admin_password"]) as core:
        list(core.pull("users"))
        (grant,) = core._client._tokens._store._grants.values()

    assert keystone.TOKEN_LIFETIME_S - 2 <= grant.lifetime_s <= keystone.TOKEN_LIFETIME_S


def test_a_wrong_password_is_refused_by_a_real_keystone_and_told_with_its_request_id(running):
    with (
        logged_in(running, "not-the-password") as core,
        pytest.raises(CredentialsRejected, match=r"of admin; check id .*status=401.*request_id=req-"),
    ):
        list(core.pull("users"))
