"""Stored runs are judged again: the same certificate, or which verdict differs and why."""

import json
import shutil
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from harness.certify import rejudge
from harness.certify.integrity import write_manifest
from harness.cli import main
from harness.judge.requirements import CATALOGUE
from harness.judge.verdict import Finding, Verdict
from tests.certifying import certified

SELECTED = "breaks_off or every_record or short_page"


@pytest.fixture(scope="module")
def issued(tmp_path_factory):
    """A certified subject's folder."""
    folder = tmp_path_factory.mktemp("issued")
    certified("core", folder, vendors=("mediawiki",), expression=SELECTED)
    return folder


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """The folder of a subject that is not certified."""
    folder = tmp_path_factory.mktemp("refused")
    certified("tests.naive_integration:Naive", folder, vendors=("mediawiki",), expression=SELECTED)
    return folder


@pytest.fixture
def copy(issued, tmp_path):
    return shutil.copytree(issued, tmp_path / "copy")


def judged(folder, *options):
    return CliRunner().invoke(main, ["judge", str(folder), *map(str, options)])


def rewritten(folder, **changes):
    """The folder with another document, and digests that fit."""
    path = folder / "certificate.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    write_manifest(folder)
    return folder


def with_checker(monkeypatch, name, check):
    """This version has another checker for that requirement."""
    catalogue = tuple(replace(one, check=check) if one.id == name else one for one in CATALOGUE)
    monkeypatch.setattr(rejudge, "CATALOGUE", catalogue)


def stricter(runs):
    first = runs[0]
    return Verdict(
        "failed",
        len(runs),
        (Finding(first.vendor, first.plan, "It took\x1b[2J too long.", "1 s", "2 s", 0, "correct"),),
    )


@pytest.mark.parametrize("which", ["issued", "refused"])
def test_the_same_checkers_give_the_same_certificate(request, which):
    folder = request.getfixturevalue(which)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = judged(folder)

    assert result.exit_code == 0, result.output
    assert "The same certificate: " in result.output
    assert len(result.output.splitlines()) == 2
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_neither_the_subject_nor_a_worker_is_needed(copy, monkeypatch):
    subject = json.loads((copy / "certificate.json").read_text())["subject"] | {"name": "gone:Subject"}
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    assert judged(rewritten(copy, subject=subject)).exit_code == 0


def test_a_stricter_checker_is_told_with_its_first_finding(issued, monkeypatch):
    with_checker(monkeypatch, "pages.complete", stricter)
    result = judged(issued)

    assert result.exit_code == 1
    assert "pages.complete on mediawiki: passed, now failed: It took\\x1b[2J too long. (mediawiki pull" in result.output
    assert "the certificate: certified, now not certified: it follows from pages.complete on mediawiki" in result.output
    assert "Another certificate: 2 verdicts differ" in result.output


def test_a_milder_checker_is_told_with_what_it_saw(refused, monkeypatch):
    with_checker(monkeypatch, "pages.complete", lambda runs: Verdict("passed", len(runs)))
    result = judged(refused)

    assert result.exit_code == 1
    assert "pages.complete on mediawiki: failed, now passed: " in result.output
    assert "runs show it, and none breaks it" in result.output


def test_a_checker_that_breaks_now_is_told_as_unknown(issued, monkeypatch):
    with_checker(monkeypatch, "pages.complete", lambda runs: runs[10_000])
    output = judged(issued).output

    assert "pages.complete on mediawiki: passed, now unknown: the checker broke: IndexError" in output
    assert "the certificate: certified, now inconclusive" in output


def test_the_same_verdict_by_other_findings_is_told_and_no_difference(refused, monkeypatch):
    with_checker(monkeypatch, "pages.complete", stricter)
    result = judged(refused)

    assert result.exit_code == 0
    assert "pages.complete: failed as before, told by other findings." in result.output
    assert "The same 4 verdicts, told differently" in result.output


def test_the_same_verdict_by_other_runs_is_told_and_no_difference(issued, monkeypatch):
    with_checker(monkeypatch, "pages.complete", lambda runs: Verdict("passed", 2))
    result = judged(issued)

    assert result.exit_code == 0
    assert "pages.complete on mediawiki: passed as before, by 2 runs, not " in result.output


def test_a_requirement_that_is_gone_is_told(issued, monkeypatch):
    monkeypatch.setattr(rejudge, "CATALOGUE", tuple(one for one in CATALOGUE if one.id != "pages.complete"))
    result = judged(issued)

    assert result.exit_code == 1
    assert "pages.complete: passed, now not judged: this version has no such requirement" in result.output


