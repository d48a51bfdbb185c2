"""Which token a request carries, and what a rejected one leads to."""

import threading
import traceback

import pytest

from harness.core import (
    CredentialsRejected,
    RetriesExhausted,
    Unauthorized,
)
from tests.core_dialects import OAUTH, dialect, integration
from tests.core_pulls import USERS, error, failed, oauth, pulled
from tests.core_vendor import RESET, Clock, in_turn, reply, vendor


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
