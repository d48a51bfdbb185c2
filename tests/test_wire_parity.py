"""The same script in memory and on a real loopback socket: same bytes, same error and causes, same time."""

import contextlib
import http.client
import math
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import requests
import trustme
import urllib3

from harness.stage.http1 import EOF, RESET, Idle, Pause, Reply, Request, Script, head_and_body
from harness.stage.serve import serve
from tests.on_stage import chain, run, stage  # noqa: F401  (a fixture)

TIMEOUT_S = 0.2
NOISE_S = 0.15
HEAD, BODY = head_and_body(Reply(200, (("Content-Type", "text/plain"),), b"0123456789" * 100), "GET")
CHUNKED = b"".join(head_and_body(Reply(200, (("Transfer-Encoding", "chunked"),), b"0123456789" * 20_000), "GET"))
WHOLE = HEAD + BODY


@dataclass(frozen=True)
class Fate:
    """What happens to the reply, and how long a client with a timeout of 0.2 s takes over it."""

    script: Script
    takes_us: int = 0


FATES: Mapping[str, Fate] = {
    "clean": Fate((WHOLE,)),
    "chunked": Fate((CHUNKED,)),
    "slow": Fate((Pause(0.1), WHOLE), 100_000),
    "too slow": Fate((Pause(0.4), WHOLE), 200_000),
    "reset at once": Fate((RESET,)),
    "reset late": Fate((Pause(0.1), RESET), 100_000),
    "cut at 400 bytes": Fate((HEAD + BODY[:400], EOF)),
    "cut at 400 bytes by a reset": Fate((HEAD + BODY[:400], Pause(0.05), RESET), 50_000),
    "cut, then nothing": Fate((HEAD + BODY[:400],), 200_000),
    "no reply": Fate((), 200_000),
    "garbage": Fate((b"\x00\xff not http at all\r\n\r\n", EOF)),
    "drip": Fate(
        tuple(step for at in range(0, 1000, 200) for step in (Pause(0.1), ((HEAD, b"")[at > 0]) + BODY[at : at + 200])),
        500_000,
    ),
    "closed without a reply": Fate((EOF,)),
    "half a head": Fate((b"HTTP/1.1 200 OK\r\nContent-Le", EOF)),
    "half a body of unknown length": Fate((b"HTTP/1.1 200 OK\r\n\r\n" + BODY[:500], EOF)),
    "more than was promised": Fate((WHOLE + b"and more",)),
}


@dataclass(frozen=True)
class Client:
    """One GET, and a session that can do several; without retries, with one timeout, blind to the environment."""

    get: Callable[[str, str], tuple[int, bytes]]
    session: Callable[[str], contextlib.AbstractContextManager[Callable[[str], int]]]


def get_with_requests(url: str, ca: str) -> tuple[int, bytes]:
    with requests.Session() as session:
        session.trust_env = False
        reply = session.get(url, timeout=TIMEOUT_S, verify=ca)
        return reply.status_code, reply.content


def get_with_urllib3(url: str, ca: str) -> tuple[int, bytes]:
    with urllib3.PoolManager(ca_certs=ca) as pool:
        reply = pool.request("GET", url, timeout=TIMEOUT_S, retries=False)
        return reply.status, reply.data


def get_with_httpx(url: str, ca: str) -> tuple[int, bytes]:
    context = ssl.create_default_context(cafile=ca)
    with httpx.Client(trust_env=False, timeout=TIMEOUT_S, verify=context) as client:
        reply = client.get(url)
        return reply.status_code, reply.content


@contextlib.contextmanager
def session_of_requests(host: str) -> Iterator[Callable[[str], int]]:
    with requests.Session() as session:
        session.trust_env = False
        yield lambda method: session.request(method, f"http://{host}/", timeout=2).status_code


@contextlib.contextmanager
def session_of_urllib3(host: str) -> Iterator[Callable[[str], int]]:
    with urllib3.PoolManager(retries=False) as pool:
        yield lambda method: pool.request(method, f"http://{host}/", timeout=2).status


