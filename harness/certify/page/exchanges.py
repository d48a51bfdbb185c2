"""One exchange as text, before and after a fault: secrets are masked in the history already, long bodies are cut."""

import contextlib
import json
from dataclasses import dataclass
from typing import Literal

from harness.certify.page.source import Source
from harness.judge.outcome import failing
from harness.stage.history import Exchange, Headers, Run

_SHOWN_HEADERS = frozenset(
    {
        *("authorization", "x-auth-token", "content-type", "content-length", "content-encoding", "location", "link"),
        *("retry-after", "www-authenticate", "x-request-id", "x-openstack-request-id", "idempotency-key", "date"),
    }
)
_MOST_LINES = 24
_LONGEST_CHARS = 160
Sign = Literal["same", "less", "more"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an exchange, and whether the other side has it."""

    sign: Sign
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The exchange that tells, beside the same one of a fault-free run."""

    point: str
    title: str
    before: tuple[Line, ...]
    """Empty where the fault-free run never came there."""
    after: tuple[Line, ...]


def telling_exchange(run: Run, at_us: int | None) -> Exchange | None:
    """The exchange that the fault struck first; without a fault, the one at that moment, or the last."""
    exchanges = run.exchanges()
    struck = [one for one in exchanges if one.fault]
    at_moment = [one for one in exchanges if at_us is not None and one.sent_us <= at_us]
    return next(iter((*struck[:1], *at_moment[-1:], *exchanges[-1:])), None)


def told(source: Source, run: Run, exchange: Exchange | None) -> Told | None:
    """The exchange as text, beside the fault-free run's; None where there was none."""
    if exchange is None:
        return None
    after = as_lines(exchange)
    clean = source.clean_exchange(run, exchange.point) if exchange.fault else None
    if clean is None:
        title = "As the fault left it" if exchange.fault else "As it was"
        return Told(point=exchange.point, title=title, before=(), after=tuple(Line("same", text) for text in after))
    before = as_lines(clean)
    return Told(
        point=exchange.point,
        title="As the fault left it",
        before=tuple(Line("same" if text in after else "less", text) for text in before),
        after=tuple(Line("same" if text in before else "more", text) for text in after),
    )


def as_lines(exchange: Exchange) -> tuple[str, ...]:
    """Request and answer, one line each for line, header and body."""
    request = [f"{exchange.method} {exchange.target}", f"host: {exchange.host}"]
    request += _headers(exchange.request_headers)
    request += _body(exchange.request_body)
    if exchange.status is None:
        answer = ["(no answer came)"]
    else:
        answer = [f"HTTP/1.1 {exchange.status}", *_headers(exchange.reply_headers), *_body(exchange.reply_body)]
        answer += ["(the answer did not come whole)"] if exchange.answered_us is None else []
    effect = [] if exchange.effect or not failing(exchange) else ["(the vendor did nothing)"]
    return tuple(_cut(line) for line in (*request, "", *answer, *effect))


def _headers(headers: Headers) -> list[str]:
    return [f"{name}: {value}" for name, value in headers if name in _SHOWN_HEADERS]


def _body(text: str) -> list[str]:
    if not text:
        return []
    if len(text) < 10_000:
        with contextlib.suppress(ValueError, RecursionError):
            text = json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    lines = text[:10_000].split("\n")
    more = len(lines) - _MOST_LINES
    return ["", *lines[:_MOST_LINES], *([f"(and {more} more lines: see the history)"] if more > 0 else [])]


def _cut(text: str) -> str:
    more = len(text) - _LONGEST_CHARS
    return f"{text[:_LONGEST_CHARS]}… (and {more:,} more characters)" if more > 0 else text
