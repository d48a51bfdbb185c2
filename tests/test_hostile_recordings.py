"""Recordings made to harm are refused in a sentence or survived, within 1 GiB and 60 s, and nothing in them acts.

They are read in a process of their own, which may have 2 GiB of address space and tells what it took.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile_recordings import REFUSED, SURVIVED

ROOT = Path(__file__).resolve().parents[1]
MOST_MIB, MOST_CPU_S, ADDRESS_SPACE_BYTES = 1024, 60.0, 2 << 30
NAMES = [make.__name__ for make, _ in REFUSED] + [make.__name__ for make in SURVIVED]

CHILD = f"""
import json, resource, sys, time
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, ({ADDRESS_SPACE_BYTES}, {ADDRESS_SPACE_BYTES}))
from harness.certify.recording_check import check
for path in sys.argv[1:]:
    before = time.process_time()
    checked = check(Path(path), origin="https://vendor.test", includes=())
    took = time.process_time() - before
    most_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([checked.reason, checked.faults, took, most_mib]))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Of each recording by name: the reason why it cannot be used, its faults, seconds taken, MiB so far."""
    folder = tmp_path_factory.mktemp("hostile")
    paths = [make(folder) for make in (*(make for make, _ in REFUSED), *SURVIVED)]
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    child = subprocess.run(
        [sys.executable, "-c", CHILD, *map(str, paths)], cwd=ROOT, capture_output=True, text=True, timeout=500
    )
    assert child.returncode == 0, child.stderr[-2000:]
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before, "reading writes nothing"
    return dict(zip(NAMES, map(json.loads, child.stdout.splitlines()), strict=True))


@pytest.mark.parametrize(("name", "sentence"), [(make.__name__, sentence) for make, sentence in REFUSED])
def test_it_is_refused_in_one_sentence(told, name, sentence):
    reason = told[name][0]

    assert sentence in reason
    assert reason.endswith(".")
    assert "\n" not in reason


@pytest.mark.parametrize("name", [make.__name__ for make in SURVIVED])
def test_it_is_survived(told, name):
    assert told[name][0] == ""


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_no_more_time_and_memory_than_stated(told, name):
    _, _, took_s, most_mib = told[name]

    assert took_s < MOST_CPU_S
    assert most_mib < MOST_MIB


def test_text_that_turns_the_writing_direction_is_told(told):
    assert "the text of interaction 1 holds NUL or turns the writing direction" in told["text_that_turns"][1]
