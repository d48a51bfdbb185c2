"""One clock for a run: every reading agrees, waiting costs nothing, threads take turns the same way each time."""

import asyncio
import datetime
import email.utils
import logging
import os
import queue
import random
import secrets
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor, as_completed
from time import sleep as early_sleep

import httpx
import pytest
import requests
import tenacity
import urllib3
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stage import patch
from harness.stage.http1 import render
from tests.on_stage import echo, run, stage, text  # noqa: F401  (a fixture)

NEW_YEAR_S = 1_767_225_600  # 2026-01-01 00:00 UTC
HOUR_US = 3_600_000_000


def returned(subject, answer=echo, **options):
    played = run(subject, answer, **options)
    assert played.ended == "returned", played.error
    return played


# -- readings ----------------------------------------------------------------------------------------------------------


def test_all_clocks_agree():
    def subject():
        time.sleep(86_400.5)
        return {
            "time": time.time(),
            "time_ns": time.time_ns(),
            "monotonic": time.monotonic(),
            "monotonic_ns": time.monotonic_ns(),
            "perf_counter": time.perf_counter(),
            "now": datetime.datetime.now().isoformat(),
            "utc": datetime.datetime.now(datetime.UTC).timestamp(),
            "today": datetime.date.today().isoformat(),
            "gmtime": time.gmtime()[:6],
            "strftime": time.strftime("%d %H:%M"),
            "mail": email.utils.formatdate(usegmt=True),
        }

    assert returned(subject).value == {
        "time": NEW_YEAR_S + 86_400.5,
        "time_ns": (NEW_YEAR_S * 10 + 864_005) * 10**8,
        "monotonic": 87_400.5,
        "monotonic_ns": 87_400_500_000_000,
        "perf_counter": 87_400.5,
        "now": "2026-01-02T00:00:00.500000",
        "utc": NEW_YEAR_S + 86_400.5,
        "today": "2026-01-02",
        "gmtime": (2026, 1, 2, 0, 0, 0),
        "strftime": "02 00:00",
        "mail": "Fri, 02 Jan 2026 00:00:00 GMT",
    }


def test_a_run_begins_when_it_is_told_to():
    start = datetime.datetime(2031, 5, 5, 12, tzinfo=datetime.UTC)

    assert returned(time.time, start=start).value == start.timestamp()


def test_a_module_whose_name_freezegun_would_ignore_lives_on_the_clock_too():
    """``gi`` is on freezegun's own list, which matches prefixes."""
    module = {"__name__": "github_sync"}
    exec("import time\ndef year(): return time.gmtime().tm_year", module)

    assert returned(module["year"], start=datetime.datetime(2031, 5, 5, tzinfo=datetime.UTC)).value == 2031


def test_a_name_taken_before_the_stage_was_set_up_waits_on_the_clock():
    assert returned(lambda: early_sleep(3600)).virtual_us == HOUR_US


def test_outside_a_run_time_is_real():
    def readings():
        return time.time(), datetime.datetime.now().timestamp(), time.monotonic(), time.perf_counter()

    returned(lambda: time.sleep(3600))
    before = readings()
    time.sleep(0.02)
    passed_s = [after - earlier for after, earlier in zip(readings(), before, strict=True)]

    assert all(0.02 <= one < 1 for one in passed_s)
    assert abs(time.time() - os.stat_result(os.stat("/proc/self")).st_mtime) < 3600


def test_another_thread_of_the_process_keeps_real_time():
    seen, stop = [], threading.Event()
    began_s = time.monotonic()

    def watch():
        while not stop.is_set():
            seen.append(time.monotonic() - began_s)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(20):
        returned(lambda: time.sleep(3600))
    stop.set()
    watcher.join()

    assert 0 <= max(seen) < 60


