"""One request: signed anew at each attempt, sent home alone, read whole, and told with its context."""

import gzip
import json
import logging
import pickle
import traceback

import pytest

from harness.core import (
    BodyError,
    Bounds,
    Integration,
    IntegrationError,
    MalformedReply,
    NotSent,
    Redirected,
    Refused,
    RetriesExhausted,
    ServerFailed,
    Throttled,
    Unanswered,
    Unauthorized,
)
from harness.dialects.credentials import Basic, Bearer, ClientCredentials
from harness.dialects.facts import HttpBasic, StaticToken
from tests.core_dialects import CLIENT, OAUTH, SECRET, dialect
from tests.core_pulls import USERS, error, failed, oauth, pulled
from tests.core_vendor import RESET, Clock, Sent, in_turn, reply, vendor

# -- what passes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        RESET,
        Sent(then="end"),
        Sent(b"\x00\xff\x13 no http\r\n\r\n", then="end"),
        Sent(b"HTTP/1.1 200 OK\r\nContent-Ty", then="end"),
        Sent(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{", then="end"),
        Sent(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{", then="reset"),
        Sent(b'HTTP/1.1 200 OK\r\n\r\n{"rows": [', then="end"),
        Sent(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"ro', then="end"),
        reply(body=b""),
        reply(body=b"<html>Sign in</html>", content_type="text/html"),
        reply(body=b"null"),
        reply(body=b"[" * 100_000),
        reply(body=b"no gzip", content_encoding="gzip"),
        reply({"error": {"code": 500, "message": "odd"}}),
        reply({"error": {"code": "odd", "message": "odd"}}),
        reply({"rows": None}),
        reply({"rows": [{"id": "u1"}, None]}),
        reply({"rows": [{"name": "no id"}]}),
        error(500),
        error(503),
        error(408),
        error(429),
        reply(status=429, body=b"slow down"),
        reply(status=502, body=b"<html>Bad gateway</html>"),
    ],
    ids=lambda sent: None,
)
def test_what_passes_is_survived_by_asking_again(broken):
    rows, clock, asked = pulled(in_turn(broken, broken, broken, reply(USERS)))

    assert rows == USERS["rows"]
    assert [int(wait_s) for wait_s in clock.slept_s] == [1, 2, 4]
    assert len(asked) == 4


def test_a_silent_vendor_is_asked_again_after_the_timeout():
    rows, _, asked = pulled(in_turn(Sent(then="silence"), reply(USERS)), bounds=Bounds(read_s=0.05))

    assert rows == USERS["rows"]
    assert len(asked) == 2


def test_a_reply_that_drips_is_cut_off_at_the_deadline():
    clock = Clock()

    def drip(asked):
        clock.passed_s += 301
        return Sent(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{")

    error, _, _ = failed(drip, RetriesExhausted, clock=clock, bounds=Bounds(read_s=5))

    assert "took longer than 300 s" in str(error.__cause__)


def test_a_reply_larger_than_the_bound_is_refused_at_once():
    bomb = gzip.compress(b" " * 10_000_000)

    error, _, asked = failed(
        in_turn(reply(body=bomb, content_encoding="gzip")), MalformedReply, bounds=Bounds(body_bytes=1_000_000)
    )

    assert "larger than 1000000 bytes" in str(error)
    assert len(asked) == 1


@pytest.mark.parametrize("odd", [{"connect_s": 0}, {"read_s": -1.0}, {"whole_s": float("nan")}, {"body_bytes": 0}])
def test_bounds_that_let_nothing_through_are_refused(odd):
    with pytest.raises(ValueError, match="lets no exchange through; each bound is above 0"):
        Bounds(**odd)


def test_a_gzipped_reply_is_read():
    rows, _, _ = pulled(in_turn(reply(body=gzip.compress(json.dumps(USERS).encode()), content_encoding="gzip")))

    assert rows == USERS["rows"]


def test_text_and_large_numbers_arrive_unchanged():
    odd = {"id": "u1", "name": "Zoë 🦉 +/", "number": 12345678901234567890123}

    rows, _, _ = pulled(in_turn(reply({"rows": [odd]})))

    assert rows == [odd]


def test_a_connection_that_the_vendor_closed_in_between_is_replaced():
    pages = in_turn(
        Sent(reply({"rows": [{"id": "u1"}], "next": "/users?p=2"}).payload, then="end"),
        reply({"rows": [{"id": "u2"}], "next": None}),
    )

    rows, _clock, asked = pulled(pages)

    assert len(rows) == 2
    assert [each.connection for each in asked] == [1, 2]


def test_one_connection_serves_every_page():
    pages = in_turn(*(reply({"rows": [{"id": n}], "next": f"/users?p={n}"}) for n in range(5)), reply(USERS))

    _, _, asked = pulled(pages)

    assert {each.connection for each in asked} == {1}


# -- what does not pass ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (error(400), Refused),
        (error(403), Refused),
        (error(404), Refused),
        (error(501), Refused),
        (error(401), Unauthorized),
        (reply({"error": {"code": 403, "message": "as the vendor words it"}}, x_request_id="req-9"), Refused),
        (error(307, location="/users?elsewhere"), Redirected),
    ],
)
def test_what_cannot_succeed_is_asked_once_and_told_with_its_context(sent, kind):
    error, clock, asked = failed(in_turn(sent), kind)

    assert len(asked) == 1
    assert clock.slept_s == []
    assert error.operation == "users.list"
    assert error.request_id == "req-9"
    assert not error.may_have_happened
    assert all(word in str(error) for word in ("users.list", "as the vendor words it", "req-9", str(error.status)))


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (error(503), ServerFailed),
        (error(429), Throttled),
        (RESET, Unanswered),
        (reply(body=b""), MalformedReply),
        (reply({"error": {"code": 500}}), BodyError),
    ],
)
def test_what_never_passes_ends_loudly_after_seven_tries(sent, kind):
    error, clock, asked = failed(in_turn(sent), RetriesExhausted)

    assert len(asked) == 7
    assert isinstance(error.__cause__, kind)
    assert clock.passed_s < 70


def test_nobody_at_the_address_is_told_as_not_sent():
    with vendor(in_turn(reply(USERS))) as serving:
        gone = serving.url
    with Integration(dialect(), base_url=gone, clock=Clock()) as core, pytest.raises(RetriesExhausted) as raised:
        list(core.pull("users"))

    assert type(raised.value.__cause__) is NotSent
    assert not raised.value.may_have_happened


def test_an_address_that_cannot_be_is_told_at_once():
    clock = Clock()
    with Integration(dialect(), base_url="http://:80", clock=clock) as core, pytest.raises(NotSent):
        list(core.pull("users"))

    assert clock.slept_s == []


def test_an_address_with_a_password_is_refused():
    with pytest.raises(ValueError, match="holds a password"):
        Integration(dialect(), base_url="https://me:word@vendor.test")


# -- credentials stay home ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status):
    with vendor(in_turn(reply(USERS))) as elsewhere:
        script = oauth(in_turn(reply(None, status, location=f"{elsewhere.url}/users")))
        error, _, _asked = failed(script, Redirected, spoken=dialect(signing=OAUTH))

    assert elsewhere.asked == []
    assert elsewhere.url in str(error)


def test_a_password_in_netrc_never_replaces_the_token(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password from-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))

    _, _, asked = pulled(oauth(in_turn(reply(USERS))), spoken=dialect(signing=OAUTH))
    _, _, unsigned = pulled(in_turn(reply(USERS)))

    assert asked[-1].headers["authorization"] == "Bearer token-1"
    assert "authorization" not in unsigned[0].headers


