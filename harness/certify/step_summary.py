"""The certificate in Markdown, for a job's summary or a comment: verdict, requirements by vendor, failures, remedies.

GitHub takes 1 MiB for a step; lists are cut long before that.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.certify.plain import in_markdown
from harness.certify.summary import REMEDIES, Reasons, unknown_on
from harness.certify.waivers import counting, waived
from harness.certify.wording import claim, headline, reproduce_command

_SHOWN_FAILURES = 3
_WORDS = {"passed": "✓ passed", "failed": "✗ **failed**", "unknown": "? unknown", "not_applicable": "–"}


def step_summary(document: Mapping[str, Any], *, reasons: Reasons) -> str:
    """The summary as Markdown; every recorded text in it is escaped."""
    return "\n".join(_lines(document, reasons)) + "\n"


def _lines(document: Mapping[str, Any], reasons: Reasons) -> Iterator[str]:
    yield from (f"## {in_markdown(headline(document))}", "", in_markdown(claim(document)), "")
    if document["waivers"]:
        yield from (*(f"- {in_markdown(one['sentence'])}" for one in document["waivers"]), "")
    yield from _matrix(document)
    for one in document["requirements"]:
        if one["verdict"] in ("failed", "unknown"):
            yield from _trouble(document, one, reasons)
    yield "What is not claimed, and the evidence, are in `certificate.html`."


def _matrix(document: Mapping[str, Any]) -> Iterator[str]:
    set_aside = waived(document)
    vendors = list(dict.fromkeys(vendor for one in document["requirements"] for vendor in one["by_vendor"]))
    yield f"| requirement | level | {' | '.join(map(in_markdown, vendors))} |"
    yield "|" + " --- |" * (2 + len(vendors))
    for one in document["requirements"]:
        cells = [
            "waived" if (one["id"], vendor) in set_aside else _cell(one["by_vendor"].get(vendor)) for vendor in vendors
        ]
        yield f"| {in_markdown(one['id'])} | {one['level']} | {' | '.join(cells)} |"
    yield ""


def _cell(verdict: Mapping[str, Any] | None) -> str:
    if verdict is None:
        return ""
    word = _WORDS[verdict["verdict"]]
    return f"{word} ({verdict['runs']})" if verdict["verdict"] in ("passed", "failed") else word


def _trouble(document: Mapping[str, Any], requirement: Mapping[str, Any], reasons: Reasons) -> Iterator[str]:
    name = requirement["id"]
    yield f"### {in_markdown(name)} {requirement['verdict']} ({requirement['level']})"
    yield from ("", in_markdown(requirement["sentence"]), "")
    for vendor, reason in unknown_on(requirement, reasons):
        yield f"- {in_markdown(vendor)}: {in_markdown(reason)}"
    failures = counting(document, requirement)
    for failure in failures[:_SHOWN_FAILURES]:
        command = in_markdown(reproduce_command(document, failure["plan"]))
        yield f"- {in_markdown(failure['sentence'])}<br><code>{command}</code>"
    if len(failures) > _SHOWN_FAILURES:
        yield f"- and {len(failures) - _SHOWN_FAILURES} more"
    if waived_count := len(requirement["failures"]) - len(failures):
        yield f"- {waived_count} waived"
    yield ""
    if name in REMEDIES:
        yield from (f"**Remedy** {in_markdown(REMEDIES[name])}", "")
