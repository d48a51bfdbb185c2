"""The certificate: one verdict per requirement for one subject, against named and dated evidence."""

import subprocess
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import harness
from harness.certify.campaign import Campaign
from harness.certify.comparison import Compared, compared, comparison
from harness.certify.evidence import Evidence, against
from harness.certify.evidence_age import with_ages
from harness.certify.live_campaign import LiveCampaign
from harness.certify.live_session import told_of
from harness.certify.plan import Job
from harness.certify.session import Session
from harness.certify.subject_loading import CORE
from harness.certify.waivers import Applied, applied
from harness.judge.outcome import outcome, unjudgeable
from harness.judge.requirements import Requirement
from harness.judge.verdict import Finding, Value, Verdict, judge, merged
from harness.stage.history import Run

SCHEMA = "harness.certificate/1"
CertificateVerdict = Literal["certified", "not_certified", "inconclusive"]

NEVER_CLAIMED = (
    "webhooks",
    "HTTP/2",
    "clients that bypass Python's socket module (curl, gRPC)",
    "TLS handshakes and certificates in replay",
    "requests that are cut, refused or held up while they are sent: a vendor here answers when it has the whole one",
    "IPv6, and races between several addresses of one host",
    "races between two bytecodes: threads change places only where one waits",
    "vendor behaviour that no recording shows",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One requirement, and what became of it on each vendor."""

    requirement: Requirement
    level: Literal["MUST", "SHOULD"]
    by_vendor: Mapping[str, Verdict]
    value: Value

    @property
    def runs(self) -> int:
        """How many runs were judged."""
        return sum(verdict.runs for verdict in self.by_vendor.values())

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every failure, over all vendors."""
        return tuple(finding for verdict in self.by_vendor.values() for finding in verdict.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Everything that the certificate says; ``document`` is its JSON form."""

    verdict: CertificateVerdict
    judged: tuple[Judged, ...]
    runs: tuple[Run, ...]
    document: Mapping[str, Any] = field(repr=False)
    comparison: Mapping[str, Any] | None = field(default=None, repr=False)
    """What changed since the baseline, as ``comparison.json`` holds it; None where no baseline was given."""

    @property
    def reasons(self) -> dict[tuple[str, str], str]:
        """Why nothing is proven, by requirement and vendor."""
        return {
            (judged.requirement.id, vendor): verdict.why
            for judged in self.judged
            for vendor, verdict in judged.by_vendor.items()
            if verdict.value == "unknown"
        }


def certificate_of(session: Session, *, issued_at: datetime | None = None) -> Certificate:
    """Judge every run of the session, and say what that proves; waivers expire by the day of issue, which is today.

    Raises:
        ComparisonError: The baseline is another subject's certificate.
    """
    campaign = session.campaign
    requirements = [requirement for requirement in session.requirements if requirement.id in session.cited]
    core = campaign.pool.loaded.name == CORE
    judged = tuple(_judged(campaign, requirement, core=core) for requirement in requirements)
    issued_at = issued_at or datetime.now(UTC)
    waivers = _applied(session, judged, issued_at)
    verdict = overall_verdict(judged, {(one.waiver.requirement, one.waiver.vendor) for one in waivers if one.waives})
    runs = tuple(campaign.runs.values())
    document = {
        **_document(session, judged, verdict, runs),
        "issued_at": issued_at.isoformat(timespec="seconds"),
        "waivers": [one.document() for one in waivers],
    }
    document = with_ages(document, session.options.drift_checks, session.options.max_age)
    verdict = document["verdict"]
    changed = _compared(session.options.baseline, document, runs)
    return Certificate(verdict=verdict, judged=judged, runs=runs, document=document, comparison=changed)


def _applied(session: Session, judged: Sequence[Judged], issued_at: datetime) -> tuple[Applied, ...]:
    verdicts = {
        (one.requirement.id, vendor): verdict.value for one in judged for vendor, verdict in one.by_vendor.items()
    }
    if session.options.expression:
        # Some scenarios were left out: that a failure was not seen does not mean that it is gone.
        verdicts = {key: value for key, value in verdicts.items() if value == "failed"}
    return applied(session.options.waivers, verdicts, today=issued_at.date())


def _compared(baseline: Compared | None, document: Mapping[str, Any], runs: Sequence[Run]) -> Mapping[str, Any] | None:
    if baseline is None:
        return None
    return comparison(baseline, compared(document, [run.plan for run in runs if run.faults]))


def _judged(campaign: Campaign, requirement: Requirement, *, core: bool) -> Judged:
    by_vendor = {}
    for vendor in campaign.evidence:
        if requirement.needs <= campaign.capabilities(vendor):
            verdict = judge(requirement.check, campaign.of_vendor(vendor))
            by_vendor[vendor] = _unless_left_out(campaign, requirement, vendor, verdict)
        else:
            lacking = ", ".join(sorted(requirement.needs - campaign.capabilities(vendor)))
            by_vendor[vendor] = Verdict("not_applicable", 0, (), f"needs {lacking}")
    value = merged(by_vendor.values()).value
    return Judged(requirement=requirement, level=requirement.level_for(core=core), by_vendor=by_vendor, value=value)


def _unless_left_out(campaign: Campaign, requirement: Requirement, vendor: str, verdict: Verdict) -> Verdict:
    """The verdict; of a requirement that live runs could have shown but for their waits, that it does not apply."""
    left_out = campaign.left_out_for(vendor, requirement.id)
    nothing_shown = verdict.value == "unknown" and not verdict.runs
    if left_out and nothing_shown and not any(unjudgeable(run) for run in campaign.of_vendor(vendor)):
        return Verdict("not_applicable", 0, (), f"left out live: {left_out}")
    return verdict


def overall_verdict(judged: Sequence[Judged], waived: Container[tuple[str, str]] = frozenset()) -> CertificateVerdict:
    """Certified: every MUST passed wherever it applies, or its failure there is waived; not certified: one failed."""
    gating = [_gating_value(one, waived) for one in judged if one.level == "MUST"]
    if "failed" in gating:
        return "not_certified"
    if "unknown" in gating or "passed" not in gating:
        return "inconclusive"
    return "certified"


def _gating_value(judged: Judged, waived: Container[tuple[str, str]]) -> Value:
    return merged(
        Verdict("passed", verdict.runs) if (judged.requirement.id, vendor) in waived else verdict
        for vendor, verdict in judged.by_vendor.items()
    ).value


def _document(
    session: Session, judged: Sequence[Judged], verdict: CertificateVerdict, runs: Sequence[Run]
) -> dict[str, Any]:
    campaign, loaded, options = session.campaign, session.campaign.pool.loaded, session.options
    places = history_places(runs)
    return {
        "schema": SCHEMA,
        "verdict": verdict,
        "selection": options.selection,
        "subject": {
            "name": loaded.name,
            "version": loaded.version,
            "digest": loaded.digest,
            "commit": _commit(loaded.folder),
        },
        "harness_version": harness.__version__,
        "seed": options.seed,
        "issued_at": "",
        "profile": options.profile,
        "vendors": [_vendor(session, evidence, job) for evidence, job in _played(campaign, runs)],
        "requirements": [requirement_document(one, places) for one in judged],
        "faults": [_fault(run) for run in runs if run.faults],
        "outcomes": outcome_counts(runs),
        "plans": _plans(campaign, runs),
        "runs": len(runs),
        "wall_s": round(session.wall_s(), 1),
        "virtual_s": round(sum(run.virtual_s for run in runs), 3),
        "waivers": [],
        "not_claimed": [*_not_claimed(judged, campaign.evidence.values()), *_not_tried(campaign)],
    }


def history_places(runs: Sequence[Run]) -> dict[str, str]:
    """Where in the certificate's folder each run's history is, by the text of its plan."""
    return {run.plan: f"histories/{number:04d}.json" for number, run in enumerate(runs, start=1)}


def _played(campaign: Campaign, runs: Sequence[Run]) -> list[tuple[Evidence, Job]]:
    jobs: tuple[Job, ...] = ("pull", "push")
    played = [
        (evidence, job)
        for vendor, evidence in campaign.evidence.items()
        for job in jobs
        if any(run.vendor == vendor and run.job == job for run in runs)
    ]
    # Pulls and pushes of an account are one stay.
    return list({(one.name, "" if one.live else job): (one, job) for one, job in played}.values())


def _vendor(session: Session, evidence: Evidence, job: Job) -> dict[str, Any]:
    if isinstance(session.campaign, LiveCampaign) and evidence.live:
        stay = told_of(session.campaign, session.cleaning, evidence.dialect.product)
        return {"name": evidence.name, "against": "live", "recordings": [], "live": stay}
    recordings = evidence.recordings if job == "push" else (evidence.pull,)
    return {
        "name": evidence.name,
        "against": against(evidence, job),
        "recordings": [
            {
                "path": f"{evidence.dialect.name}/{recording.path.name}",
                "sha256": recording.sha256,
                "recorded_at": recording.recorded_at,
                "product": recording.product or evidence.dialect.product,
                "interactions": len(recording.exchanges),
            }
            for recording in recordings
        ],
    }


def requirement_document(judged: Judged, places: Mapping[str, str]) -> dict[str, Any]:
    """One requirement as the certificate's document has it; ``places`` says where each plan's history is."""
    return {
        "id": judged.requirement.id,
        "level": judged.level,
        "sentence": judged.requirement.sentence,
        "source": judged.requirement.source,
        "verdict": judged.value,
        "runs": judged.runs,
        "by_vendor": {
            vendor: {"verdict": verdict.value, "runs": verdict.runs} for vendor, verdict in judged.by_vendor.items()
        },
        "failures": [
            {
                "vendor": finding.vendor,
                "plan": finding.plan,
                "outcome": finding.outcome,
                "sentence": finding.sentence,
                "expected": finding.expected,
                "seen": finding.seen,
                "history": places.get(finding.plan, ""),
            }
            for finding in judged.findings
        ],
    }


def _fault(run: Run) -> dict[str, str]:
    words = [word for word in run.plan.split()[2:] if not word.startswith("seed=")]
    points, ended = [word.partition(":")[0] for word in words], outcome(run) if run.exercised else "not_exercised"
    return {"vendor": run.vendor, "point": " ".join(points), "kind": " ".join(run.faults), "outcome": ended}


def outcome_counts(runs: Sequence[Run]) -> dict[str, int]:
    """How many exercised runs ended in which way."""
    counted = Counter(outcome(run) for run in runs if run.exercised)
    return {kind: counted[kind] for kind in ("correct", "loud", "unexplained", "silent", "hung")}


def _plans(campaign: Campaign, runs: Sequence[Run]) -> dict[str, int]:
    armed = [run for run in runs if run.faults]
    points = {(run.vendor, run.job, one.point) for run in runs if not run.faults for one in run.exchanges()}
    fired = sum(run.exercised for run in armed)
    return {
        "points": len(points),
        "possible": len(campaign.possible),
        "armed": len(armed),
        "fired": fired,
        "not_exercised": len(armed) - fired,
    }


def _not_claimed(judged: Sequence[Judged], evidence: Iterable[Evidence]) -> list[str]:
    nowhere = [
        f"{one.requirement.id}: {one.requirement.sentence} (no selected vendor can show it of this subject)"
        for one in judged
        if one.value == "not_applicable"
    ]
    unrecorded = [
        f"{one.dialect.name}, {fact}: {place}"
        for one in evidence
        for fact, place in one.dialect.shown_by
        if not place.endswith((".yaml", ".yml", ".json"))
    ]
    return [*NEVER_CLAIMED, *unrecorded, *nowhere]


def _not_tried(campaign: Campaign) -> list[str]:
    if not isinstance(campaign, LiveCampaign):
        return []
    live, visit = campaign.live_name, campaign.visit
    told = [f"{live}, {plan.partition(' ')[2]}: {why}" for plan, why in campaign.selection.left_out.items()]
    return [f"{live}, pushes: {visit.left_out}", *told] if visit.left_out else told


def _commit(folder: str) -> str:
    try:
        found = subprocess.run(
            ["git", "-C", folder, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""
