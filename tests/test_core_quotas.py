"""No quota is overdrawn, and little of it is left unused: the arithmetic, on events in the order of their time."""

import heapq
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.quotas import Left, StatedPace, ToldPace, Turn, told_by_field, told_left
from harness.dialects.facts import Quota, QuotaHeaders

HEADERS = QuotaHeaders(limit="Limit", remaining="Remaining", reset="Reset", reset_form="epoch_s")
NOW_S = 1_800_000_000.0


def arrivals(pace, *, workers, requests, seed, slowest_s, answer=lambda at_s: None):
    """When each of so many requests reached the vendor; workers send as soon as the pace lets them."""
    chance, arrived, numbers = random.Random(seed), [], iter(range(requests))
    waiting = [(0.0, place, None) for place in range(workers)]
    while waiting:
        now_s, place, turn = heapq.heappop(waiting)
        if turn is not None:
            turn.ended_s = now_s
            pace.end(turn)
        wait_s = pace.wait_s(now_s)
        if wait_s > 0:
            heapq.heappush(waiting, (now_s + min(wait_s, 1.0), place, None))
            continue
        number = next(numbers, None)
        if number is None:
            continue
        turn = Turn(number, now_s)
        pace.begin(turn)
        arrives_s = now_s + chance.uniform(0, slowest_s)
        arrived.append(arrives_s)
        turn.told = (answer(arrives_s),)
        heapq.heappush(waiting, (arrives_s + chance.uniform(0, slowest_s), place, turn))
    return sorted(arrived)


# -- stated ------------------------------------------------------------------------------------------------------------


@given(
    st.integers(1, 8), st.integers(1, 12), st.floats(0.5, 60), st.integers(1, 60), st.integers(0, 99), st.floats(0, 5)
)
def test_no_window_of_a_stated_quota_sees_more_arrive_whatever_the_latencies(
    workers, most, window_s, requests, seed, slowest_s
):
    pace = StatedPace(Quota(requests=most, window_s=window_s))

    arrived = arrivals(pace, workers=workers, requests=requests, seed=seed, slowest_s=slowest_s)

    assert len(arrived) == requests
    assert all(later - earlier >= window_s for earlier, later in zip(arrived, arrived[most:], strict=False))


def test_a_stated_quota_is_used_up_before_anything_waits():
    pace = StatedPace(Quota(requests=3, window_s=60))

    arrived = arrivals(pace, workers=1, requests=7, seed=1, slowest_s=0)

    assert [round(at_s) for at_s in arrived] == [0, 0, 0, 60, 60, 60, 120]


def test_a_request_under_way_for_long_holds_its_place_until_it_is_answered():
    pace = StatedPace(Quota(requests=1, window_s=60))
    turn = Turn(0, 0.0)
    pace.begin(turn)

    assert pace.wait_s(100.0) == pytest.approx(60, abs=0.01)
    turn.ended_s = 100.0
    assert pace.wait_s(159.9) > 0
    assert pace.wait_s(160.1) == 0


@pytest.mark.parametrize(("requests", "window_s"), [(0, 60), (-1, 60), (600, 0), (600, -1), (600, float("nan"))])
def test_a_quota_that_allows_nothing_is_refused(requests, window_s):
    with pytest.raises(ValueError, match="allows nothing; state at least one request"):
        Quota(requests=requests, window_s=window_s)


# -- told --------------------------------------------------------------------------------------------------------------


