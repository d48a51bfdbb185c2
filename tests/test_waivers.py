"""Waivers set failures aside for a time, say so everywhere, and have to go when they are not needed."""

import json
from datetime import date

import pytest
from click.testing import CliRunner

from harness.certify.waivers import Waiver, WaiverError, applied, read_waivers
from harness.cli import main
from tests.certifying import ROOT

VENDORS = ("keystone", "roundup", "mediawiki", "kinto", "scim")
WAIVER = Waiver(
    requirement="pages.complete",
    vendor="mediawiki",
    reason="the importer is rewritten in spring",
    owner="ada@example.org",
    expires=date(2027, 1, 31),
)
FAILED = {("pages.complete", "mediawiki"): "failed"}
LINES = {
    "requirement": '"pages.complete"',
    "vendor": '"mediawiki"',
    "reason": '"the importer is rewritten in spring"',
    "owner": '"ada@example.org"',
    "expires": "2099-12-31",
}


def waiver_file(folder, **changed):
    """A file with one waiver; a key changed to None is left out."""
    lines = {**LINES, **changed}
    path = folder / "harness-waivers.toml"
    path.write_text("[[waiver]]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items() if value is not None))
    return path


def only(states):
    (one,) = states
    return one


def test_a_failure_is_waived_until_the_end_of_the_day_on_which_the_waiver_expires():
    assert only(applied([WAIVER], FAILED, today=date(2027, 1, 31))).state == "waived"
    assert only(applied([WAIVER], FAILED, today=date(2027, 2, 1))).state == "expired"


def test_an_expired_waiver_says_so():
    assert only(applied([WAIVER], FAILED, today=date(2027, 2, 1))).sentence == (
        "The waiver of pages.complete on mediawiki expired on 2027-01-31; mend the failure, or ask ada@example.org for "
        "a new date."
    )


@pytest.mark.parametrize("verdict", ["passed", "not_applicable"])
def test_a_waiver_whose_failure_no_longer_happens_is_to_be_removed(verdict):
    one = only(applied([WAIVER], {("pages.complete", "mediawiki"): verdict}, today=date(2026, 12, 1)))

    assert one.state == "needless"
    assert one.sentence.endswith("the failure no longer happens: remove this line.")


@pytest.mark.parametrize("verdicts", [{}, {("pages.complete", "mediawiki"): "unknown"}])
def test_a_waiver_of_what_was_not_shown_stays(verdicts):
    assert only(applied([WAIVER], verdicts, today=date(2026, 12, 1))).state == "untried"


def test_waivers_are_read_from_toml(tmp_path):
    path = waiver_file(tmp_path, expires="2027-01-31")

    assert read_waivers(path, vendors=VENDORS) == (WAIVER,)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"requirement": '"pages.compleat"'}, "names the requirement 'pages.compleat'"),
        ({"vendor": '"keystome"'}, "names the vendor 'keystome'; known are keystone, roundup, mediawiki, kinto, scim"),
        ({"requirement": None}, "has no requirement"),
        ({"vendor": None}, "has no vendor"),
        ({"reason": None}, "has no reason"),
        ({"reason": '"  "'}, "has no reason"),
        ({"reason": "7"}, "has no reason"),
        ({"owner": None}, "has no owner"),
        ({"expires": None}, "has no day on which it expires"),
        ({"expires": '"2026-12-31"'}, "has no day on which it expires; write one without quotes"),
        ({"expires": "2026-12-31T10:00:00Z"}, "has no day on which it expires"),
        ({"expires": "2026-13-31"}, "are no TOML"),
        ({"until": "2026-12-31"}, "has the unknown key 'until'"),
    ],
)
def test_a_waiver_that_is_wrong_is_refused_by_number(tmp_path, changed, told):
    with pytest.raises(WaiverError) as refused:
        read_waivers(waiver_file(tmp_path, **changed), vendors=VENDORS)

    assert told in str(refused.value)
    assert str(refused.value).count("\n") == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("waiver = 3", "write each waiver as [[waiver]]"),
        ("waiver = [3]", "is no table"),
        ("[waivers]", "holds 'waivers'; write each waiver as [[waiver]]"),
        ("[[waiver]", "are no TOML"),
        ("\x00", "are no TOML"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, content, told):
    path = tmp_path / "waivers.toml"
    path.write_text(content)

    with pytest.raises(WaiverError) as refused:
        read_waivers(path, vendors=VENDORS)
    assert told in str(refused.value)


