"""How long a token serves, and who fetches the next one."""

import logging
import math
import pickle
import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import CredentialsRejected, RetriesExhausted
from harness.core.grants import Binding, Grant, lifetime_s
from harness.core.journal import Journal
from harness.core.masking import Mask
from harness.core.token_stores import MemoryTokens
from harness.core.tokens import TokenManager
from tests.core_vendor import Clock


class Endpoint:
    """Gives out tokens of one lifetime."""

    def __init__(self, lifetime_s: float | None = 20.0, error: Exception | None = None) -> None:
        self.clock = Clock()
        self.lifetime_s = lifetime_s
        self.error = error
        self.calls = 0
        journal = Journal(Mask(), self.clock)
        binding = Binding("https://vendor.test/token", "client")
        self.tokens = TokenManager(binding, self.fetch, clock=self.clock, journal=journal, store=MemoryTokens())

    def fetch(self, by_s: float = math.inf) -> Grant:
        self.calls += 1
        if self.error:
            raise self.error
        return Grant(value=f"token-{self.calls}", lifetime_s=self.lifetime_s, asked_s=self.clock.monotonic_s())


def test_one_token_serves_its_lifetime():
    endpoint = Endpoint(lifetime_s=3600)

    served = [endpoint.tokens.token() for _ in range(100)]

    assert set(served) == {"token-1"}
    assert endpoint.calls == 1


@pytest.mark.parametrize(("lifetime_s", "margin_s"), [(20, 2), (600, 60), (86_400, 60), (1, 0.1)])
def test_a_token_is_refreshed_before_its_margin(lifetime_s, margin_s):
    endpoint = Endpoint(lifetime_s=lifetime_s)
    endpoint.tokens.token()

    endpoint.clock.sleep(lifetime_s - margin_s - 0.001)

    assert endpoint.tokens.token() == "token-2"


@pytest.mark.parametrize("lifetime_s", [20, 600, 86_400])
def test_a_token_is_not_refreshed_long_before_its_margin(lifetime_s):
    endpoint = Endpoint(lifetime_s=lifetime_s)
    endpoint.tokens.token()

    endpoint.clock.sleep(lifetime_s * 0.85)

    assert endpoint.tokens.token() == "token-1"


def test_the_lifetime_counts_from_the_request():
    endpoint = Endpoint(lifetime_s=20)
    slow = endpoint.fetch

    def fetch(by_s: float) -> Grant:
        grant = slow()
        endpoint.clock.sleep(15)
        return grant

    endpoint.tokens._fetch = fetch
    endpoint.tokens.token()
    endpoint.clock.sleep(3)

    assert endpoint.tokens.token() == "token-2"


def test_a_jump_of_the_wall_clock_changes_nothing():
    endpoint = Endpoint(lifetime_s=20)
    endpoint.tokens.token()

    endpoint.clock.began_s += 86_400

    assert endpoint.tokens.token() == "token-1"


def test_a_token_of_unsaid_lifetime_serves_until_it_is_rejected():
    endpoint = Endpoint(lifetime_s=None)
    endpoint.tokens.token()
    endpoint.clock.sleep(1e6)
    assert endpoint.tokens.token() == "token-1"

    endpoint.tokens.reject("token-1")

    assert endpoint.tokens.token() == "token-2"


@pytest.mark.parametrize("lifetime_s", [0, -1])
def test_a_token_without_a_lifetime_serves_one_request(lifetime_s):
    endpoint = Endpoint(lifetime_s=lifetime_s)

    assert [endpoint.tokens.token() for _ in range(3)] == ["token-1", "token-2", "token-3"]


def test_a_token_that_is_dead_on_arrival_is_given_out_once_and_not_fetched_in_a_loop():
    endpoint = Endpoint(lifetime_s=1)
    fetch = endpoint.fetch

    def slow(by_s: float) -> Grant:
        grant = fetch()
        endpoint.clock.sleep(5)
        return grant

    endpoint.tokens._fetch = slow

    assert endpoint.tokens.token() == "token-1"
    assert endpoint.calls == 1


def test_a_token_rejected_by_many_is_replaced_once():
    endpoint = Endpoint()
    endpoint.tokens.token()

    for _ in range(4):
        endpoint.tokens.reject("token-1")
        assert endpoint.tokens.token() == "token-2"

    assert endpoint.calls == 2


def test_a_vendor_that_sells_the_rejected_token_again_is_not_asked_at_each_request():
    endpoint = Endpoint(lifetime_s=3600)
    fetch = endpoint.fetch
    endpoint.tokens._fetch = lambda by_s: replace(fetch(by_s), value="the same")
    endpoint.tokens.token()
    endpoint.tokens.reject("the same")

    assert [endpoint.tokens.token() for _ in range(5)] == ["the same"] * 5
    assert endpoint.calls == 2


def test_a_rejection_does_not_wait_for_another_threads_fetch():
    endpoint = Endpoint()
    endpoint.tokens.token()
    with endpoint.tokens._lock:
        rejecting = threading.Thread(target=endpoint.tokens.reject, args=("token-1",))
        rejecting.start()
        rejecting.join(timeout=5)

        assert not rejecting.is_alive()
    assert endpoint.tokens.token() == "token-2"


