"""The same script in memory and on a real loopback socket: same bytes, same error and causes, same time."""

import contextlib
import gc
import math
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from harness.certify.certificate_document import NEVER_CLAIMED
from harness.stage.http1 import EOF, RESET, Pause, Script
from harness.stage.serve import serve
from tests.on_stage import run, stage  # noqa: F401  (a fixture)
from tests.parity import (
    AUTHORITY,
    FATES,
    POOLED,
    REPEATED,
    WHOLE,
    compare_faults,
    compare_pools,
    outcome,
    table,
)
from tests.wire_clients import GETS, SESSIONS

README = Path(__file__).parents[1] / "README.md"


# aiohttp leaves the transports of TLS connections that went wrong to the garbage collector, here and there alike.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What a client leaves behind is collected within its own test."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("name", GETS)
def test_a_fault_looks_the_same_as_on_a_real_socket(name: str, scheme: str, ca_file: str) -> None:
    compared = compare_faults(name, scheme, ca_file)

    assert [one for one in compared if not one.same] == []
    assert {one.case: round(one.virtual_s * 1e6) for one in compared} == {
        case: fate.takes_us * REPEATED.get((name, case), 1) for case, fate in FATES.items()
    }


@pytest.mark.parametrize("name", SESSIONS)
def test_a_pooled_connection_gone_bad_looks_the_same_as_on_a_real_socket(name: str) -> None:
    assert [one for one in compare_pools(name) if not one.same] == []


def test_the_readme_shows_what_these_tests_hold() -> None:
    every = f"{len(FATES)} of {len(FATES)}"
    pooled = f"{len(POOLED)} of {len(POOLED)}"

    shown = table({name: (every, every, pooled if name in SESSIONS else "keeps none") for name in GETS})

    assert shown in README.read_text(encoding="utf-8")


def test_what_differs_all_the_same_is_told_in_the_readme_and_on_every_certificate() -> None:
    told = " ".join(README.read_text(encoding="utf-8").split()).lower()

    titles = [claim.partition(":")[0].lower() for claim in NEVER_CLAIMED]
    assert [title for title in titles if title not in told] == []
    assert any("while they are sent" in title for title in titles)
    assert any("ipv6" in title for title in titles)


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


@pytest.mark.parametrize("name", GETS)
def test_a_refused_connection_looks_the_same_as_on_a_real_socket(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    get, ca = GETS[name], requests.certs.where()

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


@pytest.mark.parametrize("name", GETS)
def test_a_connection_that_never_stands_looks_the_same_as_on_a_real_socket(name: str, full_port: int) -> None:
    get, ca = GETS[name], requests.certs.where()

    real = outcome(lambda: get(f"http://127.0.0.1:{full_port}/x", ca))
    played = run(lambda: outcome(lambda: get("http://vendor.test/x", ca)), connecting=lambda host: (Pause(math.inf),))

    assert (played.value, played.virtual_us) == (real, 200_000)