def test_every_name_is_put_back():
    import select
    import selectors
    import socket
    import ssl

    def names():
        return (
            *(
                time.time,
                time.sleep,
                time.monotonic,
                early_sleep,
                threading.Lock,
                threading.Thread.join,
                queue.SimpleQueue,
            ),
            *(socket.socket, socket.getaddrinfo, select.poll, select.select, selectors.DefaultSelector),
            *(ssl.SSLContext.wrap_socket, ssl.SSLContext.load_verify_locations, random.Random.seed, os.urandom),
            *(datetime.datetime, type(threading.RLock()), threading._CRLock, random.seed),
        )

    replaced = names()
    patch.uninstall()
    try:
        real = names()
        assert not patch.installed()
        assert all(
            type(one).__module__ != "harness" and "harness" not in str(getattr(one, "__module__", "")) for one in real
        )
        assert not any(one is other for one, other in zip(real, replaced, strict=True))
    finally:
        patch.install()


def test_hypothesis_measures_a_run_in_real_time():
    @settings(deadline=datetime.timedelta(milliseconds=400), max_examples=20, database=None)
    @given(st.integers(0, 5))
    def property_of_a_run(hours):
        assert returned(lambda: time.sleep(hours * 3600)).virtual_us == hours * HOUR_US

    property_of_a_run()


# -- waiting -----------------------------------------------------------------------------------------------------------


def test_a_wait_is_rounded_up_to_a_microsecond():
    assert [returned(lambda s=s: time.sleep(s)).virtual_us for s in (0, 1e-9, 1e-7, 1e-6, 1.0000001, 0.1 + 0.2)] == [
        0,
        1,
        1,
        1,
        1_000_001,
        300_000,
    ]


def test_waiting_until_a_moment_ends_at_that_moment():
    def subject():
        until = time.time() + 123.456_789
        while (left_s := until - time.time()) > 0:
            time.sleep(left_s)

    assert returned(subject).virtual_us == pytest.approx(123_456_789, abs=2)


def test_every_sleep_is_reported():
    slept = []
    returned(lambda: [time.sleep(s) for s in (1, 2.5)], on_sleep=lambda *sleep: slept.append(sleep))

    assert slept == [(1, "main", 0), (2.5, "main", 1_000_000)]


def test_a_negative_sleep_is_refused_as_the_real_one_does():
    assert isinstance(run(lambda: time.sleep(-1)).error, ValueError)


def test_tenacity_waits_on_the_clock():
    @tenacity.retry(wait=tenacity.wait_exponential(max=60), stop=tenacity.stop_after_delay(300))
    def never():
        raise ValueError

    played = run(never)

    assert type(played.error) is tenacity.RetryError
    assert played.virtual_us == 303_000_000


def test_urllib3_obeys_retry_after_as_a_date_and_as_seconds():
    told = ["Thu, 01 Jan 2026 00:00:30 GMT", "7"]

    def answer(request, world):
        return (render(text("", 503, retry_after=told.pop(0)) if told else text("done"), "GET"),)

    def subject():
        with urllib3.PoolManager(retries=urllib3.Retry(5, status_forcelist=[503])) as pool:
            return pool.request("GET", "http://vendor.test/").data

    played = returned(subject, answer)

    assert played.value == b"done"
    assert played.virtual_us == pytest.approx(37_100_000, abs=2)


def test_log_records_elapsed_times_and_cookies_are_of_the_clock():
    def answer(request, world):
        cookie = text(request.header("cookie") or "none", set_cookie="s=1; Expires=Thu, 01 Jan 2026 00:01:00 GMT")
        return (render(cookie if request.target == "/login" else text(request.header("cookie") or "none"), "GET"),)

    records = []

    class Keep(logging.Handler):
        def emit(self, record):
            records.append(record)

    def subject():
        with requests.Session() as session:
            elapsed = session.get("http://vendor.test/login").elapsed
            time.sleep(50)
            early = session.get("http://vendor.test/").text
            time.sleep(20)
            logging.getLogger("subject").warning("late")
            return elapsed.total_seconds(), early, session.get("http://vendor.test/").text

    keep = Keep()
    logging.getLogger("subject").addHandler(keep)
    try:
        assert returned(subject, answer).value == (0.05, "s=1", "none")
    finally:
        logging.getLogger("subject").removeHandler(keep)
    assert records[0].created == pytest.approx(NEW_YEAR_S + 70.1)


