"""What the page is made from: the certificate, and its runs as the sections look them up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.certify.certificate import Certificate
from harness.certify.certificate_document import history_places
from harness.certify.judged import Judged
from harness.certify.waivers import waived
from harness.judge.verdict import Finding, judge
from harness.stage.history import Exchange, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A certificate with its runs by plan, and where in the folder each is."""

    certificate: Certificate
    runs: Mapping[str, Run]
    places: Mapping[str, str]
    clean: Mapping[tuple[str, str], Run]
    """The run without a fault of each vendor and job."""

    @classmethod
    def of(cls, certificate: Certificate) -> "Source":
        """The certificate, looked up once."""
        return cls(
            certificate=certificate,
            runs={run.plan: run for run in certificate.runs},
            places=history_places(certificate.runs),
            clean={(run.vendor, run.job): run for run in reversed(certificate.runs) if not run.faults},
        )

    @property
    def document(self) -> Mapping[str, Any]:
        """The certificate's JSON form."""
        return self.certificate.document

    @property
    def judged(self) -> tuple[Judged, ...]:
        """Every requirement with what became of it."""
        return self.certificate.judged

    @property
    def vendors(self) -> tuple[str, ...]:
        """The vendors in the order of the certificate."""
        return tuple(dict.fromkeys(vendor["name"] for vendor in self.document["vendors"]))

    def is_waived(self, judged: Judged, vendor: str) -> bool:
        """Whether the requirement's failure on that vendor is set aside."""
        return (judged.requirement.id, vendor) in waived(self.document)

    def findings(self) -> Iterable[tuple[Judged, Finding]]:
        """Every failure with the requirement that it breaks."""
        return ((judged, finding) for judged in self.judged for finding in judged.findings)

    def clean_exchange(self, run: Run, point: str) -> Exchange | None:
        """What the fault-free run has at that point."""
        clean = self.clean.get((run.vendor, run.job))
        return next((one for one in clean.exchanges() if one.point == point), None) if clean else None

    def telling_run(self, judged: Judged, vendor: str) -> Run | None:
        """A run of that vendor which alone shows what the requirement asks for; one with a fault where there is one."""
        of_vendor = [run for run in self.certificate.runs if run.vendor == vendor and run.exercised]
        ordered = sorted(of_vendor, key=lambda run: not run.faults)
        return next((run for run in ordered if judge(judged.requirement.check, (run,)).runs), None)


def family_of(requirement: str) -> str:
    """``token`` of ``token.reused``."""
    return requirement.partition(".")[0]
