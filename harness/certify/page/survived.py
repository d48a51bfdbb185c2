"""Runs worth seeing on a certificate: of each family of requirements, the hardest run that ended correct."""

from dataclasses import dataclass

from harness.certify.judged import Judged
from harness.certify.page.claims import FAMILIES
from harness.certify.page.drawing import drawing
from harness.certify.page.source import Source, family_of
from harness.certify.page.window import Step, steps, window
from harness.certify.wording import reproduce_command
from harness.judge.outcome import outcome
from harness.judge.reading import ending
from harness.judge.verdict import judge
from harness.stage.faults import KINDS
from harness.stage.history import Run

_FAULTS_OF = {
    "token": ("tokens",),
    "limits": ("limits",),
    "errors": ("lies",),
    "pages": ("pages",),
    "rerun": ("runs",),
    "watch": ("watch",),
    "wire": ("wire",),
}
"""Family of requirements -> the modules of ``harness.stage.faults`` whose kinds try it."""
_MODULE_OF = {kind.__name__: kind.__module__.rpartition(".")[2] for kind in KINDS}
_MOST_EXCHANGES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Survived:
    """One run that was hard, and ended correct."""

    anchor: str
    title: str
    requirement: str
    rule: str
    vendor: str
    ending: str
    plan: str
    drawing: str
    steps: tuple[Step, ...]
    reproduce: str
    history: str


def survived(source: Source) -> tuple[Survived, ...]:
    """One run of each family, where there is one."""
    found = ((family, _hardest(source, family)) for family in _FAULTS_OF)
    return tuple(_told(source, family, *hardest) for family, hardest in found if hardest)


def _hardest(source: Source, family: str) -> tuple[Judged, Run] | None:
    """The run with the most strikes, then the longest; and the first requirement that it alone shows."""
    fitting = [
        run
        for run in source.certificate.runs
        if run.faults
        and run.exercised
        and all(_MODULE_OF[kind] in _FAULTS_OF[family] for kind in run.faults)
        and len(run.exchanges()) <= _MOST_EXCHANGES
        and outcome(run) == "correct"
    ]
    for run in sorted(fitting, key=_hardness, reverse=True):
        for judged in source.judged:
            if family_of(judged.requirement.id) == family and judged.value == "passed":
                verdict = judge(judged.requirement.check, (run,))
                if verdict.value == "passed" and judged.by_vendor[run.vendor].value == "passed":
                    return judged, run
    return None


def _hardness(run: Run) -> tuple[int, int, float]:
    exchanges = run.exchanges()
    return sum(bool(one.fault) for one in exchanges), len({one.point for one in exchanges}), run.virtual_s


def _told(source: Source, family: str, judged: Judged, run: Run) -> Survived:
    struck = [one for one in run.exchanges() if one.fault]
    last = struck[-1] if struck else None
    saving = next((one for one in run.exchanges() if last and one.sent_us > last.sent_us), None)
    at_us = saving.sent_us if saving else None
    seen = window(run, at_us)
    words = f"asked again: {saving.status}" if saving and last and saving.point == last.point else "it went on"
    return Survived(
        anchor=f"survived-{family}",
        title=FAMILIES[family],
        requirement=judged.requirement.id,
        rule=judged.requirement.sentence,
        vendor=run.vendor,
        ending=ending(run),
        plan=run.plan,
        drawing=drawing(run, seen, at_us, words, "good"),
        steps=steps(run, seen),
        reproduce=reproduce_command(source.document, run.plan),
        history=source.places[run.plan],
    )
