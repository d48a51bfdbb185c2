"""The core beside its peers: it is right in 25 of 25 faults, and what the README tells of others was measured."""

import re
import statistics
from pathlib import Path

import pytest

from tests.benchmarks.bench_pages import MANY_USERS, USERS, measured
from tests.benchmarks.matrix_vendor import CASES
from tests.benchmarks.page_server import pages
from tests.benchmarks.side_by_side import import_cost, light_rows, right_of, summary

README = Path(__file__).parents[1] / "README.md"
MOST_GROWTH_MB, MOST_IMPORT_MB = 3.0, 35.0


@pytest.fixture(scope="module")
def rows():
    return light_rows()


def test_there_are_twenty_five_faults():
    assert len({case.name for case in CASES}) == 25


def test_the_core_is_right_in_all_of_them(rows):
    wrong = {
        case.name: str(rows["harness.core"][case.name])
        for case in CASES
        if not rows["harness.core"][case.name].right(case)
    }

    assert wrong == {}


def test_the_peers_fail_where_they_are_known_to(rows):
    """The comparison would be worth nothing if the vendor of the matrix were easy."""
    assert str(rows["requests + tenacity"]["b2 429 for 3 s"]) == "complete early"
    assert str(rows["requests + urllib3 Retry"]["d2 next link missing"]) == "lost"
    assert max(right_of(row) for name, row in rows.items() if name != "harness.core") < 10


def test_the_readme_shows_what_was_measured(rows):
    told = README.read_text(encoding="utf-8")

    assert [line for line in summary(rows).splitlines() if line not in told] == []


def peak_mb(users, ordered):
    """The lower of two: whatever else a process is given at a time only adds to it."""
    with pages(users, ordered=ordered) as address:
        walks = [measured("harness.core", address) for _ in range(2)]
    assert {walk["users"] for walk in walks} == {users}
    return min(walk["peak_kb"] for walk in walks) / 1024


@pytest.mark.parametrize("ordered", [True, False], ids=["by-id", "in-no-order"])
def test_memory_hardly_grows_with_the_number_of_users(ordered):
    # What the allocator keeps differs by some hundred kilobytes from process to process.
    growths_mb = [peak_mb(MANY_USERS, ordered) - peak_mb(USERS, ordered) for _ in range(3)]

    assert statistics.median(growths_mb) <= MOST_GROWTH_MB


def test_the_core_is_light_to_import():
    _, grown_mb = import_cost()

    assert grown_mb <= MOST_IMPORT_MB


def test_the_readme_names_the_command():
    assert re.search(r"python -m tests\.benchmarks\.side_by_side", README.read_text(encoding="utf-8"))
