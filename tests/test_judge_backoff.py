"""limits.backoff-grows: judged over twenty seeds or not at all."""

from random import Random

import pytest

from tests.histories import LATENCY_S, exchange, judged, limited, noted, raised, refused, run


def seeded(seed, waits, *, fault="Throttled(form='absent')", times=3, events=(), asks="correct"):
    """A run that was refused three times and waited so long before each further attempt."""
    at_s, refusals = 0.0, []
    for wait_s in waits:
        refusals.append(limited("users.list#1", at_s, wait_s=None, fault=fault))
        at_s += LATENCY_S + wait_s
    plan = f"keystone pull seed={seed} users.list#1:{fault}x{times}"
    return run(plan, *refusals, exchange("users.list#1", at_s), *events, asks=asks)


def over_seeds(waits_of, count=20):
    return [seeded(seed, waits_of(Random(seed))) for seed in range(count)]


def test_powers_of_two_with_jitter_pass():
    verdict = judged("limits.backoff-grows", *over_seeds(lambda chance: [2**n + chance.random() for n in range(3)]))

    assert (verdict.value, verdict.runs) == ("passed", 20)


def test_full_jitter_passes_by_its_longest_waits():
    runs = over_seeds(lambda chance: [chance.uniform(0, 2**n) for n in range(4)], count=40)

    assert judged("limits.backoff-grows", *runs).value == "passed"


def test_twenty_draws_of_full_jitter_need_not_hit_the_top_of_each_wait():
    """As drawn by tenacity's wait_random_exponential with one seed: the longest are 1.963, 3.948 and 6.485 s."""
    longest = [[1.963, 3.948, 6.485], *([0.2, 0.1, 0.3],) * 19]

    assert (
        judged("limits.backoff-grows", *[seeded(seed, waits) for seed, waits in enumerate(longest)]).value == "passed"
    )


def test_waits_that_grow_by_equal_steps_fail():
    runs = over_seeds(lambda chance: [wait_s + chance.random() for wait_s in (1, 2, 3, 4)])

    assert judged("limits.backoff-grows", *runs).value == "failed"


def test_waits_that_reach_a_cap_of_thirty_seconds_need_not_grow_beyond():
    runs = over_seeds(lambda chance: [wait_s + chance.random() for wait_s in (10, 20, 31, 31)])

    assert judged("limits.backoff-grows", *runs).value == "passed"


def test_waits_that_stop_growing_below_thirty_seconds_fail():
    runs = over_seeds(lambda chance: [wait_s + chance.random() for wait_s in (1, 2, 4, 4)])

    assert judged("limits.backoff-grows", *runs).value == "failed"


def test_equal_waits_fail_for_not_growing_and_for_not_differing():
    verdict = judged("limits.backoff-grows", *over_seeds(lambda chance: [5, 5, 5]))

    assert verdict.value == "failed"
    assert [finding.sentence for finding in verdict.findings] == [
        "Its waits did not grow: over 20 seeds the longest were 5 s, 5 s, 5 s.",
        "It waited the same in all of 20 runs: 5 s, 5 s, 5 s.",
    ]


def test_powers_of_two_in_step_fail_for_not_differing():
    verdict = judged("limits.backoff-grows", *over_seeds(lambda chance: [1, 2, 4]))

    assert [finding.seen for finding in verdict.findings] == ["no difference"]


def test_random_waits_that_do_not_grow_fail():
    runs = over_seeds(lambda chance: [chance.uniform(1, 5) for _ in range(3)])

    assert judged("limits.backoff-grows", *runs).value == "failed"


def test_waits_before_a_failure_count_too():
    def gave_up(seed):
        jitter = Random(seed).random()
        refusals = [refused("users.list#1", at_s + jitter * at_s, 503, fault="ServerError()") for at_s in (0, 1.2, 3.4)]
        plan = f"keystone pull seed={seed} users.list#1:ServerError()x3"
        return run(plan, *refusals, raised("VendorError: 503"), asks="correct")

    assert judged("limits.backoff-grows", *map(gave_up, range(20))).value == "passed"


def test_nineteen_seeds_are_too_few():
    verdict = judged("limits.backoff-grows", *over_seeds(lambda chance: [5, 5, 5], count=19))

    assert (verdict.value, verdict.why) == ("unknown", "no plan was run with 20 seeds")


def test_seeds_of_different_plans_are_not_put_together():
    halves = [*over_seeds(lambda chance: [1, 2, 4], count=10)]
    halves += [seeded(seed, [1, 2, 4], fault="ServerError()") for seed in range(10)]

    assert judged("limits.backoff-grows", *halves).value == "unknown"


@pytest.mark.parametrize("seed_or_not", ["keystone pull", "keystone pull seed=1"])
def test_a_run_without_refusals_shows_nothing(seed_or_not):
    assert judged("limits.backoff-grows", run(seed_or_not, exchange("users.list#1", 0))).value == "unknown"


def test_runs_that_were_told_a_time_show_nothing():
    told = [
        run(f"k pull seed={seed} users.list#1:Throttled()x3", *[limited("users.list#1", at_s) for at_s in (0, 31, 62)])
        for seed in range(20)
    ]

    assert judged("limits.backoff-grows", *told).value == "unknown"


def test_a_run_that_cannot_be_judged_makes_unknown():
    runs = over_seeds(lambda chance: [2**n + chance.random() for n in range(3)])
    runs.append(seeded(20, [1, 2, 4], events=(noted("escaped", "os.fork"),)))

    assert judged("limits.backoff-grows", *runs).value == "unknown"
