"""Recorded traffic of other tools becomes sanitised cassettes: each file whole, or not at all."""

import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.certify.plain import plain
from harness.stage.recordings import Headers, RecordedExchange, RecordingError, load, save
from harness.stage.sanitise import pseudonyms, sanitised, scan
from harness.stage.sources import Source, SourceFile, read_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """One file. ``reason`` says why nothing was written for it, and is empty where something was."""

    source: Path
    target: Path | None = None
    format: str = ""
    interactions: int = 0
    left_out: tuple[str, ...] = ()
    reason: str = ""


def import_recordings(
    files: Sequence[SourceFile],
    *,
    out: Path,
    present: Literal["kept", "replaced"],
    origin: str,
    includes: Sequence[Path],
    product: str,
) -> tuple[Imported, ...]:
    """Write a cassette into ``out`` for every file that can be read; a secret has one pseudonym in all of them.

    Args:
        present: What becomes of a cassette that is there already.

    Raises:
        RecordingError: ``out`` is no folder and cannot become one.
    """
    read = [(one, _read(one.path, origin, includes)) for one in files]
    sources = [source for _, source in read if isinstance(source, Source)]
    mapping = pseudonyms(exchange for source in sources for exchange in source.recording.exchanges)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise RecordingError(f"{out} cannot be made a folder ({exc.strerror}); choose another with --out.") from exc
    taken: set[Path] = set()
    imported = []
    with tempfile.TemporaryDirectory() as unfinished:
        for file, source in read:
            if isinstance(source, Source):
                target = out / f"{_file_name(file.flow)}.yaml"
                source = _written(source, target, mapping, taken, present, product=product, trial=Path(unfinished))
            imported.append(source)
    return tuple(imported)


def _read(path: Path, origin: str, includes: Iterable[Path]) -> Source | Imported:
    try:
        return read_source(path, origin=origin, includes=includes)
    except RecordingError as refused:
        return Imported(source=path, reason=str(refused))


def _file_name(flow: str) -> str:
    """Of the flow's name, what every file system takes; no name leads out of the folder."""
    return re.sub(r"[^A-Za-z0-9]+", "_", flow).strip("_").lower()[:120] or "flow"


def _written(
    source: Source,
    target: Path,
    mapping: dict[str, str],
    taken: set[Path],
    present: Literal["kept", "replaced"],
    *,
    product: str,
    trial: Path,
) -> Imported:
    path = source.recording.path
    if target in taken:
        return Imported(source=path, reason=f"{target} was written from another file; import this one elsewhere.")
    if target.exists() and present == "kept":
        return Imported(source=path, reason=f"{target} is there already; give --overwrite, or another folder.")
    clean = tuple(sanitised(exchange, mapping) for exchange in source.recording.exchanges)

    def write(place: Path) -> None:
        save(
            place,
            clean,
            product=product or source.recording.product,
            recorded_at=source.recording.recorded_at,
            configuration=source.recording.configuration or f"imported from {source.format}",
            sequence=source.recording.sequence,
            recorded_with=source.recording.recorded_with,
        )

    write(trial / target.name)
    if reason := unfit(trial / target.name, clean):
        return Imported(source=path, reason=f"{path} {reason}")
    write(target)
    taken.add(target)
    return Imported(source=path, target=target, format=source.format, interactions=len(clean), left_out=source.left_out)


def unfit(cassette: Path, written: Sequence[RecordedExchange]) -> str:
    """Why the cassette may not be handed over, which is read back first; empty where it may."""
    try:
        read, findings = load(cassette).exchanges, scan(cassette)
    except RecordingError as refused:
        return f"gives a cassette that cannot be read back ({refused})"
    if [_by_name(one) for one in read] != [_by_name(one) for one in written]:
        return "gives a cassette that reads back otherwise than it was written; record the flow again."
    if findings:
        return (
            f"would still hold a secret ({findings[0].kind}: {findings[0].shown}), so nothing was written for it; "
            "take it out by hand."
        )
    return ""


def _by_name(exchange: RecordedExchange) -> RecordedExchange:
    """A cassette keeps headers by name, and the lines of one in their order."""

    def ordered(headers: Headers) -> Headers:
        return tuple(sorted(headers, key=lambda line: line[0]))

    return replace(
        exchange,
        request_headers=ordered(exchange.request_headers),
        reply_headers=ordered(exchange.reply_headers),
    )


# -- told ------------------------------------------------------------------------------------------------------------


def exit_code(imported: Iterable[Imported]) -> int:
    """0 where every file became a cassette, 1 otherwise."""
    return 1 if any(one.reason for one in imported) else 0


def print_imported(imported: Sequence[Imported], console: Console) -> None:
    """What became of each file, and below in sentences what of it is not in its cassette."""
    table = Table()
    for heading in ("file", "from", "n", "cassette"):
        table.add_column(heading, overflow="fold")
    for number, one in enumerate(imported, start=1):
        cassette = "[red]none[/]" if one.target is None else _safe(one.target.name)
        table.add_row(f"{number} {_safe(one.source.name)}", one.format or "?", str(one.interactions), cassette)
    console.print(table)
    for number, one in enumerate(imported, start=1):
        if one.reason or one.left_out:
            console.print(f"\n[bold]{number} {_safe(str(one.source))}[/]", soft_wrap=True)
        for sentence in (one.reason, *one.left_out) if one.reason else one.left_out:
            console.print(f"  {_safe(sentence)}", soft_wrap=True)


def _safe(text: str) -> str:
    return escape(plain(text))