@contextlib.contextmanager
def session_of_httpx(host: str) -> Iterator[Callable[[str], int]]:
    with httpx.Client(trust_env=False) as client:
        yield lambda method: client.request(method, f"http://{host}/").status_code


@contextlib.contextmanager
def session_of_http_client(host: str) -> Iterator[Callable[[str], int]]:
    connection = http.client.HTTPConnection(host, timeout=2)

    def call(method: str) -> int:
        connection.request(method, "/")
        reply = connection.getresponse()
        reply.read()
        return reply.status

    with contextlib.closing(connection):
        yield call


CLIENTS = {
    "requests": Client(get_with_requests, session_of_requests),
    "urllib3": Client(get_with_urllib3, session_of_urllib3),
    "httpx": Client(get_with_httpx, session_of_httpx),
}
SESSIONS = {name: client.session for name, client in CLIENTS.items()} | {"http.client": session_of_http_client}


AUTHORITY = trustme.CA()
"""Made before names are replaced: its library takes the real ``datetime`` only."""
CERTIFICATE = AUTHORITY.issue_cert("127.0.0.1")


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="module")
def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CERTIFICATE.configure_cert(context)
    return context


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return chain(error)


def on_a_real_socket(client: Client, script: Script, tls: ssl.SSLContext | None, ca: str) -> tuple[Any, float]:
    with serve(lambda request, world: script, tls=tls) as server:
        url = f"{'https' if tls else 'http'}://127.0.0.1:{server.port}/x"
        began_s = time.perf_counter()
        return outcome(lambda: client.get(url, ca)), time.perf_counter() - began_s


def on_the_wire(client: Client, script: Script, scheme: str, ca: str) -> tuple[Any, int]:
    played = run(
        lambda: outcome(lambda: client.get(f"{scheme}://vendor.test/x", ca)), lambda request, world: script, latency_s=0
    )
    assert played.ended == "returned"
    return played.value, played.virtual_us


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("name", CLIENTS)
def test_a_fault_looks_the_same_as_on_a_real_socket(
    name: str, scheme: str, server_tls: ssl.SSLContext, ca_file: str
) -> None:
    client, tls = CLIENTS[name], server_tls if scheme == "https" else None
    with ThreadPoolExecutor(4) as pool:
        measured = pool.map(lambda fate: on_a_real_socket(client, fate.script, tls, ca_file), FATES.values())
        real = dict(zip(FATES, measured, strict=True))

    wire = {kind: on_the_wire(client, fate.script, scheme, ca_file) for kind, fate in FATES.items()}

    for kind, fate in FATES.items():
        if real[kind][0] != wire[kind][0] or real[kind][1] > fate.takes_us / 1e6 + NOISE_S:
            real[kind] = on_a_real_socket(client, fate.script, tls, ca_file)  # it was disturbed: once more, alone
    assert {kind: told for kind, (told, _) in wire.items()} == {kind: told for kind, (told, _) in real.items()}
    assert {kind: us for kind, (_, us) in wire.items()} == {kind: fate.takes_us for kind, fate in FATES.items()}
    for kind, (_, took_s) in real.items():
        assert took_s == pytest.approx(FATES[kind].takes_us / 1e6, abs=NOISE_S), kind


POOLED: Mapping[str, Callable[[int], Script]] = {
    "closed while idle": lambda n: (WHOLE, Idle(0.03)),
    "reset while idle": lambda n: (WHOLE, Pause(0.03), RESET),
    "kept open while busy": lambda n: (WHOLE, Idle(5)),
    "closed on the next request": lambda n: (EOF,) if n % 2 else (WHOLE,),
    "reset on the next request": lambda n: (RESET,) if n % 2 else (WHOLE,),
}


def several_calls(session: Any, host: str) -> list[Any]:
    """GET, GET, GET, POST on one session, with pauses in which the vendor may close."""
    told = []
    with session(host) as call:
        for method in ("GET", "GET", "GET", "POST"):
            told.append(outcome(lambda method=method: call(method)))
            time.sleep(0.08)
    return told


def counted(script: Callable[[int], Script], seen: list[Request]) -> Callable[[Request, Any], Script]:
    def answer(request: Request, world: Any) -> Script:
        seen.append(request)
        return script(len(seen) - 1)

    return answer


