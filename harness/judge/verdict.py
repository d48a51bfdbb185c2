"""What a checker says: a verdict, and the findings that prove it. Never a pass where it could not tell."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.stage.history import Run

Value = Literal["passed", "failed", "unknown", "not_applicable"]

NOTHING_SHOWN = "no run showed anything to judge"
_STRONGEST_FIRST: tuple[Value, ...] = ("failed", "unknown", "passed", "not_applicable")
_WORST_FIRST = ("silent", "unexplained", "hung", "loud", "correct", "unknown")


@dataclass(frozen=True, slots=True)
class Finding:
    """One failure in one run, in plain words."""

    vendor: str
    plan: str
    sentence: str
    """What the subject did, in the past tense: "It returned 3 of 12 records and said done."."""
    expected: str
    seen: str
    at_us: int | None
    """The moment of the run that shows it; None where it is no single moment."""
    outcome: str
    """How the run ended."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judged runs prove about one requirement."""

    value: Value
    runs: int
    """How many runs showed something to judge."""
    findings: tuple[Finding, ...] = ()
    """The worst first."""
    why: str = ""
    """In one sentence."""


Checker = Callable[[Sequence[Run]], Verdict]
"""Takes all runs of one vendor and picks those that show something. Pure: the same runs give the same verdict."""


def judge(checker: Checker, runs: Sequence[Run]) -> Verdict:
    """The checker's verdict on the exercised runs; unknown where it raised or saw nothing to judge."""
    exercised = tuple(run for run in runs if run.exercised)
    try:
        verdict = checker(exercised)
    except Exception as error:  # a judge that breaks has proven nothing
        return Verdict("unknown", 0, (), f"the checker broke: {type(error).__name__}: {error}")
    if verdict.value == "passed" and verdict.runs == 0:
        return Verdict("unknown", 0, (), NOTHING_SHOWN)
    return verdict


def merged(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict for several vendors: failed beats unknown beats passed; not applicable counts for nothing."""
    parts = tuple(verdicts)
    values: tuple[Value, ...] = tuple(part.value for part in parts)
    value = min(values, key=_STRONGEST_FIRST.index, default=_STRONGEST_FIRST[-1])
    return Verdict(
        value,
        sum(part.runs for part in parts),
        worst_first(finding for part in parts for finding in part.findings),
        "; ".join(dict.fromkeys(part.why for part in parts if part.value == value and part.why)),
    )


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Silent, unexplained, hung, loud, then what ended well all the same; otherwise in the order given."""
    return tuple(sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.outcome)))
