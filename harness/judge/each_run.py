"""Makes a checker of the judgement of one run: each run by itself, and what they say together."""

from collections.abc import Callable, Iterable, Sequence

from harness.judge.outcome import outcome, unjudgeable
from harness.judge.verdict import NOTHING_SHOWN, Checker, Finding, Verdict, worst_first
from harness.stage.history import Run

Judgement = Iterable[Finding]
"""Nothing: the run is as it should be."""


def each_run(relevant: Callable[[Run], bool], failures: Callable[[Run], Judgement]) -> Checker:
    """A checker that judges every run in which there is something to judge, by itself.

    One failure fails it. A relevant run that cannot be judged makes it unknown, unless another failed: what could not
    be seen is not called a pass.
    """

    def check(runs: Sequence[Run]) -> Verdict:
        shown = tuple(run for run in runs if relevant(run))
        doubts = tuple(unjudgeable(run) for run in shown)
        judged = tuple(run for run, doubt in zip(shown, doubts, strict=True) if not doubt)
        return concluded(
            len(judged),
            (finding for run in judged for finding in failures(run)),
            doubts=tuple(doubt for doubt in doubts if doubt),
        )

    return check


def concluded(runs: int, findings: Iterable[Finding], *, doubts: Sequence[str] = ()) -> Verdict:
    """The verdict on so many judged runs; ``doubts`` say why others could not be judged."""
    found = worst_first(findings)
    if found:
        return Verdict("failed", runs, found, found[0].sentence)
    if doubts:
        return Verdict("unknown", runs, (), "; ".join(dict.fromkeys(doubts)))
    if not runs:
        return Verdict("unknown", 0, (), NOTHING_SHOWN)
    return Verdict("passed", runs, (), f"it held in {runs} of {runs} runs")


def finding(run: Run, sentence: str, *, expected: str, seen: str, at_us: int | None = None) -> Finding:
    """A failure in the run."""
    return Finding(run.vendor, run.plan, sentence, expected, seen, at_us, outcome(run))


def always(run: Run) -> bool:
    """Every run shows something."""
    return True
