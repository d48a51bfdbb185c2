"""Two certificates of one subject: what is better, worse, new and gone, and what a gate makes of it."""

import json
import shutil

import pytest
from click.testing import CliRunner

from harness.certify.changes import comparison_markdown, told
from harness.certify.comparison import ComparisonError, compared, comparison
from harness.certify.gate import exit_code
from harness.cli import main
from tests.certifying import ROOT, certified
from tests.spoilt_folders import (
    cut,
    lacking_a_part,
    lacking_histories,
    lacking_one_history,
    no_certificate,
    of_another_schema,
)

PLAN = "keystone pull users.list#2:HangUp()"


def certificate(verdicts, ended=None, *, name="acme:Sync", **facts):
    """A certificate of ``{(requirement, vendor): verdict}`` and ``{plan: outcome}``."""
    names = dict.fromkeys(requirement for requirement, _ in verdicts)
    document = {
        "verdict": "not_certified",
        "subject": {"name": name, "version": "1", "digest": "d", "commit": "c"},
        "issued_at": "2026-11-23T20:00:00+00:00",
        "harness_version": "0.1.0",
        "seed": 0,
        "profile": "quick",
        "selection": "all",
        "vendors": [],
        "waivers": [],
        "requirements": [
            {
                "id": requirement,
                "by_vendor": {
                    vendor: {"verdict": value, "runs": 1}
                    for (of, vendor), value in verdicts.items()
                    if of == requirement
                },
            }
            for requirement in names
        ],
        "faults": [{"outcome": outcome} for outcome in (ended or {}).values()],
        **facts,
    }
    return compared(document, list(ended or {}))


def requirement_change(was, now):
    """What becomes of one requirement; None where it does not change."""
    key = ("pages.complete", "keystone")
    old, new = (certificate({key: value} if value else {}) for value in (was, now))
    changes = comparison(old, new)["requirements"]
    return changes[0]["change"] if changes else None


def plan_change(was, now):
    """What becomes of one plan; None where it does not change."""
    old, new = (certificate({}, {PLAN: value} if value else {}) for value in (was, now))
    changes = comparison(old, new)["faults"]
    return changes[0]["change"] if changes else None


@pytest.mark.parametrize(
    ("was", "now", "change"),
    [
        ("passed", "failed", "worse"),
        ("passed", "unknown", "worse"),
        ("passed", "not_applicable", "worse"),
        ("not_applicable", "failed", "worse"),
        ("unknown", "failed", "worse"),
        ("failed", "passed", "better"),
        ("unknown", "passed", "better"),
        ("not_applicable", "passed", "better"),
        ("failed", "unknown", "gone"),
        ("failed", "not_applicable", "gone"),
        ("passed", None, "gone"),
        ("failed", None, "gone"),
        (None, "passed", "new"),
        (None, "failed", "new"),
        ("failed", "failed", None),
    ],
)
def test_a_requirement_on_a_vendor_is_better_worse_new_or_gone(was, now, change):
    assert requirement_change(was, now) == change


@pytest.mark.parametrize(
    ("was", "now", "change"),
    [
        ("correct", "loud", "worse"),
        ("loud", "silent", "worse"),
        ("hung", "unexplained", "worse"),
        ("correct", "not_exercised", "worse"),
        ("silent", "loud", "better"),
        ("unexplained", "hung", "better"),
        ("silent", "not_exercised", "gone"),
        ("silent", "unknown", "gone"),
        (None, "silent", "new"),
        ("silent", None, "gone"),
        ("loud", "loud", None),
    ],
)
def test_a_plan_with_a_fault_is_better_worse_new_or_gone(was, now, change):
    assert plan_change(was, now) == change


def test_only_what_is_worse_is_a_regression():
    assert comparison(certificate({}, {PLAN: "correct"}), certificate({}, {PLAN: "silent"}))["regressed"]
    assert not comparison(certificate({}), certificate({}, {PLAN: "silent"}))["regressed"]


def test_what_was_made_differently_is_said_beside_the_changes():
    changed = comparison(certificate({}), certificate({}, seed=7, profile="full"))

    assert changed["conditions"] == [
        {"what": "seed", "old": "0", "new": "7"},
        {"what": "profile", "old": "quick", "new": "full"},
    ]


def test_certificates_of_different_subjects_are_not_compared():
    with pytest.raises(ComparisonError, match="the older certificate is of 'acme:Sync' and the newer of 'core'"):
        comparison(certificate({}), certificate({}, name="core"))


def test_the_comparison_is_told_in_one_sentence():
    changed = comparison(
        certificate({}, {PLAN: "correct"}), certificate({("a.b", "keystone"): "passed"}, {PLAN: "hung"})
    )

    assert told(changed) == "Since the older certificate: 1 worse, 0 better, 1 new, 0 gone. This is a regression."
    assert told(comparison(certificate({}), certificate({}))) == "Nothing changed since the older certificate."


def test_the_markdown_is_a_table_in_which_recorded_text_does_nothing():
    hostile = "keystone pull users.list#1:<script>|[x](javascript:1)@team\x1b[31m"
    text = comparison_markdown(comparison(certificate({}, {hostile: "correct"}), certificate({}, {hostile: "silent"})))
    row = next(line for line in text.splitlines() if "silent" in line)

    assert row.startswith("| **worse** | keystone pull")
    assert row.count("|") == 5
    assert [word for word in ("<script", "[x]", "@team", "\x1b") if word in text] == []


