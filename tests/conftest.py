"""What all tests share: under HARNESS_REQUIRE_ALL=1 a skipped test is a failed one."""

import os

import pytest
from hypothesis import settings

REQUIRE_ALL = os.environ.get("HARNESS_REQUIRE_ALL") == "1"

settings.register_profile("shared-machine", deadline=None, derandomize=True)
settings.load_profile("shared-machine")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where everything that tests need was started, nothing may be left out."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under HARNESS_REQUIRE_ALL=1: {report.longrepr}"
    return report
