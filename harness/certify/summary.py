"""The certificate's summary on a terminal: verdict, failures with plan and remedy, where the page is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from harness.certify.plain import plain
from harness.certify.waivers import waived
from harness.certify.wording import claim, headline
from harness.judge.requirements import CATALOGUE

_SHOWN_FAILURES = 3
_COLOURS = {"certified": "green", "not_certified": "red", "inconclusive": "yellow"}
REMEDIES = {requirement.id: requirement.remedy for requirement in CATALOGUE}


def print_summary(document: Mapping[str, Any], folder: Path) -> None:
    """Print it on standard output, coloured on a terminal; recorded text in it commands nothing."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold {_COLOURS[document['verdict']]}]{_safe(headline(document))}[/]")
    console.print(_safe(claim(document)))
    for waiver in document["waivers"]:
        console.print(_safe(waiver["sentence"]))
    for value, level in (("failed", "MUST"), ("unknown", "MUST"), ("failed", "SHOULD")):
        for requirement in document["requirements"]:
            if (requirement["verdict"], requirement["level"]) == (value, level):
                _print_failure(console, document, requirement)
    nowhere = [_safe(one["id"]) for one in document["requirements"] if one["verdict"] == "not_applicable"]
    if nowhere:
        console.print(f"\nNot claimed, no selected vendor can show it: {', '.join(nowhere)}")
    console.print(f"\nThe certificate: {_safe(str(folder / 'certificate.html'))}")


def _print_failure(console: Console, document: Mapping[str, Any], requirement: Mapping[str, Any]) -> None:
    name, verdict = requirement["id"], requirement["verdict"]
    console.print(f"\n[bold]{_safe(name)}[/] {verdict} ({requirement['level']}): {_safe(requirement['sentence'])}")
    if verdict == "unknown":
        for vendor, one in requirement["by_vendor"].items():
            if one["verdict"] == "unknown":
                console.print(f"  {_safe(vendor)}: {told_unknown(one)}")
        return
    set_aside = waived(document)
    findings = [one for one in requirement["failures"] if (name, one["vendor"]) not in set_aside]
    for finding in findings[:_SHOWN_FAILURES]:
        console.print(f"  {_safe(finding['sentence'])}")
        console.print(f"    harness reproduce {_safe(document['subject']['name'])} '{_safe(finding['plan'])}'")
    more = len(findings) - _SHOWN_FAILURES
    if more > 0:
        console.print(f"  and {more} more")
    if len(findings) < len(requirement["failures"]):
        console.print(f"  {len(requirement['failures']) - len(findings)} are waived")
    if name in REMEDIES:
        console.print(f"  [bold]Remedy[/] {escape(REMEDIES[name])}")


def told_unknown(verdict: Mapping[str, Any]) -> str:
    """Why nothing is proven, as far as the certificate's document tells it."""
    runs = verdict["runs"]
    return (
        f"{runs} run{'' if runs == 1 else 's'} showed something to judge, and it was not enough"
        if runs
        else ("no run showed anything that could be judged")
    )


def _safe(text: str) -> str:
    return escape(plain(text))
