"""What a request costs a simulator that holds 5,000 records, and one that holds 500,000: time and memory.

    python -m tests.benchmarks.bench_simulator

Each kind of request is put to both many times; told are medians of CPU time, the most memory that one request needed
while it was answered, and the ratios between the two.
"""

import json
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.certify.evidence import evidence_for
from harness.dialects import KEYSTONE, KINTO
from harness.dialects.facts import Dialect
from harness.stage.http1 import Request
from harness.stage.recordings import load_folder
from harness.stage.shown import Shown, learn
from harness.stage.simulator import Simulator

CASSETTES = Path(__file__).resolve().parents[2] / "cassettes"
FEW, MANY = 5_000, 500_000
TIMES = 200


def grown(shown: Shown, count: int) -> Simulator:
    """A simulator that holds so many records, in the vendor's own pages."""
    collection, template = shown.collection, shown.records[0]
    serial = iter(range(count, 10 * MANY))

    def record(number: int) -> dict[str, object]:
        key = {collection.key_field: f"user-{number:07}"}
        return {**template, **key, collection.id_field: f"user-{number:07}"}

    held = (record(number) for number in range(count))
    return Simulator(shown, new_id=lambda: f"user-{next(serial):07}", records=held)


def requests_of(dialect: Dialect, count: int) -> dict[str, Callable[[int], Request]]:
    """The kinds of request, each about another record every time."""
    path, host = dialect.collections[0].path, dialect.base_url.removeprefix("https://")

    def ask(method: str, target: str, document: object = None, headers: tuple[tuple[str, str], ...] = ()) -> Request:
        return Request(method, target, headers, b"" if document is None else json.dumps(document).encode(), host, True)

    def spread(number: int) -> str:
        return f"user-{number * (count // TIMES):07}"

    if dialect is KEYSTONE:
        return {
            "page": lambda number: ask("GET", f"{path}?limit=5&marker={spread(number)}"),
            "lookup": lambda number: ask("GET", f"{path}?name={spread(number)}"),
            "create": lambda number: ask("POST", path, {"user": {"name": f"new-{number}", "domain_id": "default"}}),
            "update": lambda number: ask("PATCH", f"{path}/{spread(number)}", {"user": {"description": f"{number}"}}),
        }
    alone = (("if-none-match", "*"),)
    return {
        "first page": lambda number: ask("GET", f"{path}?_sort=id"),
        "lookup": lambda number: ask("GET", f"{path}/{spread(number)}"),
        "create": lambda number: ask("PUT", f"{path}/{spread(number)}-new", {"data": {"name": "New"}}, alone),
        "update": lambda number: ask("PATCH", f"{path}/{spread(number)}", {"data": {"name": f"{number}"}}),
    }


def medians_us(simulator: Simulator, kinds: dict[str, Callable[[int], Request]]) -> dict[str, float]:
    """The median time of each kind of request."""
    taken = {}
    for kind, request in kinds.items():
        times = []
        for number in range(TIMES):
            asked = request(number)
            began = time.thread_time_ns()
            reply = simulator.handle(asked)
            times.append((time.thread_time_ns() - began) / 1_000)
            assert reply.status < 300, (kind, reply)
        taken[kind] = statistics.median(times)
    return taken


def peak_kib(simulator: Simulator, kinds: dict[str, Callable[[int], Request]]) -> dict[str, float]:
    """The most memory that one request of each kind needed while it was answered."""
    peaks = {}
    for kind, request in kinds.items():
        if kind == "create":
            continue  # what it leaves behind is meant to stay
        asked = request(7)
        simulator.handle(asked)  # libraries keep what they have parsed, and make room for more at times
        tracemalloc.start()
        simulator.handle(asked)
        peaks[kind] = tracemalloc.get_traced_memory()[1] / 1024
        tracemalloc.stop()
    return peaks


def measured(dialect: Dialect) -> Iterator[str]:
    recordings = load_folder(CASSETTES / dialect.name)
    evidence = evidence_for(dialect, recordings)
    shown = learn(dialect, evidence.pull, evidence.simulates)
    few, many = grown(shown, FEW), grown(shown, MANY)
    times = medians_us(few, requests_of(dialect, FEW)), medians_us(many, requests_of(dialect, MANY))
    peaks = peak_kib(few, requests_of(dialect, FEW)), peak_kib(many, requests_of(dialect, MANY))
    for kind in times[0]:
        small, large = (one[kind] for one in times)
        yield f"{dialect.name} {kind}: {small:.0f} us with {FEW}, {large:.0f} us with {MANY}: x{large / small:.2f}"
    for kind in peaks[0]:
        small, large = (one[kind] for one in peaks)
        yield f"{dialect.name} {kind}: {small:.1f} KiB with {FEW}, {large:.1f} KiB with {MANY}: x{large / small:.2f}"


if __name__ == "__main__":
    for vendor in (KEYSTONE, KINTO):
        for line in measured(vendor):
            print(line)
