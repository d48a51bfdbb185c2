"""``junit.xml``: one case for each requirement on each vendor.

Valid by the schema of Jenkins' xUnit plugin (junit-10.xsd), which knows properties of a suite and none of a case; so
each case is a suite of its own.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from harness.certify.certificate import Certificate
from harness.certify.certificate_document import history_places
from harness.certify.judged import Judged
from harness.certify.plain import in_xml
from harness.certify.waivers import waived
from harness.certify.wording import reproduce_command
from harness.judge.verdict import Finding, Verdict
from harness.stage.history import Run

_LISTED_PLANS = 20
_MOST_CHARACTERS = 20_000
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}
Element = ElementTree.Element


def junit(certificate: Certificate) -> str:
    """The certificate as JUnit XML: a failed requirement fails, one that was not proven is an error, one that does not
    apply or is waived is skipped; a plan that never struck and a needless waiver have cases of their own."""
    root = Element("testsuites", name=in_xml(f"harness certify {certificate.document['subject']['name']}"))
    for suite in _suites(certificate):
        root.append(suite)
    for counted in ("tests", "failures", "errors"):
        root.set(counted, str(sum(int(suite.attrib[counted]) for suite in root)))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suites(certificate: Certificate) -> Iterator[Element]:
    document, places = certificate.document, history_places(certificate.runs)
    set_aside = {(one["requirement"], one["vendor"]): one["sentence"] for one in document["waivers"]}
    active = waived(document)
    for judged in certificate.judged:
        for vendor, verdict in judged.by_vendor.items():
            key = (judged.requirement.id, vendor)
            outcome = _outcome(document, judged, verdict, set_aside[key] if key in active else "")
            yield _suite(document, judged, vendor, verdict, outcome, places)
    for run in certificate.runs:
        if not run.exercised:
            yield _not_exercised(document, run, places[run.plan])
    for waiver in document["waivers"]:
        if waiver["state"] == "needless":
            name = f"{waiver['requirement']} on {waiver['vendor']}"
            yield _one_case("waivers", name, [], _said("failure", "needless waiver", waiver["sentence"]))


def _suite(
    document: Mapping[str, Any],
    judged: Judged,
    vendor: str,
    verdict: Verdict,
    outcome: Element | None,
    places: Mapping[str, str],
) -> Element:
    properties = [
        ("requirement", judged.requirement.id),
        ("vendor", vendor),
        ("level", judged.level),
        ("verdict", verdict.value),
        ("runs", str(verdict.runs)),
        ("seed", str(document["seed"])),
    ]
    for plan in list(dict.fromkeys(finding.plan for finding in verdict.findings))[:_LISTED_PLANS]:
        properties += [("plan", plan), ("history", places.get(plan, ""))]
    family = judged.requirement.id.partition(".")[0]
    return _one_case(f"{vendor}.{family}", judged.requirement.id, properties, outcome)


def _outcome(document: Mapping[str, Any], judged: Judged, verdict: Verdict, waiver: str) -> Element | None:
    sentence = judged.requirement.sentence
    match verdict.value:
        case "passed":
            return None
        case "not_applicable":
            return _said("skipped", "not applicable", verdict.why)
        case "unknown":
            return _said("error", "unknown", f"not proven: {verdict.why}", f"{sentence}\n{verdict.why}")
        case "failed":
            told = "\n\n".join(_finding(document, one) for one in verdict.findings[:_LISTED_PLANS])
            text = f"{judged.level}: {sentence}\n\n{told}\n\nRemedy: {judged.requirement.remedy}"
            if waiver:
                return _said("skipped", "waived", waiver, text)
            return _said("failure", judged.level, f"{len(verdict.findings)} failures: {sentence}", text)


def _finding(document: Mapping[str, Any], finding: Finding) -> str:
    return (
        f"{finding.sentence}\n  expected: {finding.expected}\n  seen: {finding.seen}\n  outcome: {finding.outcome}\n"
        f"  {reproduce_command(document, finding.plan)}"
    )


def _not_exercised(document: Mapping[str, Any], run: Run, place: str) -> Element:
    properties = [("plan", run.plan), ("seed", str(document["seed"])), ("history", place)]
    error = _said("error", "not exercised", f"never struck: {', '.join(run.not_fired)}")
    return _one_case(f"{run.vendor}.not exercised", run.plan, properties, error)


def _said(tag: str, kind: str, message: str, text: str = "") -> Element:
    element = Element(tag, type=kind, message=in_xml(message)[:_MOST_CHARACTERS])
    element.text = in_xml(text)[:_MOST_CHARACTERS] or None
    return element


def _one_case(classname: str, name: str, properties: list[tuple[str, str]], outcome: Element | None) -> Element:
    suite = Element("testsuite", name=in_xml(f"{name}, {classname}"), tests="1")
    for tag, counted in _COUNTED.items():
        suite.set(counted, str(int(outcome is not None and outcome.tag == tag)))
    if properties:
        listed = ElementTree.SubElement(suite, "properties")
        for key, value in properties:
            ElementTree.SubElement(listed, "property", name=key, value=in_xml(value))
    case = ElementTree.SubElement(suite, "testcase", classname=in_xml(classname), name=in_xml(name), time="0")
    if outcome is not None:
        case.append(outcome)
    return suite
