"""One requirement, and what became of it on each vendor; and what all of them come to."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.certify.campaign import Campaign
from harness.judge.outcome import unjudgeable
from harness.judge.requirements import Requirement
from harness.judge.verdict import Finding, Value, Verdict, judge, merged

CertificateVerdict = Literal["certified", "not_certified", "inconclusive"]


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


def judged_in(campaign: Campaign, requirement: Requirement, *, core: bool) -> Judged:
    """The requirement on every vendor of the campaign, for the core or for anybody else's integration."""
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
