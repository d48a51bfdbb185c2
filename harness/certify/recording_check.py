"""What there is to say of files of recorded traffic: format, date, uses, secrets, faults of form."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.certify.plain import plain
from harness.certify.recording_uses import Use, uses
from harness.stage.exchange import RecordedExchange
from harness.stage.recordings import RecordingError
from harness.stage.sanitise import Finding, scan_exchanges
from harness.stage.sources import read_source

SCHEMA = "harness.recordings/1"
_BACKWARDS_S = 60.0
"""Servers of one name differ by less."""
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One file. ``reason`` says why it cannot be used, and is empty where it can."""

    path: str
    format: str = ""
    interactions: int = 0
    recorded_at: str = ""
    """ISO 8601; empty where nothing tells."""
    uses: tuple[Use, ...] = ()
    secrets: tuple[Finding, ...] = ()
    faults: tuple[str, ...] = ()
    """What is wrong with the file or was lost on the way into it; it can be used all the same."""
    reason: str = ""


def check(path: Path, *, origin: str, includes: Iterable[Path]) -> Checked:
    """What the file is; whatever is wrong with it is told, never raised."""
    try:
        source = read_source(path, origin=origin, includes=includes)
    except RecordingError as refused:
        return Checked(path=str(path), reason=str(refused))
    recording = source.recording
    undated = () if recording.recorded_at else ("nothing in it tells when it was recorded",)
    return Checked(
        path=str(path),
        format=source.format,
        interactions=len(recording.exchanges),
        recorded_at=recording.recorded_at,
        uses=uses(recording.exchanges),
        secrets=scan_exchanges(recording.exchanges, where=path.name),
        faults=(*source.left_out, *_backwards(recording.exchanges), *_unprintable(recording.exchanges), *undated),
    )


def _backwards(exchanges: Sequence[RecordedExchange]) -> tuple[str, ...]:
    """Where a host's answers are dated before its earlier ones: recorded at several times, or put together by hand."""
    latest: dict[str, datetime] = {}
    for number, exchange in enumerate(exchanges, start=1):
        told = _date(exchange)
        if told is None:
            continue
        host = urlsplit(exchange.url).netloc
        if host in latest and (latest[host] - told).total_seconds() > _BACKWARDS_S:
            return (f"the clock of {host} runs backwards at interaction {number}",)
        latest[host] = max(told, latest.get(host, told))
    return ()


def _date(exchange: RecordedExchange) -> datetime | None:
    for name, value in exchange.reply_headers:
        if name.lower() == "date":
            try:
                told = parsedate_to_datetime(value)
            except ValueError:
                return None
            return told if told.tzinfo else None
    return None


def _unprintable(exchanges: Sequence[RecordedExchange]) -> tuple[str, ...]:
    """NUL and text that turns the writing direction are harmless here, and seldom meant."""
    signs = (b"\0", *(sign.encode() for sign in "‪‫‬‭‮⁦⁧⁨⁩"))
    numbers = [
        number
        for number, exchange in enumerate(exchanges, start=1)
        if any(sign in exchange.reply_body for sign in signs) and _is_utf8(exchange.reply_body)
    ]
    return (f"the text of interaction {numbers[0]} holds NUL or turns the writing direction",) if numbers else ()


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


# -- told ------------------------------------------------------------------------------------------------------------


def exit_code(checked: Iterable[Checked]) -> int:
    """0 where every file can be used and none holds a secret, 1 otherwise."""
    return 1 if any(one.reason or one.secrets for one in checked) else 0


def as_json(checked: Iterable[Checked]) -> str:
    """The same for machines."""
    files: list[dict[str, Any]] = [asdict(one) | {"usable": not one.reason} for one in checked]
    return json.dumps({"schema": SCHEMA, "files": files}, indent=2)


def print_checked(checked: Sequence[Checked], console: Console) -> None:
    """The same for people, each finding in a sentence below the table; what was recorded commands no terminal."""
    table = Table(title=f"{len(checked)} file{'' if len(checked) == 1 else 's'}", title_justify="left")
    table.add_column("file", overflow="fold")
    table.add_column("recorded", no_wrap=True)
    table.add_column("can be used for", no_wrap=True)
    table.add_column("secrets", justify="right")
    table.add_column("faults", justify="right")
    for number, one in enumerate(checked, start=1):
        kind = f"{one.format}, {one.interactions} interaction{'' if one.interactions == 1 else 's'}"
        families = "\n".join(use.family for use in one.uses) or "nothing"
        table.add_row(
            f"{number} {_safe(Path(one.path).name)}\n[dim]{'unknown format' if one.reason else kind}[/]",
            _safe(one.recorded_at[:10]) or "unknown",
            "[red]not usable[/]" if one.reason else families,
            str(len(one.secrets)),
            str(len(one.faults)),
        )
    console.print(table)
    for number, one in enumerate(checked, start=1):
        if lines := _sentences(one):
            console.print(f"\n[bold]{number} {_safe(one.path)}[/]", soft_wrap=True)
        for line in lines:
            console.print(f"  {line}", soft_wrap=True)


def _sentences(one: Checked) -> list[str]:
    """What somebody may want to do something about."""
    secrets = [f"secret: {finding.kind} {finding.shown}, {finding.where}" for finding in one.secrets]
    return [
        *([f"[red]{_safe(one.reason)}[/]"] if one.reason else []),
        *_few([_safe(secret) for secret in secrets]),
        *_few([_safe(fault) for fault in one.faults]),
    ]


def _few(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]


def _safe(text: str) -> str:
    return escape(plain(text))
