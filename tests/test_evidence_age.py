"""How old evidence may be, and what a certificate shows of its age and of the last drift check."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.certify.evidence_age import age_of, by_age, days_old, drift_told, with_ages
from harness.cli import main
from harness.dialects import MEDIAWIKI
from harness.stage.recordings import load
from tests.vendors.record import OUT

NOW = "2026-11-27T12:00:00+00:00"
LISTING = load(OUT / "mediawiki" / f"{MEDIAWIKI.pull}.yaml")


def document(recorded_at, *, verdict="certified"):
    recording = {"path": "acme/pull.yaml", "sha256": "ab", "recorded_at": recorded_at}
    return {"verdict": verdict, "issued_at": NOW, "vendors": [{"name": "acme", "recordings": [recording]}]}


def verdict(recorded_at, max_age, *, checks=None, was="certified"):
    aged = with_ages(document(recorded_at, verdict=was), checks or {}, max_age)
    return aged["verdict"], aged.get("stale")


def drift(checked_at, result):
    return {"ab": {"checked_at": checked_at, "result": result}}


@pytest.mark.parametrize(("text", "hours"), [("12h", 12), ("30d", 720), ("4w", 672)])
def test_an_age_is_given_in_hours_days_or_weeks(text, hours):
    age = age_of(text)

    assert age is not None
    assert age.total_seconds() == hours * 3600


@pytest.mark.parametrize("text", ["30", "0d", "-1d", "d", "1 d", "30days", "1.5d"])
def test_what_is_no_age_is_none(text):
    assert age_of(text) is None


def test_evidence_within_the_age_certifies():
    assert verdict("2026-11-20T00:00:00+00:00", "30d") == ("certified", [])


def test_evidence_beyond_the_age_is_inconclusive():
    assert verdict("2026-10-20T00:00:00+00:00", "30d") == ("inconclusive", ["acme/pull.yaml"])


@pytest.mark.parametrize("date", ["", "last week"])
def test_evidence_without_a_date_is_stale(date):
    assert verdict(date, "30d") == ("inconclusive", ["acme/pull.yaml"])


def test_a_drift_check_that_found_nothing_breaking_renews_evidence():
    renewed = drift("2026-11-26T03:00:00+00:00", "notes")

    assert verdict("2025-01-01T00:00:00+00:00", "30d", checks=renewed) == ("certified", [])


def test_a_drift_check_that_is_too_old_itself_renews_nothing():
    old = drift("2026-09-01T03:00:00+00:00", "none")

    assert verdict("2025-01-01T00:00:00+00:00", "30d", checks=old) == ("inconclusive", ["acme/pull.yaml"])


def test_evidence_from_which_the_vendor_has_drifted_away_is_stale_however_new():
    broken = drift("2026-11-27T03:00:00+00:00", "breaking")

    assert verdict("2026-11-27T00:00:00+00:00", "30d", checks=broken) == ("inconclusive", ["acme/pull.yaml"])


def test_what_failed_on_stale_evidence_has_failed():
    assert verdict("2025-01-01T00:00:00+00:00", "30d", was="not_certified")[0] == "not_certified"


def test_without_an_age_nothing_is_stale():
    assert verdict("2001-01-01T00:00:00+00:00", "") == ("certified", None)


def test_a_verdict_is_judged_again_by_what_was_stale():
    assert (by_age("certified", ()), by_age("certified", ("acme/pull.yaml",))) == ("certified", "inconclusive")


@pytest.mark.parametrize(
    ("recorded_at", "days"),
    [("2026-11-27T00:00:00+00:00", 0), ("2026-11-20T23:00:00+00:00", 7), ("2026-12-24T00:00:00+00:00", 0), ("", None)],
)
def test_the_age_is_told_in_whole_days(recorded_at, days):
    assert days_old(recorded_at, NOW) == days


@pytest.mark.parametrize(
    ("recording", "told"),
    [
        ({}, "never"),
        ({"drift": {"checked_at": "", "result": ""}}, "never"),
        ({"drift": {"checked_at": NOW, "result": "none"}}, "2026-11-27: no drift"),
        ({"drift": {"checked_at": NOW, "result": "notes"}}, "2026-11-27: nothing breaking"),
        ({"drift": {"checked_at": NOW, "result": "breaking"}}, "2026-11-27: breaking drift"),
    ],
)
def test_the_last_drift_check_is_told_with_its_date_and_result(recording, told):
    assert drift_told(recording) == told


# -- the command -----------------------------------------------------------------------------------------------------


def certify(*options):
    return CliRunner().invoke(
        main, ["certify", "core", "--vendor", "mediawiki", "-k", "every_record", "--workers", "1", *options]
    )


def checked(checked_at, result):
    recording = {"path": "mediawiki/pull_pages.yaml", "sha256": LISTING.sha256, "recorded_at": LISTING.recorded_at}
    check = {"vendor": "mediawiki", "checked_at": checked_at, "result": result, "recordings": [recording]}
    Path("drift.json").write_text(json.dumps({"schema": "harness.drift/1", "checks": [check]}))


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def aged(folder):
    """The listing as it would be had it been recorded years ago, however fresh it is."""
    old = (OUT / "mediawiki" / "pull_pages.yaml").read_text().replace(LISTING.recorded_at, "2020-01-01T00:00:00+00:00")
    folder.mkdir()
    (folder / "pull_pages.yaml").write_text(old)
    return ["--cassettes", str(folder), "--dialect", "harness.dialects:MEDIAWIKI"]


def test_a_certificate_on_stale_evidence_is_inconclusive_says_why_and_is_judged_so_again():
    old = aged(Path("mediawiki"))
    result = certify("--max-age", "1h", *old)
    page = Path("certificate/certificate.html").read_text()
    again = CliRunner().invoke(main, ["judge", "certificate", *old[:2]])

    assert result.exit_code == 3, result.output
    assert "core is neither certified nor refused: 1 of its recordings are stale (--max-age 1h)" in result.output
    assert "Stale evidence: mediawiki/pull_pages.yaml" in result.output
    assert "Last drift check" in page
    assert again.exit_code == 0, again.output


def test_a_certificate_shows_the_last_drift_check_and_is_renewed_by_it():
    checked("2999-01-01T00:00:00+00:00", "none")
    result = certify("--max-age", "1h")
    document = json.loads(Path("certificate/certificate.json").read_text())

    assert result.exit_code == 0, result.output
    assert document["vendors"][0]["recordings"][0]["drift"]["result"] == "none"
    assert "2999-01-01: no drift" in Path("certificate/certificate.html").read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--max-age", "soon"), "--max-age is 'soon'; give it in hours, days or weeks"),
        (("--drift", "absent.json"), "there is no absent.json"),
    ],
)
def test_an_option_that_cannot_be_used_is_one_sentence(options, said):
    result = certify(*options)

    assert (result.exit_code, Path("certificate").exists()) == (2, False)
    assert said in result.output


def test_a_drift_report_that_is_something_else_is_one_sentence():
    Path("drift.json").write_text("[]")
    result = certify()

    assert (result.exit_code, Path("certificate").exists()) == (2, False)
    assert "drift.json is no report of harness drift" in result.output
