"""What the commands do: turns what was typed into a session, and every mistake in it into one sentence and exit
code 2."""

import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click
import pytest

from harness.certify.account_options import live_access
from harness.certify.certificate import Certificate, certificate_of
from harness.certify.changes import comparison_markdown, print_comparison
from harness.certify.collecting import collected_seldom
from harness.certify.comparison import ComparisonError, check_same_subject
from harness.certify.dialect_loading import DialectError, load_dialect
from harness.certify.drift_report import DRIFT_FILE, by_recording, read_checks
from harness.certify.evidence import LIVE_SUFFIX
from harness.certify.evidence_age import age_of
from harness.certify.folder import FolderError, locked, publish
from harness.certify.gate import Gate, exit_code
from harness.certify.handover import Given
from harness.certify.integrity import changed_recordings, changes
from harness.certify.plain import plain
from harness.certify.plan import PlanError, parse
from harness.certify.progress import Progress
from harness.certify.rejudge import print_changes, print_rejudgement, rejudged
from harness.certify.session import Options, Session, UsageError
from harness.certify.shipped import shipped
from harness.certify.step_summary import step_summary
from harness.certify.stored import stored_certificate, stored_document
from harness.certify.stored_runs import read_runs
from harness.certify.subject_loading import SubjectError
from harness.certify.summary import print_summary
from harness.certify.timeline import print_timeline
from harness.certify.visit import VendorTrouble
from harness.certify.waivers import WAIVERS_FILE, WaiverError, read_waivers
from harness.dialects import SHIPPED
from harness.stage.recordings import RecordingError
from harness.stage.sandbox import SandboxError

_MISTAKES = (
    *(UsageError, SubjectError, RecordingError, DialectError, FolderError, PlanError),
    *(ComparisonError, WaiverError, SandboxError),
)


def options(
    *,
    dialect: str | None,
    baseline: Path | None = None,
    waivers: Path | None = None,
    drift: Path | None = None,
    max_age: str = "",
    live: str | None = None,
    account: Mapping[str, Any] = MappingProxyType({}),
    **given: Any,
) -> Options:
    """The options as typed; the dialect, the baseline, the waivers and the rules of a live account read."""
    with mistakes_told():
        loaded = load_dialect(dialect, folder=Path.cwd()) if dialect else None
        vendors = [one.name for one in (*SHIPPED, *((loaded,) if loaded else ()))]
        access = live_access(live, **account, dialect=loaded) if live else None
        if access:
            if given["vendors"] and given["vendors"] != (live,):
                raise UsageError(f"--live {live} is on one vendor alone; leave --vendor out")
            given["vendors"] = (live,)
            vendors.append(f"{live}{LIVE_SUFFIX}")
        if waivers is None and Path(WAIVERS_FILE).exists():
            waivers = Path(WAIVERS_FILE)
        if max_age and age_of(max_age) is None:
            raise UsageError(f"--max-age is {max_age!r}; give it in hours, days or weeks, as 12h, 30d or 4w")
        if drift is not None and not drift.exists():
            raise UsageError(f"there is no {drift}; harness drift --out {drift} writes it")
        return Options(
            drift_checks=by_recording(read_checks(drift or Path(DRIFT_FILE))),
            max_age=max_age,
            dialect=loaded,
            baseline=stored_certificate(baseline) if baseline else None,
            waivers=read_waivers(waivers, vendors=vendors) if waivers else (),
            live=access,
            **given,
        )


class _Inconclusive(click.ClickException):
    """Nothing could be judged, and that is nobody's mistake here."""

    exit_code = 3


@contextlib.contextmanager
def mistakes_told(*, so: str = "nothing is certified") -> Iterator[None]:
    """A mistake of the user's is one sentence on standard error and exit code 2; a vendor's trouble is exit code 3.

    ``so`` is what holds of the command where the vendor, or an interrupt, cut it short.
    """
    try:
        yield
    except VendorTrouble as trouble:
        raise _Inconclusive(f"{trouble}; {so}") from trouble
    except KeyboardInterrupt:
        error = click.UsageError(f"interrupted before its end; {so}, start it again")
        error.ctx = None
        raise error from None
    except _MISTAKES as mistake:
        error = click.UsageError(str(mistake))
        error.ctx = None
        raise error from mistake


def certify(wanted: Options, *, gate: Gate) -> int:
    """Certify, write the folder, print the summary; the exit code."""
    assert wanted.out is not None
    if wanted.live:
        # A pipeline that is cancelled: as after Ctrl-C, the account is left clean.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    with mistakes_told(), tempfile.TemporaryDirectory() as unfinished:
        certificate = certification(wanted, unfinished=Path(unfinished))
    print_summary(certificate.document, wanted.out, reasons=certificate.reasons)
    if certificate.comparison:
        print_comparison(certificate.comparison)
    _tell_github(certificate)
    return exit_code(certificate.document, certificate.comparison, gate)


