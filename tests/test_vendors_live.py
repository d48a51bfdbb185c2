"""The real products still answer as recorded. Needs them: see ``required`` for when these tests run."""

import os
import shutil
from pathlib import Path

import pytest

from tests.vendors.flows import SERIES
from tests.vendors.process import NotPossible
from tests.vendors.record import OUT, record

SLOW = ("roundup",)
"""Series that wait for more than a minute of real time; they are played when everything is required."""


def required() -> bool:
    return os.environ.get("HARNESS_REQUIRE_ALL") == "1"


@pytest.fixture
def home(tmp_path) -> Path:
    """Where vendors are installed: ``HARNESS_VENDORS``, so that a second run need not install them again."""
    given = os.environ.get("HARNESS_VENDORS")
    if not given and not required():
        pytest.skip("no vendors here: set HARNESS_VENDORS to a folder for them, or HARNESS_REQUIRE_ALL=1")
    folder = Path(given) if given else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


@pytest.mark.parametrize("series", SERIES, ids=[series.folder for series in SERIES])
def test_a_running_product_answers_as_recorded(home, tmp_path, series):
    if series.folder in SLOW and not required():
        pytest.skip(f"{series.folder} waits for over a minute: set HARNESS_REQUIRE_ALL=1")
    recorded = tmp_path / "cassettes" / series.folder
    recorded.mkdir(parents=True)
    for path in (OUT / series.folder).iterdir():
        (recorded / path.name).write_bytes(path.read_bytes())
    state = home / f"{series.folder}-{os.getpid()}"
    state.mkdir()

    try:
        lines = record(series, state, tmp_path / "cassettes")
    except NotPossible as missing:
        if required():
            raise
        pytest.skip(str(missing))
    finally:
        shutil.rmtree(state)

    assert [line for line in lines if ": unchanged, " not in line] == []
