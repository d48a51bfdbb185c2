"""One request: signed anew at each attempt, sent home alone, read whole, and told with its context."""

import gzip
import json
import logging
import pickle
import threading
import traceback

import pytest

from harness.core import (
    BodyError,
    Bounds,
    CredentialsRejected,
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
    WaitTooLong,
)
from harness.dialects.credentials import Basic, Bearer, ClientCredentials
from harness.dialects.facts import CostWait, Errors, HttpBasic, Limits, StaticToken
from tests.core_dialects import CLIENT, OAUTH, SECRET, dialect, integration
from tests.core_vendor import RESET, Clock, Sent, in_turn, reply, vendor

USERS = {"rows": [{"id": "u1", "name": "ann"}], "next": None}


def pulled(script, *, spoken=None, clock=None, **more):
    """The users that the core reads from a vendor of this script, the clock and what the vendor was asked."""
    clock = clock or Clock()
    with vendor(script) as serving, integration(serving, spoken or dialect(), clock, **more) as core:
        return list(core.pull("users")), clock, serving.asked


def failed(script, error, *, spoken=None, clock=None, **more):
    """The error in which the same ends."""
    clock = clock or Clock()
    with vendor(script) as serving, integration(serving, spoken or dialect(), clock, **more) as core:
        with pytest.raises(error) as raised:
            list(core.pull("users"))
        return raised.value, clock, serving.asked


def oauth(script, *, lifetime_s=3600):
    """The script behind a token endpoint; ``Asked.headers['authorization']`` is ``Bearer token-N``."""
    count = [0]

    def answer(asked):
        if asked.path != "/token":
            return script(asked)
        count[0] += 1
        return reply({"access_token": f"token-{count[0]}", "expires_in": lifetime_s, "token_type": "Bearer"})

    return answer


def error(status, code=None, message="as the vendor words it", **headers):
    return reply({"error": {"code": code or status, "message": message}}, status, x_request_id="req-9", **headers)


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


# -- limits ------------------------------------------------------------------------------------------------------------


def test_a_limit_in_the_vendors_own_status_is_waited_out():
    spoken = dialect(limits=Limits(status=403, codes=("rateLimitExceeded",)))
    limit = error(403, code="rateLimitExceeded", retry_after="20")

    rows, clock, _ = pulled(in_turn(limit, reply(USERS)), spoken=spoken)

    assert rows == USERS["rows"]
    assert 20 <= clock.slept_s[0] <= 21


def test_a_refusal_in_the_limits_status_with_another_code_is_not_repeated():
    spoken = dialect(limits=Limits(status=403, codes=("rateLimitExceeded",)))

    _, _, asked = failed(in_turn(error(403, code="forbidden")), Refused, spoken=spoken)

    assert len(asked) == 1


def test_a_limits_code_is_known_in_whichever_case():
    spoken = dialect(limits=Limits(status=400, codes=("HOURLY_APIINVOCATION_LIMIT_EXCEEDED",)))

    rows, _, _ = pulled(in_turn(error(400, code="Hourly_APIInvocation_Limit_Exceeded"), reply(USERS)), spoken=spoken)

    assert rows == USERS["rows"]


GRAPHQL = {
    "limits": Limits(
        status=200,
        codes=("THROTTLED",),
        waits=(),
        body_waits=(
            CostWait(
                requested=("extensions", "cost", "requestedQueryCost"),
                available=("extensions", "cost", "throttleStatus", "currentlyAvailable"),
                restored_per_s=("extensions", "cost", "throttleStatus", "restoreRate"),
            ),
        ),
    ),
    "errors": Errors(
        code=("errors", 0, "extensions", "code"),
        message=("errors", 0, "message"),
        in_success=("errors",),
        transient_codes=("INTERNAL_SERVER_ERROR",),
    ),
}


def graphql_error(code):
    status = {"maximumAvailable": 1000.0, "currentlyAvailable": 666, "restoreRate": 10.0}
    told = {"cost": {"requestedQueryCost": 752, "actualQueryCost": None, "throttleStatus": status}}
    return reply({"errors": [{"message": "Throttled", "extensions": {"code": code}}], "extensions": told})


def test_a_throttled_query_waits_until_the_bucket_holds_its_cost():
    rows, clock, _ = pulled(in_turn(graphql_error("THROTTLED"), reply(USERS)), spoken=dialect(**GRAPHQL))

    assert rows == USERS["rows"]
    assert 8.6 <= clock.slept_s[0] <= 9.6


def test_a_query_that_costs_more_than_any_bucket_holds_is_asked_once():
    _, _, asked = failed(in_turn(graphql_error("MAX_COST_EXCEEDED")), Refused, spoken=dialect(**GRAPHQL))

    assert len(asked) == 1


def test_a_429_is_a_limit_whatever_else_the_dialect_says():
    spoken = dialect(limits=Limits(status=403, codes=("rateLimitExceeded",)))

    rows, _, _ = pulled(in_turn(error(429, code="other"), reply(USERS)), spoken=spoken)

    assert rows == USERS["rows"]


def test_a_limit_in_the_body_of_a_success_is_waited_out():
    spoken = dialect(limits=Limits(status=200, codes=("ratelimited",), waits=()))

    rows, clock, _ = pulled(in_turn(reply({"error": {"code": "ratelimited"}}), reply(USERS)), spoken=spoken)

    assert rows == USERS["rows"]
    assert 1 <= clock.slept_s[0] <= 2


