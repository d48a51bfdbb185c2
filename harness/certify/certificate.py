"""The certificate: one verdict per requirement for one subject, against named and dated evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from harness.certify.certificate_document import document_of
from harness.certify.comparison import Compared, compared, comparison
from harness.certify.evidence_age import with_ages
from harness.certify.judged import CertificateVerdict, Judged, judged_in, overall_verdict
from harness.certify.session import Session
from harness.certify.subject_loading import CORE
from harness.certify.waivers import Applied, applied
from harness.stage.history import Run


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
    judged = tuple(judged_in(campaign, requirement, core=core) for requirement in requirements)
    issued_at = issued_at or datetime.now(UTC)
    waivers = _applied(session, judged, issued_at)
    verdict = overall_verdict(judged, {(one.waiver.requirement, one.waiver.vendor) for one in waivers if one.waives})
    runs = tuple(campaign.runs.values())
    document = {
        **document_of(session, judged, verdict, runs),
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
