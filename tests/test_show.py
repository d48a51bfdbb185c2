"""The summary: the same from the stored certificate, safe on a terminal, and in Markdown for a job's page."""

import json
import shutil
import webbrowser

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from harness.certify.plain import in_markdown, plain
from harness.certify.step_summary import step_summary
from harness.certify.wording import reproduce_command
from harness.cli import main
from tests.certifying import ROOT, certified
from tests.spoilt_folders import cut, lacking_a_part, no_certificate, of_another_schema

HOSTILE = (
    "<script>alert(1)</script> [x](javascript:alert(1)) ![i](http://evil.test/) | a\n# b `c` **d** @team &lt;"
    " \x1b]0;t\x07"
)
NAIVE = ("certify", "tests.naive_integration:Naive", "--vendor", "mediawiki", "--only", "pages.complete")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The naive integration's certificate for two requirements on MediaWiki."""
    folder = tmp_path_factory.mktemp("shown")
    only = ("pages.complete", "limits.backoff-grows")
    certified("tests.naive_integration:Naive", folder, vendors=("mediawiki",), only=only, profile="first")
    return folder


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def hostile(folder):
    """The stored document, with text in it that wants to act."""
    document = json.loads((folder / "certificate.json").read_text())
    document["subject"]["name"] = HOSTILE
    for failure in document["requirements"][1]["failures"]:
        failure.update(sentence=HOSTILE, plan=HOSTILE)
    return document


def test_show_prints_what_certify_printed(run):
    printed = run(*NAIVE).stdout
    shown = run("show", "certificate").stdout

    assert "pages.complete failed (MUST): every record of the vendor is returned exactly once" in shown
    assert shown == printed


def test_show_names_the_verdict_the_failures_with_plan_and_remedy_and_the_page(run, folder):
    output = run("show", folder).output

    assert output.startswith("tests.naive_integration:Naive is not certified: 1 of 2 requirements failed")
    assert "harness reproduce tests.naive_integration:Naive 'mediawiki pull" in output
    assert "Remedy " in output
    assert f"The certificate: {folder / 'certificate.html'}" in output


def test_what_could_not_be_judged_is_said_for_each_vendor(run, folder):
    output = run("show", folder).output

    assert "limits.backoff-grows unknown (MUST)" in output
    assert "  mediawiki: 0 runs showed something to judge; that was not enough" in output


def test_recorded_text_commands_no_terminal(run, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "hostile")
    (tmp_path / "hostile" / "certificate.json").write_text(json.dumps(hostile(folder)))
    result = run("show", tmp_path / "hostile")

    assert result.exit_code == 0
    assert not set(result.output) & {"\x1b", "\x07"}
    assert r"\x1b]0;t\x07" in result.output


def test_direction_marks_and_control_characters_are_spelled_out_and_long_text_is_cut():
    assert plain("a\u202eb\x00c\ud800") == r"a\u202eb\x00c\ud800"
    assert plain("x" * 1_000_000, most=10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("plan", "seed", "command"),
    [
        ("keystone pull", 0, "harness reproduce acme:Sync 'keystone pull'"),
        ("keystone pull", 7, "harness reproduce acme:Sync 'keystone pull' --seed 7"),
        ("keystone pull a#1:T(form='absent')", 0, "harness reproduce acme:Sync \"keystone pull a#1:T(form='absent')\""),
        ("keystone pull '$(rm)'", 0, "harness reproduce acme:Sync 'keystone pull '\"'\"'$(rm)'\"'\"''"),
    ],
)
def test_a_reproduce_command_can_be_pasted_into_a_shell(plan, seed, command):
    assert reproduce_command({"subject": {"name": "acme:Sync"}, "seed": seed}, plan) == command


# -- opening the page --------------------------------------------------------------------------------------------------


def test_open_opens_the_page(run, folder, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    result = run("open", folder)

    assert result.exit_code == 0
    assert opened == [(folder / "certificate.html").resolve().as_uri()]


def test_open_says_where_the_page_is_when_there_is_no_browser(run, folder, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    result = run("open", folder)

    assert result.exit_code == 2
    assert "no browser could be started" in result.output


# -- the step summary of GitHub Actions --------------------------------------------------------------------------------


def test_in_github_actions_the_summary_is_appended_to_the_step_summary(run, tmp_path, monkeypatch):
    (tmp_path / "summary.md").write_text("# Before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    run(*NAIVE)
    text = (tmp_path / "summary.md").read_text()

    assert text.startswith("# Before\n## tests.naive")
    assert "| requirement | level | mediawiki |" in text
    assert "| pages.complete | MUST | ✗ **failed** (" in text
    assert "**Remedy** " in text


def test_a_step_summary_that_cannot_be_written_does_not_change_the_verdict(run, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "nowhere" / "summary.md"))
    result = run(*NAIVE)

    assert result.exit_code == 1
    assert "could not be appended to GITHUB_STEP_SUMMARY" in result.stderr


def rendered(markdown):
    return MarkdownIt("gfm-like", {"linkify": False}).render(markdown)


@pytest.mark.parametrize("where", [HOSTILE, f"| {HOSTILE} |", "1. a", "www.evil.test", "http://evil.test", "a_b_ *c*"])
def test_escaped_text_renders_as_itself(where):
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parseInline(in_markdown(where))[0].children

    assert {token.type for token in tokens} == {"text"} | ({"text_special"} & {token.type for token in tokens})
    assert "".join(token.content for token in tokens).replace("\u200b", "") == plain(where)


def test_in_the_step_summary_recorded_text_does_nothing_and_breaks_no_table(folder):
    document = hostile(folder)
    page = rendered(step_summary(document, reasons={}))

    assert [word for word in ("<script", "<a ", "<img", "<strong>d") if word in page] == []
    assert page.count("<tr>") == 1 + len(document["requirements"])


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["show", "open"])
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (no_certificate, "holds no certificate.json"),
        (cut, "cannot be read as JSON"),
        (of_another_schema, "is of the schema 'harness.certificate/2'"),
        (lacking_a_part, "requirements[0] is no object"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_folder_that_is_no_whole_certificate_ends_the_command(run, folder, tmp_path, command, spoil, told):
    shutil.copytree(folder, tmp_path / "bad")
    spoil(tmp_path / "bad")
    result = run(command, tmp_path / "bad")

    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert len([line for line in result.output.splitlines() if line.startswith("Error:")]) == 1
    assert told in " ".join(result.output.split())


def test_a_page_that_is_missing_ends_open(run, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "bad")
    (tmp_path / "bad" / "certificate.html").unlink()
    result = run("open", tmp_path / "bad")

    assert result.exit_code == 2
    assert "certificate.html is missing" in result.output


@pytest.mark.parametrize("command", ["show", "open", "compare", "har"])
def test_every_command_that_reads_a_certificate_has_help_for_people(run, command):
    result = run(command, "--help")

    assert result.exit_code == 0
    assert "certificate in" in result.output or "certificate NEW" in result.output
