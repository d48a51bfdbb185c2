"""What ``harness certify`` says at its end: verdict, failures with plan and remedy, where the page is."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from harness.certify.certificate import Certificate, Judged
from harness.certify.wording import claim, headline

_SHOWN_FAILURES = 3


def print_summary(certificate: Certificate, out: Path) -> None:
    """Print it on standard output, coloured on a terminal."""
    console = Console(highlight=False, soft_wrap=True)
    document = certificate.document
    colour = {"certified": "green", "not_certified": "red", "inconclusive": "yellow"}[certificate.verdict]
    console.print(f"[bold {colour}]{escape(headline(document))}[/]")
    console.print(escape(claim(document)))
    for value, level in (("failed", "MUST"), ("unknown", "MUST"), ("failed", "SHOULD")):
        for judged in certificate.judged:
            if judged.value == value and judged.level == level:
                _print_failure(console, certificate, judged)
    nowhere = [judged.requirement.id for judged in certificate.judged if judged.value == "not_applicable"]
    if nowhere:
        console.print(f"\nNot claimed, no selected vendor can show it: {', '.join(nowhere)}")
    console.print(f"\nThe certificate: {out / 'certificate.html'}")


def _print_failure(console: Console, certificate: Certificate, judged: Judged) -> None:
    requirement = judged.requirement
    console.print(f"\n[bold]{requirement.id}[/] {judged.value} ({judged.level}): {escape(requirement.sentence)}")
    if judged.value == "unknown":
        for vendor, verdict in judged.by_vendor.items():
            if verdict.value == "unknown":
                console.print(f"  {vendor}: {escape(verdict.why)}")
        return
    for finding in judged.findings[:_SHOWN_FAILURES]:
        console.print(f"  {escape(finding.sentence)}")
        name = certificate.document["subject"]["name"]
        console.print(f"    harness reproduce {escape(name)} '{escape(finding.plan)}'")
    more = len(judged.findings) - _SHOWN_FAILURES
    if more > 0:
        console.print(f"  and {more} more")
    console.print(f"  [bold]Remedy[/] {escape(requirement.remedy)}")