def test_a_level_is_the_certificates_own(refused):
    document = json.loads((refused / "certificate.json").read_text())
    softened = [one | {"level": "SHOULD"} for one in document["requirements"]]
    folder = rewritten(shutil.copytree(refused, refused.parent / "softened"), requirements=softened)
    output = judged(folder).output

    assert "the certificate: not certified, now inconclusive" in output


def test_a_verdict_that_was_written_over_is_told_though_the_digests_fit(refused, tmp_path):
    folder = rewritten(shutil.copytree(refused, tmp_path / "forged"), verdict="certified")
    result = judged(folder)

    assert result.exit_code == 1
    assert (
        "the certificate: certified, now not certified: it does not follow from the requirements' verdicts"
        in result.output
    )


def test_a_requirements_verdict_that_was_written_over_is_told_though_the_digests_fit(refused, tmp_path):
    document = json.loads((refused / "certificate.json").read_text())
    forged = [one | {"verdict": "passed"} for one in document["requirements"]]
    result = judged(rewritten(shutil.copytree(refused, tmp_path / "forged"), requirements=forged))

    assert result.exit_code == 1
    assert "pages.complete: passed, now failed: it does not follow from the verdicts on its vendors" in result.output


def test_a_history_that_was_written_over_is_told_though_the_digests_fit(copy):
    path = copy / "histories" / "0001.json"
    path.write_text(path.read_text().replace('"missing": []', '"missing": ["Main Page"]'))
    write_manifest(copy)
    result = judged(copy)

    assert result.exit_code == 1
    assert "outcome.honest on mediawiki: passed, now failed" in result.output
    assert " 0 silent, 0 hung; now " in result.output
    assert " 1 silent, 0 hung." in result.output


def test_a_changed_file_is_named_before_anything_is_judged(copy):
    path = copy / "histories" / "0001.json"
    path.write_bytes(path.read_bytes().replace(b"200", b"201", 1))
    result = judged(copy)

    assert result.exit_code == 1
    assert "histories/0001.json has changed since the certificate was issued." in result.output
    assert "nothing was judged" in result.output


def test_a_changed_recording_is_named_and_the_runs_are_judged_all_the_same(issued, tmp_path):
    (tmp_path / "pull_pages.yaml").write_text("interactions: []\n")
    result = judged(issued, "--cassettes", tmp_path)

    assert result.exit_code == 1
    assert "The recording mediawiki/pull_pages.yaml is another now: the evidence has changed since." in result.output
    assert "on older evidence than today's; certify again." in result.output


def no_certificate(folder):
    (folder / "certificate.json").unlink()


def cut(folder):
    content = (folder / "certificate.json").read_bytes()
    (folder / "certificate.json").write_bytes(content[: len(content) // 2])


def another_schema(folder):
    rewritten(folder, schema="harness.certificate/2")


def histories_of_another_schema(folder):
    for path in (folder / "histories").glob("*.json"):
        path.write_text(path.read_text().replace("harness.history/1", "harness.history/2"))
    write_manifest(folder)


def no_histories(folder):
    shutil.rmtree(folder / "histories")
    write_manifest(folder)


def too_few_histories(folder):
    (folder / "histories" / "0001.json").unlink()
    write_manifest(folder)


def no_manifest(folder):
    (folder / "SHA256SUMS").unlink()


def no_requirements(folder):
    rewritten(folder, requirements=None)


def no_level(folder):
    rewritten(folder, requirements=[{"id": "pages.complete", "by_vendor": {"mediawiki": {}}}])


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (shutil.rmtree, "is no folder; name the one that 'harness certify' wrote"),
        (no_certificate, "holds no certificate.json"),
        (cut, "certificate.json cannot be read as JSON"),
        (another_schema, "is of the schema 'harness.certificate/2', and this version reads 'harness.certificate/1'"),
        (histories_of_another_schema, "is of the schema 'harness.history/2', and this version reads"),
        (no_histories, "holds no histories"),
        (too_few_histories, "histories; certify again, or take a whole copy"),
        (no_manifest, "holds no SHA256SUMS: it was not written to its end"),
        (no_requirements, "certificate.json is half written or was edited: requirements"),
        (no_level, "certificate.json is half written or was edited: requirements"),
    ],
)
def test_a_folder_that_cannot_be_judged_is_told_in_one_sentence(copy, spoil, told):
    spoil(copy)
    there = sorted(copy.rglob("*"))
    result = judged(copy)

    assert result.exit_code == 2, result.output
    assert told in " ".join(result.output.split())
    assert len([line for line in result.output.splitlines() if line.startswith("Error:")]) == 1
    assert "Traceback" not in result.output
    assert sorted(copy.rglob("*")) == there
