"""How much of a folder of real recordings can be used: ``python -m tests.recordings_in_the_wild FOLDER``.

The folder has a MANIFEST.tsv that names each file, its format, and how many interactions of which status it holds.
Each file is imported, its cassette replayed on the in-memory wire, and every recorded request asked with ``requests``.
The answer must have the recorded status, body and headers, but for those that say how the body is framed. Exits with 1
where less than 98 of 100 files give every recorded answer.
"""

import csv
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from rich.console import Console
from rich.table import Table

from harness.certify.recording_import import import_recordings
from harness.stage import patch
from harness.stage.http1 import render
from harness.stage.play import play
from harness.stage.recordings import RecordedExchange, load
from harness.stage.replay import Replay
from harness.stage.sanitise import pseudonyms, sanitised
from harness.stage.sources import SourceFile, read_source

LEAST_SHARE = 0.98
FRAMING = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
BODIES = "wiremock-body-file"
"""Files that are no recording, but bodies of one."""

Answer = tuple[int, list[tuple[str, str]], bytes]


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the manifest."""

    path: Path
    format: str
    interactions: int
    statuses: str
    """``200:2,404:1``; of status 0 where the manifest's maker could not tell."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file; ``reason`` is empty where it gave every recorded answer."""

    listed: Listed
    reason: str


def manifest(folder: Path) -> tuple[Listed, ...]:
    """Every recording that the folder's manifest names."""
    with (folder / "MANIFEST.tsv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return tuple(
        Listed(folder / row["file"], row["format"], int(row["interactions"]), row["statuses"])
        for row in rows
        if row["format"] != BODIES
    )


def includes_in(folder: Path) -> tuple[Path, ...]:
    """Where projects keep what several cassettes include."""
    return tuple(sorted(path for path in folder.rglob("shared_cassettes") if path.is_dir()))


@contextmanager
def stage() -> Iterator[None]:
    """The names are replaced, in UTC as in a worker."""
    zone = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    patch.install()
    try:
        yield
    finally:
        patch.uninstall()
        os.environ.pop("TZ")
        if zone is not None:
            os.environ["TZ"] = zone
        time.tzset()


def outcome(listed: Listed, *, includes: Sequence[Path]) -> Outcome:
    """Import the file, ask for every answer, compare. On a stage only."""
    with tempfile.TemporaryDirectory() as folder:
        (imported,) = import_recordings(
            [SourceFile(listed.path, "flow")],
            out=Path(folder),
            present="kept",
            origin="https://vendor.test",
            includes=includes,
            product="",
        )
        if imported.target is None:
            return Outcome(listed, imported.reason)
        exchanges = load(imported.target).exchanges
    original = read_source(listed.path, includes=includes).recording.exchanges
    mapping = pseudonyms(original)
    expected = [answer_of(sanitised(exchange, mapping)) for exchange in original]
    return Outcome(listed, _disagreement(listed, exchanges, expected))


def _disagreement(listed: Listed, exchanges: Sequence[RecordedExchange], expected: Sequence[Answer]) -> str:
    if len(exchanges) != listed.interactions:
        return f"{len(exchanges)} exchanges, and the manifest counts {listed.interactions}"
    told = dict(one.split(":") for one in listed.statuses.split(","))
    found = Counter(str(exchange.status) for exchange in exchanges)
    if "0" not in told and told != {status: str(count) for status, count in found.items()}:
        return f"statuses {dict(found)}, and the manifest counts {listed.statuses}"
    got: list[Answer] = []
    replay = Replay(exchanges)
    played = play(
        _asking(exchanges, got),
        answer=lambda request, world: (render(replay.handle(request), request.method),),
        resolve={urlsplit(exchange.url).hostname for exchange in exchanges}.__contains__,
    )
    if played.ended != "returned":
        return f"asking ended {played.ended} at exchange {len(got) + 1}: {type(played.error).__name__}: {played.error}"
    for number, (wanted, answer) in enumerate(zip(expected, got, strict=True), start=1):
        for part, one, other in zip(("status", "headers", "body"), wanted, answer, strict=True):
            if one != other:
                return f"exchange {number} answers with another {part}: {str(other)[:60]!r}, not {str(one)[:60]!r}"
    return ""


def _asking(exchanges: Iterable[RecordedExchange], got: list[Answer]) -> Callable[[], Any]:
    def ask() -> None:
        with requests.Session() as session:
            session.trust_env = False
            for one in exchanges:
                kind = {name: value for name, value in one.request_headers if name.lower() == "content-type"}
                reply = session.request(
                    *(one.method, one.url), data=one.request_body, headers=kind, allow_redirects=False, timeout=60
                )
                got.append((reply.status_code, _that_matter(reply.raw.headers.iteritems()), reply.content))

    return ask


def answer_of(exchange: RecordedExchange) -> Answer:
    """What a client is to receive: no body where the method or the status allows none."""
    empty = exchange.method == "HEAD" or exchange.status in (204, 304)
    return exchange.status, _that_matter(exchange.reply_headers), b"" if empty else exchange.reply_body


def _that_matter(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted((name.lower(), value) for name, value in headers if name.lower() not in FRAMING)


def print_outcomes(outcomes: Sequence[Outcome], folder: Path) -> None:
    """By format how many files gave every answer; below, a sentence for each that did not."""
    console = Console(highlight=False)
    table = Table(title=f"{len(outcomes)} recordings", title_justify="left")
    for heading in ("format", "files", "interactions", "gave every answer"):
        table.add_column(heading, justify="left" if heading == "format" else "right")
    by_format: dict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        by_format[one.listed.format].append(one)
    for name, ones in sorted(by_format.items()):
        good = [one for one in ones if not one.reason]
        table.add_row(name, str(len(ones)), str(sum(one.listed.interactions for one in ones)), str(len(good)))
    good = [one for one in outcomes if not one.reason]
    table.add_section()
    table.add_row(
        "all",
        str(len(outcomes)),
        str(sum(one.listed.interactions for one in outcomes)),
        f"{len(good)} ({len(good) / len(outcomes):.1%})",
    )
    console.print(table)
    reasons = Table(title="The others, and why", title_justify="left", show_lines=True)
    reasons.add_column("file", overflow="fold")
    reasons.add_column("why", overflow="fold")
    for one in outcomes:
        if one.reason:
            name = str(one.listed.path.relative_to(folder))
            reasons.add_row(name, one.reason.replace(f"{folder}/", ""))
    console.print(reasons)


def main(folder: Path) -> int:
    """Measure, print; 0 where the share is reached."""
    includes = includes_in(folder)
    with stage():
        outcomes = [outcome(listed, includes=includes) for listed in manifest(folder)]
    print_outcomes(outcomes, folder)
    good = sum(not one.reason for one in outcomes)
    return 0 if good >= LEAST_SHARE * len(outcomes) else 1


if __name__ == "__main__":
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "MANIFEST.tsv").is_file():
        sys.exit("usage: python -m tests.recordings_in_the_wild FOLDER, where FOLDER holds a MANIFEST.tsv")
    sys.exit(main(Path(sys.argv[1])))
