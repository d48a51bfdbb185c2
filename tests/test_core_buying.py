"""How tokens are bought: by client credentials with all that vendors want to be told, and by a login."""

import base64
import copy
import logging
import pickle
import traceback
from urllib.parse import parse_qs

import pytest

from harness.core import CredentialsRejected, Integration, MemoryTokens, Refused, RetriesExhausted, Unauthorized
from harness.dialects.credentials import Basic, Bearer, ClientCredentials, Login
from harness.dialects.facts import LoginSession, OAuth2, StaticToken
from tests.core_dialects import OAUTH, SECRET, dialect, integration
from tests.core_vendor import Clock, in_turn, reply, vendor

USERS = {"rows": [{"id": "u1", "name": "ann"}], "next": None}
PASSWORD = "p4ss wörd/+&"
LOGIN = LoginSession(
    token_path="/v3/auth/tokens",
    username_at=("auth", "identity", "password", "user", "name"),
    password_at=("auth", "identity", "password", "user", "password"),
    others=(
        (("auth", "identity", "methods"), ("password",)),
        (("auth", "identity", "password", "user", "domain"), "default"),
    ),
    token_header="X-Subject-Token",
    ends_at=("token", "expires_at"),
    ends_form="iso8601",
    header="X-Auth-Token",
    scheme="",
)


class Sessions:
    """A vendor that sells sessions of 20 s for user name and password, and takes no other."""

    def __init__(self):
        self.clock = Clock()
        self.logins = []
        self.alive = {}

    def __call__(self, asked):
        if asked.path == "/v3/auth/tokens":
            self.logins.append(asked.document)
            user = asked.document["auth"]["identity"]["password"]["user"]
            if user["password"] != PASSWORD:
                return reply({"error": {"code": 401, "message": f"no such login: {user['password']}"}}, 401)
            token = f"session-{len(self.logins)}"
            self.alive[token] = self.clock.passed_s + 20
            ends = f"2027-01-15T08:{int(self.alive[token] // 60):02}:{self.alive[token] % 60:09.6f}Z"
            return reply({"token": {"expires_at": ends}}, 201, x_subject_token=token)
        if self.clock.passed_s >= self.alive.get(asked.headers.get("x-auth-token"), 0):
            return reply({"error": {"code": 401}}, 401)
        return reply(USERS)

    def core(self, serving, password=PASSWORD):
        return integration(serving, dialect(signing=LOGIN), self.clock, credentials=Login("ann", password))


# -- login -------------------------------------------------------------------------------------------------------------


