"""A run drawn on virtual time, left to right, as inline SVG; recorded words in it are escaped here."""

import html
import logging
from collections.abc import Iterator
from typing import Literal

from harness.certify.page.window import LEFT, RIGHT, Window, acts_in, looks
from harness.certify.plain import plain
from harness.judge.outcome import failing
from harness.judge.reading import seconds
from harness.stage.history import Exchange, Run

Moment = Literal["good", "bad"]
WIDTH = 960
_CHARACTER_WIDTH = 7.0
_LANE_HEIGHTS = {"fault": 34, "token": 30, "exchanges": 74, "waits": 32, "log": 30}
_TOP = 40
_LONGEST_WORDS = 64


def drawing(run: Run, seen: Window, at_us: int | None, words: str, moment: Moment) -> str:
    """The window as one SVG element, without style of its own; a lane without events is left out."""
    lanes = {
        "fault": list(_faults(seen)),
        "token": list(_tokens(run, seen)),
        "exchanges": [*_exchanges(seen), *_ends(run, seen)],
        "waits": list(_waits(run, seen)),
        "log": list(_log(run, seen)),
    }
    drawn, y = [], _TOP
    for name, marks in lanes.items():
        if marks:
            height = _LANE_HEIGHTS[name]
            drawn.append(f'<path class="tl-line" d="M0 {y}H{WIDTH}"/>{_text(0, y + 19, name, "tl-lane")}')
            drawn += [f'<g transform="translate(0 {y})">{mark}</g>' for mark in marks]
            y += height
    bands = "".join(_bands(seen, y))
    flag = _flag(seen, at_us, words, moment, y) if at_us is not None else ""
    label = html.escape(f"{plain(words, most=200)} The table below tells the same in words.")
    return (
        f'<svg class="tl" viewBox="0 0 {WIDTH} {y + 26}" width="{WIDTH}" height="{y + 26}" role="img"'
        f' aria-label="{label}">{bands}{"".join(drawn)}{_tear(seen, y)}{_axis(seen, y)}{flag}</svg>'
    )


def _text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    said = html.escape(plain(words, most=_LONGEST_WORDS))
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{said}</text>'


def _ruled(one: Exchange, seen: Window) -> tuple[float, float]:
    """From when to when the fault that struck the exchange reigns."""
    until = max(one.answered_us or one.sent_us, one.wait_until_us or 0)
    start, end = seen.x(one.sent_us), seen.x(until)
    return start, max(8.0, end - start)


def _bands(seen: Window, bottom: int) -> Iterator[str]:
    for one in seen.exchanges:
        if one.fault:
            x, width = _ruled(one, seen)
            yield f'<rect class="tl-band" x="{x:.1f}" y="{_TOP}" width="{width:.1f}" height="{bottom - _TOP}"/>'


def _faults(seen: Window) -> Iterator[str]:
    written = 0.0
    for one in seen.exchanges:
        if not one.fault:
            continue
        x, width = _ruled(one, seen)
        yield f'<rect class="tl-fault" x="{x:.1f}" y="8" width="{width:.1f}" height="18"/>'
        start, anchor = _placed(x + 4, one.fault)
        if start >= written:
            yield _text(x + 4 if anchor == "start" else RIGHT, 21, one.fault, "tl-word", anchor)
            written = start + len(one.fault[:_LONGEST_WORDS]) * _CHARACTER_WIDTH


def _placed(x: float, words: str) -> tuple[float, str]:
    """Where words begin so that they end on the paper."""
    width = min(len(words), _LONGEST_WORDS) * _CHARACTER_WIDTH
    return (x, "start") if x + width <= RIGHT + 20 else (RIGHT - width, "end")


