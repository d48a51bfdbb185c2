"""One certification from its options to its certificate; pytest, or anything else, asks it for runs in between."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from harness.certify.campaign import Campaign, Profile
from harness.certify.comparison import Compared
from harness.certify.evidence import Evidence, check_simulator, evidence_for
from harness.certify.live_campaign import LiveCampaign
from harness.certify.live_session import LiveAccess, live_campaign
from harness.certify.orders import Setup, Task
from harness.certify.plan import Job
from harness.certify.pool import Against, InPlace, Pool, Workers
from harness.certify.shipped import shipped
from harness.certify.subject_loading import CORE
from harness.certify.waivers import Waiver
from harness.dialects import SHIPPED, Dialect
from harness.judge.requirements import CATALOGUE, Requirement
from harness.stage.account import Cleaning
from harness.stage.recordings import load_folder

REAL_LIMIT_S = 10.0


class UsageError(Exception):
    """The command was given something that it cannot use; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is certified, against what, and how much of it."""

    subject: str = CORE
    vendors: tuple[str, ...] = ()
    """Names; empty: all."""
    profile: Profile = "quick"
    only: tuple[str, ...] = ()
    """Ids of requirements; empty: all."""
    expression: str = ""
    """Which scenarios, as pytest's ``-k`` takes it; empty: all."""
    out: Path | None = None
    seed: int = 0
    in_process: bool = False
    workers: int = 2
    cassettes: Path | None = None
    """The folder of the user's own recordings; None: the shipped ones."""
    dialect: Dialect | None = None
    folder: Path = field(default_factory=Path.cwd)
    waivers: tuple[Waiver, ...] = ()
    drift_checks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Digest of a recording -> date and result of its last drift check."""
    max_age: str = ""
    """How old evidence may be, as ``30d``; empty: as old as it is."""
    baseline: Compared | None = None
    """The certificate to compare with; None: no comparison."""
    live: LiveAccess | None = None
    """The sandbox account to certify against beside the recordings; None: recordings alone."""

    @property
    def selection(self) -> str:
        """``all``, or the options that narrowed what was tried."""
        parts = [f"--live {self.live.dialect.name}"] if self.live else [f"--vendor {name}" for name in self.vendors]
        parts += [f"--only {name}" for name in self.only]
        parts += [f"-k '{self.expression}'"] if self.expression else []
        return " ".join(parts) or "all"


@dataclass(slots=True)
class Session:
    """A running certification."""

    options: Options
    campaign: Campaign
    requirements: tuple[Requirement, ...]
    cited: set[str] = field(default_factory=set)
    """Requirements that a selected scenario cites: what this session judges."""
    broken: list[str] = field(default_factory=list)
    """Scenarios that broke instead of judging; with any of them nothing is certified."""
    began_s: float = field(default_factory=time.monotonic)
    cleaning: Cleaning = field(default_factory=Cleaning)
    """What was removed from a live account at the end."""

    def wall_s(self) -> float:
        """Real seconds since it began."""
        return time.monotonic() - self.began_s

    @classmethod
    def begin(cls, options: Options) -> "Session":
        """Read the evidence, load the subject, start the workers.

        Raises:
            UsageError: A vendor or a requirement that does not exist.
            RecordingError: A recording that cannot be used.
            SubjectError: The subject cannot be certified.
            SandboxError: The live account cannot be used.
            VendorTrouble: The live vendor is down, or another than its recordings show.
        """
        if options.live is not None and options.in_process:
            raise UsageError(
                "a live run keeps the account's secrets from the subject's process; leave --in-process out"
            )
        requirements = selected_requirements(options.only)
        evidence = read_evidence(options)
        setup = Setup(
            subject=options.subject,
            folder=str(options.folder),
            evidence=tuple(evidence.values()),
            seed=options.seed,
            real_limit_s=REAL_LIMIT_S,
        )
        pool: Pool = InPlace(setup) if options.in_process else Workers(setup, count=options.workers, against=_against)
        if options.live is None:
            return cls(options, Campaign(evidence, pool, options.profile), requirements)
        try:
            campaign = live_campaign(options.live, setup, pool, evidence, options.profile)
        except BaseException:
            pool.close()
            raise
        return cls(options, campaign, requirements)

    def vendors_for(self, needs: frozenset[str], job: Job) -> tuple[str, ...]:
        """The selected vendors that can show what is needed."""
        return tuple(vendor for vendor in self.campaign.evidence if needs | {job} <= self.campaign.capabilities(vendor))

    def requirement(self, name: str) -> Requirement:
        """The requirement of that id, whether selected or not."""
        return next(requirement for requirement in CATALOGUE if requirement.id == name)

    def end(self) -> None:
        """Stop the workers, and leave a live account clean. Twice is as good as once."""
        self.campaign.pool.close()
        if isinstance(self.campaign, LiveCampaign) and not self.campaign.visit.over:
            self.cleaning = self.campaign.visit.end()


def selected_requirements(only: Sequence[str]) -> tuple[Requirement, ...]:
    """The requirements of those ids, all where none is named.

    Raises:
        UsageError: An id that does not exist.
    """
    known = {requirement.id: requirement for requirement in CATALOGUE}
    for name in only:
        if name not in known:
            raise UsageError(f"there is no requirement {name!r}; 'harness requirements' lists them")
    return tuple(known[name] for name in only) if only else CATALOGUE


def read_evidence(options: Options) -> dict[str, Evidence]:
    """The evidence of each selected vendor, by name.

    Raises:
        UsageError: A vendor that does not exist.
        RecordingError: A recording that cannot be used.
    """
    if options.dialect is not None:
        for name in options.vendors:
            if name != options.dialect.name:
                raise UsageError(f"there is no vendor {name!r} here; the dialect's is {options.dialect.name}")
        if options.cassettes is None:
            raise UsageError("--dialect needs --cassettes DIR, the folder with that vendor's recordings")
        return {options.dialect.name: evidence_for(options.dialect, load_folder(options.cassettes))}
    known = {dialect.name: dialect for dialect in SHIPPED}
    for name in options.vendors:
        if name not in known:
            raise UsageError(f"there is no vendor {name!r}; known are {', '.join(known)}")
    selected = [dialect for name, dialect in known.items() if not options.vendors or name in options.vendors]
    folder = options.cassettes
    return {one.name: _checked_evidence(one, folder) if folder else _shipped_evidence(one) for one in selected}


@cache
def _shipped_evidence(dialect: Dialect) -> Evidence:
    """As ``_checked_evidence``; what is shipped does not change while somebody certifies, however often."""
    return _checked_evidence(dialect, shipped("cassettes"))


def _checked_evidence(dialect: Dialect, folder: Path) -> Evidence:
    evidence = evidence_for(dialect, load_folder(folder / dialect.name))
    check_simulator(evidence)
    return evidence


def _against(task: Task) -> Against:
    return "simulator" if task.order.plan.job == "push" else "replay"
