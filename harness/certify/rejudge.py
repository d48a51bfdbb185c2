"""Judges the stored runs of a certificate with the checkers of this version, and says what comes out differently."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import harness
from harness.certify.certificate_document import history_places, outcome_counts, requirement_document
from harness.certify.evidence_age import by_age
from harness.certify.folder import FolderError
from harness.certify.judged import Judged, overall_verdict
from harness.certify.plain import plain
from harness.certify.waivers import waived
from harness.certify.wording import headline
from harness.judge.requirements import CATALOGUE
from harness.judge.verdict import Verdict, judge, merged
from harness.stage.history import Run

_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One verdict that is another now."""

    what: str
    """``limits.wait-honoured on keystone``, or ``the certificate``."""
    old: str
    new: str
    why: str
    """The first finding, or what there is instead of one."""

    def __str__(self) -> str:
        return f"{self.what}: {_words(self.old)}, now {_words(self.new)}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudgement:
    """What this version makes of an older certificate's runs."""

    verdicts: int
    """How many verdicts were compared, one for each requirement and vendor."""
    differences: tuple[Difference, ...] = ()
    retold: tuple[str, ...] = ()
    """What is the same verdict by other runs or findings, one sentence each."""


def rejudged(document: Mapping[str, Any], runs: Sequence[Run]) -> Rejudgement:
    """Compare the document's verdicts with those of this version's checkers on the same runs.

    Which requirement applies to which vendor, and its level, is taken from the document: what a vendor can show was
    decided when the runs were planned, and no checker changes it.

    Raises:
        FolderError: The runs are not all there.
    """
    if len(runs) != document["runs"]:
        raise FolderError(
            f"the certificate speaks of {document['runs']} runs, but the folder holds {len(runs)} histories; "
            "certify again, or take a whole copy"
        )
    known = {requirement.id: requirement for requirement in CATALOGUE}
    differences: list[Difference] = []
    retold: list[str] = []
    judged: list[Judged] = []
    places = history_places(runs)
    for stored in document["requirements"]:
        requirement = known.get(stored["id"])
        if requirement is None:
            differences.append(_gone(stored))
            continue
        by_vendor = {
            vendor: _again(requirement.check, vendor, cell, runs) for vendor, cell in stored["by_vendor"].items()
        }
        value = merged(by_vendor.values()).value
        again = Judged(requirement=requirement, level=stored["level"], by_vendor=by_vendor, value=value)
        judged.append(again)
        found = tuple(_different(stored, again))
        differences += found
        retold += () if found else _told_otherwise(stored, requirement_document(again, places))
    differences += _whole(
        document, by_age(overall_verdict(judged, waived(document)), document.get("stale", ())), differences
    )
    if document["outcomes"] != outcome_counts(runs):
        retold.append(f"The runs ended {_counted(document['outcomes'])}; now {_counted(outcome_counts(runs))}.")
    cells = sum(len(stored["by_vendor"]) for stored in document["requirements"])
    return Rejudgement(verdicts=cells, differences=tuple(differences), retold=tuple(retold))


def _again(check: Any, vendor: str, cell: Mapping[str, Any], runs: Sequence[Run]) -> Verdict:
    if cell["verdict"] == "not_applicable":
        return Verdict("not_applicable", 0)
    return judge(check, tuple(run for run in runs if run.vendor == vendor and run.exercised))


def _different(stored: Mapping[str, Any], again: Judged) -> Iterator[Difference]:
    for vendor, verdict in again.by_vendor.items():
        old = stored["by_vendor"][vendor]["verdict"]
        if verdict.value != old:
            yield Difference(what=f"{stored['id']} on {vendor}", old=old, new=verdict.value, why=_why(verdict))
    follows = merged(Verdict(cell["verdict"], 0) for cell in stored["by_vendor"].values()).value
    if stored["verdict"] != follows:
        why = "it does not follow from the verdicts on its vendors"
        yield Difference(what=plain(stored["id"]), old=stored["verdict"], new=again.value, why=why)


def _why(verdict: Verdict) -> str:
    if verdict.findings:
        first = verdict.findings[0]
        return f"{plain(first.sentence)} ({plain(first.plan)})"
    return plain(verdict.why) or f"{verdict.runs} runs show it, and none breaks it"


def _gone(stored: Mapping[str, Any]) -> Difference:
    why = "this version has no such requirement"
    return Difference(what=plain(stored["id"]), old=stored["verdict"], new="not judged", why=why)


def _whole(document: Mapping[str, Any], new: str, parts: Sequence[Difference]) -> list[Difference]:
    if new == document["verdict"]:
        return []
    why = f"it follows from {parts[0].what}" if parts else "it does not follow from the requirements' verdicts"
    return [Difference(what="the certificate", old=document["verdict"], new=new, why=why)]


def _told_otherwise(stored: Mapping[str, Any], again: Mapping[str, Any]) -> tuple[str, ...]:
    told = tuple(
        f"{stored['id']} on {vendor}: {_words(cell['verdict'])} as before, by {now['runs']} runs, not {cell['runs']}."
        for vendor, cell in stored["by_vendor"].items()
        if (now := again["by_vendor"][vendor])["runs"] != cell["runs"]
    )
    if told or again["failures"] == stored["failures"]:
        return told
    return (f"{stored['id']}: {_words(stored['verdict'])} as before, told by other findings.",)


def _counted(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in outcomes.items())


def _words(verdict: str) -> str:
    return plain(verdict).replace("_", " ")


def print_changes(changed: Sequence[str]) -> None:
    """Say which files of the folder are not what was issued."""
    for sentence in changed[:_MOST_SHOWN]:
        print(sentence)
    if len(changed) > _MOST_SHOWN:
        print(f"{len(changed) - _MOST_SHOWN} more files are changed, missing or new.")
    print("This is not the folder that was issued; nothing was judged.")


def print_rejudgement(document: Mapping[str, Any], outdated: Sequence[str], again: Rejudgement) -> None:
    """Say what became of the certificate: the same, or which verdict differs and why."""
    print(plain(headline(document)))
    for sentence in (*outdated, *again.differences, *again.retold):
        print(sentence)
    by = f"{document['runs']} runs, judged by harness {document['harness_version']}, and again by {harness.__version__}"
    if again.differences:
        print(f"Another certificate: {len(again.differences)} verdicts differ ({by}).")
    elif outdated:
        print(f"The same {again.verdicts} verdicts ({by}), on older evidence than today's; certify again.")
    elif again.retold:
        print(f"The same {again.verdicts} verdicts, told differently ({by}).")
    else:
        print(f"The same certificate: {again.verdicts} verdicts ({by}).")
