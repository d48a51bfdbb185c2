"""Failures: one for each smallest plan; the requirements that the same run breaks are listed in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.certify.judged import Judged
from harness.certify.page.drawing import drawing
from harness.certify.page.exchanges import Told, telling_exchange, told
from harness.certify.page.source import Source
from harness.certify.page.window import Step, steps, window
from harness.certify.wording import reproduce_command
from harness.judge.reading import ending, planned
from harness.judge.verdict import Finding
from harness.stage.history import Logged, Run

WORST_FIRST = ("silent", "unexplained", "hung", "loud", "correct", "unknown")
_MOST_LINKED = 30
_MOST_LOGGED = 12
Broken = tuple[Judged, Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Also:
    """Another requirement that the same run breaks."""

    requirement: str
    level: str
    sentence: str
    """What the run did against it."""
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One smallest plan with what it breaks, what happened and what to do."""

    anchor: str
    requirement: str
    level: str
    outcome: str
    vendors: tuple[str, ...]
    """Where the requirement fails."""
    runs: int
    """How many runs fail it."""
    short: str
    """What happened, in one sentence."""
    ending: str
    rule: str
    why: str
    source: str
    plan: str
    expected: str
    seen: str
    drawing: str
    steps: tuple[Step, ...]
    exchange: Told | None
    logged: tuple[Logged, ...]
    remedy: str
    also: tuple[Also, ...]
    reproduce: str
    history: str
    others: tuple[str, ...]
    """The histories of the other runs that fail the requirement, as many as can be read."""
    waived: bool


def failures(source: Source) -> tuple[Failure, ...]:
    """Every failure of the certificate, MUST before SHOULD, the worst ending first."""
    groups = [_failure(source, group) for group in _grouped(source)]
    return tuple(
        sorted(groups, key=lambda one: (one.level != "MUST", one.waived, WORST_FIRST.index(one.outcome), -one.runs))
    )


def _grouped(source: Source) -> Iterable[tuple[Broken, ...]]:
    """Requirements that break in one and the same smallest run, each requirement once."""
    in_run: dict[str, list[Broken]] = {}
    for judged, finding in source.findings():
        in_run.setdefault(finding.plan, []).append((judged, finding))
    left = {judged.requirement.id: judged for judged in source.judged if judged.findings}
    # The master requirement fails with almost every other one: what is more exact names the failure.
    for judged in sorted(left.values(), key=_generality):
        if judged.requirement.id not in left:
            continue
        smallest = min(judged.findings, key=lambda finding: _size(source, finding))
        seen: dict[str, Broken] = {}
        for one in ((judged, smallest), *in_run[smallest.plan]):
            if one[0].requirement.id in left:
                seen.setdefault(one[0].requirement.id, one)
        for name in seen:
            del left[name]
        yield tuple(seen.values())


def _generality(judged: Judged) -> tuple[bool, bool, int]:
    return judged.level != "MUST", judged.requirement.id.startswith("outcome."), len(judged.findings)


def _size(source: Source, finding: Finding) -> tuple[int, int, int, int]:
    """The smallest has the worst ending, then the fewest faults, the fewest strikes, the fewest exchanges."""
    run = source.runs[finding.plan]
    strikes = sum(fault.times or 1000 for fault in planned(run))
    return WORST_FIRST.index(finding.outcome), len(run.faults), strikes, len(run.events)


def _failure(source: Source, group: Sequence[Broken]) -> Failure:
    (judged, finding), *rest = group
    requirement, run = judged.requirement, source.runs[finding.plan]
    seen = window(run, finding.at_us)
    others = dict.fromkeys(source.places[one.plan] for one in judged.findings if one.plan != finding.plan)
    vendors = tuple(dict.fromkeys(one.vendor for one in judged.findings))
    return Failure(
        anchor=f"failure-{requirement.id.replace('.', '-')}",
        requirement=requirement.id,
        level=judged.level,
        outcome=finding.outcome,
        vendors=vendors,
        runs=len({one.plan for one in judged.findings}),
        short=finding.sentence,
        ending=ending(run) if run.acts() else "",
        rule=requirement.sentence,
        why=requirement.why,
        source=requirement.source,
        plan=finding.plan,
        expected=finding.expected,
        seen=finding.seen,
        drawing=drawing(run, seen, finding.at_us, finding.seen, "bad"),
        steps=steps(run, seen),
        exchange=told(source, run, telling_exchange(run, finding.at_us)),
        logged=_logged(run, seen.from_us, seen.to_us),
        remedy=requirement.remedy,
        also=tuple(_also(one) for one in rest),
        reproduce=reproduce_command(source.document, finding.plan),
        history=source.places[finding.plan],
        others=tuple(others)[:_MOST_LINKED],
        waived=all(source.is_waived(judged, vendor) for vendor in vendors),
    )


def _also(broken: Broken) -> Also:
    judged, finding = broken
    return Also(
        requirement=judged.requirement.id,
        level=judged.level,
        sentence=finding.sentence,
        remedy=judged.requirement.remedy,
    )


def _logged(run: Run, from_us: int, to_us: int) -> tuple[Logged, ...]:
    return tuple(one for one in run.logged() if from_us <= one.at_us <= to_us)[:_MOST_LOGGED]


def anchors(some: Iterable[Failure]) -> Mapping[str, str]:
    """Where on the page each failed requirement is told."""
    found: dict[str, str] = {}
    for one in some:
        found[one.requirement] = one.anchor
        found.update({also.requirement: one.anchor for also in one.also})
    return found