def test_a_code_that_is_not_among_the_passing_ones_is_refused_for_good():
    spoken = dialect(errors=Errors(transient_codes=("readonly",)))

    _, _, asked = failed(in_turn(reply({"error": {"code": "permissiondenied"}})), Refused, spoken=spoken)

    assert len(asked) == 1


def test_a_wait_of_hours_ends_the_run_with_the_time_to_resume_and_parks_the_next_one():
    clock = Clock()
    with vendor(in_turn(error(429, retry_after="86400"))) as serving, integration(serving, dialect(), clock) as core:
        with pytest.raises(WaitTooLong, match="2027-01-16T08:00:0"):
            list(core.pull("users"))
        with pytest.raises(WaitTooLong, match=r"users\.list: .*run again after"):
            list(core.pull("users"))

    assert len(serving.asked) == 1
    assert clock.slept_s == []


def test_limit_hits_are_logged_and_regular_ones_are_a_warning_of_their_own(caplog):
    pulled(in_turn(*[error(429, retry_after="5")] * 3, reply(USERS)))

    hits = [record for record in caplog.records if record.event == "limit_hit"]
    regular = [record.getMessage() for record in caplog.records if record.event == "limit_regular"]

    assert [(record.levelno, record.status, record.request_id) for record in hits] == [
        (logging.WARNING, 429, "req-9")
    ] * 3
    assert "limit hit, throttled: users.list" in hits[0].getMessage()
    assert "the limit is hit regularly: 3 times in 1" in regular[0]


# -- tokens ------------------------------------------------------------------------------------------------------------


def test_a_rejected_token_is_replaced_and_the_request_sent_again():
    rows, clock, asked = pulled(oauth(in_turn(error(401), reply(USERS))), spoken=dialect(signing=OAUTH))

    assert rows == USERS["rows"]
    assert [each.headers["authorization"] for each in asked if each.path == "/users"] == [
        "Bearer token-1",
        "Bearer token-2",
    ]
    assert clock.slept_s == []


def test_a_second_rejection_is_loud():
    error_, _, asked = failed(oauth(in_turn(error(401))), Unauthorized, spoken=dialect(signing=OAUTH))

    assert [each.path for each in asked] == ["/token", "/users", "/token", "/users"]
    assert "req-9" in str(error_)


def test_a_wait_that_outlives_the_token_does_not_send_a_dead_one():
    script = oauth(in_turn(error(429, retry_after="30"), reply(USERS)), lifetime_s=20)

    _, _, asked = pulled(script, spoken=dialect(signing=OAUTH))

    assert [each.path for each in asked] == ["/token", "/users", "/token", "/users"]
    assert asked[-1].headers["authorization"] == "Bearer token-2"


@pytest.mark.parametrize("sent", [error(429, retry_after="30"), error(503), RESET, reply(body=b"{"), reply({"x": 1})])
def test_the_token_endpoint_is_asked_again_like_any_other(sent):
    script = in_turn(sent, sent, sent, reply({"access_token": "token-1", "expires_in": 20}), reply(USERS))

    rows, _, asked = pulled(script, spoken=dialect(signing=OAUTH))

    assert rows == USERS["rows"]
    assert len(asked) == 5


def test_a_throttled_token_endpoint_is_obeyed():
    script = in_turn(error(429, retry_after="30"), reply({"access_token": "token-1", "expires_in": 20}), reply(USERS))

    _, clock, _ = pulled(script, spoken=dialect(signing=OAUTH))

    assert 30 <= clock.slept_s[0] <= 31


@pytest.mark.parametrize(
    "sent",
    [
        reply({"error": "invalid_client", "error_description": "no such client"}, 401, x_request_id="req-9"),
        reply({"error": "invalid_client", "error_description": "no such client"}, 400, x_request_id="req-9"),
        reply({"error": "invalid_client", "error_description": "no such client"}, 200, x_request_id="req-9"),
    ],
)
def test_rejected_credentials_are_loud_after_one_token_call(sent):
    error, _, asked = failed(in_turn(sent), CredentialsRejected, spoken=dialect(signing=OAUTH))

    assert [each.path for each in asked] == ["/token"]
    assert all(word in str(error) for word in ("token: ", "no such client", "req-9", "invalid_client"))


def test_a_token_that_could_split_a_header_is_not_sent():
    script = in_turn(reply({"access_token": "a\r\nX-Evil:1", "expires_in": 20}))

    error, _, asked = failed(script, RetriesExhausted, spoken=dialect(signing=OAUTH))

    assert {each.path for each in asked} == {"/token"}
    assert "X-Evil" not in "".join(traceback.format_exception(error))


def test_four_threads_share_one_token_and_each_gets_every_record():
    clock, found = Clock(), []
    spoken = dialect(signing=OAUTH)
    with vendor(oauth(lambda asked: reply(USERS))) as serving, integration(serving, spoken, clock) as core:
        threads = [threading.Thread(target=lambda: found.append(list(core.pull("users")))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=10)

    assert found == [USERS["rows"]] * 4
    assert [each.path for each in serving.asked].count("/token") == 1


def test_a_token_that_was_fetched_while_a_limit_closed_the_gate_waits_behind_it():
    clock = Clock()
    spoken = dialect(signing=OAUTH)
    with vendor(oauth(in_turn(reply(USERS)))) as serving, integration(serving, spoken, clock) as core:
        answer = serving.script

        def meanwhile(asked):
            if asked.path == "/token":
                # What another thread does that is refused while this one fetches its token.
                core._client._gate.hold(30)
            else:
                at_s.append(clock.passed_s)
            return answer(asked)

        at_s = []
        serving.script = meanwhile
        list(core.pull("users"))

    assert at_s[0] >= 30


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
