"""A run is told to stop as a process is: by a signal, in the main thread, while it waits."""

import asyncio
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.on_stage import echo, run, stage  # noqa: F401

URL = "https://vendor.test/"


def stopping_at(number):
    """Answers, and tells the run to stop at the so-many-th request."""
    asked = []

    def answer(request, world):
        asked.append(request.target)
        if len(asked) == number:
            world.stop()
        return echo(request, world)

    return answer, asked


def test_the_request_under_way_is_interrupted_and_no_other_is_sent():
    answer, asked = stopping_at(2)

    def subject():
        for number in range(5):
            requests.get(f"{URL}{number}", timeout=9)

    played = run(subject, answer)

    assert (played.ended, type(played.error), asked) == ("raised", KeyboardInterrupt, ["/0", "/1"])


def test_a_handler_of_its_own_for_sigterm_is_called_and_gone_afterwards():
    answer, _ = stopping_at(1)
    before, heard = signal.getsignal(signal.SIGTERM), []

    def subject():
        signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
        return requests.get(URL, timeout=9).status_code

    played = run(subject, answer)

    assert (played.ended, played.value, heard) == ("returned", 200, [signal.SIGTERM])
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_main_thread_that_waits_for_others_hears_of_it_at_once():
    answer, asked = stopping_at(1)

    def work(number):
        requests.get(f"{URL}{number}", timeout=9)
        time.sleep(60)

    def subject():
        with ThreadPoolExecutor(1) as pool:
            list(pool.map(work, range(5)))

    played = run(subject, answer)

    assert (type(played.error), asked) == (KeyboardInterrupt, ["/0"])


def test_an_event_loop_cancels_its_task():
    answer, asked = stopping_at(1)
    cleaned = []

    async def fetch():
        try:
            await asyncio.to_thread(requests.get, URL, timeout=9)
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cleaned.append("yes")
            raise

    played = run(lambda: asyncio.run(fetch()), answer)

    assert (type(played.error), cleaned, asked) == (KeyboardInterrupt, ["yes"], ["/"])


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_stops_at_the_same_moment(seed):
    def once():
        answer, asked = stopping_at(3)

        def subject():
            with ThreadPoolExecutor(3) as pool:
                list(pool.map(lambda number: requests.get(f"{URL}{number}", timeout=9), range(9)))

        played = run(subject, answer, seed=seed)
        return played.ended, played.virtual_us, asked

    assert once() == once()
