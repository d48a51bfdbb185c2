"""A run's date can be set, as an operator or a time service does; spans and waits know nothing of it."""

import time
from datetime import UTC, datetime

import requests

from tests.on_stage import echo, run, stage  # noqa: F401

URL = "https://vendor.test/"


def setting_by(seconds):
    def answer(request, world):
        world.set_wall_clock(seconds)
        return echo(request, world)

    return answer


def readings():
    return time.time(), datetime.now(UTC).timestamp(), time.monotonic()


def across_a_request():
    before = readings()
    requests.get(URL, timeout=9)
    time.sleep(10)
    return [round(later - earlier, 3) for earlier, later in zip(before, readings(), strict=True)]


def test_every_date_jumps_and_monotonic_time_does_not():
    forward, back = (run(across_a_request, setting_by(seconds), latency_s=0.05) for seconds in (3600, -3600))

    assert forward.value == [3610.05, 3610.05, 10.05]
    assert back.value == [-3589.95, -3589.95, 10.05]
    assert forward.virtual_us == back.virtual_us == 10_050_000


def test_a_date_that_is_set_lets_no_time_pass():
    """Against an account, time that passes is real: an hour that is only set must not be waited for, nor owed."""
    passed_us: list[int] = []
    for seconds in (3600, -3600):
        run(across_a_request, setting_by(seconds), latency_s=0.05, pass_time=passed_us.append)

    assert min(passed_us) >= 0
    assert sum(passed_us) == 2 * 10_050_000
