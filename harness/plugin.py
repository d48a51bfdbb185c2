"""The pytest side of certification: options, and the fixtures ``pull`` and ``push`` that scenarios act through.

Translates between pytest and ``harness.certify``; has no idea of its own.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.certify.campaign import Campaign
from harness.certify.certificate import certificate_of
from harness.certify.dialect_loading import load_dialect
from harness.certify.handover import ISSUED, SESSION
from harness.certify.html_report import TITLE, environment, evidence_links, told
from harness.certify.integrity import write_manifest
from harness.certify.plain import plain
from harness.certify.plan import Job
from harness.certify.report import write_folder
from harness.certify.session import Options, Session, UsageError
from harness.certify.shipped import shipped
from harness.certify.subject_loading import SubjectError
from harness.judge.requirements import Requirement
from harness.judge.verdict import NOTHING_SHOWN, judge
from harness.stage.faults import Fault
from harness.stage.history import Run
from harness.stage.recordings import RecordingError

PLAYED = pytest.StashKey[list[Run]]()
"""The runs that a scenario looked at."""
_OF_A_SCENARIO = (pytest.fail.Exception, pytest.skip.Exception, pytest.xfail.Exception)
"""How a scenario may end; any other exception is a fault of the harness, which must not look like a pass."""
_JOBS: tuple[Job, ...] = ("pull", "push")
_NO_VENDOR = pytest.param("no-vendor", marks=pytest.mark.skip(reason="no selected vendor can show it of this subject"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of ``harness certify``, for ``pytest scenarios``."""
    group = parser.getgroup("harness", "certification of API integrations")
    group.addoption("--subject", default="core", help="what is certified: core, or module:Name")
    group.addoption("--vendor", action="append", default=[], help="only this vendor (repeatable)")
    group.addoption("--profile", choices=("quick", "full"), default="quick", help="how many exchanges are struck")
    group.addoption("--only", action="append", default=[], help="only this requirement (repeatable)")
    group.addoption("--out", type=Path, default=None, help="folder for the certificate")
    group.addoption("--seed", type=int, default=0, help="where chance begins")
    group.addoption("--in-process", action="store_true", help="run in this process, for a debugger")
    group.addoption("--workers", type=int, default=2, help="worker processes")
    group.addoption("--cassettes", type=Path, default=None, help="folder of your own vendor's recordings")
    group.addoption("--dialect", default=None, help="your own vendor's dialect: module:NAME")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the one marker that scenarios carry."""
    config.addinivalue_line("markers", "requires(*ids): the requirements that the scenario shows")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin the certification, unless the caller has begun it."""
    config = session.config
    if SESSION in config.stash:
        return
    try:
        config.stash[SESSION] = Session.begin(_options(config))
    except (UsageError, SubjectError, RecordingError) as error:
        raise pytest.UsageError(str(error)) from error


def _options(config: pytest.Config) -> Options:
    dialect = config.getoption("--dialect")
    return Options(
        subject=config.getoption("--subject"),
        vendors=tuple(config.getoption("--vendor")),
        profile=config.getoption("--profile"),
        only=tuple(config.getoption("--only")),
        expression=config.getoption("-k"),
        out=config.getoption("--out"),
        seed=config.getoption("--seed"),
        in_process=config.getoption("--in-process"),
        workers=config.getoption("--workers"),
        cassettes=config.getoption("--cassettes"),
        dialect=load_dialect(dialect, folder=Path.cwd()) if dialect else None,
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario module is named after what the vendor does, not ``test_``."""
    if file_path.suffix == ".py" and file_path.parent == shipped("scenarios") and file_path.name != "conftest.py":
        return pytest.Module.from_parent(parent, path=file_path)
    return None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each vendor that can show what the scenario's requirements need."""
    session = metafunc.config.stash[SESSION]
    for job in _JOBS:
        if job in metafunc.fixturenames:
            needs = frozenset[str]().union(*(session.requirement(name).needs for name in _cited(metafunc.definition)))
            metafunc.parametrize(job, session.vendors_for(needs, job) or (_NO_VENDOR,), indirect=True)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Ids are of a-z, 0-9, dot and hyphen alone: they end up in HTML."""
    return str(val).lower() if val is None or isinstance(val, bool) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out scenarios that show nothing of what was selected."""
    session = config.stash[SESSION]
    wanted = {requirement.id for requirement in session.requirements}
    dropped = [item for item in items if not wanted & set(_cited(item))]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]


