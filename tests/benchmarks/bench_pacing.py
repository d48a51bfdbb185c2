"""How much of a limit of 600 writes a minute a job uses, and how often it is refused: the core against its peers.

    python -m tests.benchmarks.bench_pacing [RECORDS [RECORDS_OF_PEERS]]

Every client writes on the stage's wire and virtual clock, so minutes cost milliseconds. ``used`` is the time that the
vendor needs at least for so many records, divided by the time that it took; ``refused`` the share of answers that
were a 429; ``lost`` counts the records whose retries ran out.
"""

import math
import os
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass

if __name__ == "__main__":
    os.environ["TZ"] = "UTC"
    time.tzset()

from harness.stage.patch import install

if __name__ == "__main__":
    install()

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter

from harness.core import Integration, IntegrationError, Pacing
from harness.core.transport import Outgoing
from harness.dialects.facts import Limits, Quota, QuotaHeaders
from harness.stage.http1 import Reply, render
from harness.stage.play import START, play
from tests.core_dialects import dialect

LIMIT, WINDOW_S = 600, 60
LATENCY_S = 0.02
URL = "http://vendor.test/users"
TOLD = Limits(
    quota_headers=(
        QuotaHeaders(
            limit="X-RateLimit-Limit",
            remaining="X-RateLimit-Remaining",
            reset="X-RateLimit-Reset",
            reset_form="epoch_s",
        ),
    )
)


class FixedWindow:
    """600 in each minute of the wall clock; every answer tells what is left, and when the next minute begins."""

    name = "fixed window, told by headers"
    limits, pacing = TOLD, Pacing()

    def __init__(self):
        self.window, self.used = 0, 0

    def takes(self, now_s):
        window = int(now_s // WINDOW_S)
        if window != self.window:
            self.window, self.used = window, 0
        self.used += self.used < LIMIT + 1
        return self.used <= LIMIT

    def headers(self, now_s, taken):
        reset_s = (int(now_s // WINDOW_S) + 1) * WINDOW_S
        told = (
            ("X-RateLimit-Limit", str(LIMIT)),
            ("X-RateLimit-Remaining", str(max(0, LIMIT - self.used))),
            ("X-RateLimit-Reset", str(reset_s)),
        )
        return told if taken else (*told, ("Retry-After", str(math.ceil(reset_s - now_s))))


class SlidingWindow:
    """600 in any 60 seconds; the vendor's page says so, and its answers say nothing."""

    name = "sliding window, stated by its page"
    limits, pacing = Limits(), Pacing(quotas=(Quota(requests=LIMIT, window_s=WINDOW_S),))

    def __init__(self):
        self.taken_s = deque()

    def takes(self, now_s):
        while self.taken_s and self.taken_s[0] <= now_s - WINDOW_S:
            self.taken_s.popleft()
        if len(self.taken_s) >= LIMIT:
            return False
        self.taken_s.append(now_s)
        return True

    def headers(self, now_s, taken):
        return ()


class Bucket(SlidingWindow):
    """A bucket of 600 that gains 10 a second; the vendor's page says so, and its answers say nothing."""

    name = "token bucket, stated by its page"

    def __init__(self):
        self.level, self.at_s = float(LIMIT), 0.0

    def takes(self, now_s):
        self.level = min(LIMIT, self.level + (now_s - self.at_s) * LIMIT / WINDOW_S)
        self.at_s = now_s
        if self.level < 1:
            return False
        self.level -= 1
        return True


@dataclass(frozen=True)
class Measured:
    """What one job came to."""

    used: float
    refused: float
    lost: int
    elapsed_s: float


def core(vendor):
    """The core, with the retries that a caller would give a long job."""
    integration = Integration(dialect(limits=vendor.limits), base_url="http://vendor.test", pacing=vendor.pacing)

    def write(number):
        outgoing = Outgoing(operation="users.create", method="POST", url=URL, document={"name": f"n{number}"})
        integration._client.ask(outgoing, lambda answer: None)

    return write


def session_with_retry(vendor):
    """requests with urllib3's Retry, allowed to repeat a POST."""
    session = requests.Session()
    retry = urllib3.Retry(total=7, backoff_factor=1, status_forcelist=[429, 503], allowed_methods=None)
    session.mount("http://", HTTPAdapter(max_retries=retry))
    return lambda number: session.post(URL, json={"name": f"n{number}"}).raise_for_status()


def tenacious(wait):
    """requests in tenacity's retry, with one of its wait policies."""

    def client(vendor):
        session = requests.Session()

        @tenacity.retry(wait=wait, stop=tenacity.stop_after_attempt(8), reraise=True)
        def write(number):
            session.post(URL, json={"name": f"n{number}"}).raise_for_status()

        return write

    return client


CLIENTS = {
    "core": core,
    "2**n, no jitter": tenacious(tenacity.wait_exponential(multiplier=1, max=64)),
    "tenacity wait_random_exponential": tenacious(tenacity.wait_random_exponential(multiplier=1, max=64)),
    "urllib3 Retry": session_with_retry,
}


def measured(vendor, client, *, workers, records):
    """One job, on a vendor and a clock of its own."""
    taken_s, refusals, lost = [], [0], []

    def answer(request, world):
        now_s = START.timestamp() + world.now_us / 1e6
        taken = vendor.takes(now_s)
        if taken:
            taken_s.append(now_s)
        else:
            refusals[0] += 1
        headers = (("Content-Type", "application/json"), *vendor.headers(now_s, taken))
        body = b'{"user": {"id": "u1"}}' if taken else b'{"error": {"code": 429}}'
        return (render(Reply(201 if taken else 429, headers, body), request.method),)

    def job():
        # One client for all workers of the core, which shares its quota; one each of those that share nothing.
        shared = client(vendor) if client is core else None
        numbers = iter(range(records))

        def work():
            write = shared or client(vendor)
            for number in numbers:
                try:
                    write(number)
                except (IntegrationError, requests.RequestException):
                    lost.append(number)

        threads = [threading.Thread(target=work) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    played = play(job, answer=answer, resolve=lambda host: True, latency_s=LATENCY_S, seed=0, real_limit_s=3600.0)
    assert played.ended == "returned", (played.ended, played.error)
    # The record after so many full windows cannot be taken before they have passed.
    windows = (len(taken_s) - 1) // LIMIT
    used = min(1.0, windows * WINDOW_S / (taken_s[windows * LIMIT] - taken_s[0]))
    return Measured(used, refusals[0] / (len(taken_s) + refusals[0]), len(lost), played.virtual_us / 1e6)


def main(records=50_000, records_of_peers=5_000):
    print(f"{LIMIT} writes in {WINDOW_S} s; {records:,} records by the core, {records_of_peers:,} by its peers")
    for kind in (FixedWindow, SlidingWindow, Bucket):
        print(f"\n{kind.name}\n{'client':34}{'workers':>8}{'used':>8}{'refused':>9}{'lost':>7}")
        for name, client in CLIENTS.items():
            for workers in (1, 4):
                job = records if client is core else records_of_peers
                told = measured(kind(), client, workers=workers, records=job)
                print(f"{name:34}{workers:8}{told.used:8.3f}{told.refused:9.2%}{told.lost:7}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
