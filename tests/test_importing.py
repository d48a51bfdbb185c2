"""The subject's libraries come under the virtual calendar, those too that can only be imported under the real one."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli import main


@pytest.fixture
def certified(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(subject):
        return CliRunner().invoke(main, ["certify", subject, "--vendor", "keystone", "-k", "every_record"])

    return run


def test_a_library_whose_dates_have_a_metaclass_of_their_own_is_on_the_virtual_calendar(certified):
    result = certified("tests.dated_subject:Dated")

    assert result.exit_code == 0, result.output
    assert json.loads(Path("certificate/certificate.json").read_text())["outcomes"]["correct"] == 1


def test_a_conflict_of_the_subjects_own_metaclasses_is_told(certified):
    result = certified("tests.conflicting_subject:Conflicting")

    assert (result.exit_code, Path("certificate").exists()) == (2, False)
    assert "cannot be imported: TypeError: metaclass conflict" in result.output
