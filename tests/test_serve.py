"""The same answers on a real loopback socket."""

import threading

import pytest
import requests

from harness.stage.http1 import EOF, Pause, render
from harness.stage.serve import serve
from tests.on_stage import echo, text


def get(server, path="/x"):
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"http://127.0.0.1:{server.port}{path}", timeout=2)


def test_a_subject_in_any_process_is_answered():
    with serve(echo) as server:
        assert get(server).text == f"GET http://127.0.0.1:{server.port}/x"


def test_the_world_is_the_wall_clock_and_the_connection():
    seen = []

    def answer(request, world):
        seen.append((world.thread_name(), world.now_us))
        return echo(request, world)

    with serve(answer, latency_s=0.02) as server:
        get(server)
        get(server)

    names, moments_us = zip(*seen, strict=True)
    assert names == ("c1", "c2")
    assert 20_000 <= moments_us[1] - moments_us[0] < 1_000_000


def test_after_a_kill_nobody_is_answered():
    asked = []

    def answer(request, world):
        asked.append(request.target)
        if len(asked) == 2:
            world.kill("crashed")
        return echo(request, world)

    with serve(answer) as server:
        assert get(server).status_code == 200
        for _ in range(3):
            with pytest.raises(requests.ConnectionError):
                get(server)

        assert (server.killed, len(asked)) == ("crashed", 2)


def test_a_mistake_of_ours_is_raised_at_the_end():
    def answer(request, world):
        raise KeyError("our own mistake")

    with (
        pytest.raises(KeyError, match="our own mistake"),
        serve(answer) as server,
        pytest.raises(requests.ConnectionError),
    ):
        get(server)


def test_leaving_does_not_wait_for_pauses_or_open_connections():
    with serve(lambda request, world: (Pause(60), render(text("late"), "GET"))) as server:
        threads = threading.active_count()
        with requests.Session() as session, pytest.raises(requests.Timeout):
            session.get(f"http://127.0.0.1:{server.port}/", timeout=0.05)

    assert threading.active_count() < threads


def test_one_answer_is_given_at_a_time():
    inside, most, gate = [], [], threading.Barrier(4)

    def answer(request, world):
        inside.append(request)
        most.append(len(inside))
        inside.pop()
        return (*echo(request, world), EOF)

    def ask(server):
        gate.wait()
        get(server)

    with serve(answer) as server:
        threads = [threading.Thread(target=ask, args=(server,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert most == [1, 1, 1, 1]
