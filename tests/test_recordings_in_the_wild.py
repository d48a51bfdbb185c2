"""Real recordings of many vendors and tools can be used. They are no part of the project: without them this is skipped.

All of them are read here, and two of each format asked for every answer; ``python -m tests.recordings_in_the_wild
FOLDER`` asks all of them.
"""

from collections import defaultdict
from pathlib import Path

import pytest

from harness.stage.recordings import RecordingError
from harness.stage.sources import read_source
from tests.conftest import NOT_TO_BE_HAD
from tests.recordings_in_the_wild import LEAST_SHARE, Listed, includes_in, manifest, outcome, stage

ROOT = Path(__file__).resolve().parents[1]
FOLDER = next(
    (one for one in (up / "shared/recordings" for up in ROOT.parents) if (one / "MANIFEST.tsv").is_file()), None
)
LISTED = manifest(FOLDER) if FOLDER else ()
LARGEST_BYTES = 60_000


def some() -> list[Listed]:
    """Of each format the smallest file, and the one with most interactions that is not large; whole ones alone."""
    by_format: dict[str, list[Listed]] = defaultdict(list)
    for listed in LISTED:
        whole = "include_file" not in listed.path.read_text(encoding="utf-8-sig")
        if whole and listed.path.stat().st_size <= LARGEST_BYTES:
            by_format[listed.format].append(listed)
    chosen: list[Listed] = []
    for ones in by_format.values():
        smallest = min(ones, key=lambda one: one.path.stat().st_size)
        chosen += dict.fromkeys((smallest, max(ones, key=lambda one: one.interactions)))
    return chosen


pytestmark = pytest.mark.skipif(not LISTED, reason=f"{NOT_TO_BE_HAD}the folder shared/recordings with its MANIFEST.tsv")


@pytest.fixture(scope="module", autouse=True)
def on_stage():
    with stage():
        yield


def test_98_of_100_can_be_read_and_of_the_others_it_is_said_why():
    refused = []
    for listed in LISTED:
        try:
            source = read_source(listed.path, includes=includes_in(FOLDER))
        except RecordingError as error:
            refused.append(str(error))
            continue
        assert len(source.recording.exchanges) == listed.interactions, listed.path

    assert len(refused) <= (1 - LEAST_SHARE) * len(LISTED), "\n".join(refused)
    assert all("names the file" in reason for reason in refused), "each lacks a file that it includes"


@pytest.mark.parametrize(
    "listed", some() or [None], ids=lambda one: f"{one.format}.{one.interactions}" if one else "none"
)
def test_every_recorded_answer_comes_through_requests(listed):
    assert outcome(listed, includes=includes_in(FOLDER)).reason == ""
