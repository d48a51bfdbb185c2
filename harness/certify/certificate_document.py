"""The certificate as JSON has it: what was tried on which evidence, what became of it, and what is not claimed."""

import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import harness
from harness.certify.campaign import Campaign
from harness.certify.evidence import Evidence, against
from harness.certify.judged import CertificateVerdict, Judged
from harness.certify.live_campaign import LiveCampaign
from harness.certify.live_session import told_of
from harness.certify.plan import Job
from harness.certify.session import Session
from harness.judge.outcome import outcome
from harness.stage.history import Run

SCHEMA = "harness.certificate/1"
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


def document_of(
    session: Session, judged: Sequence[Judged], verdict: CertificateVerdict, runs: Sequence[Run]
) -> dict[str, Any]:
    """Everything but the day of issue, which is left empty, and the waivers."""
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
    return {run.plan: history_place(number) for number, run in enumerate(runs, start=1)}


def history_place(number: int) -> str:
    """Where in the certificate's folder the history of that run is; runs are counted from 1, in the order played."""
    return f"histories/{number:04d}.json"


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
