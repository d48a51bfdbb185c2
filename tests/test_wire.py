"""The network of a run: what gets through, what is refused, what happens when the subject dies."""

import asyncio
import gc
import gzip
import io
import logging
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import requests
import trustme
import urllib3

from harness.stage import patch
from harness.stage.http1 import EOF, RESET, Idle, Pause, Reply, render
from harness.stage.serve import serve
from tests.on_stage import chain, echo, run, stage, text  # noqa: F401  (a fixture)

URL = "http://vendor.test/x"
AUTHORITY = trustme.CA()
"""Made before names are replaced: its library takes the real ``datetime`` only."""
CERTIFICATE = AUTHORITY.issue_cert("127.0.0.1")
EARLY = {"socket": socket.socket, "sleep": time.sleep, "lock": threading.Lock()}
"""Taken before names are replaced, and kept where no replacement reaches."""


def returned(subject, answer=echo, **options):
    played = run(subject, answer, **options)
    assert played.ended == "returned", played.error
    return played


def always(*script):
    return lambda request, world: script


# -- what gets through -------------------------------------------------------------------------------------------------


def test_a_hard_coded_https_host_is_the_vendor():
    assert returned(lambda: requests.get("https://vendor.test/v1").text).value == "GET https://vendor.test/v1"


def test_a_redirect_leads_to_another_host_of_the_stage():
    def answer(request, world):
        if request.host == "vendor.test":
            return (render(text("", 302, location="https://other.test/landed"), request.method),)
        return echo(request, world)

    assert returned(lambda: requests.get(URL).text, answer).value == "GET https://other.test/landed"


def test_a_request_arrives_as_it_was_sent():
    seen = []

    def answer(request, world):
        seen.append(request)
        return echo(request, world)

    returned(lambda: requests.post("https://vendor.test/a?b=c", json={"d": 1}, headers={"X-Tag": "e"}), answer)

    (request,) = seen
    assert (request.method, request.target, request.host, request.tls) == ("POST", "/a?b=c", "vendor.test", True)
    assert (request.body, request.header("x-tag")) == (b'{"d": 1}', "e")


def test_a_compressed_body_is_decoded_by_the_client():
    zipped = Reply(200, (("Content-Encoding", "gzip"),), gzip.compress(b"plain"))

    assert returned(lambda: requests.get(URL).content, always(render(zipped, "GET"))).value == b"plain"


def test_large_bodies_pass_whole_in_both_directions():
    large = bytes(range(256)) * 20_000

    def answer(request, world):
        return (render(Reply(200, (), request.body), "POST"),)

    def parts():
        for start in range(0, len(large), 1_000_000):
            yield large[start : start + 1_000_000]

    def subject():
        sent = [requests.post(URL, data=form).content for form in (large, io.BytesIO(large), parts())]
        return [*sent, httpx.post(URL, content=large, trust_env=False).content]

    assert all(one == large for one in returned(subject, answer).value)


