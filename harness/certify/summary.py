"""The certificate's summary on a terminal: verdict, failures with plan and remedy, where the page is."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from harness.certify.evidence_age import stale_told
from harness.certify.plain import plain
from harness.certify.waivers import counting
from harness.certify.wording import claim, headline, reproduce_command, stay_told, stays
from harness.judge.requirements import CATALOGUE

_SHOWN_FAILURES = 3
_COLOURS = {"certified": "green", "not_certified": "red", "inconclusive": "yellow"}
REMEDIES = {requirement.id: requirement.remedy for requirement in CATALOGUE}


Reasons = Mapping[tuple[str, str], str]
"""Why nothing is proven, by requirement and vendor; a stored certificate does not hold them."""


def print_summary(document: Mapping[str, Any], folder: Path, *, reasons: Reasons) -> None:
    """Print it on standard output, coloured on a terminal; recorded text in it commands nothing."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold {_COLOURS[document['verdict']]}]{_safe(headline(document))}[/]")
    console.print(_safe(claim(document)))
    for line in (line for stay in stays(document) for line in stay_told(stay)):
        console.print(_safe(line))
    if stale := stale_told(document):
        console.print(_safe(stale))
    for waiver in document["waivers"]:
        console.print(_safe(waiver["sentence"]))
    for value, level in (("failed", "MUST"), ("unknown", "MUST"), ("failed", "SHOULD")):
        for requirement in document["requirements"]:
            if (requirement["verdict"], requirement["level"]) == (value, level):
                _print_failure(console, document, requirement, reasons)
    nowhere = [_safe(one["id"]) for one in document["requirements"] if one["verdict"] == "not_applicable"]
    if nowhere:
        console.print(f"\nNot claimed, no selected vendor can show it: {', '.join(nowhere)}")
    console.print(f"\nThe certificate: {_safe(str(folder / 'certificate.html'))}")


def _print_failure(
    console: Console, document: Mapping[str, Any], requirement: Mapping[str, Any], reasons: Reasons
) -> None:
    name, verdict = requirement["id"], requirement["verdict"]
    console.print(f"\n[bold]{_safe(name)}[/] {verdict} ({requirement['level']}): {_safe(requirement['sentence'])}")
    if verdict == "unknown":
        for vendor, reason in unknown_on(requirement, reasons):
            console.print(f"  {_safe(vendor)}: {_safe(reason)}")
        return
    findings = counting(document, requirement)
    for finding in findings[:_SHOWN_FAILURES]:
        console.print(f"  {_safe(finding['sentence'])}")
        console.print(f"    {_safe(reproduce_command(document, finding['plan']))}")
    more = len(findings) - _SHOWN_FAILURES
    if more > 0:
        console.print(f"  and {more} more")
    if waived := len(requirement["failures"]) - len(findings):
        console.print(f"  {waived} waived")
    if name in REMEDIES:
        console.print(f"  [bold]Remedy[/] {escape(REMEDIES[name])}")


def unknown_on(requirement: Mapping[str, Any], reasons: Reasons) -> Iterator[tuple[str, str]]:
    """The vendors on which the requirement is not proven, each with the reason as far as it is known."""
    for vendor, verdict in requirement["by_vendor"].items():
        if verdict["verdict"] == "unknown":
            runs = verdict["runs"]
            known = f"{runs} run{'' if runs == 1 else 's'} showed something to judge; that was not enough"
            yield vendor, reasons.get((requirement["id"], vendor), known)


def _safe(text: str) -> str:
    return escape(plain(text, most=1000))
