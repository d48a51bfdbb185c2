"""A login at a real Keystone. Needs one: see ``running`` for when these tests run."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import harness
from harness.cli import main
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
LISTED = replace(SPOKEN, collections=(replace(KEYSTONE.collection("users"), writing=None),))
"""Nothing is written here, so nothing of it was recorded."""


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


@pytest.fixture
def recorded_login(running, tmp_path, monkeypatch):
    """A folder that holds a recorded login and listing, and the rules of the account."""
    monkeypatch.chdir(tmp_path)
    Path("sandbox.toml").write_text(f'[[host]]\nname = "{running.origin.partition("://")[2]}"\nwrites = true\n')
    login = Login("admin", running.secrets["admin_password"])
    with (
        harness.recording("keystone", "pull_users", base_url=running.origin) as recorder,
        Integration(SPOKEN, base_url=recorder.base_url, credentials=login, session=local_session()) as core,
    ):
        list(core.pull("users"))
    return tmp_path


def test_who_logs_in_is_certified_against_a_recording_of_it(running, recorded_login):
    recorded = (recorded_login / "cassettes/keystone/pull_users.yaml").read_text()

    result = CliRunner().invoke(
        main, ["certify", "core", "--cassettes", "cassettes/keystone", "--dialect", f"{__name__}:LISTED"]
    )

    assert running.secrets["admin_password"] not in recorded
    assert result.exit_code == 0, result.output
    document = json.loads(Path("certificate/certificate.json").read_text())
    verdicts = {one["id"]: one["verdict"] for one in document["requirements"]}
    for requirement in ("reused", "never-expired", "refreshed-early", "rejection-recovered", "single-flight"):
        assert verdicts[f"token.{requirement}"] == "passed", requirement
    assert verdicts["token.bound"] == verdicts["token.scope-failure-distinct"] == "not_applicable"


def test_an_account_that_is_logged_in_to_is_certified_live(running, recorded_login, monkeypatch):
    monkeypatch.setenv("S_USERNAME", "admin")
    monkeypatch.setenv("S_PASSWORD", running.secrets["admin_password"])
    monkeypatch.setenv("XDG_STATE_HOME", str(recorded_login / "state"))
    spoken = ["--cassettes", "cassettes/keystone", "--dialect", f"{__name__}:LISTED"]
    account = ["--live", "keystone", "--base-url", running.origin, "--credentials-env", "S"]

    result = CliRunner().invoke(main, ["certify", "core", *spoken, *account, "-k", "every_record or taken_back"])

    assert result.exit_code == 0, result.output
    written = [path.read_bytes() for path in recorded_login.rglob("*") if path.is_file()]
    assert not [one for one in written if running.secrets["admin_password"].encode() in one]
