"""Whether waits grow and differ: the one question that no single run can answer."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from harness.judge.each_run import concluded, finding
from harness.judge.outcome import unjudgeable
from harness.judge.reading import planned, seconds, struck
from harness.judge.verdict import Finding, Verdict
from harness.stage.history import Run

_FEWEST_SEEDS = 20
_FEWEST_REFUSALS = 3
_FEWEST_WAITS = 2
_GROWTH = 1.6
_CAP_US = 30_000_000
_LEAST_SPREAD_US = 1_000
_SEED = re.compile(r" seed=\d+")

Envelope = tuple[int, ...]
"""The longest, or the shortest, k-th wait over all seeds, in microseconds."""


def backoff_grows(runs: Sequence[Run]) -> Verdict:
    """Whether waits grow exponentially and differ by chance, where the vendor names no time.

    Runs whose plans differ in their seed alone are looked at together, 20 of them at least. Either envelope of the
    k-th wait, the longest or the shortest over all seeds, must grow by 1.6 from each attempt to the next until it
    reaches 30 s; and at least one of the waits must differ from seed to seed by more than 1 ms. 1.6 is 2, less what
    chance takes: of twenty draws of full jitter the longest double by less in 1 of 100 cases. Waits that grow by equal
    steps, 1, 2, 3 s, do so by 1.5 at most from the second on.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        if _without_a_time(run):
            groups.setdefault(_SEED.sub("", run.plan), []).append(run)
    doubts = tuple(unjudgeable(run) for group in groups.values() for run in group if unjudgeable(run))
    judged = {plan: [run for run in group if not unjudgeable(run)] for plan, group in groups.items()}
    enough = {plan: group for plan, group in judged.items() if len(group) >= _FEWEST_SEEDS}
    if not enough and not doubts:
        return Verdict("unknown", 0, (), f"no plan was run with {_FEWEST_SEEDS} seeds")
    return concluded(
        sum(len(group) for group in enough.values()),
        (found for group in enough.values() for found in _failures(group)),
        doubts=doubts,
    )


def _without_a_time(run: Run) -> bool:
    """Whether the run was seeded, and refused several times without a word of when to come again."""
    faults = planned(run, "Throttled", "ServerError")
    often = any(fault.times is not None and fault.times >= _FEWEST_REFUSALS for fault in faults)
    refusals = struck(run, "Throttled", "ServerError")
    unsaid = all(one.wait_until_us is None for one in refusals)
    return often and unsaid and bool(_SEED.search(run.plan)) and len(_waits(run)) >= _FEWEST_WAITS


def _waits(run: Run) -> tuple[int, ...]:
    """The waits before each further attempt at the point that was struck, in microseconds."""
    refusals = struck(run, "Throttled", "ServerError")
    if not refusals:
        return ()
    first = refusals[0]
    attempts = [one for one in run.exchanges() if (one.act, one.point) == (first.act, first.point)]
    return tuple(later.sent_us - (one.answered_us or one.sent_us) for one, later in pairwise(attempts))


def _failures(group: Sequence[Run]) -> Iterator[Finding]:
    kth_waits = list(zip(*(_waits(run) for run in group), strict=False))
    longest: Envelope = tuple(max(kth) for kth in kth_waits)
    shortest: Envelope = tuple(min(kth) for kth in kth_waits)
    if not (_grows(longest) or _grows(shortest)):
        yield finding(
            group[0],
            f"Its waits did not grow: over {len(group)} seeds the longest were {_listed(longest)}.",
            expected=f"each at least {_GROWTH} times the one before, until {seconds(_CAP_US)}",
            seen=_listed(longest),
        )
    if all(most - least <= _LEAST_SPREAD_US for most, least in zip(longest, shortest, strict=True)):
        yield finding(
            group[0],
            f"It waited the same in all of {len(group)} runs: {_listed(longest)}.",
            expected="waits that differ by chance from run to run",
            seen="no difference",
        )


def _grows(envelope: Envelope) -> bool:
    return all(one >= _CAP_US or later >= _CAP_US or later >= _GROWTH * one for one, later in pairwise(envelope))


def _listed(envelope: Envelope) -> str:
    return ", ".join(seconds(wait_us) for wait_us in envelope)
