"""The command, as people use and misuse it: every mistake is one sentence and exit code 2, and nothing is written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli import main

TESTS = Path(__file__).parent


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return run


def refused(result, *, told):
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    sentences = [line for line in result.output.splitlines() if line.startswith("Error:")]
    assert len(sentences) == 1, result.output
    assert told in " ".join(result.output.split())


CASSETTE = """\
interactions:
- request: {body: null, headers: {}, method: GET, uri: 'https://api.acme.test/v1/contacts?limit=3'}
  response: {body: {string: '%s'}, headers: {}, status: {code: 200, message: OK}}
version: 1
"""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--vendor", "keystome"],
            "there is no vendor 'keystome'; known are keystone, roundup, mediawiki, kinto, scim",
        ),
        (["--only", "token.reuse"], "there is no requirement 'token.reuse'"),
        (["--profile", "slow"], "'slow' is not one of 'quick', 'full'"),
        (["--seed", "soon"], "'soon' is not a valid integer"),
        (["-k", "no_such_scenario"], "no scenario is selected by -k 'no_such_scenario'"),
        (["-k", "a or or b"], "-k 'a or or b'"),
        (["nothing"], "is neither 'core' nor 'module:Name'"),
        (["no_such_module:Thing"], "cannot be imported: ModuleNotFoundError"),
        (["tests.subject_that_fails_to_import:Thing"], "cannot be imported"),
        (["tests.ill_behaved_subjects:Nobody"], "has no 'Nobody'; it has"),
        (["tests.ill_behaved_subjects:NeitherJob"], "has neither pull nor push"),
        (["--dialect", "acme"], "is not of the form module:NAME"),
        (["--dialect", "tests.user_example.acme_dialect:ACME"], "--dialect needs --cassettes DIR"),
        (
            ["--dialect", "tests.user_example.acme_dialect:Nope", "--cassettes", "x"],
            "is nothing; make it a harness.dialects.Dialect",
        ),
        (["--cassettes", "no-such-folder"], "no-such-folder"),
    ],
    ids=lambda value: "-".join(value).replace(":", "-") if isinstance(value, list) else "",
)
def test_a_mistake_is_told_in_one_sentence_and_nothing_is_written(run, tmp_path, arguments, told):
    result = run("certify", *arguments)

    refused(result, told=told)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "pull.yaml"),
        ("interactions:\n- request: {body: null", "pull.yaml"),
        ("just text", "pull.yaml"),
        ("interactions:\n- !!python/object/apply:os.system ['touch pwned']\nversion: 1\n", "pull.yaml"),
        (CASSETTE.replace("- request: {", "- asked: {") % "{}", "request"),
        (
            CASSETTE.replace("api.acme.test", "elsewhere.test") % "{}",
            "was recorded from elsewhere.test, but the dialect's base_url is",
        ),
        (CASSETTE.replace("contacts", "deals") % "{}", "holds no listing of contacts (GET /v1/contacts)"),
        (CASSETTE % '{"contacts": [], "next_cursor": "3"}', "stops before the last page of contacts"),
        (CASSETTE % '{"contacts": [{"id": 1}]}', "holds no token exchange (POST /oauth/token)"),
    ],
    ids=[
        "empty",
        "cut",
        "no-cassette",
        "python-tag",
        "no-request",
        "another-host",
        "another-listing",
        "not-to-the-end",
        "no-token",
    ],
)
def test_a_recording_that_cannot_be_used_is_told_in_one_sentence(run, tmp_path, content, told):
    folder = tmp_path / "cassettes-acme"
    folder.mkdir()
    (folder / "pull.yaml").write_text(content)
    result = run("certify", "--cassettes", folder, "--dialect", "tests.user_example.acme_dialect:ACME")

    refused(result, told=told)
    assert not (tmp_path / "certificate").exists()
    assert not (tmp_path / "pwned").exists()
    assert (folder / "pull.yaml").read_text() == content


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(run, tmp_path):
    (tmp_path / "thesis.txt").write_text("three years of work")
    result = run("certify", "--vendor", "mediawiki", "--out", tmp_path)

    refused(result, told="holds thesis.txt, which is no part of a certificate")
    assert [entry.name for entry in tmp_path.iterdir() if entry.name != ".lock"] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ("keystone pull users.list#2:Hangup()", "names the fault 'Hangup'"),
        ("keystome pull", "there is no vendor 'keystome'"),
        ("", "does not begin with a vendor and a job"),
    ],
)
def test_a_plan_that_cannot_be_run_is_told_in_one_sentence(run, plan, told):
    refused(run("reproduce", "core", plan), told=told)


def test_a_job_that_the_subject_does_not_have_is_told_in_one_sentence(run):
    result = run("reproduce", "tests.healthy_subject:HealthyReader", "scim push")

    refused(result, told="tests.healthy_subject:HealthyReader on scim has no push")


def test_an_unknown_requirement_cannot_be_explained(run):
    refused(run("explain", "token.reuse"), told="there is no requirement 'token.reuse'")


def test_a_requirement_is_explained_with_its_reason_source_and_remedy(run):
    output = run("explain", "limits.wait-honoured").output

    assert [word for word in ("What", "Why", "Source", "Remedy") if word in output] == [
        "What",
        "Why",
        "Source",
        "Remedy",
    ]
    assert "RFC 9110" in output


def test_every_command_has_help_for_people(run):
    for command in ("certify", "vendors", "requirements", "explain", "reproduce"):
        result = run(command, "--help")
        assert result.exit_code == 0
        assert len(result.output.splitlines()) > 3


def test_a_plan_is_reproduced_with_its_timeline(run):
    output = run("reproduce", "core", "keystone pull users.list#2:Throttled(retry_after_s=30)").output

    assert "users.list#2" in output
    assert "<- Throttled()" in output
    assert "waited 30" in output
    assert "outcome correct" in output


def test_a_narrowed_certificate_says_so_in_its_verdict(run, tmp_path):
    result = run("certify", "--vendor", "mediawiki", "--only", "pages.complete")
    document = json.loads((tmp_path / "certificate" / "certificate.json").read_text())

    assert result.exit_code == 0, result.output
    assert "(only --vendor mediawiki --only pages.complete)" in " ".join(result.output.split())
    assert document["selection"] == "--vendor mediawiki --only pages.complete"


def test_pytest_on_the_scenarios_takes_the_same_options(tmp_path):
    scenarios = TESTS.parent / "scenarios"
    arguments = ["--vendor", "roundup", "--only", "pages.complete", "--out", str(tmp_path / "out")]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(scenarios), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads((tmp_path / "out" / "certificate.json").read_text())["verdict"] == "certified"


@pytest.mark.parametrize("name", ["Exits", "CatchesEverything", "Prints", "LeavesThreads", "RaisesTheUnprintable"])
def test_an_ill_behaved_subject_costs_its_own_runs_only(run, tmp_path, name):
    result = run("certify", f"tests.ill_behaved_subjects:{name}", "--vendor", "mediawiki", "-k", "test_every_record")
    document = json.loads((tmp_path / "certificate" / "certificate.json").read_text())

    assert result.exit_code in (0, 1, 3), result.output
    assert "Traceback" not in result.output
    assert document["runs"] == 1


def test_a_pool_kept_from_run_to_run_is_not_taken_for_a_hung_run(run, tmp_path):
    result = run(
        "certify",
        "tests.ill_behaved_subjects:KeepsAPool",
        "--vendor",
        "mediawiki",
        "-k",
        "breaks_off or every_record or short_page",
        "--workers",
        1,
    )
    document = json.loads((tmp_path / "certificate" / "certificate.json").read_text())

    assert result.exit_code == 0, result.output
    assert document["outcomes"]["hung"] == 0
    assert document["runs"] > 3
