"""50,000 users in 500 pages over loopback: CPU per page of the core, every check on, against a plain session's loop.

    python -m tests.benchmarks.bench_pages            alternating rounds, the median of their ratios
    python -m tests.benchmarks.bench_pages --memory   how resident memory grows from 50,000 to 500,000 users
    ... --unordered                                   the same where users are not listed in the order of their ids

Each walk is a process of its own; CPU is the process's, without its imports. A round is one walk of each, whoever was
second before going first, and gives a ratio of its own: a machine that is busy for a while slows both.
"""

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.benchmarks.page_server import PAGE, pages

ROOT = Path(__file__).parents[2]
USERS, MANY_USERS = 50_000, 500_000
ROUNDS = 15
_VARIABLES = ("HOME", "LANG", "PATH", "PYTHONDONTWRITEBYTECODE")
"""requests goes through the whole environment for each request of a plain session: the fewer variables, the harder for
the core, and what a shell happens to hold is no part of the figure."""


def plain_session(address: str) -> int:
    """What most people write: a session, ``raise_for_status``, ``links``."""
    import requests

    count = 0
    with requests.Session() as session:
        form = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s"}
        token = session.post(f"{address}/token", data=form, timeout=30).json()["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        url = f"{address}/users"
        while url:
            reply = session.get(url, timeout=30)
            reply.raise_for_status()
            count += len(reply.json()["users"])
            url = reply.links.get("next", {}).get("url", "")
    return count


def core(address: str) -> int:
    """``harness.core`` as it comes."""
    from harness.core import Integration
    from harness.dialects.credentials import ClientCredentials
    from harness.dialects.facts import Collection, Dialect, LinkHeader, OAuth2

    users = Collection(name="users", path="/users", rows=("users",), paging=LinkHeader(), total=("total",))
    signing = OAuth2(token_path="/token", client_auth="form")
    dialect = Dialect(name="users", base_url=address, signing=signing, collections=(users,))
    with Integration(dialect, credentials=ClientCredentials("c", "s")) as vendor:
        return sum(1 for _ in vendor.pull("users"))


CLIENTS: Mapping[str, Callable[[str], int]] = {"harness.core": core, "requests Session": plain_session}


def one(client: str, address: str) -> None:
    """Walk once, and print what it cost as JSON."""
    importlib.import_module("harness.core")  # What imports cost is another figure.
    began_s = time.process_time()
    count = CLIENTS[client](address)
    cpu_s = time.process_time() - began_s
    print(json.dumps({"users": count, "cpu_s": cpu_s, "peak_kb": peak_kb()}))


def peak_kb() -> int:
    """The most resident memory that this process has had; ``ru_maxrss`` would tell its parent's where that is more."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def measured(client: str, address: str) -> dict[str, float]:
    """One walk in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_pages", "--one", client, "--address", address]
    few = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
    told = subprocess.run(command, cwd=ROOT, env=few, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(told.stdout)
    return found


def cpu_ratio(*, users: int = USERS, rounds: int = ROUNDS, ordered: bool = True) -> tuple[float, dict[str, float]]:
    """The core's CPU against the plain session's, the median of the rounds; and each one's CPU per page in ms."""
    found: dict[str, list[float]] = {client: [] for client in CLIENTS}
    order = list(CLIENTS)
    with pages(users, ordered=ordered) as address:
        for _ in range(rounds):
            for client in order:
                walked = measured(client, address)
                assert walked["users"] == users, (client, walked)
                found[client].append(walked["cpu_s"])
            order.reverse()
    per_page = {client: statistics.median(costs) / (users / PAGE) * 1000 for client, costs in found.items()}
    rounds_of_both = zip(found["harness.core"], found["requests Session"], strict=True)
    return statistics.median(core_s / plain_s for core_s, plain_s in rounds_of_both), per_page


def memory_growth_mb(*, ordered: bool = True) -> float:
    """How much more the core's process holds at its peak for ten times as many users."""
    peaks = []
    for users in (USERS, MANY_USERS):
        with pages(users, ordered=ordered) as address:
            peaks.append(measured("harness.core", address)["peak_kb"])
    return (peaks[1] - peaks[0]) / 1024


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_pages", description=__doc__)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--unordered", action="store_true")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--one", choices=list(CLIENTS))
    parser.add_argument("--address")
    options = parser.parse_args(arguments)
    if options.one:
        one(options.one, options.address)
    elif options.memory:
        growth_mb = memory_growth_mb(ordered=not options.unordered)
        print(f"resident memory grows by {growth_mb:.1f} MB from {USERS:,} to {MANY_USERS:,} users")
    else:
        ratio, per_page = cpu_ratio(rounds=options.rounds, ordered=not options.unordered)
        print(", ".join(f"{client} {cost:.2f} ms" for client, cost in per_page.items()), "of CPU a page;", end=" ")
        print(f"ratio {ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