def test_a_client_that_expects_100_continue_is_told_to_go_on():
    def subject():
        with socket.create_connection(("vendor.test", 80), timeout=5) as sock:
            sock.sendall(b"PUT / HTTP/1.1\r\nHost: vendor.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            interim = sock.recv(100)
            sock.sendall(b"ok")
            return interim, sock.recv(100)[:15]

    assert returned(subject).value == (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK")


def test_what_is_not_http_is_answered_with_400():
    def subject():
        with socket.create_connection(("vendor.test", 80)) as sock:
            sock.sendall(b"hello\r\n\r\n")
            return sock.makefile("rb").readline()

    assert returned(subject).value == b"HTTP/1.1 400 Bad Request\r\n"


def test_asyncio_clients_live_on_the_wire():
    async def subject():
        async with httpx.AsyncClient(trust_env=False) as client:
            replies = await asyncio.gather(*(client.get(f"https://vendor.test/{n}") for n in range(3)))
            return [reply.text for reply in replies]

    played = returned(lambda: asyncio.run(subject()))

    assert played.value == [f"GET https://vendor.test/{n}" for n in range(3)]
    assert played.virtual_us == 50_000


def test_a_kept_connection_is_used_again_until_the_vendor_closes_it():
    connections = []

    def answer(request, world):
        return (*echo(request, world), Idle(5))

    def subject():
        counts = []
        with requests.Session() as session:
            for wait_s in (0, 1, 1, 10):
                time.sleep(wait_s)
                session.get(URL)
                counts.append(len(connections))
        return counts

    assert returned(subject, answer, connecting=lambda host: connections.append(host) or ()).value == [1, 1, 1, 2]


def test_a_session_kept_from_an_earlier_run_finds_its_connection_dropped():
    with requests.Session() as session:
        first, second = [], []
        returned(lambda: session.get(URL), lambda request, world: first.append(request) or echo(request, world))
        returned(lambda: session.get(URL), lambda request, world: second.append(request) or echo(request, world))

    assert (len(first), len(second)) == (1, 1)


def test_an_exchange_takes_its_latency_and_a_pause_comes_on_top():
    played = returned(lambda: requests.get(URL), always(Pause(2), render(text("late"), "GET")), latency_s=0.25)

    assert played.virtual_us == 2_250_000


def test_a_slow_connection_stands_when_it_is_told_to():
    assert returned(lambda: requests.get(URL), connecting=lambda host: (Pause(3),), latency_s=0).virtual_us == 3_000_000


def test_reading_in_a_selector_wakes_when_the_reply_arrives():
    import select

    def subject():
        with socket.create_connection(("vendor.test", 80)) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: vendor.test\r\n\r\n")
            before = select.select([sock], [], [], 0.01)[0], time.monotonic()
            after = select.select([sock], [], [], 10)[0] == [sock], time.monotonic()
            return before, after

    assert returned(subject).value == (([], 1000.01), (True, 1000.05))


# -- what is refused ---------------------------------------------------------------------------------------------------


def connect_early(host, port):
    with EARLY["socket"]() as sock:
        sock.connect((host, port))


@pytest.mark.parametrize(
    ("subject", "host"),
    [
        (lambda: requests.get("http://example.com/"), "example.com"),
        (lambda: requests.get("http://93.184.216.34/"), "93.184.216.34"),
        (lambda: socket.create_connection(("localhost", 5432)), "localhost"),
        (lambda: socket.socket().connect(("93.184.216.34", 80)), "93.184.216.34"),
        (lambda: socket.gethostbyname("example.com"), "example.com"),
        (lambda: connect_early("127.0.0.1", 9), "127.0.0.1:9"),
    ],
    ids=["name", "address", "localhost", "bare socket", "look-up", "name taken early"],
)
def test_a_host_that_is_not_on_the_stage_is_refused_and_noted(subject, host):
    refused = []
    played = run(subject, on_refused=refused.append)

    assert played.ended == "raised"
    assert isinstance(played.error, OSError)
    assert refused == [host]


def test_datagrams_do_not_leave():
    def subject():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"counter:1|c", ("127.0.0.1", 8125))

    assert isinstance(run(subject).error, OSError)


def test_an_allowed_host_is_reached_for_real_and_no_other():
    with serve(always(render(text("database"), "GET"))) as server, serve(always(render(text("no"), "GET"))) as other:
        allowed = frozenset({("localhost", server.port)})

        def subject():
            with requests.Session() as session:
                found = session.get(f"http://localhost:{server.port}/").text
                with pytest.raises(requests.ConnectionError):
                    session.get(f"http://localhost:{other.port}/")
                return found, session.get(URL).text

        assert returned(subject, allow_hosts=allowed).value == ("database", "GET http://vendor.test/x")


def test_an_allowed_host_shows_a_real_certificate(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CERTIFICATE.configure_cert(context)
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with serve(always(render(text("secret"), "GET")), tls=context) as server:
        url = f"https://127.0.0.1:{server.port}/"

        def subject():
            with requests.Session() as session:
                with pytest.raises(requests.exceptions.SSLError):
                    session.get(url)
                return session.get(url, verify=str(tmp_path / "ca.pem")).text

        assert returned(subject, allow_hosts=frozenset({("127.0.0.1", server.port)})).value == "secret"


def test_outside_a_run_sockets_are_real():
    class Own(socket.socket):
        """Defined while names are replaced."""

    with serve(echo) as server, socket.create_connection(("127.0.0.1", server.port)) as sock, Own() as own:
        sock.sendall(b"GET /real HTTP/1.1\r\nHost: here\r\n\r\n")

        assert sock.recv(1000).endswith(b"GET http://here/real")
        assert isinstance(sock, socket.socket)
        assert isinstance(own, socket.socket)
        assert own.fileno() < 1_000_000


@pytest.mark.parametrize(
    ("subject", "event"),
    [
        (lambda: subprocess.run([sys.executable, "-c", ""], check=True), "subprocess.Popen"),
        (lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0), "os.posix_spawn"),
        (lambda: os.waitpid(os.fork() or os._exit(0), 0), "os.fork"),
    ],
    ids=["subprocess", "spawn", "fork"],
)
def test_a_process_that_is_started_is_noted_as_an_escape(subject, event):
    escapes = []
    returned(subject, on_escape=escapes.append)
    subprocess.run([sys.executable, "-c", ""], check=True)

    assert escapes[0] == event


# -- crashes -----------------------------------------------------------------------------------------------------------


def plain():
    for _ in range(4):
        requests.get(URL)


def swallowing():
    for _ in range(4):
        try:
            requests.get(URL)
        except:  # noqa: E722
            time.sleep(1)


def swallowing_everywhere():
    for _ in range(4):
        try:
            requests.get(URL)
        except:  # noqa: E722
            continue
    return "done"


def pooled():
    with ThreadPoolExecutor(2) as pool:
        for _ in range(4):
            pool.submit(requests.get, URL)


def cleaning_up():
    try:
        plain()
    finally:
        requests.post(URL, data="failed")


def generating():
    def pages():
        try:
            while True:
                yield requests.get(URL)
        finally:
            requests.post(URL, data="closed")

    for _ in pages():
        pass


async def gathered():
    async with httpx.AsyncClient(trust_env=False) as client:
        await asyncio.gather(*(client.get(URL) for _ in range(4)), return_exceptions=True)


async def in_tasks():
    async with httpx.AsyncClient(trust_env=False) as client:
        await asyncio.wait([asyncio.create_task(client.get(URL)) for _ in range(4)])


SUBJECTS = {
    "plain": plain,
    "swallowing": swallowing,
    "swallowing everywhere": swallowing_everywhere,
    "pool": pooled,
    "cleaning up": cleaning_up,
    "generator": generating,
    "gather": lambda: asyncio.run(gathered()),
    "tasks": lambda: asyncio.run(in_tasks()),
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_after_a_crash_nothing_reaches_the_vendor_whatever_the_subject_catches(name):
    asked = []

    def answer(request, world):
        asked.append(request.target)
        if len(asked) == 2:
            world.kill("crashed")
        return echo(request, world)

    played = run(SUBJECTS[name], answer)

    assert (played.ended, len(asked), played.error) == ("crashed", 2, None)
    assert not played.give_up


def test_a_crash_in_one_thread_reaches_every_other():
    reached = []

    def answer(request, world):
        world.kill("crashed")

    def waiting(name, wait):
        try:
            wait()
        except BaseException as error:
            reached.append((name, type(error)))
            raise

    def subject():
        waits = {"sleep": lambda: time.sleep(100), "event": threading.Event().wait, "main": lambda: None}
        for name in ("sleep", "event"):
            threading.Thread(target=waiting, args=(name, waits[name])).start()
        requests.get(URL)

    assert run(subject, answer).ended == "crashed"
    assert sorted(reached) == [("event", SystemExit), ("sleep", SystemExit)]


def test_a_run_killed_as_hung_says_where_it_was():
    def answer(request, world):
        world.kill("hung")

    played = run(plain, answer)

    assert (played.ended, played.left_running) == ("hung", ())
    assert any("in plain" in frame for frame in played.hung_at["main"])


def test_a_dead_process_logs_nothing(caplog):
    def answer(request, world):
        if request.target == "/2":
            world.kill("crashed")
        return echo(request, world)

    def subject():
        log = logging.getLogger("subject")
        with ThreadPoolExecutor(2) as pool:
            try:
                for number in range(4):
                    log.warning("asking %s", number)
                    pool.submit(requests.get, f"http://vendor.test/{number}").result()
            finally:
                log.error("failed")

    run(subject, answer)
    logging.getLogger("subject").warning("after the run")

    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [
        "asking 0",
        "asking 1",
        "asking 2",
        "after the run",
    ]


def test_abandoned_coroutines_clean_up_before_the_run_is_closed():
    cleaned = []

    async def abandoned(number):
        try:
            await asyncio.sleep(1000)
        finally:
            cleaned.append(number)

    async def subject():
        tasks = [asyncio.create_task(abandoned(number)) for number in range(3)]
        await asyncio.sleep(0.01)
        await asyncio.to_thread(requests.get, URL)
        return tasks

    gc.disable()
    try:
        assert run(lambda: asyncio.run(subject()), lambda request, world: world.kill("crashed")).ended == "crashed"
        assert sorted(cleaned) == [0, 1, 2]
    finally:
        gc.enable()


def test_the_run_after_a_crash_is_sound():
    run(plain, lambda request, world: world.kill("crashed"))

    assert returned(lambda: requests.get(URL).status_code).value == 200


# -- what cannot be judged ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "subject",
    [lambda: EARLY["sleep"](3), lambda: [None for _ in iter(int, 1)]],
    ids=["sleeps for real", "computes for ever"],
)
def test_real_time_that_runs_out_is_told_apart_from_a_hang(subject):
    played = run(subject, real_limit_s=0.1)

    assert (played.ended, played.hung_at, played.give_up) == ("real_time", {}, True)


def test_a_real_lock_held_across_a_wait_is_real_time():
    def hold():
        with EARLY["lock"]:
            time.sleep(1)

    def subject():
        threading.Thread(target=hold, daemon=True).start()
        time.sleep(0.5)
        with EARLY["lock"]:
            pass

    assert run(subject, real_limit_s=0.1).ended == "real_time"


def test_a_thread_that_cannot_be_thrown_out_costs_the_process():
    def never_mind():
        while True:
            try:
                time.sleep(60)
            except:  # noqa: E722
                continue

    def subject():
        threading.Thread(target=never_mind, daemon=True).start()
        time.sleep(600)

    played = run(subject)

    assert (played.ended, played.left_running, played.give_up) == ("returned", ("t1",), True)


def test_an_error_of_the_vendor_s_end_is_raised_to_whoever_plays():
    def answer(request, world):
        raise KeyError("our own mistake")

    with pytest.raises(KeyError, match="our own mistake"):
        run(swallowing, answer)


def test_play_says_what_it_needs():
    def inside():
        with pytest.raises(RuntimeError, match="already in progress"):
            run(lambda: None)

    returned(inside)
    with ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match="main thread"):
        pool.submit(run, lambda: None).result()
    patch.uninstall()
    try:
        with pytest.raises(RuntimeError, match="install"):
            run(lambda: None)
    finally:
        patch.install()


def test_the_subject_s_own_exit_is_its_own():
    played = run(lambda: sys.exit(3))

    assert (played.ended, chain(played.error), played.error.code) == ("raised", ("SystemExit",), 3)


@pytest.mark.parametrize("end", [EOF, RESET], ids=["eof", "reset"])
def test_urllib3_retries_reach_the_vendor_again(end):
    scripts = [(end,), (end,)]

    def answer(request, world):
        return scripts.pop() if scripts else echo(request, world)

    def subject():
        with urllib3.PoolManager(retries=urllib3.Retry(5, backoff_factor=1)) as pool:
            return pool.request("GET", URL).status

    played = returned(subject, answer)

    assert (played.value, played.virtual_us) == (200, 2_150_000)