# -- threads -----------------------------------------------------------------------------------------------------------


def test_a_condition_an_event_and_a_queue_time_out_on_the_clock():
    def subject():
        condition = threading.Condition()
        with condition:
            waited = [condition.wait(10), threading.Event().wait(20), threading.Lock().acquire(timeout=0)]
        with pytest.raises(queue.Empty):
            queue.Queue().get(timeout=30)
        with pytest.raises(queue.Empty):
            queue.SimpleQueue().get(timeout=40)
        return waited, threading.Semaphore(0).acquire(timeout=50), time.monotonic() - 1000

    assert returned(subject).value == ([False, False, True], False, 150.0)


def test_a_timer_and_join_with_a_timeout_wait_on_the_clock():
    def subject():
        fired = []
        timer = threading.Timer(60, lambda: fired.append(time.monotonic() - 1000))
        timer.start()
        timer.join(30)
        alive = timer.is_alive()
        timer.join()
        return alive, timer.is_alive(), fired

    assert returned(subject).value == (True, False, [60.0])


def test_threads_that_wait_at_once_wait_together():
    def subject():
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(time.sleep, [3600] * 8))

    assert returned(subject).virtual_us == HOUR_US


@pytest.mark.parametrize("seed", range(5))
def test_pools_may_start_their_workers_at_the_same_time(seed):
    """concurrent.futures holds a lock of its module while a worker starts."""

    def subject():
        def pooled():
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(time.sleep, [1, 1]))

        threads = [threading.Thread(target=pooled) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert returned(subject, seed=seed, real_limit_s=1).virtual_us == 1_000_000


def crowd():
    """Six jobs, four workers, one lock, an event and a queue."""
    lock, event, done = threading.Lock(), threading.Event(), queue.Queue()

    def work(number):
        with requests.Session() as session:
            for page in range(3):
                session.get(f"http://vendor.test/{number}/{page}", timeout=5)
                time.sleep(0.1 * number + 0.001 * random.random())
                with lock:
                    time.sleep(1)
        event.set() if number == 3 else event.wait(1000)
        done.put(number)
        return number

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(work, number) for number in range(6)]
        with pytest.raises(queue.Empty):
            done.get(timeout=0.5)
        return [future.result() for future in as_completed(futures)]


async def gathering():
    """httpx in eight tasks and a thread, under a semaphore."""
    limit, told = asyncio.Semaphore(3), []
    async with httpx.AsyncClient(trust_env=False, timeout=2) as client:

        async def one(number):
            await asyncio.sleep(0.01 * (7 * number % 5))
            async with limit:
                await client.get(f"https://vendor.test/{number}")
                told.append(number)

        await asyncio.gather(*(one(number) for number in range(8)), asyncio.to_thread(time.sleep, 30))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.sleep(100), 3)
    return told


def history(subject, seed):
    seen = []

    def answer(request, world):
        seen.append((world.now_us, world.thread_name(), request.target))
        return echo(request, world)

    played = returned(subject, answer, seed=seed)
    return repr(played.value), played.virtual_us, tuple(seen)


@pytest.mark.parametrize("subject", [crowd, lambda: asyncio.run(gathering())], ids=["threads", "asyncio"])
def test_twenty_runs_of_one_seed_are_one_history_however_busy_the_machine(subject):
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        assert len({history(subject, 7) for _ in range(20)}) == 1
    finally:
        busy.kill()
        busy.wait()


def test_another_seed_is_another_order():
    assert len({history(crowd, seed) for seed in range(6)}) > 3


def test_without_latency_workers_never_meet():
    """Why ``latency_s`` should be above zero."""

    def subject():
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: [requests.get(f"http://vendor.test/{n}") for _ in range(3)], range(4)))

    def order(latency_s):
        seen = []

        def answer(request, world):
            seen.append(request.target)
            return echo(request, world)

        returned(subject, answer, latency_s=latency_s)
        return seen

    assert order(0) == sorted(order(0))
    assert order(0.05) != sorted(order(0.05))


