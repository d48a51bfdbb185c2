"""What is added up over all runs: endings, records, conduct towards the vendor, coverage of the faults."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.certify.page.source import Source
from harness.judge.outcome import truth
from harness.judge.reading import kind_of, seconds
from harness.stage.history import Acted, Exchange, Run, Tally

ENDINGS = {
    "correct": ("passed", "said done, and it is"),
    "loud": ("loud", "failed, and told what an operator needs to know"),
    "unexplained": ("failed", "failed, without status, request id or record"),
    "silent": ("failed", "said done, and it is not"),
    "hung": ("failed", "did not end"),
}
"""Ending -> its glyph and its meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Records over all acts of one kind that said done."""

    what: str
    acts: int
    expected: int
    returned: int
    lost: int
    duplicated: int
    unexpected: int
    altered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """One measure of how the vendors were treated."""

    what: str
    seen: str
    reading: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How many runs ended in one way."""

    name: str
    glyph: str
    runs: int
    share: float
    """0 to 100."""
    meaning: str


def endings(source: Source) -> tuple[Ending, ...]:
    """How the exercised runs ended."""
    counts = source.document["outcomes"]
    total = max(1, sum(counts.values()))
    return tuple(
        Ending(name=name, glyph=glyph, runs=counts[name], share=100 * counts[name] / total, meaning=meaning)
        for name, (glyph, meaning) in ENDINGS.items()
    )


def accounts(source: Source) -> tuple[Account, ...]:
    """Records expected and found: without a fault, after it, and after the second run."""
    runs = [run for run in source.certificate.runs if run.exercised]
    return (
        _account("before any fault", (act for run in runs if not run.faults for act in run.acts())),
        _account("after the fault", (act for run in runs if run.faults for act in run.acts()[:1])),
        _account("after the second run", (act for run in runs for act in run.acts()[1:])),
    )


def _account(what: str, acts: Iterable[Acted]) -> Account:
    tallies = [tally for act in acts if act.ended == "returned" and (tally := truth(act))]
    return Account(
        what=what,
        acts=len(tallies),
        expected=sum(tally.expected for tally in tallies),
        returned=sum(tally.found for tally in tallies),
        lost=sum(_lost(tally) for tally in tallies),
        duplicated=sum(len(tally.doubled) for tally in tallies),
        unexpected=sum(len(tally.unexpected) for tally in tallies),
        altered=sum(len(tally.altered) for tally in tallies),
    )


def _lost(tally: Tally) -> int:
    """Keys are cut to 20 of each kind; where more are missing, the counts tell at least how many."""
    return max(len(tally.missing), tally.expected - tally.found)


def conduct(source: Source) -> tuple[Conduct, ...]:
    """What an operator of the vendor would see of it."""
    runs = [run for run in source.certificate.runs if run.exercised]
    return tuple(one for measure in (_calls, _token_calls, _longest_wait) for one in measure(source, runs))


def _calls(source: Source, runs: Sequence[Run]) -> Iterator[Conduct]:
    spent = [
        (len(run.exchanges()) / len(points), run) for run in runs if (points := {one.point for one in run.exchanges()})
    ]
    if spent:
        most, run = max(spent, key=lambda one: one[0])
        total = sum(len(run.exchanges()) for run in runs)
        operations = sum(len({one.point for one in run.exchanges()}) for run in runs)
        yield Conduct(
            what="Calls for each logical operation",
            seen=f"{total / operations:.2f}, at most {most:.2f}",
            reading=f"{total:,} calls for {operations:,} operations; 1 is a call for each, without any retry",
            href=source.places[run.plan],
        )


def _token_calls(source: Source, runs: Sequence[Run]) -> Iterator[Conduct]:
    asked = [(len(run.exchanges("token")), run) for run in runs]
    most, run = max(asked, key=lambda one: one[0], default=(0, None))
    if run is not None and most:
        total = sum(count for count, _ in asked)
        yield Conduct(
            what="Token calls",
            seen=f"{total:,}, at most {most:,} in a run",
            reading="one for each half of a token's life and one for each rejection are allowed",
            href=source.places[run.plan],
        )


def _longest_wait(source: Source, runs: Sequence[Run]) -> Iterator[Conduct]:
    asked = [(wait_us, one, run) for run in runs for one in run.exchanges() if (wait_us := _asked_us(one)) > 0]
    if not asked:
        return
    wait_us, one, run = max(asked, key=lambda some: (_next_call(some[2], some[1]) is not None, some[0]))
    later = _next_call(run, one)
    kept = seconds(later.sent_us - (one.answered_us or 0)) if later else "not called again"
    yield Conduct(
        what="Longest wait before another call",
        seen=f"{kept}, {seconds(wait_us)} asked",
        reading="the time until the next call of that operation, against what the vendor asked",
        href=source.places[run.plan],
    )
    early = [(one, run) for _, one, run in asked if _came_early(run, one)]
    yield Conduct(
        what="Waits cut short",
        seen=f"{len(early):,} of {len(asked):,}",
        reading="calls of the same operation before the moment that the vendor named",
        href=source.places[early[0][1].plan] if early else source.places[run.plan],
    )


def _asked_us(one: Exchange) -> int:
    """How long the vendor asked to be left alone; 0 where it named no time."""
    return 0 if one.wait_until_us is None or one.answered_us is None else one.wait_until_us - one.answered_us


def _later(run: Run, one: Exchange) -> Iterator[Exchange]:
    return (other for other in run.exchanges() if other.act == one.act and other.sent_us >= (one.answered_us or 0))


def _next_call(run: Run, one: Exchange) -> Exchange | None:
    return next((other for other in _later(run, one) if other.operation == one.operation), None)


def _came_early(run: Run, one: Exchange) -> bool:
    return any(
        other.operation == one.operation and other.sent_us < (one.wait_until_us or 0) for other in _later(run, one)
    )


def retries(source: Source) -> tuple[tuple[str, int], ...]:
    """How often what was asked before was asked again, by what had become of it; the most frequent first."""
    causes: Counter[str] = Counter()
    for run in source.certificate.runs:
        before: dict[tuple[int, str], Exchange] = {}
        for one in run.exchanges():
            earlier = before.get((one.act, one.point))
            if earlier is not None:
                causes[_cause(earlier)] += 1
            before[one.act, one.point] = one
    return tuple(causes.most_common())


def _cause(one: Exchange) -> str:
    answer = "no whole answer" if one.answered_us is None else f"status {one.status}"
    return f"{kind_of(one)}, {answer}" if one.fault else f"no fault, {answer}"
