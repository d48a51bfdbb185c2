"""When a request is sent again, after which wait, and when it is given up."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import (
    Context,
    Incomplete,
    IntegrationError,
    Refused,
    RetriesExhausted,
    ServerFailed,
    Throttled,
    WaitTooLong,
)
from harness.core.journal import Journal
from harness.core.masking import Mask
from harness.core.retry import Gate, Retries, RetryPolicy
from tests.core_vendor import Clock


class Bench:
    """A retry loop on a clock of its own, and an act that fails as told before it succeeds."""

    def __init__(self, *failures: IntegrationError, policy: RetryPolicy | None = None, seed: int = 1) -> None:
        self.clock = Clock()
        self.jitter = random.Random(seed).random
        self.gate = Gate(clock=self.clock, jitter=self.jitter, longest_s=600.0)
        self.failures = list(failures)
        self.tries = 0
        journal = Journal(Mask(), self.clock)
        self.retries = Retries(
            policy or RetryPolicy(), clock=self.clock, jitter=self.jitter, journal=journal, gate=self.gate
        )

    def run(self) -> str:
        return self.retries.run(self._act)

    def _act(self) -> str:
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"


def throttled(retry_after_s: float | None = None) -> Throttled:
    return Throttled("too much", Context(operation="users.list", status=429, retry_after_s=retry_after_s))


FAILED = ServerFailed("the vendor failed", Context(operation="users.list", status=503, request_id="req-7"))


def test_without_a_time_given_waits_are_powers_of_two_and_up_to_a_second():
    bench = Bench(*[FAILED] * 6)

    bench.run()

    assert [int(wait_s) for wait_s in bench.clock.slept_s] == [1, 2, 4, 8, 16, 32]


def test_where_the_vendors_page_asks_for_a_longer_first_wait_that_one_is_doubled():
    limit = Throttled("too much", Context(operation="users.list", status=403, first_wait_s=60.0))
    bench = Bench(limit, limit, limit)

    bench.run()

    assert [int(wait_s) for wait_s in bench.clock.slept_s] == [60, 120, 240]


def test_two_runs_do_not_wait_alike():
    waits = set()
    for seed in range(20):
        bench = Bench(FAILED, seed=seed)
        bench.run()
        waits.add(bench.clock.slept_s[0])

    assert len(waits) == 20


def test_a_time_given_is_waited_and_at_most_a_second_more():
    bench = Bench(throttled(30))

    bench.run()

    assert 30 <= bench.clock.slept_s[0] <= 31


def test_what_fails_for_good_is_tried_once():
    bench = Bench(Refused("no", Context(status=403)))

    with pytest.raises(Refused):
        bench.run()
    assert bench.tries == 1


def test_what_fails_for_ever_is_given_up_after_seven_tries_with_its_facts():
    bench = Bench(*[FAILED] * 20)

    with pytest.raises(RetriesExhausted, match=r"users\.list: gave up: 7 tries .*request_id=req-7") as raised:
        bench.run()
    assert bench.tries == 7
    assert raised.value.__cause__ is FAILED
    assert raised.value.may_have_happened


def test_a_listing_that_makes_no_sense_is_read_three_times():
    bench = Bench(*[Incomplete("rows are missing")] * 20)

    with pytest.raises(RetriesExhausted):
        bench.run()
    assert bench.tries == 3


def test_a_wait_longer_than_the_budget_is_not_slept_and_says_when_to_run_again():
    bench = Bench(throttled(86_400))

    with pytest.raises(WaitTooLong, match="run again after 2027-01-16T08:00:0"):
        bench.run()
    assert bench.clock.slept_s == []


def test_waits_that_would_outlast_the_budget_together_are_not_begun():
    bench = Bench(*[throttled(250)] * 6)

    with pytest.raises(WaitTooLong):
        bench.run()
    assert bench.tries == 3
    assert bench.clock.passed_s <= 600


def test_what_is_given_up_inside_is_not_tried_again_outside():
    inner = Bench(*[FAILED] * 20)
    outer = Bench()

    with pytest.raises(RetriesExhausted):
        outer.retries.run(inner.run)
    assert inner.tries == 7


def test_a_limit_holds_every_other_thread_back_as_long():
    bench = Bench(throttled(30))
    seen = []
    bench.clock.sleep = lambda seconds: seen.append(bench.gate.left_s)

    bench.run()

    assert seen[0] >= 30


def test_a_gate_held_for_hours_is_loud_at_once():
    bench = Bench()
    bench.gate.hold(7200)

    with pytest.raises(WaitTooLong, match="run again after"):
        bench.gate.pass_through()
    assert bench.clock.slept_s == []


def test_the_limit_of_one_request_parks_the_next_ones_too():
    bench = Bench(throttled(86_400))
    with pytest.raises(WaitTooLong):
        bench.run()

    with pytest.raises(WaitTooLong):
        bench.gate.pass_through()


@given(st.lists(st.none() | st.floats(0.001, 60), max_size=3), st.integers(0, 2**32))
def test_a_storm_of_three_refusals_of_a_minute_each_is_survived_and_never_cut_short(asked, seed):
    bench = Bench(*map(throttled, asked), seed=seed)

    assert bench.run() == "done"

    pairs = zip(asked, bench.clock.slept_s, strict=True)
    assert all(waited >= (told if told is not None else 1) for told, waited in pairs)


@given(st.lists(st.none() | st.floats(0.001, 1e6), min_size=8), st.integers(0, 2**32))
def test_whatever_the_vendor_asks_a_request_ends_within_its_bounds(asked, seed):
    bench = Bench(*map(throttled, asked), seed=seed)

    with pytest.raises(RetriesExhausted):
        bench.run()
    assert bench.tries <= 7
    assert bench.clock.passed_s <= 600