def pytest_collection_finish(session: pytest.Session) -> None:
    """What the selected scenarios cite is what is judged."""
    certification = session.config.stash[SESSION]
    wanted = {requirement.id for requirement in certification.requirements}
    certification.cited |= {name for item in session.items for name in _cited(item)} & wanted


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Iterator[None]:
    """Stop the workers, and write the certificate where one was asked for; pytest's own reports are in it by then."""
    yield
    certification = session.config.stash.get(SESSION, None)
    if certification is None:
        return
    certification.end()
    out = certification.options.out
    if out is not None and not session.config.getoption("collectonly"):
        session.config.stash[ISSUED] = certificate_of(certification)
        write_folder(out, session.config.stash[ISSUED])
        write_manifest(out)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Link the runs that the scenario looked at, and keep this machine's folders out of why it was skipped."""
    report = yield
    if call.excinfo is not None and not isinstance(call.excinfo.value, _OF_A_SCENARIO):
        error = call.excinfo.value
        item.config.stash[SESSION].broken.append(f"{item.name}: {type(error).__name__}: {error}")
    if call.when == "call":
        played = item.stash.get(PLAYED, list[Run]())
        report.extras = evidence_links(item.config.stash[SESSION].campaign.runs, played)  # type: ignore[attr-defined]  # pytest-html reads it
    if report.skipped and isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        report.longrepr = (Path(path).name, line, reason)
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_metadata(metadata: dict[str, Any]) -> None:
    """Keep what names this machine or its CI out of the report."""
    metadata.clear()
    metadata.update(environment())


@pytest.hookimpl(optionalhook=True)
def pytest_html_report_title(report: Any) -> None:
    """Say what the report is of."""
    report.title = TITLE


def _cited(item: pytest.Item | pytest.Function) -> tuple[str, ...]:
    return tuple(name for marker in item.iter_markers("requires") for name in marker.args)


@dataclass(frozen=True, slots=True)
class Trial:
    """One job of the subject on one vendor; called with a fault, it plays the runs and holds them to requirements."""

    campaign: Campaign
    vendor: str
    job: Job
    requirements: tuple[Requirement, ...]
    played: list[Run]

    def __call__(
        self,
        fault: Fault | None = None,
        *,
        at: str = "*",
        times: int | None = 1,
        seeds: Sequence[int] = (),
        beside: Fault | None = None,
    ) -> None:
        """Play, and fail where a cited requirement does not hold; skip where the fault fits or shows nothing."""
        if fault is None:
            runs: tuple[Run, ...] = (self.campaign.clean(self.vendor, self.job),)
        else:
            shows = [requirement.id for requirement in self.requirements]
            orders = self.campaign.orders(
                self.vendor, self.job, fault, at=at, times=times, seeds=seeds, beside=beside, shows=shows
            )
            if not orders:
                pytest.skip(f"no exchange of the {self.job} on {self.vendor} fits {type(fault).__name__} in time")
            runs = self.campaign.play(orders)
        self.played.extend(runs)
        held = [self._held(requirement, runs) for requirement in self.requirements]
        if not any(held):
            pytest.skip("no run showed anything of what the scenario is about")

    def _held(self, requirement: Requirement, runs: tuple[Run, ...]) -> bool:
        """Whether the runs showed that it holds; one that ended well shows nothing of how errors are told."""
        exercised = tuple(run for run in runs if run.exercised)
        verdict = judge(requirement.check, exercised)
        if verdict.value == "failed":
            text = f"{requirement.id}: {requirement.sentence}\n{told(verdict.findings)}"
            if requirement.level_for(core=self.campaign.pool.loaded.name == "core") == "SHOULD":
                pytest.xfail(text)
            pytest.fail(text, pytrace=False)
        if verdict.value == "unknown" and verdict.why != NOTHING_SHOWN:
            pytest.fail(f"{requirement.id} is unknown: {plain(verdict.why)}", pytrace=False)
        return verdict.value == "passed"


@pytest.fixture(scope="session")
def certification(request: pytest.FixtureRequest) -> Session:
    """The certification that this pytest session carries out."""
    return request.config.stash[SESSION]


def _trial(request: pytest.FixtureRequest, certification: Session, job: Job) -> Iterator[Trial]:
    wanted = [name for name in _cited(request.node) if name in certification.cited]
    cited = tuple(certification.requirement(name) for name in wanted)
    played = request.node.stash.setdefault(PLAYED, [])
    yield Trial(certification.campaign, request.param, job, cited, played)


@pytest.fixture
def pull(request: pytest.FixtureRequest, certification: Session) -> Iterator[Trial]:
    """The subject's import from one vendor."""
    yield from _trial(request, certification, "pull")


@pytest.fixture
def push(request: pytest.FixtureRequest, certification: Session) -> Iterator[Trial]:
    """The subject's provisioning of one vendor."""
    yield from _trial(request, certification, "push")