def test_two_waivers_of_one_failure_are_refused(tmp_path):
    path = waiver_file(tmp_path)
    path.write_text(path.read_text() * 2)

    with pytest.raises(WaiverError, match=r"waiver 2 .* waives pages\.complete on mediawiki again"):
        read_waivers(path, vendors=VENDORS)


# -- a certification with waivers --------------------------------------------------------------------------------------


@pytest.fixture
def certify(tmp_path, monkeypatch):
    """``harness certify`` of the naive integration, for two requirements that it fails on MediaWiki."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT))

    def certify(*arguments, only=("pages.complete",)):
        chosen = [word for name in only for word in ("--only", name)]
        words = ["certify", "tests.naive_integration:Naive", "--vendor", "mediawiki", *chosen, *map(str, arguments)]
        return CliRunner().invoke(main, words)

    return certify


def document_in(folder):
    return json.loads((folder / "certificate" / "certificate.json").read_text())


def test_a_certificate_whose_only_failures_are_waived_is_certified_and_says_so_in_its_verdict(certify, tmp_path):
    waiver_file(tmp_path)
    result = certify()
    document = document_in(tmp_path)

    assert result.exit_code == 0, result.output
    assert document["verdict"] == "certified"
    assert document["waivers"][0]["state"] == "waived"
    assert document["requirements"][0]["verdict"] == "failed"
    assert "tests.naive_integration:Naive is certified with 1 waiver against recordings of" in result.output
    assert "is waived until 2099-12-31 by ada@example.org: the importer is rewritten in spring" in result.output


def test_a_waiver_leaves_other_failures_as_they_are(certify, tmp_path):
    waiver_file(tmp_path)
    result = certify(only=("pages.complete", "errors.body-error-seen"))

    assert result.exit_code == 1
    assert document_in(tmp_path)["verdict"] == "not_certified"
    assert "is not certified with 1 waiver: 1 of 2 requirements failed" in result.output


def test_an_expired_waiver_waives_nothing(certify, tmp_path):
    waiver_file(tmp_path, expires="2020-01-01")
    result = certify()

    assert result.exit_code == 1
    assert document_in(tmp_path)["verdict"] == "not_certified"
    assert "The waiver of pages.complete on mediawiki expired on 2020-01-01" in result.output


def test_a_needless_waiver_fails_the_gate(certify, tmp_path):
    waiver_file(tmp_path, requirement='"pages.duplicates-merged"')
    result = certify(only=("pages.duplicates-merged",))

    assert result.exit_code == 1, result.output
    assert document_in(tmp_path)["verdict"] == "certified"
    assert "the failure no longer happens: remove this line." in result.output


def test_waivers_are_taken_from_the_file_that_is_named(certify, tmp_path):
    waiver_file(tmp_path, reason=None)
    (tmp_path / "other").mkdir()
    named = waiver_file(tmp_path / "other")

    assert certify("--waivers", named).exit_code == 0


@pytest.mark.parametrize("changed", [{"requirement": '"nope"'}, {"reason": None}, {"expires": None}, {"vendor": '"x"'}])
def test_a_wrong_waiver_ends_the_command_before_anything_is_written(certify, tmp_path, changed):
    waiver_file(tmp_path, **changed)
    result = certify()

    assert result.exit_code == 2
    assert [line for line in result.output.splitlines() if line.startswith("Error:")] != []
    assert "Traceback" not in result.output
    assert not (tmp_path / "certificate").exists()


def test_a_file_of_waivers_that_is_not_there_ends_the_command(certify, tmp_path):
    result = certify("--waivers", "nowhere.toml")

    assert result.exit_code == 2
    assert "the waivers nowhere.toml cannot be read: No such file or directory" in " ".join(result.output.split())


def test_a_waiver_is_not_called_needless_where_scenarios_were_left_out(certify, tmp_path):
    waiver_file(tmp_path, requirement='"pages.duplicates-merged"')
    result = certify("-k", "shown_twice", only=("pages.duplicates-merged",))

    assert result.exit_code == 0, result.output
    assert document_in(tmp_path)["waivers"][0]["state"] == "untried"


def test_a_waived_certificate_is_judged_again_as_it_was(certify, tmp_path):
    waiver_file(tmp_path)
    certify()
    again = CliRunner().invoke(main, ["judge", "certificate"])

    assert again.exit_code == 0, again.output
    assert "is certified with 1 waiver" in again.output


def test_show_and_the_step_summary_set_waived_failures_apart(certify, tmp_path, monkeypatch):
    waiver_file(tmp_path)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    certify()

    assert " waived\n" in CliRunner().invoke(main, ["show", "certificate"]).output
    assert "| pages.complete | MUST | waived |" in (tmp_path / "summary.md").read_text()