def _tell_github(certificate: Certificate) -> None:
    """In GitHub Actions, a job's page shows what is appended to this file."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    parts = [step_summary(certificate.document, reasons=certificate.reasons)]
    parts += [comparison_markdown(certificate.comparison)] if certificate.comparison else []
    try:
        with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write("\n".join(parts))
    except OSError as error:
        click.echo(f"The summary could not be appended to GITHUB_STEP_SUMMARY, {path}: {error.strerror}", err=True)


def certification(wanted: Options, *, unfinished: Path | None = None) -> Certificate:
    """From a subject to its certificate, put into ``wanted.out`` where that is given.

    Args:
        unfinished: The folder in which what is put there is made; None: the certificate alone is wanted.

    Raises:
        UsageError, SubjectError, RecordingError, FolderError, ComparisonError: Nothing was certified; the message says
            why.
    """
    place = locked(wanted.out) if wanted.out else contextlib.nullcontext()
    with collected_seldom(), contextlib.closing(_Started(replace(wanted, out=unfinished))) as started, place:
        if wanted.baseline:
            check_same_subject(wanted.baseline, started.session.campaign.pool.loaded.name)
        certificate = _scenarios_run(started.session, unfinished)
        if wanted.out and unfinished:
            publish(unfinished, wanted.out)
    return certificate


class _Started:
    """A session that is ended whatever happens."""

    def __init__(self, wanted: Options) -> None:
        self.session = Session.begin(wanted)

    def close(self) -> None:
        self.session.end()


def _scenarios_run(session: Session, out: Path | None) -> Certificate:
    """Let pytest run the scenarios, with nothing of the user's own pytest in it."""
    progress, given = Progress(session), Given(session)
    with tempfile.TemporaryDirectory() as folder, _no_plugins_of_others():
        settings = Path(folder) / "pytest.ini"
        settings.write_text("[pytest]\n")
        arguments = [
            *("-c", str(settings), "--rootdir", str(shipped("scenarios")), "--noconftest", "--import-mode=importlib"),
            *("-p", "no:cacheprovider", "-p", "no:terminal", "-p", "harness.plugin"),
            # These look after code under test, which is in other processes; the first collects garbage ten times over.
            *("-p", "no:unraisableexception", "-p", "no:threadexception", "-p", "no:logging", "--capture=sys"),
            *(_html_report(out) if out else ()),
            *(("-k", session.options.expression) if session.options.expression else ()),
            str(shipped("scenarios")),
        ]
        with progress:
            code = pytest.main(arguments, plugins=[given, progress])
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise UsageError(f"no scenario is selected by {session.options.selection}; leave an option out")
    if code == pytest.ExitCode.INTERRUPTED:
        raise UsageError("the certification was interrupted before its end; nothing is certified, start it again")
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR):
        raise UsageError(
            f"the scenarios could not be run with {session.options.selection} (pytest's exit code {int(code)})"
        )
    if session.broken:
        raise UsageError(f"a scenario broke, so nothing is certified: {plain(session.broken[0])}")
    return given.certificate if out else certificate_of(session)


def _html_report(out: Path) -> tuple[str, ...]:
    plugins = ("-p", "pytest_metadata.plugin", "-p", "pytest_html.plugin")
    return (*plugins, "--html", str(out / "report.html"), "--self-contained-html")


@contextlib.contextmanager
def _no_plugins_of_others() -> Iterator[None]:
    kept = {name: value for name, value in os.environ.items() if name.startswith("PYTEST_")}
    for name in kept:
        del os.environ[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update(kept)


def reproduce(wanted: Options, text: str) -> None:
    """Run one plan again and print what happened."""
    with mistakes_told():
        plan = parse(text)
        named = wanted if wanted.dialect else replace(wanted, vendors=(plan.vendor,))
        with contextlib.closing(_Started(named)) as started:
            session = started.session
            if plan.vendor not in session.campaign.evidence:
                raise UsageError(
                    f"the plan's vendor is {plan.vendor!r}, but the dialect's is "
                    f"{next(iter(session.campaign.evidence))!r}"
                )
            if plan.job not in session.campaign.capabilities(plan.vendor):
                raise UsageError(
                    f"{wanted.subject} on {plan.vendor} has no {plan.job}; 'harness vendors' says what "
                    "each vendor can show"
                )
            run = session.campaign.rerun(plan)
    print_timeline(run)


def judge_again(folder: Path, cassettes: Path | None) -> bool:
    """Judge the certificate's stored runs again and print what comes out; whether it is the same certificate.

    A folder that was changed since is told, and not judged.
    """
    with mistakes_told():
        document = stored_document(folder)
        changed = changes(folder)
        if changed:
            print_changes(changed)
            return False
        outdated = changed_recordings(document, cassettes or shipped("cassettes"))
        rejudgement = rejudged(document, read_runs(folder))
    print_rejudgement(document, outdated, rejudgement)
    return not outdated and not rejudgement.differences