@pytest.mark.parametrize(
    ("verdict", "regressed", "gate", "code"),
    [
        ("certified", False, "certified", 0),
        ("certified", True, "certified", 0),
        ("not_certified", False, "certified", 1),
        ("inconclusive", False, "certified", 3),
        ("not_certified", False, "no-worse", 0),
        ("inconclusive", False, "no-worse", 0),
        ("not_certified", True, "no-worse", 1),
        ("certified", True, "no-worse", 1),
    ],
)
def test_the_gate_no_worse_stops_at_regressions_and_at_nothing_else(verdict, regressed, gate, code):
    assert exit_code({"verdict": verdict, "waivers": []}, {"regressed": regressed}, gate) == code


def test_a_needless_waiver_passes_neither_gate():
    document = {"verdict": "certified", "waivers": [{"state": "needless"}]}

    assert exit_code(document, None, "certified") == 1
    assert exit_code(document, {"regressed": False}, "no-worse") == 1


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Certificates of the naive integration and of the core for one requirement on MediaWiki."""
    place = tmp_path_factory.mktemp("compared")
    for name, subject in (("naive", "tests.naive_integration:Naive"), ("core", "core")):
        (place / name).mkdir()
        certified(subject, place / name, vendors=("mediawiki",), only=("pages.complete",))
    return place


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT))
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def edited(folder, target, change):
    """A copy of the certificate whose document was changed."""
    shutil.copytree(folder, target)
    path = target / "certificate.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return target


def mended(document):
    document["requirements"][0]["by_vendor"]["mediawiki"]["verdict"] = "passed"


def test_compare_exits_0_where_nothing_is_worse_and_1_where_something_is(run, folders, tmp_path):
    better = edited(folders / "naive", tmp_path / "better", mended)

    assert run("compare", folders / "naive", folders / "naive").exit_code == 0
    assert run("compare", folders / "naive", better).exit_code == 0
    worse = run("compare", better, folders / "naive")
    assert worse.exit_code == 1
    assert "worse  pages.complete on mediawiki: passed -> failed" in worse.output


def test_compare_prints_markdown_for_a_pull_request(run, folders, tmp_path):
    better = edited(folders / "naive", tmp_path / "better", mended)
    result = run("compare", folders / "naive", better, "--markdown")

    assert "| better | pages.complete on mediawiki | failed | passed |" in result.output


def refused(result, told):
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert len([line for line in result.output.splitlines() if line.startswith("Error:")]) == 1
    assert told in " ".join(result.output.split())


def test_different_subjects_end_the_command(run, folders):
    refused(run("compare", folders / "core", folders / "naive"), "compare one subject")


BAD = [
    (no_certificate, "holds no certificate.json"),
    (cut, "cannot be read as JSON"),
    (of_another_schema, "is of the schema 'harness.certificate/2'"),
    (lacking_a_part, "requirements[0] is no object"),
    (lacking_histories, "holds no histories"),
    (lacking_one_history, "is half written"),
]


@pytest.mark.parametrize(("spoil", "told"), BAD, ids=lambda value: getattr(value, "__name__", ""))
def test_a_folder_that_is_no_whole_certificate_ends_the_command_on_either_side(run, folders, tmp_path, spoil, told):
    bad = tmp_path / "bad"
    shutil.copytree(folders / "naive", bad)
    spoil(bad)

    refused(run("compare", bad, folders / "naive"), told)
    refused(run("compare", folders / "naive", bad), told)


def test_a_folder_that_is_not_there_ends_the_command(run, folders):
    refused(run("compare", "nowhere", folders / "naive"), "nowhere is no folder")


# -- certify --baseline ------------------------------------------------------------------------------------------------

NAIVE = ("certify", "tests.naive_integration:Naive", "--vendor", "mediawiki", "--only", "pages.complete")


def test_a_baseline_is_compared_with_and_kept_beside_the_certificate(run, folders, tmp_path):
    result = run(*NAIVE, "--baseline", folders / "naive")

    assert result.exit_code == 1
    assert "Nothing changed since the older certificate." in result.output
    stored = json.loads((tmp_path / "certificate" / "comparison.json").read_text())
    assert stored["schema"] == "harness.comparison/1"
    assert not stored["regressed"]


def test_the_gate_no_worse_lets_an_integration_pass_that_is_not_green_yet(run, folders):
    assert run(*NAIVE, "--baseline", folders / "naive", "--gate", "no-worse").exit_code == 0


def test_the_gate_no_worse_stops_at_a_regression(run, folders, tmp_path):
    better = edited(folders / "naive", tmp_path / "better", mended)
    result = run(*NAIVE, "--baseline", better, "--gate", "no-worse")

    assert result.exit_code == 1
    assert "This is a regression." in result.output


def test_the_gate_no_worse_needs_a_baseline(run, tmp_path):
    refused(run(*NAIVE, "--gate", "no-worse"), "--gate no-worse needs --baseline DIR")
    assert not (tmp_path / "certificate").exists()


def test_a_baseline_of_another_subject_ends_the_command_before_anything_is_written(run, folders, tmp_path):
    refused(run(*NAIVE, "--baseline", folders / "core"), "compare one subject")
    assert not (tmp_path / "certificate").exists()


def test_a_later_certificate_without_a_baseline_keeps_no_comparison(run, folders, tmp_path):
    run(*NAIVE, "--baseline", folders / "naive")
    run(*NAIVE)

    assert not (tmp_path / "certificate" / "comparison.json").exists()


def test_the_certificate_that_is_replaced_can_be_the_baseline(run, tmp_path):
    run(*NAIVE)
    result = run(*NAIVE, "--baseline", "certificate")

    assert "Nothing changed since the older certificate." in result.output
