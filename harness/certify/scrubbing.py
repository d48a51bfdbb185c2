"""Takes secrets out of recordings that are there already, all of them together or none."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.stage.recordings import SUFFIXES, Recording, RecordingError, load, save
from harness.stage.sanitise import Finding, pseudonyms, sanitised, scan
from harness.stage.secret_rules import RULES, Rule
from harness.stage.spellings import SHORTEST_EVERYWHERE
from harness.stage.swapping import swapped
from harness.stage.untrusted import Unreadable


class SecretsLeft(Exception):
    """What would be written still holds secrets, so nothing was written; the sentence says which and where."""


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What was taken out of one recording."""

    path: Path
    kinds: tuple[tuple[str, int], ...]
    """Kind of secret and how many different ones of it, by name; empty: there was none, and the file is as it was."""


def cassettes_in(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The cassettes among the paths; of a folder every one below it.

    Raises:
        RecordingError: A path does not exist, or there is no cassette at all.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.suffix in SUFFIXES and one.is_file())
        elif path.exists():
            found.append(path)
        else:
            raise RecordingError(f"{path} does not exist; check the path.")
    if not found:
        raise RecordingError("there is no cassette (*.yaml, *.yml, *.json) in what was named; check the path.")
    return tuple(dict.fromkeys(found))


def look(
    paths: Sequence[Path], *, known: Sequence[tuple[str, str]] = (), rules: tuple[Rule, ...] = RULES
) -> tuple[Scrubbed, ...]:
    """What ``scrub`` would take out of each cassette.

    Raises:
        RecordingError: A cassette cannot be read.
    """
    recordings = [_loaded(path) for path in paths]
    mapping = _mapping(recordings, known, rules)
    return tuple(Scrubbed(one.path, _kinds(one, mapping, rules)) for one in recordings)


def scrub(
    paths: Sequence[Path], *, known: Sequence[tuple[str, str]] = (), rules: tuple[Rule, ...] = RULES
) -> tuple[Scrubbed, ...]:
    """Every cassette rid of its secrets; a value has one pseudonym in all of them.

    Args:
        paths: Cassettes of vcrpy's.
        known: Kind and secret of what no rule would find.

    Raises:
        RecordingError: A cassette cannot be read; nothing was written.
        SecretsLeft: A secret is left where no rule can replace it; nothing was written.
    """
    recordings = [_loaded(path) for path in paths]
    mapping = _mapping(recordings, known, rules)
    told = tuple(Scrubbed(one.path, _kinds(one, mapping, rules)) for one in recordings)
    changed = [recording for recording, one in zip(recordings, told, strict=True) if one.kinds]
    with tempfile.TemporaryDirectory() as folder:
        for number, recording in enumerate(recordings):
            trial = recording.path
            if recording in changed:
                trial = Path(folder) / f"{number}{recording.path.suffix}"
                _write(trial, recording, mapping, rules)
            _refuse_left(recording.path, scan(trial, known=[*filter(_long, mapping)], rules=rules))
    for recording in changed:
        _write(recording.path, recording, mapping, rules)
    return told


def _loaded(path: Path) -> Recording:
    def included(name: str) -> bytes:
        raise Unreadable(
            f"takes in the file {name[:80]!r}, which would keep its secrets; "
            "make one cassette of both with 'harness recordings import'"
        )

    return load(path, included=included)


def _mapping(
    recordings: Sequence[Recording], known: Sequence[tuple[str, str]], rules: tuple[Rule, ...]
) -> dict[str, str]:
    return pseudonyms((one for recording in recordings for one in recording.exchanges), known=known, rules=rules)


def _kinds(recording: Recording, mapping: dict[str, str], rules: tuple[Rule, ...]) -> tuple[tuple[str, int], ...]:
    found: set[tuple[str, str]] = set()

    def note(kind: str, value: str) -> str:
        if value in mapping:
            found.add((kind, value))
        return value

    for exchange in recording.exchanges:
        clean = sanitised(swapped(exchange, note, rules=rules), mapping, rules=rules)
        # A secret of another recording, or one known beforehand, may stand where no rule looks.
        if clean != exchange and not found:
            found.add(("known", ""))
    return tuple(sorted(Counter(kind for kind, _ in found).items()))


def _write(path: Path, recording: Recording, mapping: dict[str, str], rules: tuple[Rule, ...]) -> None:
    save(
        path,
        [sanitised(exchange, mapping, rules=rules) for exchange in recording.exchanges],
        product=recording.product,
        recorded_at=recording.recorded_at,
        configuration=recording.configuration,
        sequence=recording.sequence,
        recorded_with=recording.recorded_with,
    )


def _refuse_left(path: Path, findings: Sequence[Finding]) -> None:
    if findings:
        raise SecretsLeft(
            f"{path} would still hold a secret ({findings[0].kind}: {findings[0].shown}), so nothing was written; "
            "name it with --secret-env, or take it out by hand."
        )


def _long(value: str) -> bool:
    return len(value) >= SHORTEST_EVERYWHERE
