"""When a request is sent again, after which wait, and when it is given up."""

import contextlib
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import (
    Context,
    DeadlineReached,
    Incomplete,
    IntegrationError,
    Refused,
    RetriesExhausted,
    ServerFailed,
    Throttled,
    WaitTooLong,
)
from harness.core.gate import Gate
from harness.core.journal import Journal
from harness.core.masking import Mask
from harness.core.retry import Retries, RetryPolicy, RetryQuota
from tests.core_vendor import Clock


class Bench:
    """A retry loop on a clock of its own, and an act that fails as told before it succeeds."""

    def __init__(
        self,
        *failures: IntegrationError,
        policy: RetryPolicy | None = None,
        quota: RetryQuota | None = None,
        seed: int = 1,
    ) -> None:
        self.clock = Clock()
        self.jitter = random.Random(seed).random
        self.gate = Gate(clock=self.clock, jitter=self.jitter, longest_s=600.0)
        self.failures = list(failures)
        self.tries = 0
        journal, policy = Journal(Mask(), self.clock), policy or RetryPolicy()
        self.retries = Retries(
            policy,
            clock=self.clock,
            jitter=self.jitter,
            journal=journal,
            gate=self.gate,
            quota=quota or RetryQuota(policy),
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
        bench.gate.pass_through(math.inf)
    assert bench.clock.slept_s == []


def test_the_limit_of_one_request_parks_the_next_ones_too():
    bench = Bench(throttled(86_400))
    with pytest.raises(WaitTooLong):
        bench.run()

    with pytest.raises(WaitTooLong):
        bench.gate.pass_through(math.inf)


@pytest.mark.parametrize(
    "odd", [{"tries": 0}, {"quota": -1}, {"budget_s": -1.0}, {"budget_s": math.nan}, {"longest_backoff_s": -1.0}]
)
def test_a_policy_by_which_nothing_could_be_sent_is_refused(odd):
    with pytest.raises(ValueError, match="makes no sense; a request is tried once at least"):
        RetryPolicy(**odd)


# -- the quota of all calls --------------------------------------------------------------------------------------------


def test_an_outage_is_answered_with_the_quota_of_retries_and_then_with_one_try_a_call():
    policy = RetryPolicy(quota=10)
    quota = RetryQuota(policy)
    tries = []
    for _ in range(5):
        bench = Bench(*[FAILED] * 20, policy=policy, quota=quota)
        with pytest.raises(RetriesExhausted):
            bench.run()
        tries.append(bench.tries)

    assert tries == [7, 5, 1, 1, 1]


def test_a_spent_quota_is_told_as_what_it_is():
    bench = Bench(FAILED, policy=RetryPolicy(quota=0))

    with pytest.raises(RetriesExhausted, match="all calls together have made 0 retries without success; run again"):
        bench.run()


def test_a_retry_that_leads_to_success_costs_the_quota_nothing():
    policy = RetryPolicy(quota=1)
    quota = RetryQuota(policy)

    assert [Bench(FAILED, policy=policy, quota=quota).run() for _ in range(20)] == ["done"] * 20


def test_five_successes_at_once_give_back_one_retry():
    policy = RetryPolicy(quota=1)
    quota = RetryQuota(policy)
    assert quota.take()

    for _ in range(4):
        quota.give_back(retried=False)
    assert not quota.take()
    quota.give_back(retried=False)

    assert quota.take()


@given(st.lists(st.sampled_from(["take", "at once", "after a retry"])), st.integers(0, 5))
def test_the_quota_never_lets_through_more_than_it_holds_and_what_successes_gave_back(steps, most):
    quota, let, given_back = RetryQuota(RetryPolicy(quota=most)), 0, 0.0
    for step in steps:
        if step == "take":
            let += quota.take()
        else:
            quota.give_back(retried=step == "after a retry")
            given_back += 1.0 if step == "after a retry" else 0.2

    assert let <= most + given_back + 1e-9


# -- deadlines ---------------------------------------------------------------------------------------------------------


def test_a_wait_that_would_end_after_the_deadline_is_not_slept_and_says_when_to_run_again():
    bench = Bench(throttled(30))
    bench.retries = bench.retries.by(bench.clock.monotonic_s() + 20)

    with pytest.raises(DeadlineReached, match="deadline of this call; run again after 2027-01-15T08:00:3"):
        bench.run()
    assert bench.clock.slept_s == []
    assert bench.tries == 1


def test_a_gate_held_past_the_deadline_is_loud_at_once():
    bench = Bench()
    bench.gate.hold(30)

    with pytest.raises(DeadlineReached, match="run again after 2027-01-15T08:00:30Z") as raised:
        bench.gate.pass_through(bench.clock.monotonic_s() + 20)
    assert bench.clock.slept_s == []
    assert raised.value.retry_after_s == 30


def test_the_jitter_after_a_gate_is_cut_by_the_deadline():
    bench = Bench()
    bench.gate.hold(30)

    bench.gate.pass_through(bench.clock.monotonic_s() + 30)

    assert bench.clock.slept_s == [30]


@given(st.lists(st.none() | st.floats(0.001, 1e6), max_size=8), st.integers(0, 2**32), st.floats(0, 2000))
def test_whatever_the_vendor_asks_no_wait_ends_after_the_deadline(asked, seed, deadline_s):
    bench = Bench(*map(throttled, asked), seed=seed)
    bench.retries = bench.retries.by(bench.clock.monotonic_s() + deadline_s)

    with contextlib.suppress(RetriesExhausted):
        bench.run()
    assert bench.clock.passed_s <= deadline_s


# -- bounds whatever happens -------------------------------------------------------------------------------------------


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
