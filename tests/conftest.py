"""What all tests share: under HARNESS_REQUIRE_ALL=1 a skipped test is a failed one, where it could run."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from hypothesis import settings

REQUIRE_ALL = os.environ.get("HARNESS_REQUIRE_ALL") == "1"

NOT_TO_BE_HAD = "cannot be had here: "
"""What the reason of a skip begins with where nobody could have started or installed what the test needs."""

MOST_SIDE_BY_SIDE = 4
"""Certifications; on a machine that only seems to have many cores, more would not end sooner."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As in a background job of a shell; what tests start would ignore Ctrl-C as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("shared-machine", deadline=None, derandomize=True)
settings.load_profile("shared-machine")


@pytest.fixture(scope="session")
def certifying_processes() -> Iterator[ProcessPoolExecutor]:
    """Processes for certifications side by side, started when first asked and kept for all modules: one a core."""
    processes = min(max(len(os.sched_getaffinity(0)), 2), MOST_SIDE_BY_SIDE)
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture(scope="session")
def vendors(tmp_path_factory) -> Path:
    """Where real products are installed, once for all tests: ``HARNESS_VENDORS``, for a second run too, where it is
    set."""
    given = os.environ.get("HARNESS_VENDORS", "")
    if not given and not REQUIRE_ALL:
        pytest.skip("no vendors here: set HARNESS_VENDORS to a folder for them, or HARNESS_REQUIRE_ALL=1")
    return Path(given).resolve() if given else tmp_path_factory.mktemp("vendors")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where everything that tests need was started, nothing may be left out."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail") and NOT_TO_BE_HAD not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped under HARNESS_REQUIRE_ALL=1: {report.longrepr}"
    return report