class Minutes:
    """A vendor of so many requests a minute that tells what is left; counts what it had to refuse."""

    def __init__(self, most):
        self.most, self.minute, self.used, self.refused = most, 0, 0, 0

    def __call__(self, at_s):
        minute = int(at_s // 60)
        if minute != self.minute:
            self.minute, self.used = minute, 0
        self.used += 1
        self.refused += self.used > self.most
        return Left(max(0, self.most - self.used), (minute + 1) * 60 - at_s, 0.001, self.most)


@given(st.integers(1, 40), st.integers(1, 200), st.integers(0, 99))
def test_a_told_quota_is_never_overdrawn_by_one_worker(most, requests, seed):
    vendor = Minutes(most)

    arrivals(ToldPace(0), workers=1, requests=requests, seed=seed, slowest_s=0.0, answer=vendor)

    assert vendor.refused == 0


@given(st.integers(20, 60), st.integers(2, 6), st.integers(0, 99))
def test_a_told_quota_is_overdrawn_by_several_workers_at_most_while_a_window_begins(most, workers, seed):
    vendor = Minutes(most)

    arrived = arrivals(ToldPace(0), workers=workers, requests=300, seed=seed, slowest_s=0.05, answer=vendor)

    windows = 1 + int(arrived[-1] // 60)
    assert vendor.refused <= (workers - 1) * windows


@given(st.integers(1, 4), st.integers(0, 99))
def test_of_a_told_quota_each_window_leaves_fewer_unused_than_there_are_workers(workers, seed):
    vendor = Minutes(30)
    spent = 5 * (30 - (workers - 1))

    arrived = arrivals(ToldPace(0), workers=workers, requests=spent, seed=seed, slowest_s=0.05, answer=vendor)

    assert arrived[-1] < 5 * 60


def test_what_others_spend_shows_in_the_next_answer():
    pace, turn = ToldPace(0), Turn(0, 0.0)
    pace.begin(turn)
    turn.ended_s, turn.told = 0.1, (Left(0, 50.0, 0.001, 600),)
    pace.end(turn)

    assert pace.wait_s(0.1) == pytest.approx(50.001)


def test_an_answer_that_was_overtaken_tells_nothing():
    pace, first, second = ToldPace(0), Turn(0, 0.0), Turn(1, 0.0)
    pace.begin(first)
    pace.begin(second)
    for turn, left in ((second, 0), (first, 1)):
        turn.ended_s, turn.told = 0.1, (Left(left, 50.0, 0.001),)
        pace.end(turn)

    assert pace.wait_s(0.1) > 0


def test_a_quota_whose_answers_stop_telling_holds_nobody_back_for_ever():
    pace, told = ToldPace(0), Turn(0, 0.0)
    pace.begin(told)
    told.ended_s, told.told = 0.0, (Left(0, 50.0, 0.001, 1),)
    pace.end(told)
    for number in range(1, 4):
        assert pace.wait_s(60.0) == 0
        silent = Turn(number, 60.0)
        pace.begin(silent)
        assert pace.wait_s(60.0) == 1.0
        silent.ended_s = 60.0
        pace.end(silent)


def test_of_whole_seconds_the_earliest_reading_of_one_moment_holds():
    pace = ToldPace(0)
    for number, ended_s in enumerate((0.9, 1.05, 1.2)):
        turn = Turn(number, ended_s)
        pace.begin(turn)
        # 60 less the second that it is.
        turn.ended_s, turn.told = ended_s, (Left(0, 60.0 - int(ended_s), 1.0),)
        pace.end(turn)

    assert 1.2 + pace.wait_s(1.2) == pytest.approx(61.05)


# -- what answers tell -------------------------------------------------------------------------------------------------


def told(limit="600", remaining="7", reset="1800000030"):
    return told_left({"limit": limit, "remaining": remaining, "reset": reset}, HEADERS, now_s=NOW_S)


def test_an_answer_tells_what_is_left_and_when_it_is_whole_again():
    assert told() == Left(7, 30.0, 1.0, 600)


@pytest.mark.parametrize(
    "headers",
    [
        {"limit": "0", "remaining": "0"},
        {"remaining": ""},
        {"remaining": "-1"},
        {"remaining": "many"},
        {"reset": ""},
        {"reset": "1799999990"},
        {"reset": "soon"},
    ],
)
def test_what_cannot_be_read_tells_nothing(headers):
    assert told(**headers) is None


def test_a_fraction_of_a_second_is_taken_as_exact():
    by = QuotaHeaders(remaining="Remaining", reset="Reset", reset_form="delta_s")

    assert told_left({"remaining": "3", "reset": "2.998886"}, by, now_s=NOW_S) == Left(3, 2.998886, 0.001, None)


def test_of_a_ratelimit_fields_quotas_the_one_with_the_least_left_counts():
    assert told_by_field({"ratelimit": '"burst";r=50;t=30, "daily";r=2;t=900'}) == Left(2, 900.0, 1.0)
    assert told_by_field({}) is None


@given(st.text(), st.text(), st.text())
def test_no_header_raises(limit, remaining, reset):
    told(limit=limit, remaining=remaining, reset=reset)
