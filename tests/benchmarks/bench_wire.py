"""What the wire and the clock cost: a request over the wire against one over a bare adapter in memory.

Run it with ``python -m tests.benchmarks.bench_wire``. Rounds alternate and medians are compared, because times on a
shared machine are good for ratios alone.
"""

import io
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from harness.stage import patch
from harness.stage.http1 import Reply, render
from harness.stage.play import play

REQUESTS_PER_ROUND = 200
ROUNDS = 15
MOST_TIMES_SLOWER = 2.5
PAGE = b'{"users": [' + b",".join(b'{"id": "%032d", "name": "user%d"}' % (n, n) for n in range(100)) + b"]}"
REPLY = Reply(200, (("Content-Type", "application/json"),), PAGE)


class InMemory(HTTPAdapter):
    """The least that can stand in for the network: a reply built from bytes, through requests' own way."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """The page, whatever is asked."""
        headers = {"Content-Type": "application/json", "Content-Length": str(len(PAGE))}
        raw = HTTPResponse(io.BytesIO(PAGE), headers=headers, status=200, preload_content=False)
        return self.build_response(request, raw)


def cpu_us_a_request(get: Callable[[], requests.Response]) -> float:
    """Processor time, for other processes must not count."""
    began_s = time.process_time()
    for _ in range(REQUESTS_PER_ROUND):
        assert get().content == PAGE
    return (time.process_time() - began_s) / REQUESTS_PER_ROUND * 1e6


def over_the_wire() -> float:
    def subject() -> float:
        with requests.Session() as session:
            return cpu_us_a_request(lambda: session.get("https://vendor.test/users"))

    played = play(
        subject, answer=lambda request, world: (render(REPLY, request.method),), resolve="vendor.test".__eq__, seed=1
    )
    if played.ended != "returned":
        raise RuntimeError(f"the run ended as {played.ended}: {played.error}")
    return float(played.value)


def over_an_adapter() -> float:
    with requests.Session() as session:
        session.mount("https://", InMemory())
        return cpu_us_a_request(lambda: session.get("https://vendor.test/users"))


def empty_run_us() -> float:
    began_s = time.process_time()
    for _ in range(REQUESTS_PER_ROUND):
        play(lambda: None, answer=lambda request, world: (), resolve=lambda host: False, seed=1)
    return (time.process_time() - began_s) / REQUESTS_PER_ROUND * 1e6


def main() -> int:
    """Print the medians and their ratio; 1 when the wire is too slow."""
    patch.install()
    over_the_wire(), over_an_adapter()
    rounds = [(over_the_wire(), over_an_adapter()) for _ in range(ROUNDS)]
    wire_us, adapter_us = median(wire for wire, _ in rounds), median(adapter for _, adapter in rounds)
    ratio = median(wire / adapter for wire, adapter in rounds)
    print(f"request over the wire      {wire_us:7.0f} us")
    print(f"request over an adapter    {adapter_us:7.0f} us")
    print(f"an empty run               {median(empty_run_us() for _ in range(ROUNDS)):7.0f} us")
    print(f"the wire takes {ratio:.2f} times as long; at most {MOST_TIMES_SLOWER} is accepted")
    return int(ratio > MOST_TIMES_SLOWER)


if __name__ == "__main__":
    sys.exit(main())