def _tokens(run: Run, seen: Window) -> Iterator[str]:
    for one in run.exchanges():
        granted = one.token_granted
        if granted is None or one.answered_us is None:
            continue
        if one.answered_us > seen.to_us or granted.ends_us < seen.from_us:
            continue
        start, end = seen.x(one.answered_us), seen.x(granted.ends_us)
        yield f'<rect class="tl-token" x="{start:.1f}" y="9" width="{max(2.0, end - start):.1f}" height="14"/>'
        if granted.ends_us <= seen.to_us:
            margin_us = min(60_000_000, (granted.ends_us - one.answered_us) // 10)
            begins = seen.x(granted.ends_us - margin_us)
            yield f'<rect class="tl-margin" x="{begins:.1f}" y="9" width="{max(1.0, end - begins):.1f}" height="14"/>'
            yield f'<path class="tl-end" d="M{end:.1f} 5v22"/>'
        else:
            yield f'<path class="tl-arrow" d="M{RIGHT:.1f} 9l10 7l-10 7z"/>'
        if end - start > 60:
            yield _text(start + 5, 20, f"token {granted.serial}", "tl-word")


def _exchanges(seen: Window) -> Iterator[str]:
    numbered, answered = -99.0, -99.0
    for number, one in enumerate(seen.exchanges, start=seen.first_number):
        x = seen.x(one.sent_us)
        end = seen.x(one.answered_us) if one.answered_us is not None else x + 10
        yield f'<path class="tl-stem" d="M{x:.1f} 22v20M{x:.1f} 36H{end:.1f}"/>{_mark(one, max(end, x + 4))}'
        if x - numbered >= 16:
            yield _text(x, 17, str(number), "tl-word", "middle")
            numbered = x
        status = "lost" if one.answered_us is None else str(one.status)
        if end - answered >= 28:
            yield _text(max(end, x + 4), 60, status, "tl-word", "middle")
            answered = end


def _mark(one: Exchange, x: float) -> str:
    if not failing(one):
        return f'<circle class="tl-ok" cx="{x:.1f}" cy="36" r="5"/>'
    match looks(one):
        case "answer lost":
            return f'<path class="tl-lost" d="M{x - 5:.1f} 31l10 10m0 -10l-10 10"/>'
        case "refused":
            return f'<rect class="tl-refused" x="{x - 5:.1f}" y="31" width="10" height="10"/>'
        case _:
            return f'<path class="tl-refused" d="M{x:.1f} 29l7 7l-7 7l-7 -7z"/>'


def _ends(run: Run, seen: Window) -> Iterator[str]:
    """A thick bar where the subject said done, or raised."""
    words = {"returned": "said done"}
    for act in acts_in(run, seen):
        x = seen.x(act.ended_us)
        anchor = "end" if x > LEFT + 80 else "start"
        yield f'<path class="tl-done" d="M{x:.1f} 24v26"/>'
        yield _text(x - 6 if anchor == "end" else x + 8, 71, words.get(act.ended, act.ended), "tl-word", anchor)


def _waits(run: Run, seen: Window) -> Iterator[str]:
    """An open bracket for what the vendor asked, a bar for what was kept; red where the next request came too early."""
    exchanges = run.exchanges()
    for one in seen.exchanges:
        if one.wait_until_us is None or one.answered_us is None:
            continue
        start, end = seen.x(one.answered_us), seen.x(one.wait_until_us)
        if end - start >= 2:
            yield f'<path class="tl-asked" d="M{start:.1f} 14V8H{end:.1f}V14"/>'
        later = [other for other in exchanges if other.sent_us >= one.answered_us and other.operation == one.operation]
        if later and later[0] is not one:
            kept = "tl-kept" if later[0].sent_us >= one.wait_until_us else "tl-short"
            width = max(3.0, seen.x(later[0].sent_us) - start)
            yield f'<rect class="{kept}" x="{start:.1f}" y="16" width="{width:.1f}" height="7"/>'


def _log(run: Run, seen: Window) -> Iterator[str]:
    last = -99.0
    for one in run.logged():
        x = seen.x(one.at_us)
        if seen.from_us <= one.at_us <= seen.to_us and x - last >= 18:
            letter = logging.getLevelName(one.level)[:1]
            yield f'<rect class="tl-log" x="{x - 7:.1f}" y="7" width="14" height="16"/>'
            yield _text(x, 19, letter, "tl-word", "middle")
            last = x


def _tear(seen: Window, bottom: int) -> str:
    if seen.cut is None:
        return ""
    start, end = seen.cut
    x, width = seen.x(start), seen.x(end) - seen.x(start)
    words = _text(x + width / 2, _TOP - 4, f"{seconds(end - start)} cut", "tl-word", "middle")
    zigzag = "l4 6l-8 8l8 8l-4 6" * ((bottom - _TOP) // 28)
    return (
        f'<rect class="tl-tear" x="{x + 8:.1f}" y="{_TOP}" width="{width - 16:.1f}" height="{bottom - _TOP}"/>'
        f'<path class="tl-zigzag" d="M{x + 8:.1f} {_TOP}{zigzag}M{x + width - 8:.1f} {_TOP}{zigzag}"/>{words}'
    )


def _axis(seen: Window, y: int) -> str:
    ends = (
        (LEFT, seen.from_us, "start"),
        *(((LEFT + RIGHT) / 2, (seen.from_us + seen.to_us) // 2, "middle") for _ in range(seen.cut is None)),
        (RIGHT, seen.to_us, "end"),
    )
    ticks = "".join(_text(x, y + 18, seconds(at_us), "tl-tick", anchor) for x, at_us, anchor in ends)
    return f'<path class="tl-line" d="M0 {y}H{WIDTH}"/>{_text(0, y + 18, "time", "tl-lane")}{ticks}'


def _flag(seen: Window, at_us: int, words: str, moment: Moment, bottom: int) -> str:
    x = seen.x(at_us)
    shown = plain(words, most=_LONGEST_WORDS)
    width = len(shown) * _CHARACTER_WIDTH + 30
    left = min(max(0.0, x - 10), WIDTH - width)
    sign = "m0 0l7 7m0 -7l-7 7" if moment == "bad" else "m0 4l3 3l5 -7"
    return (
        f'<path class="tl-pole {moment}" d="M{x:.1f} 24V{bottom}"/>'
        f'<rect class="tl-flag {moment}" x="{left:.1f}" y="2" width="{width:.1f}" height="22"/>'
        f'<path class="tl-sign" d="M{left + 8:.1f} 9{sign}"/>{_text(left + 22, 17, shown, "tl-flagword")}'
    )