def test_the_stock_event_loop_sleeps_on_the_clock():
    async def subject():
        await asyncio.gather(*(asyncio.sleep(3600) for _ in range(3)))
        loop = asyncio.get_running_loop()
        return type(loop).__module__, loop.time()

    played = returned(lambda: asyncio.run(subject()))

    assert played.value == ("asyncio.unix_events", 4600.0)
    assert played.virtual_us == HOUR_US


# -- hung --------------------------------------------------------------------------------------------------------------


def test_a_deadlock_is_proven_and_shown():
    def subject():
        first, second = threading.Lock(), threading.Lock()

        def other():
            with second:
                time.sleep(1)
                first.acquire()

        threading.Thread(target=other).start()
        with first:
            time.sleep(1)
            second.acquire()

    played = run(subject)

    assert (played.ended, played.virtual_us, sorted(played.hung_at)) == ("hung", 1_000_000, ["main", "t1"])
    assert "first.acquire()" in played.hung_at["t1"][-1]
    assert "second.acquire()" in played.hung_at["main"][-1]


def test_waiting_for_ever_without_a_timeout_is_hung():
    played = run(lambda: requests.get("http://vendor.test/"), lambda request, world: ())

    assert (played.ended, played.give_up) == ("hung", False)
    assert any("requests.get" in frame for frame in played.hung_at["main"])


def test_retrying_for_ever_passes_the_horizon():
    def subject():
        while True:
            time.sleep(60)

    played = run(subject, horizon_s=6 * 3600)

    assert (played.ended, played.virtual_us) == ("hung", 6 * HOUR_US)


def test_idle_workers_of_a_pool_hold_nothing_up():
    def subject():
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(time.sleep, [1] * 4))
            time.sleep(3600)

    assert returned(subject).virtual_us == HOUR_US + 1_000_000


def test_threads_left_running_are_named_and_thrown_out():
    def subject():
        threading.Thread(target=lambda: [time.sleep(300) for _ in range(10**6)]).start()
        time.sleep(1000)

    played = run(subject)

    assert (played.ended, played.left_running, played.virtual_us) == ("returned", ("t1",), 1_000_000_000)
    assert not played.give_up
    assert "t1 of an earlier run" in run(lambda: None).strays


def test_a_pool_kept_from_an_earlier_run_hangs_the_next_which_says_that_it_proves_nothing():
    pool = ThreadPoolExecutor(1)

    def subject():
        return pool.submit(lambda: requests.get("http://vendor.test/").status_code).result()

    first, second = run(subject), run(subject)

    assert (first.value, first.left_running) == (200, ("t1",))
    assert second.ended == "hung"
    assert "t1 of an earlier run" in second.strays


# -- chance ------------------------------------------------------------------------------------------------------------


def drawn():
    return (
        random.random(),
        random.Random().random(),
        random.SystemRandom().random(),
        uuid.uuid4(),
        uuid.uuid1(),
        secrets.token_hex(8),
        os.urandom(8),
    )


def test_chance_follows_the_seed_of_the_run():
    first, again, other = (returned(drawn, seed=seed).value for seed in (1, 1, 2))

    assert first == again
    assert not any(one == two for one, two in zip(first, other, strict=True))


def test_chance_goes_on_as_before_after_a_run():
    random.seed(5)
    expected = [random.random(), random.random()]

    random.seed(5)
    found = [random.random()]
    returned(drawn, seed=1)
    found.append(random.random())

    assert found == expected
    assert len({os.urandom(8), os.urandom(8), returned(lambda: os.urandom(8)).value}) == 3


def test_whoever_waits_for_the_rest_of_a_wait_comes_to_its_end() -> None:
    def waits() -> int:
        until_s, rounds = time.monotonic() + 0.1 + 0.2, 0
        while (left_s := until_s - time.monotonic()) > 0:
            time.sleep(left_s)
            rounds += 1
        return rounds

    played = run(waits, real_limit_s=5)

    assert played.ended == "returned"
    assert played.value <= 3


def test_the_shortest_wait_takes_a_microsecond() -> None:
    assert run(lambda: time.sleep(1e-12)).virtual_us == 1