def test_the_environments_proxy_is_used(monkeypatch):
    with vendor(in_turn(reply(USERS))) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        with Integration(dialect(), base_url="http://vendor.test", clock=Clock()) as core:
            rows = list(core.pull("users"))

    assert rows == USERS["rows"]
    assert proxy.asked[0].target == "http://vendor.test/users"


def test_the_environments_ca_bundle_is_read(monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))

    core = Integration(dialect(), base_url="https://127.0.0.1:9", clock=Clock())

    with core, pytest.raises(NotSent, match=r"missing\.pem"):
        list(core.pull("users"))


def test_no_cookie_is_kept():
    first = reply({"rows": [{"id": "u1"}], "next": "/users?p=2"}, set_cookie="session=abc; Path=/")

    _, _, asked = pulled(in_turn(first, reply({"rows": [{"id": "u2"}]})))

    assert "cookie" not in asked[1].headers


@pytest.mark.parametrize(
    ("signing", "credentials", "header", "value"),
    [
        (HttpBasic(), Basic("ann", "wörd"), "authorization", "Basic YW5uOnfDtnJk"),
        (StaticToken(header="X-Api-Key", scheme=""), Bearer("key-123"), "x-api-key", "key-123"),
        (StaticToken(), Bearer("key-123"), "authorization", "Bearer key-123"),
    ],
)
def test_lasting_credentials_sign_every_request(signing, credentials, header, value):
    _, _, asked = pulled(in_turn(reply(USERS)), spoken=dialect(signing=signing), credentials=credentials)

    assert asked[0].headers[header] == value


def test_credentials_of_another_kind_are_refused():
    with pytest.raises(ValueError, match="vendor signs with HttpBasic; credentials of type ClientCredentials"):
        Integration(dialect(signing=HttpBasic()), credentials=CLIENT)


def test_the_client_secret_travels_as_the_dialect_says():
    spoken = dialect(signing=OAUTH.__class__(token_path="/token", client_auth="form"))

    _, _, asked = pulled(oauth(in_turn(reply(USERS))), spoken=spoken)

    assert asked[0].body.decode() == f"grant_type=client_credentials&client_id=client-1&client_secret={SECRET}"
    assert "authorization" not in asked[0].headers


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_a_secret_that_the_vendor_echoes_is_in_no_error_and_no_log(caplog):
    caplog.set_level(logging.DEBUG)
    secret = "s3cr3t/with+signs"
    clock = Clock()

    def echo(asked):
        if asked.path == "/token" and asked.headers["authorization"]:
            return reply({"access_token": "tok-abcdef", "expires_in": 20})
        return error(400, message=f"{asked.headers['authorization']} {secret} s3cr3t%2Fwith%2Bsigns")

    error_, _, _ = failed(
        echo, Refused, spoken=dialect(signing=OAUTH), credentials=ClientCredentials("id", secret), clock=clock
    )

    told = "".join(traceback.format_exception(error_)) + repr(error_) + str(pickle.dumps(error_)) + caplog.text
    assert "***" in told
    assert not [word for word in (secret, "tok-abcdef", "s3cr3t") if word in told]


def test_an_integration_shows_no_secret_and_is_not_pickled():
    core = Integration(dialect(signing=OAUTH), credentials=CLIENT)

    assert SECRET not in repr(core)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(core)


def test_an_error_survives_pickling():
    error_, _, _ = failed(in_turn(error(503)), RetriesExhausted)

    again = pickle.loads(pickle.dumps(error_))

    assert str(again) == str(error_)
    assert again.may_have_happened
    assert isinstance(again, IntegrationError)
