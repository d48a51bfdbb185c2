"""One run as lines of text, in the order in which it happened."""

import logging
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape

from harness.judge.outcome import outcome
from harness.stage.history import Acted, Event, Exchange, Logged, Looked, Noted, Run, Tally, Waited

_EVENT_WIDTH = 150


def print_timeline(run: Run) -> None:
    """Print the run's timeline, and how it ended."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{escape(run.plan)}[/]   against the {run.against}")
    for event in run.events:
        for line in _lines(event):
            console.print(escape(line if len(line) <= _EVENT_WIDTH else line[: _EVENT_WIDTH - 1] + "…"))
    ended = outcome(run) if run.exercised else f"not exercised: {', '.join(run.not_fired)} never struck"
    console.print(f"[bold]outcome[/] {ended}; a sound integration ends this plan: {run.asks}")


def _at(at_us: int) -> str:
    return f"{at_us / 1e6:10.3f} s  "


def _lines(event: Event) -> Iterator[str]:
    match event:
        case Exchange():
            answer = event.status if event.status is not None else "no answer"
            fault = f" <- {event.fault}" if event.fault else ""
            told = f" ({event.vendor_message})" if event.vendor_message else ""
            yield f"{_at(event.sent_us)}{event.point:18} {answer}{fault}  {event.method} {event.target}{told}"
        case Waited():
            yield f"{_at(event.at_us)}waited {event.seconds:.3f} s"
        case Logged():
            yield f"{_at(event.at_us)}{logging.getLevelName(event.level):8} {event.logger}: {event.message}"
        case Noted():
            yield f"{_at(event.at_us)}note     {event.kind}: {event.text}"
        case Looked(asked="status"):
            yield f"{_at(event.at_us)}status   {', '.join(f'{name}={value}' for name, value in event.said)}"
            yield from (f"             {line}" for line in event.error.splitlines())
        case Looked():
            yield f"{_at(event.at_us)}watched  {event.ended}, {len(event.alerts)} alerts; the channel {event.channel}"
            yield from (f"             alert: {text}" for text in event.alerts)
            yield from (f"             {line}" for line in event.error.splitlines())
        case Acted():
            took_s = (event.ended_us - event.began_us) / 1e6
            yield f"{_at(event.ended_us)}act {event.act} {event.ended} after {took_s:.3f} s"
            yield from (f"             {line}" for line in event.error.splitlines())
            yield from _tally("returned", event.returned)
            yield from _tally("held by the vendor", event.held)
            yield from (f"             not done: {key}: {reason}" for key, reason in event.named_failures)


def _tally(what: str, tally: Tally | None) -> Iterator[str]:
    if tally is None:
        return
    odd = [
        f"{kind} {', '.join(keys)}"
        for kind in ("missing", "doubled", "unexpected", "altered")
        if (keys := getattr(tally, kind))
    ]
    yield f"             {what}: {tally.found} of {tally.expected} records" + (": " + "; ".join(odd) if odd else "")
