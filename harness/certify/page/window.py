"""The part of a run around its fault that a timeline shows, and where on the paper each moment is."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.judge.outcome import failing
from harness.judge.reading import seconds
from harness.stage.history import Acted, Exchange, Looked, Run

_EXCHANGES_BEFORE, _EXCHANGES_SHOWN = 2, 9
_QUIET_SHARE = 0.55
_TEAR_WIDTH = 64.0
LEFT, RIGHT = 104.0, 936.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of the run; a long quiet stretch in it may be cut out once."""

    from_us: int
    to_us: int
    exchanges: tuple[Exchange, ...]
    first_number: int
    """The number, in the whole run, of the first exchange shown."""
    cut: tuple[int, int] | None = None

    def x(self, at_us: float) -> float:
        """The place of the moment, in the drawing's own units; outside the span, its nearer edge."""
        at_us = min(max(at_us, self.from_us), self.to_us)
        span = max(1, self.to_us - self.from_us)
        if self.cut is None:
            return LEFT + (RIGHT - LEFT) * (at_us - self.from_us) / span
        start, end = self.cut
        scale = (RIGHT - LEFT - _TEAR_WIDTH) / max(1, span - (end - start))
        if at_us <= start:
            return LEFT + scale * (at_us - self.from_us)
        if at_us < end:
            return LEFT + scale * (start - self.from_us) + _TEAR_WIDTH * (at_us - start) / (end - start)
        return RIGHT - scale * (self.to_us - at_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One exchange, or the end of an act, in words."""

    at: str
    what: str
    answer: str
    fault: str
    bad: str
    """What is wrong with it; empty where nothing is."""


def window(run: Run, at_us: int | None) -> Window:
    """The exchanges around the first strike and, as far as they fit, the moment that decided."""
    exchanges = run.exchanges()
    first = max(0, _first_struck(exchanges, at_us) - _EXCHANGES_BEFORE)
    moment = _last_before(exchanges, at_us)
    if moment >= first + _EXCHANGES_SHOWN:
        first = moment - _EXCHANGES_SHOWN + 2
    shown = exchanges[first : first + _EXCHANGES_SHOWN]
    last = first + len(shown) >= len(exchanges)
    moments = _moments(run, shown, at_us, to_the_end=last)
    return Window(
        from_us=moments[0],
        to_us=max(moments[-1], moments[0] + 1),
        exchanges=shown,
        first_number=first + 1,
        cut=_quiet(moments),
    )


def _first_struck(exchanges: Sequence[Exchange], at_us: int | None) -> int:
    struck = next((number for number, one in enumerate(exchanges) if one.fault), None)
    return struck if struck is not None else _last_before(exchanges, at_us)


def _last_before(exchanges: Sequence[Exchange], at_us: int | None) -> int:
    before = [number for number, one in enumerate(exchanges) if at_us is not None and one.sent_us <= at_us]
    return before[-1] if before else 0


def _moments(run: Run, shown: Sequence[Exchange], at_us: int | None, *, to_the_end: bool) -> list[int]:
    """Every moment at which something happens in the window, in order."""
    moments = {one.sent_us for one in shown} | {one.answered_us for one in shown if one.answered_us is not None}
    if to_the_end:
        moments |= {act.ended_us for act in run.acts()}
    if at_us is not None:
        moments.add(at_us)
    start, end = min(moments, default=0), max(moments, default=0)
    inside = {one.at_us for one in run.logged() if start <= one.at_us <= end}
    return sorted({start, end} | {one for one in moments if one >= start} | inside)


def _quiet(moments: Sequence[int]) -> tuple[int, int] | None:
    """The longest stretch in which nothing happens, where most of the drawing would be it."""
    span = moments[-1] - moments[0]
    gap_us, start = max(((later - earlier, earlier) for earlier, later in pairwise(moments)), default=(0, 0))
    if len(moments) < 4 or gap_us < _QUIET_SHARE * span:
        return None
    margin = gap_us // 50
    return start + margin, start + gap_us - margin


def steps(run: Run, seen: Window) -> tuple[Step, ...]:
    """The window in words, in the order in which it happened."""
    ordered = [
        *((one.sent_us, 0, _exchange_step(one)) for one in seen.exchanges),
        *((act.ended_us, 1, _act_step(act)) for act in acts_in(run, seen)),
        *((look.at_us, 2, _look_step(look)) for look in _looks_in(run, seen)),
    ]
    return tuple(step for _, _, step in sorted(ordered, key=lambda one: one[:2]))


def acts_in(run: Run, seen: Window) -> Iterator[Acted]:
    """The acts that ended within the window."""
    return (act for act in run.acts() if seen.from_us <= act.ended_us <= seen.to_us)


def _looks_in(run: Run, seen: Window) -> Iterator[Looked]:
    """The looks at the integration within the window, and those after its last exchange."""
    to_us = seen.to_us if seen.exchanges != run.exchanges()[-len(seen.exchanges) :] else math.inf
    looks = (*run.looks("status"), *run.looks("staleness"))
    return (look for look in looks if seen.from_us <= look.at_us <= to_us)


def _look_step(look: Looked) -> Step:
    """How it said that it stands, or what it told the alert's channel."""
    if look.asked == "status":
        return Step(
            at=seconds(look.at_us),
            what="It was asked for its status",
            answer=", ".join(f"{name}: {value}" for name, value in look.said) or look.error.partition("\n")[0],
            fault="",
            bad="",
        )
    told = "; ".join(look.alerts) or look.error.partition("\n")[0] or "no alert"
    fault = "the channel fails" if look.channel == "fails" else ""
    return Step(at=seconds(look.at_us), what="It was asked whether it is overdue", answer=told, fault=fault, bad="")


def _exchange_step(one: Exchange) -> Step:
    answer = "no answer" if one.status is None else f"{one.status}"
    if one.status is not None and one.answered_us is None:
        answer += ", broken off"
    if one.rows is not None:
        answer += f", {one.rows} records{' and more to come' if one.more else ''}"
    if one.vendor_message:
        answer += f": {one.vendor_message}"
    return Step(
        at=seconds(one.sent_us),
        what=f"{one.method} {one.point}" + (f" for {one.record_key}" if one.record_key else ""),
        answer=answer,
        fault=one.fault,
        bad=looks(one) if failing(one) else "",
    )


def looks(one: Exchange) -> str:
    """What an exchange that brought nothing usable was."""
    if one.answered_us is None:
        return "answer lost"
    if (one.status or 0) < 400:
        return "not what it looks like"
    return "refused"


def _act_step(act: Acted) -> Step:
    tally = act.returned if act.job == "pull" else act.held
    counted = f"{tally.found} of {tally.expected} records" if tally else ""
    error = act.error.partition("\n")[0]
    words = {"returned": "said done", "raised": "raised", "crashed": "crashed by the plan", "hung": "did not end"}
    words |= {"interrupted": "raised when told to stop"}
    return Step(
        at=seconds(act.ended_us),
        what=f"It {words.get(act.ended, act.ended)} ({act.job} {act.act})",
        answer=error or counted,
        fault="",
        bad="" if not tally or tally.agrees or act.ended != "returned" else "not what is there",
    )