def test_a_login_buys_one_session_that_serves_its_lifetime():
    sessions = Sessions()
    with vendor(sessions) as serving, sessions.core(serving) as core:
        for _ in range(5):
            assert list(core.pull("users")) == USERS["rows"]

    user = {"name": "ann", "password": PASSWORD, "domain": "default"}
    assert sessions.logins == [{"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}]


def test_a_session_is_replaced_before_its_end():
    sessions = Sessions()
    with vendor(sessions) as serving, sessions.core(serving) as core:
        list(core.pull("users"))
        sessions.clock.passed_s += 18.5
        list(core.pull("users"))

    assert [asked.headers.get("x-auth-token") for asked in serving.asked if asked.method == "GET"] == [
        "session-1",
        "session-2",
    ]


def test_a_session_never_seems_to_live_longer_for_the_fraction_that_a_date_leaves_out():
    sessions = Sessions()
    # The vendor's clock stands at .9 of the second that its Date names, so the session has 20 s from there.
    sold = reply(
        {"token": {"expires_at": "2027-01-15T10:00:20.900000Z"}},
        201,
        x_subject_token="session-1",
        date="Fri, 15 Jan 2027 10:00:00 GMT",
    )
    with vendor(in_turn(sold, reply(USERS))) as serving, sessions.core(serving) as core:
        list(core.pull("users"))

    (grant,) = core._client._tokens._store._grants.values()
    assert grant.lifetime_s == pytest.approx(19.9)


def test_a_session_that_the_vendor_ended_early_is_replaced_once():
    sessions = Sessions()
    with vendor(sessions) as serving, sessions.core(serving) as core:
        list(core.pull("users"))
        sessions.alive.clear()
        list(core.pull("users"))

    assert len(sessions.logins) == 2


def test_a_wrong_password_ends_at_once_and_shows_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    sessions = Sessions()
    with (
        vendor(sessions) as serving,
        sessions.core(serving, "wr0ng wörd") as core,
        pytest.raises(CredentialsRejected, match="does not take these credentials of ann; check id") as raised,
    ):
        list(core.pull("users"))

    assert len(sessions.logins) == 1
    assert "wr0ng" not in "".join(traceback.format_exception(raised.value)) + caplog.text


def test_a_login_by_form_reads_token_and_lifetime_from_the_body():
    signing = LoginSession(token_path="/login", body="form", token_at=("session", "id"), ends_at=("session", "ttl"))
    script = in_turn(reply({"session": {"id": "s-1", "ttl": 600}}), reply(USERS))
    with (
        vendor(script) as serving,
        integration(serving, dialect(signing=signing), Clock(), credentials=Login("ann", PASSWORD)) as core,
    ):
        list(core.pull("users"))

    assert parse_qs(serving.asked[0].body.decode()) == {"username": ["ann"], "password": [PASSWORD]}
    assert serving.asked[1].headers["authorization"] == "Bearer s-1"


def test_a_login_that_gives_no_token_is_told_as_such():
    with (
        vendor(in_turn(reply({"token": {}}, 201))) as serving,
        Sessions().core(serving) as core,
        pytest.raises(RetriesExhausted, match="the answer holds no token that can be sent in a header"),
    ):
        list(core.pull("users"))


def test_credentials_of_another_kind_do_not_log_in():
    with pytest.raises(ValueError, match="vendor signs with LoginSession; credentials of type Basic do not serve"):
        Integration(dialect(signing=LOGIN), credentials=Basic("ann", PASSWORD))


# -- client credentials ------------------------------------------------------------------------------------------------


def bought(credentials, signing=OAUTH, **more):
    """The form in which a token was asked for, and the address."""
    script = in_turn(reply({"access_token": "token-1", "expires_in": 3600}), reply(USERS))
    with (
        vendor(script) as serving,
        integration(serving, dialect(signing=signing), Clock(), credentials=credentials, **more) as core,
    ):
        list(core.pull("users"))
    return parse_qs(serving.asked[0].body.decode()), serving.asked[0].target


def test_scope_audience_and_the_vendors_own_parameters_are_told():
    told, _ = bought(
        ClientCredentials("id", SECRET, scope="a b", audience="https://api.test", parameters=(("resource", "crm"),))
    )

    assert told == {
        "grant_type": ["client_credentials"],
        "scope": ["a b"],
        "audience": ["https://api.test"],
        "resource": ["crm"],
    }


def test_the_audience_travels_under_the_name_that_the_dialect_says():
    told, _ = bought(
        ClientCredentials("id", SECRET, audience="crm"), OAuth2(token_path="/token", audience_parameter="resource")
    )

    assert told["resource"] == ["crm"]


def test_the_tenant_stands_in_the_token_endpoints_address():
    _, target = bought(ClientCredentials("id", SECRET, tenant="acme"), OAuth2(token_path="/{tenant}/oauth2/token"))

    assert target == "/acme/oauth2/token"


@pytest.mark.parametrize(("client_auth", "pair"), [("basic", "id:a+b c/%"), ("basic_encoded", "id:a%2Bb+c%2F%25")])
def test_the_clients_pair_is_encoded_where_the_dialect_says_so(client_auth, pair):
    script = in_turn(reply({"access_token": "token-1", "expires_in": 3600}), reply(USERS))
    spoken = dialect(signing=OAuth2(token_path="/token", client_auth=client_auth))
    credentials = ClientCredentials("id", "a+b c/%")
    with vendor(script) as serving, integration(serving, spoken, Clock(), credentials=credentials) as core:
        list(core.pull("users"))

    assert base64.b64decode(serving.asked[0].headers["authorization"].removeprefix("Basic ")).decode() == pair


def test_no_repr_of_credentials_shows_what_may_be_secret():
    credentials = ClientCredentials("id", SECRET, parameters=(("assertion", "s3cret-assertion"),))

    assert "s3cret" not in repr(credentials) + repr(Login("ann", PASSWORD))
    assert SECRET not in repr(credentials)


@pytest.mark.parametrize(
    "credentials", [ClientCredentials("id", SECRET), Basic("ann", SECRET), Bearer(SECRET), Login("ann", SECRET)]
)
def test_credentials_go_into_no_pickle_and_are_copied_all_the_same(credentials):
    with pytest.raises(TypeError, match="holds a secret and is not pickled; read it anew in each process") as raised:
        pickle.dumps({"job": credentials})

    assert SECRET not in str(raised.value)
    assert copy.deepcopy({"job": credentials}) == {"job": credentials}
    assert copy.copy(credentials) == credentials


def test_a_long_parameter_that_the_vendor_echoes_is_hidden_like_a_secret():
    assertion = "assertion-0123456789abcdef"
    credentials = ClientCredentials("id", SECRET, parameters=(("client_assertion", assertion),))
    echo = reply({"error": "invalid_client", "error_description": f"{assertion} is no assertion"}, 401)
    with (
        vendor(in_turn(echo)) as serving,
        integration(serving, dialect(signing=OAUTH), Clock(), credentials=credentials) as core,
        pytest.raises(CredentialsRejected, match=r"\*\*\* is no assertion") as raised,
    ):
        list(core.pull("users"))

    assert assertion not in str(raised.value)


@pytest.mark.parametrize(
    ("told", "fetches"),
    [
        ({"expires_in": 3600}, 1),
        ({"expires_in": "3600"}, 1),
        ({}, 1),
        ({"expires_in": "soon"}, 1),
        ({"expires_in": 10**18}, 1),
        ({"expires_in": 0}, 3),
        ({"expires_in": -5}, 3),
    ],
)
def test_each_odd_lifetime_is_taken_as_documented_and_told(told, fetches, caplog):
    def script(asked):
        return reply({"access_token": "token-1234", **told}) if asked.path == "/token" else reply(USERS)

    with vendor(script) as serving, integration(serving, dialect(signing=OAUTH), Clock()) as core:
        for _ in range(3):
            list(core.pull("users"))

    assert sum(core.counts().token_fetches.values()) == fetches
    usable = told.get("expires_in") in (3600, "3600")
    assert ("token came with no usable lifetime" in caplog.text) == (not usable)


# -- sharing -----------------------------------------------------------------------------------------------------------


def test_integrations_that_share_a_store_share_the_token_of_one_binding_and_no_other():
    calls = []

    def script(asked):
        if asked.path == "/token":
            calls.append(asked)
            return reply({"access_token": f"token-{len(calls)}", "expires_in": 3600})
        return reply(USERS)

    store = MemoryTokens()
    with vendor(script) as serving:
        for client in ("one", "two", "one", "two"):
            credentials = ClientCredentials(client, SECRET)
            with integration(
                serving, dialect(signing=OAUTH), Clock(), credentials=credentials, token_store=store
            ) as core:
                list(core.pull("users"))

    assert len(calls) == 2
    assert [asked.headers["authorization"] for asked in serving.asked if asked.method == "GET"] == [
        "Bearer token-1",
        "Bearer token-2",
    ] * 2
    assert "token-1" not in repr(store)


def test_token_fetches_are_counted_by_their_reason():
    rejected = reply({"error": {"code": 401}}, 401)
    grants = (reply({"access_token": f"token-{n}", "expires_in": 3600}) for n in range(9))
    answers = iter([reply(USERS), rejected, reply(USERS)])
    with (
        vendor(lambda asked: next(grants) if asked.path == "/token" else next(answers)) as serving,
        integration(serving, dialect(signing=OAUTH), Clock()) as core,
    ):
        list(core.pull("users"))
        list(core.pull("users"))

    assert core.counts().token_fetches == {"first": 1, "rejected": 1}


@pytest.mark.parametrize("code", ["invalid_client", "invalid_scope", "unauthorized_client", "invalid_grant"])
def test_what_the_token_endpoint_refuses_for_good_is_asked_once(code):
    with (
        vendor(in_turn(reply({"error": code}, 400))) as serving,
        integration(serving, dialect(signing=OAUTH), Clock()) as core,
        pytest.raises(CredentialsRejected),
    ):
        list(core.pull("users"))

    assert len(serving.asked) == 1


@pytest.mark.parametrize(
    ("code", "check"),
    [
        ("invalid_client", "check id and secret"),
        ("invalid_scope", "check the scope"),
        ("unauthorized_client", "let the vendor allow this client the grant of client credentials"),
        ("unsupported_grant_type", "check token_url: what is there knows no client credentials"),
        ("invalid_request", "check scope, audience and parameters"),
    ],
)
def test_what_is_to_be_checked_is_told_by_the_vendors_code_and_once_in_the_log(code, check, caplog):
    with (
        vendor(in_turn(reply({"error": code}, 400))) as serving,
        integration(serving, dialect(signing=OAUTH), Clock()) as core,
        pytest.raises(CredentialsRejected, match=rf"credentials of client-1; {check} \["),
    ):
        list(core.pull("users"))

    assert len([record for record in caplog.records if check in record.getMessage()]) == 1


@pytest.mark.parametrize("status", [404, 405])
def test_an_address_where_no_tokens_are_sold_is_named(status):
    with (
        vendor(in_turn(reply({"detail": "Not Found"}, status))) as serving,
        integration(serving, dialect(signing=OAUTH), Clock()) as core,
        pytest.raises(Refused) as raised,
    ):
        list(core.pull("users"))

    assert f"nothing sells tokens at {serving.url}/token; check base_url and token_url" in str(raised.value)


def test_a_limit_of_the_token_endpoint_told_as_a_500_is_no_alarm_about_credentials():
    limited = reply({"error": "access_denied", "error_description": "Global limit has been reached"}, 500)
    script = in_turn(limited, reply({"access_token": "token-1", "expires_in": 60}), reply(USERS))
    with vendor(script) as serving, integration(serving, dialect(signing=OAUTH), Clock()) as core:
        assert list(core.pull("users")) == USERS["rows"]


def test_a_static_token_that_is_rejected_is_not_replaced():
    spoken = dialect(signing=StaticToken())
    with (
        vendor(in_turn(reply({"error": {"code": 401}}, 401))) as serving,
        integration(serving, spoken, Clock(), credentials=Bearer("key-1234")) as core,
        pytest.raises(Unauthorized),
    ):
        list(core.pull("users"))

    assert len(serving.asked) == 1
