"""How fast runs are, as ratios: judged against unjudged, long recordings against short ones.

    python -m tests.benchmarks.bench_runs

Times are CPU seconds of this process, medians of alternating rounds; on a shared machine trust the ratios.
"""

import os
import statistics
import time
from dataclasses import replace
from pathlib import Path

os.environ["TZ"] = "UTC"
time.tzset()

from harness.stage.patch import install  # noqa: E402

install()

from harness.certify.evidence import evidence_for  # noqa: E402
from harness.certify.performance import Order, Performance  # noqa: E402
from harness.certify.plan import Plan  # noqa: E402
from harness.certify.reference import CoreSubject  # noqa: E402
from harness.certify.subject import Access  # noqa: E402
from harness.certify.venue import LATENCY_S, RecordedVenue  # noqa: E402
from harness.dialects import KEYSTONE  # noqa: E402
from harness.judge.requirements import CATALOGUE  # noqa: E402
from harness.judge.verdict import judge  # noqa: E402
from harness.stage.door import credentials_for  # noqa: E402
from harness.stage.http1 import Request, render  # noqa: E402
from harness.stage.play import play  # noqa: E402
from harness.stage.recordings import RecordedExchange, load_folder  # noqa: E402
from harness.stage.replay import Replay  # noqa: E402

CASSETTES = Path(__file__).parents[2] / "cassettes"
ROUNDS, RUNS = 9, 20


def cpu_s(work):
    began = time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)
    work()
    return time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID) - began


def alternating(one, other):
    """Medians of both, measured in turn."""
    times = [(cpu_s(one), cpu_s(other)) for _ in range(ROUNDS)]
    return tuple(statistics.median(column) for column in zip(*times, strict=True))


class Unrecorded(CoreSubject):
    """The core without its ledger: here as in the bare loop, so that both do the same."""

    def open(self, access):
        super().open(replace(access, state_folder=None))


def judged_against_unjudged():
    evidence = evidence_for(KEYSTONE, load_folder(CASSETTES / "keystone"))
    performance = Performance(evidence, RecordedVenue(evidence), lambda: Unrecorded(KEYSTONE), 0)
    order = Order(Plan("keystone", "pull"), "correct", 1000)
    replay = Replay(evidence.pull.exchanges)
    access = Access(
        vendor="keystone",
        base_url=KEYSTONE.base_url,
        token_url=KEYSTONE.base_url + KEYSTONE.signing.token_path,
        credentials=credentials_for(KEYSTONE),
    )

    def judged():
        runs = [performance.run(order) for _ in range(RUNS)]
        for requirement in CATALOGUE:
            judge(requirement.check, runs)

    def pulled():
        subject = Unrecorded(KEYSTONE)
        subject.open(access)
        list(subject.pull("users"))
        subject.close()

    def unjudged():
        for _ in range(RUNS):
            replay.begin_again()
            played = play(
                pulled,
                answer=lambda request, world: (render(replay.handle(request), request.method),),
                resolve=lambda host: True,
                latency_s=LATENCY_S,
                seed=0,
            )
            assert played.ended == "returned"

    judged(), unjudged()
    with_s, without_s = alternating(judged, unjudged)
    print(f"keystone pull, 11 requests, one core: {RUNS / with_s:.0f} runs/s judged, {RUNS / without_s:.0f} unjudged")
    print(f"judged : unjudged = {without_s / with_s:.2f} (at least 0.70)")


def replay_by_length():
    def replay_of(length):
        exchanges = [
            RecordedExchange(
                method="GET",
                url=f"https://v.test/items?page={number}",
                request_headers=(),
                request_body=b"",
                status=200,
                reply_headers=(),
                reply_body=b"{}",
            )
            for number in range(length)
        ]
        return Replay(exchanges)

    def asks(replay, length):
        requests = [
            Request("GET", f"/items?page={length - 1 - number % 10}", (), b"", "v.test", True) for number in range(2000)
        ]
        return lambda: [replay.handle(request) for request in requests]

    short, long = asks(replay_of(10), 10), asks(replay_of(10_000), 10_000)
    short(), long()
    short_s, long_s = alternating(short, long)
    print(
        f"replay, a request: {short_s / 2000 * 1e6:.1f} us of 10 exchanges, {long_s / 2000 * 1e6:.1f} us "
        f"of 10,000; ratio {long_s / short_s:.2f}"
    )


if __name__ == "__main__":
    judged_against_unjudged()
    replay_by_length()
