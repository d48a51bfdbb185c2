"""Tasks and threads under the run's clock: one plan and one seed have one history, however busy the machine is."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.certify.orders import Setup, Task
from harness.certify.performance import Order
from harness.certify.plan import Plan, parse
from harness.certify.pool import Workers
from harness.certify.session import Options, read_evidence
from tests.correct_async import OnAiohttp
from tests.correct_async_def import AsyncDef
from tests.correct_subjects import InThreads

ROOT = Path(__file__).parents[1]
TIMES = 50


@pytest.fixture
def load() -> Iterator[None]:
    """Every core is busy with something else."""
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    yield
    for hog in hogs:
        hog.kill()
        hog.wait()


@pytest.mark.usefixtures("load")
@pytest.mark.parametrize("job", ["pull", "push"])
@pytest.mark.parametrize("subject", [InThreads, AsyncDef, OnAiohttp], ids=lambda subject: subject.__name__)
def test_fifty_runs_under_load_have_one_history(subject: type, job: str) -> None:
    evidence = read_evidence(Options(vendors=("keystone",)))
    name = f"{subject.__module__}:{subject.__name__}"
    setup = Setup(subject=name, folder=str(ROOT), evidence=tuple(evidence.values()), seed=0, real_limit_s=60.0)
    plan = parse("keystone pull run#1:Workers(threads=4)") if job == "pull" else Plan("keystone", "push")
    pool = Workers(setup, count=2, against=lambda task: "replay")

    try:
        runs = pool.perform([Task("keystone", Order(plan, "correct", 1000))] * TIMES)
    finally:
        pool.close()

    assert len(runs) == TIMES
    assert len(set(runs)) == 1
    assert [acted.ended for acted in runs[0].acts()] == ["returned"]
    assert len({exchange.thread for exchange in runs[0].exchanges()}) > 1 or subject is not InThreads
