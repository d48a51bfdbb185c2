"""The real products still answer as recorded. Needs them: see ``vendors`` for when these tests run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vendors.flows import SERIES
from tests.vendors.record import OUT

ROOT = Path(__file__).parents[1]
REQUIRE_ALL = os.environ.get("HARNESS_REQUIRE_ALL") == "1"
LIMIT_S = 560


def begun(command: list[str]) -> subprocess.Popen:
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def again_alone(command: list[str], cassettes: Path) -> tuple[str, str]:
    """What the same command prints when nothing else is recorded: where a limit is met depends on the time."""
    for folder in cassettes.iterdir():
        if folder.is_dir():
            shutil.copytree(OUT / folder.name, folder, dirs_exist_ok=True)
    return begun(command).communicate(timeout=LIMIT_S)


@pytest.fixture(scope="module")
def recorders(vendors, tmp_path_factory):
    """What the documented command says, by product; the products are recorded side by side, they mostly wait."""
    started = {}
    for product in dict.fromkeys(series.dialect.name for series in SERIES):
        folder = tmp_path_factory.mktemp(product)
        mine = [series.folder for series in SERIES if series.dialect.name == product]
        for name in mine:
            shutil.copytree(OUT / name, folder / "cassettes" / name)
        state = vendors / product
        command = [sys.executable, "-m", "tests.vendors.record", "--out", str(folder / "cassettes")]
        command += ["--state", str(state), *(word for name in mine for word in ("--vendor", name))]
        started[product] = begun(command), command, folder / "cassettes"
    yield started
    for process, _, _ in started.values():
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def told(recorders):
    """Everything that the command printed, by product."""
    told: dict[str, tuple[str, str]] = {}

    def of(product: str) -> tuple[str, str]:
        if product not in told:
            process, command, cassettes = recorders[product]
            output, errors = process.communicate(timeout=LIMIT_S)
            if process.returncode or any(": unchanged, " not in line for line in output.splitlines()):
                output, errors = again_alone(command, cassettes)
            told[product] = output, errors
        return told[product]

    return of


@pytest.mark.parametrize("series", SERIES, ids=[series.folder for series in SERIES])
def test_a_running_product_answers_as_recorded(told, series):
    output, errors = told(series.dialect.name)
    if "not recorded" in errors and not REQUIRE_ALL:
        pytest.skip(errors.strip())
    lines = [line for line in output.splitlines() if line.startswith(f"{series.folder}/")]

    assert len(lines) == len(series.flows), errors
    assert [line for line in lines if ": unchanged, " not in line] == []
