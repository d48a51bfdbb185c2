"""The same script in memory and on a real loopback socket, through every client: what differs.

    python -m tests.parity

prints a table: in how many of the cases a client got the same bytes, or the same error with the same causes, after the
same time, in memory (under virtual time) as on a real socket.
"""

import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

from harness.stage import patch
from harness.stage.http1 import EOF, RESET, Idle, Pause, Reply, Request, Script, head_and_body
from harness.stage.serve import serve
from tests.on_stage import chain, run
from tests.wire_clients import GETS, SESSIONS, Get, Session

AUTHORITY = trustme.CA()
"""Made before names are replaced: its library takes the real ``datetime`` only."""
CERTIFICATE = AUTHORITY.issue_cert("127.0.0.1")
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


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return chain(error)


def on_a_real_socket(get: Get, script: Script, tls: ssl.SSLContext | None, ca: str) -> tuple[Any, float]:
    with serve(lambda request, world: script, tls=tls) as server:
        url = f"{'https' if tls else 'http'}://127.0.0.1:{server.port}/x"
        began_s = time.perf_counter()
        return outcome(lambda: get(url, ca)), time.perf_counter() - began_s


def on_the_wire(get: Get, script: Script, scheme: str, ca: str) -> tuple[Any, int]:
    played = run(
        lambda: outcome(lambda: get(f"{scheme}://vendor.test/x", ca)), lambda request, world: script, latency_s=0
    )
    assert played.ended == "returned"
    return played.value, played.virtual_us


REPEATED = {("aiohttp", "reset late"): 2}
"""aiohttp repeats a GET by itself once its connection was reset, here and there alike: it takes twice as long."""


@dataclass(frozen=True)
class Compared:
    """What a client made of one case, in memory and on a real socket."""

    case: str
    in_memory: Any
    on_a_socket: Any
    virtual_s: float = 0.0
    wall_s: float = 0.0

    @property
    def same(self) -> bool:
        return self.in_memory == self.on_a_socket and abs(self.virtual_s - self.wall_s) <= NOISE_S


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CERTIFICATE.configure_cert(context)
    return context


def compare_faults(name: str, scheme: str, ca: str) -> tuple[Compared, ...]:
    """One GET for each fate; a real one that was disturbed is measured once more, alone."""
    get, tls = GETS[name], server_tls() if scheme == "https" else None
    with ThreadPoolExecutor(4) as pool:
        measured = list(pool.map(lambda fate: on_a_real_socket(get, fate.script, tls, ca), FATES.values()))
    found = []
    for (case, fate), (on_a_socket, wall_s) in zip(FATES.items(), measured, strict=True):
        in_memory, virtual_us = on_the_wire(get, fate.script, scheme, ca)
        one = Compared(case, in_memory, on_a_socket, virtual_us / 1e6, wall_s)
        if not one.same:
            on_a_socket, wall_s = on_a_real_socket(get, fate.script, tls, ca)
            one = Compared(case, in_memory, on_a_socket, virtual_us / 1e6, wall_s)
        found.append(one)
    return tuple(found)


POOLED: Mapping[str, Callable[[int], Script]] = {
    "closed while idle": lambda n: (WHOLE, Idle(0.03)),
    "reset while idle": lambda n: (WHOLE, Pause(0.03), RESET),
    "kept open while busy": lambda n: (WHOLE, Idle(5)),
    "closed on the next request": lambda n: (EOF,) if n % 2 else (WHOLE,),
    "reset on the next request": lambda n: (RESET,) if n % 2 else (WHOLE,),
}


def several_calls(session: Session, host: str) -> list[Any]:
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


def compare_pools(name: str) -> tuple[Compared, ...]:
    """What four requests on one session say, and how many requests the vendor saw."""

    def real(script: Callable[[int], Script]) -> tuple[list[Any], int]:
        seen: list[Request] = []
        with serve(counted(script, seen)) as server:
            return several_calls(SESSIONS[name], f"127.0.0.1:{server.port}"), len(seen)

    def wire(script: Callable[[int], Script]) -> tuple[list[Any], int]:
        seen: list[Request] = []
        played = run(lambda: several_calls(SESSIONS[name], "vendor.test"), counted(script, seen), latency_s=0)
        return played.value, len(seen)

    with ThreadPoolExecutor(len(POOLED)) as pool:
        on_sockets = list(pool.map(real, POOLED.values()))
    return tuple(
        Compared(case, wire(script), on_a_socket)
        for (case, script), on_a_socket in zip(POOLED.items(), on_sockets, strict=True)
    )


def table(rows: Mapping[str, tuple[str, str, str]]) -> str:
    """Client -> cases that were the same in clear, over TLS, on a pooled connection; as Markdown."""
    head = "| client | in clear | over TLS | pooled connection |\n|---|---|---|---|"
    return "\n".join([head, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items())])


def cell(compared: tuple[Compared, ...]) -> str:
    return f"{sum(one.same for one in compared)} of {len(compared)}" if compared else "keeps none"


def main() -> int:
    patch.install()
    rows, differing = {}, []
    with tempfile.TemporaryDirectory() as folder:
        ca = Path(folder) / "ca.pem"
        AUTHORITY.cert_pem.write_to_path(str(ca))
        for name in GETS:
            pools = compare_pools(name) if name in SESSIONS else ()
            clear, secure = (compare_faults(name, scheme, str(ca)) for scheme in ("http", "https"))
            rows[name] = (cell(clear), cell(secure), cell(pools))
            differing += [(name, one) for one in (*clear, *secure, *pools) if not one.same]
    print(table(rows))
    for name, one in differing:
        print(f"{name}, {one.case}: in memory {one.in_memory}, {one.virtual_s:.1f} s; ", end="")
        print(f"on a socket {one.on_a_socket}, {one.wall_s:.1f} s")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
