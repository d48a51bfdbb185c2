"""Records every flow from running vendors and shows what has changed.

    python -m tests.vendors.record                                  all of them, into cassettes/
    python -m tests.vendors.record --vendor keystone --out /tmp/new  one of them, elsewhere
    python -m tests.vendors.record --state /tmp/vendors             keeps the installed products for the next time

Each series gets a new server in a folder of its own, so that a recording never depends on what was there before. All
flows of a series are held in memory, rid of secrets together, and only then written, each file whole or not at all.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import vcr
from vcr.persisters.filesystem import CassetteNotFoundError

from harness.stage.formats.vcrpy import exchange_of
from harness.stage.recordings import RecordedExchange, RecordingError, load, save
from harness.stage.sanitise import pseudonyms, rehosted, sanitised, scan
from harness.stage.spellings import SHORTEST_EVERYWHERE
from tests.vendors.changes import changes
from tests.vendors.flows import SERIES, Flow, Series
from tests.vendors.page import page
from tests.vendors.process import NotPossible, Running, UnexpectedReply, free_port, local_session, stop

OUT = Path(__file__).resolve().parents[2] / "cassettes"


class _Held:
    """Keeps what vcrpy recorded; vcrpy calls this a persister."""

    def __init__(self) -> None:
        self.exchanges: tuple[RecordedExchange, ...] = ()

    def load_cassette(self, cassette_path: str, serializer: object) -> None:
        raise CassetteNotFoundError

    def save_cassette(self, cassette_path: str, cassette_dict: Mapping[str, Any], serializer: object) -> None:
        pairs = zip(cassette_dict["requests"], cassette_dict["responses"], strict=True)
        self.exchanges = tuple(exchange_of(request._to_dict(), response).exchange for request, response in pairs)


def played(flow: Flow, running: Running) -> tuple[RecordedExchange, ...]:
    """The exchanges of one flow as vcrpy saw them."""
    flow.prepare(running)
    held = _Held()
    with (
        vcr.VCR().use_cassette(f"{flow.name}.yaml", persister=held, record_on_exception=False),
        local_session() as session,
    ):
        session.headers["Accept-Encoding"] = "identity"  # bodies and their headers stay as sent
        flow.play(session, running)
    return held.exchanges


def record(series: Series, state: Path, out: Path) -> list[str]:
    """Play and write every flow of the series; lines that say what changed."""
    recorded_at = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        running = series.start(state, free_port())
        raw = {flow.name: played(flow, running) for flow in series.flows}
    finally:
        stop(state, series.dialect.name)
    return written(series, raw, running, recorded_at=recorded_at, out=out)


def written(
    series: Series,
    raw: Mapping[str, tuple[RecordedExchange, ...]],
    running: Running,
    *,
    recorded_at: str,
    out: Path,
) -> list[str]:
    """Write the flows, rid of secrets and of the port they were recorded at.

    Raises:
        RecordingError: A secret was found in what would be written; nothing is kept then.
    """
    known = [(name.rpartition("_")[2], value) for name, value in running.secrets.items()]
    mapping = pseudonyms((one for flow in raw.values() for one in flow), known=known)
    clean = {name: _cleaned(flow, mapping, running, series) for name, flow in raw.items()}
    facts = {"product": running.version, "configuration": running.configuration, "recorded_at": recorded_at}
    places = {flow.name: number for number, flow in enumerate(series.flows, start=1)}
    with tempfile.TemporaryDirectory() as folder:
        trials = {name: Path(folder) / f"{name}.yaml" for name in clean}
        for name, trial in trials.items():
            save(trial, clean[name], sequence=places[name], **facts)
            if findings := scan(trial, known=[value for value in mapping if len(value) >= SHORTEST_EVERYWHERE]):
                raise RecordingError(
                    f"{series.folder}/{name} would hold a secret ({findings[0].kind}: {findings[0].shown}); "
                    "add a rule to harness/stage/secret_rules.py."
                )
        lines = []
        for name, trial in trials.items():
            target = out / series.folder / f"{name}.yaml"
            before = load(target) if target.exists() else None
            lines += [f"{series.folder}/{name}: {line}" for line in changes(before, load(trial))]
            save(target, clean[name], sequence=places[name], **facts)
    return lines


def _cleaned(
    flow: Iterable[RecordedExchange], mapping: Mapping[str, str], running: Running, series: Series
) -> list[RecordedExchange]:
    address = series.dialect.base_url
    return [rehosted(sanitised(one, mapping), origin=running.origin, address=address) for one in flow]


def gone(series: Series, out: Path) -> Iterable[str]:
    """Cassettes in the folder that no flow makes any more."""
    names = {flow.name for flow in series.flows}
    for path in sorted((out / series.folder).glob("*.yaml")):
        if path.stem not in names:
            yield f"{series.folder}/{path.stem}: no flow records this; remove the file"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.vendors.record", description="Record all flows again.")
    folders = [series.folder for series in SERIES]
    parser.add_argument("--vendor", action="append", choices=folders, help="one series; may be given again")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for the cassettes")
    parser.add_argument("--state", type=Path, help="folder for the vendors; a temporary one if not given")
    options = parser.parse_args(arguments)
    ended = 0
    with tempfile.TemporaryDirectory(prefix="vendors-") as temporary:
        home = (options.state or Path(temporary)).resolve()
        for series in SERIES:
            if options.vendor and series.folder not in options.vendor:
                continue
            home.mkdir(parents=True, exist_ok=True)
            try:
                state = Path(tempfile.mkdtemp(dir=home, prefix=f"{series.folder}-"))
                lines = [*record(series, state, options.out), *gone(series, options.out)]
            except (NotPossible, RecordingError, UnexpectedReply) as exc:
                print(f"{series.folder}: not recorded: {exc}", file=sys.stderr)
                ended = 1
            else:
                print("\n".join(lines), flush=True)
                shutil.rmtree(state)
    if all((options.out / series.folder / f"{flow.name}.yaml").exists() for series in SERIES for flow in series.flows):
        (options.out / "README.md").write_text(page(options.out), encoding="utf-8")
    return ended


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
