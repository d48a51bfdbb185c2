"""50,000 users in 500 pages over loopback: CPU per page of the core, every check on, against a plain session's loop.

    python -m tests.benchmarks.bench_pages            alternating rounds, medians, the ratio
    python -m tests.benchmarks.bench_pages --memory   how resident memory grows from 50,000 to 500,000 users

Each round is a process of its own; CPU is the process's, without its imports.
"""

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.benchmarks.page_server import PAGE, pages

ROOT = Path(__file__).parents[2]
USERS, MANY_USERS = 50_000, 500_000


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
    told = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(told.stdout)
    return found


def cpu_ratio(*, users: int = USERS, rounds: int = 5) -> tuple[float, dict[str, float]]:
    """The core's CPU against the plain session's, medians of alternating rounds; and each one's CPU per page in ms."""
    found: dict[str, list[float]] = {client: [] for client in CLIENTS}
    with pages(users) as address:
        for _ in range(rounds):
            for client, costs in found.items():
                walked = measured(client, address)
                assert walked["users"] == users, (client, walked)
                costs.append(walked["cpu_s"])
    per_page = {client: statistics.median(costs) / (users / PAGE) * 1000 for client, costs in found.items()}
    return per_page["harness.core"] / per_page["requests Session"], per_page


def memory_growth_mb() -> float:
    """How much more the core's process holds at its peak for ten times as many users."""
    peaks = []
    for users in (USERS, MANY_USERS):
        with pages(users) as address:
            peaks.append(measured("harness.core", address)["peak_kb"])
    return (peaks[1] - peaks[0]) / 1024


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_pages", description=__doc__)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", choices=list(CLIENTS))
    parser.add_argument("--address")
    options = parser.parse_args(arguments)
    if options.one:
        one(options.one, options.address)
    elif options.memory:
        print(f"resident memory grows by {memory_growth_mb():.1f} MB from {USERS:,} to {MANY_USERS:,} users")
    else:
        ratio, per_page = cpu_ratio(rounds=options.rounds)
        print(", ".join(f"{client} {cost:.2f} ms" for client, cost in per_page.items()), "of CPU a page;", end=" ")
        print(f"ratio {ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
