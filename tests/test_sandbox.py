"""What a live run may touch, and what it signs in with; whatever is wrong with either is told in one sentence."""

import pytest

from harness.certify.sandbox_file import sandbox_at, taken_credentials
from harness.dialects import KEYSTONE, MEDIAWIKI, ROUNDUP
from harness.dialects.credentials import Basic, ClientCredentials
from harness.stage.sandbox import SandboxError, looks_like_production

RULES = """\
[[host]]
name = "identity.sandbox.example.com"
writes = true
max_requests = 400
per_second = 2.5

[[host]]
name = "127.0.0.1:5000"
writes = false
"""


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "sandbox.toml"
    path.write_text(RULES)
    return path


def allowed(base_url, rules, *, max_requests=None, per_second=None):
    return sandbox_at(base_url, rules, max_requests=max_requests, per_second=per_second)


def test_a_listed_host_may_be_touched_as_its_rules_say(rules):
    listed = allowed("https://identity.sandbox.example.com/", rules)

    assert (listed.base_url, listed.host) == ("https://identity.sandbox.example.com", "identity.sandbox.example.com")
    assert (listed.writes, listed.max_requests, listed.per_second) == (True, 400, 2.5)
    assert not allowed("http://127.0.0.1:5000", rules).writes


def test_of_a_rule_and_an_option_the_stricter_one_holds(rules):
    stricter = allowed("https://identity.sandbox.example.com", rules, max_requests=100, per_second=9.0)

    assert (stricter.max_requests, stricter.per_second) == (100, 2.5)


@pytest.mark.parametrize(
    ("base_url", "told"),
    [
        ("https://staging.example.com", "staging.example.com is not listed in"),
        (
            "https://api.example.com",
            "is not listed in .*, and it looks like production: no part of its name says sandb",
        ),
        ("http://127.0.0.1:5001", "127.0.0.1:5001 is not listed"),
        ("https://identity.sandbox.example.com.evil.test", "is not listed"),
        ("identity.sandbox.example.com", "give the account's address as https://HOST"),
        ("https://me:secret@127.0.0.1:5000", "--base-url holds a password; give credentials by --credentials-env"),
    ],
)
def test_an_address_that_is_not_listed_is_refused(rules, base_url, told):
    with pytest.raises(SandboxError, match=told) as refusal:
        allowed(base_url, rules)
    assert "secret@" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[host]", "is no TOML"),
        ("[server]\nname = 'a'", "holds 'server'; write each host as"),
        ("host = 1", "holds 'host'; write each host as"),
        ("[[host]]\nwrites = true", "host 1 of .* has no name"),
        ("[[host]]\nname = 'a'", "does not say whether writes are allowed"),
        ("[[host]]\nname = 'a'\nwrites = 'no'", "does not say whether writes are allowed"),
        ("[[host]]\nname = 'a'\nwrites = true\nrate = 1", "has the unknown key 'rate'"),
        ("[[host]]\nname = 'a'\nwrites = true\nper_second = 'x'", "has a per_second that is no number"),
        ("[[host]]\nname = 'a'\nwrites = true\nmax_requests = 0", "the budget of 0 requests lets nothing be asked"),
        ("[[host]]\nname = 'a'\nwrites = true\nper_second = 0", "0 requests a second let nothing be asked"),
    ],
)
def test_rules_that_cannot_be_used_are_told(tmp_path, text, told):
    path = tmp_path / "sandbox.toml"
    path.write_text(text)
    with pytest.raises(SandboxError, match=told):
        allowed("https://a", path)


def test_without_rules_nothing_may_be_touched(tmp_path):
    with pytest.raises(SandboxError, match=r"there is no .*, which lists the hosts that a live run may touch"):
        allowed("https://a", tmp_path / "sandbox.toml")


@pytest.mark.parametrize(
    ("host", "production"),
    [
        ("api.example.com", True),
        ("contest.example.com", True),
        ("8.8.8.8", True),
        ("api.sandbox.example.com", False),
        ("api-test.example.com", False),
        ("example.test", False),
        ("localhost:8080", False),
        ("127.0.0.1:5000", False),
        ("10.1.2.3", False),
    ],
)
def test_a_host_that_nothing_marks_as_a_sandbox_looks_like_production(host, production):
    assert looks_like_production(host) == production


def test_credentials_are_taken_out_of_the_environment():
    environment = {"KS_CLIENT_ID": "id", "KS_CLIENT_SECRET": "secret", "OTHER": "stays"}
    taken = taken_credentials(KEYSTONE, prefix="KS", file=None, environment=environment)

    assert taken == ClientCredentials("id", "secret")
    assert environment == {"OTHER": "stays"}
    assert "secret'" not in repr(taken)


def test_a_vendor_that_anybody_may_read_needs_none():
    assert taken_credentials(MEDIAWIKI, prefix="", file=None, environment={}) is None


def test_credentials_may_stand_in_a_file_outside_of_the_repository(tmp_path):
    file = tmp_path / "roundup.toml"
    file.write_text('username = "ada"\npassword = "secret"\n')

    assert taken_credentials(ROUNDUP, prefix="", file=file, environment={}) == Basic("ada", "secret")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('username = "ada"', "password is not set in"),
        ("password: geheim", "are no TOML; write lines such as"),
    ],
)
def test_a_file_without_credentials_is_told_and_not_quoted(tmp_path, text, told):
    file = tmp_path / "roundup.toml"
    file.write_text(text)
    with pytest.raises(SandboxError, match=told) as refusal:
        taken_credentials(ROUNDUP, prefix="", file=file, environment={})
    assert "geheim" not in str(refusal.value)


def test_a_file_in_a_repository_is_refused(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "keys.toml").write_text('username = "ada"\npassword = "secret"\n')
    with pytest.raises(SandboxError, match=r"lies in the repository .*; keep credentials outside of it"):
        taken_credentials(ROUNDUP, prefix="", file=tmp_path / "keys.toml", environment={})


@pytest.mark.parametrize(
    ("prefix", "told"),
    [
        ("", "keystone asks for credentials; put them into PREFIX_CLIENT_ID and PREFIX_CLIENT_SECRET"),
        ("KS", "KS_CLIENT_ID and KS_CLIENT_SECRET is not set in the environment"),
    ],
)
def test_missing_credentials_are_told_by_name(prefix, told):
    with pytest.raises(SandboxError, match=told):
        taken_credentials(KEYSTONE, prefix=prefix, file=None, environment={})