def in_threads(count: int, act) -> list:
    found: list = []

    def keep() -> None:
        try:
            found.append(act())
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=keep) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=5)
    return found


def test_threads_that_need_a_token_at_once_cause_one_call():
    endpoint = Endpoint()
    fetch = endpoint.fetch
    everybody = threading.Barrier(5, timeout=5)

    def slow(by_s: float) -> Grant:
        everybody.wait()
        return fetch()

    endpoint.tokens._fetch = slow

    def token() -> str:
        threading.Thread(target=everybody.wait, daemon=True).start()
        return endpoint.tokens.token()

    assert in_threads(4, token) == ["token-1"] * 4
    assert endpoint.calls == 1


def test_threads_that_waited_for_a_failed_fetch_share_its_failure():
    endpoint = Endpoint(error=CredentialsRejected("no such client"))
    came, seen = threading.Semaphore(0), set[int]()
    wait_for_all = threading.Event()
    fetch = endpoint.fetch

    def slow(by_s: float) -> Grant:
        wait_for_all.wait(timeout=5)
        endpoint.clock.sleep(0.1)
        return fetch()

    class Announcing(Clock):
        def monotonic_s(self) -> float:
            now_s = endpoint.clock.monotonic_s()
            if threading.get_ident() not in seen:
                seen.add(threading.get_ident())
                came.release()
            return now_s

    endpoint.tokens._fetch = slow
    endpoint.tokens._clock = Announcing()

    def opened() -> None:
        for _ in range(4):
            came.acquire(timeout=5)
        wait_for_all.set()

    opener = threading.Thread(target=opened)
    opener.start()
    found = in_threads(4, endpoint.tokens.token)
    opener.join(timeout=5)

    assert [type(error) for error in found] == [CredentialsRejected] * 4
    assert endpoint.calls == 1


def test_a_later_request_tries_again_after_a_failed_fetch():
    endpoint = Endpoint(error=RetriesExhausted("gave up"))
    with pytest.raises(RetriesExhausted):
        endpoint.tokens.token()

    endpoint.error = None
    endpoint.clock.sleep(1)

    assert endpoint.tokens.token() == "token-2"


def test_each_refresh_is_logged_with_its_reason(caplog):
    caplog.set_level(logging.INFO, "harness.core")
    endpoint = Endpoint(lifetime_s=20)
    endpoint.tokens.token()
    endpoint.clock.sleep(19)
    endpoint.tokens.token()
    endpoint.tokens.reject("token-2")
    endpoint.tokens.token()

    told = [record for record in caplog.records if record.event == "token_refreshed"]

    assert [record.reason for record in told] == ["first", "expiring", "rejected"]
    assert told[1].getMessage() == "token refreshed reason=expiring lifetime_s=20"


def test_a_refresh_sooner_than_the_lifetime_explains_is_a_warning(caplog):
    endpoint = Endpoint(lifetime_s=20)
    endpoint.tokens.token()
    endpoint.clock.sleep(3)
    endpoint.tokens.reject("token-1")
    endpoint.tokens.token()

    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "token replaced sooner than expected: after 3.0 s of 20 s reason=rejected"
    ]


def test_a_refresh_at_the_margin_is_no_warning(caplog):
    endpoint = Endpoint(lifetime_s=20)
    endpoint.tokens.token()
    endpoint.clock.sleep(18)
    endpoint.tokens.token()

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (20, 20.0),
        ("20", 20.0),
        (19.5, 19.5),
        (0, 0.0),
        (-1, -1.0),
        (None, None),
        ("", None),
        ("soon", None),
        (True, None),
        ([20], None),
        (10 * 365 * 86_400 + 1, None),
        ("1e18", None),
        (float("inf"), None),
        (float("nan"), None),
        (10**400, None),
    ],
)
def test_expires_in_reads_as_seconds_or_as_unsaid(told, seconds):
    assert lifetime_s(told) == seconds


@given(st.floats(0.001, 1e8), st.floats(0, 1e9))
def test_a_token_is_replaced_by_its_margin_and_never_before_seven_eighths_of_its_lifetime(seconds, asked_s):
    useful_s = Grant(value="token", lifetime_s=seconds, asked_s=asked_s).useful_until_s - asked_s

    assert useful_s <= seconds - min(60, 0.1 * seconds) + 1e-6 * (1 + asked_s)
    assert useful_s >= 0.875 * seconds - 1e-6 * (1 + asked_s)


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()))
def test_whatever_expires_in_says_it_reads_as_finite_seconds_of_ten_years_at_most_or_as_unsaid(told):
    seconds = lifetime_s(told)

    assert seconds is None or (math.isfinite(seconds) and seconds <= 10 * 365 * 86_400)


def test_no_repr_and_no_pickle_shows_a_token():
    endpoint = Endpoint()
    endpoint.tokens.token()

    assert "token-1" not in repr(endpoint.tokens) + repr(endpoint.tokens._grant)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(endpoint.tokens)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(endpoint.tokens._grant)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(endpoint.tokens._store)
