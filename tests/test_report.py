"""``report.html``, pytest's raw log: safe ids, evidence linked and not embedded, nothing of the machine, no script."""

import html
import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from harness.certify.dialect_loading import DialectError, load_dialect
from harness.certify.html_report import environment, told
from harness.judge.verdict import Finding
from tests.certifying import certified, values
from tests.user_example.acme_dialect import ACME

SAFE_ID = re.compile(r"[a-z_]+\.py::test_[a-z0-9_]+(\[[a-z0-9.-]+\])?(::setup|::call|::teardown)?")
HOSTILE = re.compile(r"<\s*(script|img|svg|iframe|a\b)|javascript:|on(error|load|click)\s*=", re.IGNORECASE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A subject whose errors are markup, certified on one vendor under a CI that tells of itself."""
    folder = tmp_path_factory.mktemp("hostile")
    os.environ["BUILD_URL"] = os.environ["JENKINS_URL"] = "https://ci.internal.example/job/1"
    try:
        certified("tests.odd_subjects:RaisesMarkup", folder, vendors=("mediawiki",))
    finally:
        del os.environ["BUILD_URL"], os.environ["JENKINS_URL"]
    return folder


@pytest.fixture(scope="module")
def report(folder):
    """What pytest-html's page is drawn from."""
    return drawn_from(folder)


def drawn_from(folder):
    found = re.search(r'data-jsonblob="([^"]*)"', (folder / "report.html").read_text())
    assert found
    return json.loads(html.unescape(found[1]))


def scenarios_in(report):
    return [test for name in report["tests"] for test in report["tests"][name]]


def test_every_id_is_safe(report):
    ids = [*report["tests"], *(test["testId"] for test in scenarios_in(report))]

    assert len(ids) > 100
    assert [one for one in ids if not SAFE_ID.fullmatch(one)] == []


def test_every_scenario_links_to_the_histories_of_its_runs(folder, report):
    links = [extra for test in scenarios_in(report) for extra in test["extras"]]

    assert {link["format_type"] for link in links} == {"url"}
    assert all(re.fullmatch(r"histories/\d{4}\.json", link["content"]) for link in links)
    unlinked = set((folder / "histories").iterdir()) - {folder / link["content"] for link in links}
    # The push without a fault is what faults are planned by; no scenario is about it alone.
    assert [json.loads(one.read_text())["plan"] for one in unlinked] == ["mediawiki push"]
    assert all(link["name"] == f"run {Path(link['content']).stem}" for link in links)


def test_a_scenario_links_to_the_runs_that_its_verdict_names(folder, report):
    failed = next(test for test in scenarios_in(report) if test["result"] == "Failed")
    plans = {json.loads((folder / extra["content"]).read_text())["plan"] for extra in failed["extras"]}
    named = set(re.findall(r"^mediawiki .*$", html.unescape(failed["log"]), re.MULTILINE))

    assert named
    assert named <= plans


def test_a_scenario_that_is_survived_passes_though_it_shows_nothing_of_how_failures_are_told(tmp_path):
    certificate = certified("core", tmp_path, vendors=("keystone",), expression="hides_nothing")

    assert values(certificate, "unknown") == {"errors.context-logged"}
    assert {test["result"] for test in scenarios_in(drawn_from(tmp_path))} == {"Passed"}


def test_no_text_of_a_subject_or_vendor_becomes_markup(report):
    logs = [test["log"] for test in scenarios_in(report)]
    cells = [cell for test in scenarios_in(report) for cell in test["resultsTableRow"]]
    tags = {tag for cell in cells for tag in re.findall(r"<\s*/?\s*(\w+)", cell)}

    assert any("&lt;img src=x onerror=" in log for log in logs)
    assert [log for log in logs if re.search(r"<(?!/?span)", log)] == []
    assert tags == {"td", "a"}
    assert not any(HOSTILE.search(cell.replace('<a target="_blank" href="histories/', "")) for cell in cells)


def test_what_steers_a_terminal_or_the_writing_direction_is_spelled_out(report):
    logs = "".join(test["log"] for test in scenarios_in(report))

    assert "\\u202e" in logs
    assert not {"\x1b", "\u202e", "\x00"} & set(logs)


def test_the_environment_table_tells_of_python_and_packages_alone(report):
    assert report["environment"] == environment()
    assert set(report["environment"]) == {"Python", "Platform", "Packages"}
    assert re.fullmatch(r"Linux \w+", report["environment"]["Platform"])
    assert set(report["environment"]["Packages"]) == {"integration-harness", "pytest", "pytest-html", "vcrpy"}


def test_the_page_names_no_folder_and_no_host_of_this_machine(folder):
    text = (folder / "report.html").read_text()

    assert str(Path(__file__).parents[1]) not in text
    assert str(folder) not in text
    assert "ci.internal.example" not in text


def test_the_page_stays_small(folder):
    assert (folder / "report.html").stat().st_size < 1_000_000


def test_long_sentences_and_many_findings_are_cut():
    finding = Finding("acme", "acme pull", "x" * 1_000_000, "1", "2", 0, "silent")
    lines = told([finding] * 25).splitlines()

    assert lines[:2] == ["acme pull", "    " + "x" * 399 + "…"]
    assert lines[-1] == "and 5 more"
    assert len(lines) == 41


@pytest.mark.parametrize(
    "named",
    [replace(ACME, name="<b>acme</b>"), replace(ACME, collections=(replace(ACME.collections[0], name="Contacts #1"),))],
    ids=["vendor", "collection"],
)
def test_a_dialect_whose_names_are_unfit_for_an_id_is_refused(tmp_path, monkeypatch, named):
    module = ModuleType("unfit_dialect")
    module.ACME = named
    monkeypatch.setitem(sys.modules, "unfit_dialect", module)
    monkeypatch.setattr(sys, "path", sys.path[:])

    with pytest.raises(DialectError, match=r"uses the name .*; write it with a-z, 0-9, \. _ and -"):
        load_dialect("unfit_dialect:ACME", folder=tmp_path)
