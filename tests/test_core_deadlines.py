"""A call that has to be over by a moment waits for nothing past it, and says when to run again."""

import math
import threading
import time

import pytest

from harness.core import DeadlineReached
from harness.core.errors import CredentialsRejected
from tests.core_dialects import OAUTH, dialect, integration
from tests.core_vendor import Clock, Sent, in_turn, reply, vendor
from tests.test_core_tokens import Endpoint

USERS = {"rows": [{"id": "u1", "name": "ann"}], "next": None}
LIMIT = reply({"error": {"code": 429}}, 429, retry_after="30")


def test_a_pull_fails_at_once_where_the_vendors_wait_would_outlast_its_deadline():
    clock = Clock()
    with (
        vendor(in_turn(LIMIT, reply(USERS))) as serving,
        integration(serving, dialect(), clock) as core,
        pytest.raises(DeadlineReached, match=r"users\.list: .*run again after 2027-01-15T08:00:3") as raised,
    ):
        list(core.pull("users", deadline_s=20))

    assert clock.slept_s == []
    assert len(serving.asked) == 1
    assert raised.value.can_succeed_later
    assert not raised.value.may_have_happened


def test_a_wait_that_is_not_begun_is_in_the_log_once_with_the_time_to_resume(caplog):
    clock = Clock()
    with vendor(in_turn(LIMIT)) as serving, integration(serving, dialect(), clock) as core:
        for _ in range(2):
            with pytest.raises(DeadlineReached):
                list(core.pull("users", deadline_s=20))

    told = [record.getMessage() for record in caplog.records if record.event == "gave_up"]
    assert len(serving.asked) == 1
    assert len(told) == 2
    assert "users.list: the vendor's limit holds for 30 s more, past the deadline of this call; run again" in told[1]


def test_the_integrations_deadline_holds_for_every_call_and_a_calls_own_replaces_it():
    clock = Clock()
    script = in_turn(LIMIT, LIMIT, reply(USERS))
    with vendor(script) as serving, integration(serving, dialect(), clock, deadline_s=20) as core:
        with pytest.raises(DeadlineReached):
            list(core.pull("users"))
        clock.passed_s += 31

        assert list(core.pull("users", deadline_s=100)) == USERS["rows"]


@pytest.mark.parametrize("of", ["integration", "call"])
def test_a_deadline_that_is_no_number_is_refused_before_anything_is_sent(of):
    whole, own = (math.nan, None) if of == "integration" else (math.inf, math.nan)
    with vendor(in_turn()) as serving, integration(serving, dialect(), Clock(), deadline_s=whole) as core:
        with pytest.raises(ValueError, match="number of seconds, and not nan"):
            core.pull("users", deadline_s=own)
        assert serving.asked == []


def test_a_push_stops_at_its_deadline_and_tells_how_far_it_came():
    clock = Clock()
    created = reply({"user": {"id": "u1"}})

    def script(asked):
        clock.passed_s += 3
        return reply({"rows": []}) if asked.method == "GET" else created

    with (
        vendor(script) as serving,
        integration(serving, dialect(), clock) as core,
        pytest.raises(DeadlineReached, match="deadline of this call has passed") as raised,
    ):
        core.push("users", [{"name": f"n{place}"} for place in range(5)], deadline_s=15)

    assert "2 of 5 records were done" in raised.value.__notes__[0]


def test_no_page_is_asked_for_after_the_deadline():
    clock = Clock()

    def script(asked):
        clock.passed_s += 4
        return reply({"rows": [{"id": asked.target}], "next": f"/users?after={len(serving.asked)}"})

    with vendor(script) as serving, integration(serving, dialect(), clock) as core, pytest.raises(DeadlineReached):
        list(core.pull("users", deadline_s=10))

    assert len(serving.asked) == 3


def test_a_silent_vendor_is_left_at_the_deadline_and_not_at_the_timeout():
    began_s = time.monotonic()
    with (
        vendor(in_turn(Sent(then="silence"))) as serving,
        integration(serving, dialect(), Clock()) as core,
        pytest.raises(DeadlineReached),
    ):
        list(core.pull("users", deadline_s=0.05))

    # The timeout is 30 s.
    assert time.monotonic() - began_s < 10


def test_a_throttled_token_endpoint_is_not_waited_for_past_the_deadline():
    clock, spoken = Clock(), dialect(signing=OAUTH)
    with (
        vendor(in_turn(LIMIT)) as serving,
        integration(serving, spoken, clock) as core,
        pytest.raises(DeadlineReached, match="token: "),
    ):
        list(core.pull("users", deadline_s=20))

    assert clock.slept_s == []


def test_a_thread_that_waits_for_anothers_fetch_waits_no_longer_than_its_deadline():
    endpoint = Endpoint()
    fetching, over = threading.Event(), threading.Event()
    fetch = endpoint.fetch

    def slow(by_s):
        fetching.set()
        over.wait(timeout=5)
        return fetch(by_s)

    endpoint.tokens._fetch = slow
    other = threading.Thread(target=endpoint.tokens.token)
    other.start()
    fetching.wait(timeout=5)
    with pytest.raises(DeadlineReached, match="another thread still fetches the token"):
        endpoint.tokens.token(endpoint.clock.monotonic_s() + 0.01)
    over.set()
    other.join(timeout=5)

    assert endpoint.calls == 1


def test_a_fetch_that_ended_at_one_calls_deadline_is_no_failure_of_the_others():
    endpoint = Endpoint(error=DeadlineReached("no time left"))
    with pytest.raises(DeadlineReached):
        endpoint.tokens.token(endpoint.clock.monotonic_s() + 1)

    endpoint.error = CredentialsRejected("no such client")

    with pytest.raises(CredentialsRejected):
        endpoint.tokens.token()
    assert endpoint.calls == 2