@pytest.mark.parametrize("name", SESSIONS)
def test_a_pooled_connection_gone_bad_looks_the_same_as_on_a_real_socket(name: str) -> None:
    def real(script: Callable[[int], Script]) -> tuple[list[Any], int]:
        seen: list[Request] = []
        with serve(counted(script, seen)) as server:
            return several_calls(SESSIONS[name], f"127.0.0.1:{server.port}"), len(seen)

    def wire(script: Callable[[int], Script]) -> tuple[list[Any], int]:
        seen: list[Request] = []
        played = run(lambda: several_calls(SESSIONS[name], "vendor.test"), counted(script, seen), latency_s=0)
        return played.value, len(seen)

    with ThreadPoolExecutor(len(POOLED)) as pool:
        on_sockets = dict(zip(POOLED, pool.map(real, POOLED.values()), strict=True))

    assert {plan: wire(script) for plan, script in POOLED.items()} == on_sockets


ASK = b"GET / HTTP/1.1\r\nHost: vendor.test\r\n\r\n"
SENDS: Mapping[str, tuple[Script, tuple[str, ...]]] = {
    "twice after the end": ((EOF,), ("send", "wait", "send", "wait", "send", "recv")),
    "after the end, then read": ((WHOLE, EOF), ("send", "recv", "wait", "recv", "recv")),
    "after a reset was read": ((RESET,), ("send", "recv", "send", "recv")),
    "after a reset that was not read": ((RESET,), ("send", "wait", "send", "send", "recv")),
    "a request that the vendor closes on": ((Pause(0.06), EOF), ("send", "wait", "send", "recv", "send")),
    "a request that the vendor resets on": ((Pause(0.06), RESET), ("send", "wait", "send", "recv", "send")),
}


def by_hand(address: tuple[str, int], steps: tuple[str, ...]) -> list[Any]:
    """What each step on a bare socket returns or raises."""
    with socket.create_connection(address, timeout=2) as sock:
        acts: Mapping[str, Callable[[], Any]] = {
            "send": lambda: sock.send(ASK),
            "recv": lambda: len(sock.recv(65_536)),
            "wait": lambda: time.sleep(0.03),
        }
        return [outcome(acts[step]) for step in steps]


def test_the_end_of_a_connection_looks_the_same_as_on_a_real_socket() -> None:
    def real(script: Script, steps: tuple[str, ...]) -> list[Any]:
        with serve(lambda request, world: script) as server:
            return by_hand(("127.0.0.1", server.port), steps)

    def wire(script: Script, steps: tuple[str, ...]) -> list[Any]:
        return run(lambda: by_hand(("vendor.test", 80), steps), lambda request, world: script, latency_s=0).value

    assert {case: wire(*played) for case, played in SENDS.items()} == {
        case: real(*played) for case, played in SENDS.items()
    }


@pytest.mark.parametrize("name", CLIENTS)
def test_a_refused_connection_looks_the_same_as_on_a_real_socket(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    get, ca = CLIENTS[name].get, requests.certs.where()

    real = outcome(lambda: get(f"http://127.0.0.1:{port}/x", ca))
    played = run(lambda: outcome(lambda: get("http://vendor.test/x", ca)), connecting=lambda host: (RESET,))

    assert (played.value, played.virtual_us) == (real, 0)


@pytest.fixture(scope="module")
def full_port() -> Iterator[int]:
    """A listener whose queue is full: Linux drops further connection requests."""
    with contextlib.ExitStack() as held:
        listener = held.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            one = held.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        time.sleep(0.05)
        yield listener.getsockname()[1]


@pytest.mark.parametrize("name", CLIENTS)
def test_a_connection_that_never_stands_looks_the_same_as_on_a_real_socket(name: str, full_port: int) -> None:
    get, ca = CLIENTS[name].get, requests.certs.where()

    real = outcome(lambda: get(f"http://127.0.0.1:{full_port}/x", ca))
    played = run(lambda: outcome(lambda: get("http://vendor.test/x", ca)), connecting=lambda host: (Pause(math.inf),))

    assert (played.value, played.virtual_us) == (real, 200_000)
