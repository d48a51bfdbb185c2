"""A file of recorded traffic in any format that is known, told by its content."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.stage.exchange import FormError
from harness.stage.formats import FORMATS, recognised, vcrpy, wiremock
from harness.stage.formats.reading import Surroundings
from harness.stage.recordings import (
    Recording,
    RecordingError,
    check_cassette,
    recording_of,
    told_of,
    yaml_of_tools,
)
from harness.stage.untrusted import LARGEST_FILE_BYTES, Unreadable, beside, bytes_of, json_document, text_of

ORIGIN = "https://vendor.test"
"""Where the exchanges of a format that names no host are put, unless told otherwise."""

_SUFFIXES = (".har", ".json", ".yaml", ".yml")
_BODIES, _MAPPINGS = "__files", "mappings"
"""WireMock's folders: of bodies, and beside it of rules, one a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a file held, and what of it is not in the recording."""

    format: str
    recording: Recording
    left_out: tuple[str, ...]


def read_source(path: Path, *, origin: str = ORIGIN, includes: Iterable[Path] = ()) -> Source:
    """The recording in a file of any known format, or in WireMock's folder of mappings.

    Args:
        origin: Scheme and host for paths of a format that names none.
        includes: Folders, besides the file's own, in which the files that it names may lie.

    Raises:
        RecordingError: The file is missing, cut, of no known format, or holds what cannot be read safely.
    """
    with told_of(path):
        folder = path if path.is_dir() else path.parent
        content = _joined(path) if path.is_dir() else bytes_of(path)
        document = _document(text_of(content), path.suffix)
        one = recognised(document)
        if one is None:
            known = ", ".join(known.name for known in FORMATS)
            raise FormError(f"it is in no format that is known by its content ({known})", remedy="see what wrote it")
        if one is vcrpy.FORMAT:
            check_cassette(document)
        places = (folder.parent / _BODIES, folder, *includes)
        reading = one.read(document, Surroundings(origin=origin, included=beside(*places)))
        if not reading.exchanges:
            raise FormError("; ".join(("it holds no exchange", *reading.left_out)))
    recording = recording_of(path, content, document, reading)
    return Source(format=one.name, recording=recording, left_out=reading.left_out)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be read, or WireMock's folder of mappings, and the name of the flow that it holds."""

    path: Path
    flow: str


def source_files(paths: Iterable[Path]) -> Iterator[SourceFile]:
    """The files themselves, and of folders every file that may hold a recording, by name, without WireMock's bodies.

    A file that was found in a folder is named by its way there too, for many tools give all files one name.

    Raises:
        RecordingError: A path does not exist, or a folder holds no such file.
    """
    for path in paths:
        if not path.exists():
            raise RecordingError(f"{path} does not exist; check the path.")
        if not path.is_dir() or _holds_mappings(path):
            yield SourceFile(path, _flow(path))
            continue
        inside = [one for one in sorted(path.rglob("*")) if one.suffix in _SUFFIXES and one.is_file()]
        inside = [one for one in inside if _BODIES not in one.relative_to(path).parts]
        if not inside:
            raise RecordingError(f"{path} holds no file named {', '.join('*' + suffix for suffix in _SUFFIXES)}.")
        rules = {folder for folder in path.rglob(_MAPPINGS) if _holds_mappings(folder)}
        inside = [next((up for up in one.parents if up in rules), one) for one in inside]
        for one in dict.fromkeys(inside):
            way = one.parent.relative_to(path).parts[: -1 if _is_named_by_its_folder(one) else None]
            yield SourceFile(one, "-".join((*way, _flow(one))))


def _document(text: str, suffix: str) -> Any:
    """JSON where the text begins like it and the name does not say YAML, of which JSON is a part."""
    if text.lstrip()[:1] in ("{", "[") and suffix not in (".yaml", ".yml"):
        return json_document(text)
    return yaml_of_tools(text)


def _flow(path: Path) -> str:
    return path.parent.name if _is_named_by_its_folder(path) else path.stem


def _is_named_by_its_folder(path: Path) -> bool:
    """Polly calls every file ``recording.har``, WireMock every folder ``mappings``."""
    return path.name.startswith("recording.har") or path.name == _MAPPINGS


def _holds_mappings(folder: Path) -> bool:
    first = next(iter(sorted(folder.rglob("*.json"))), None) if folder.name == _MAPPINGS else None
    try:
        return first is not None and wiremock.recognises(json_document(text_of(bytes_of(first))))
    except Unreadable:
        return False


def _joined(folder: Path) -> bytes:
    """The mappings of every file in the folder as one document, by the number that begins a file's name."""
    mappings: list[Any] = []
    paths = sorted(folder.rglob("*.json"), key=lambda one: (_number(one.name), one.name))
    if sum(path.stat().st_size for path in paths) > LARGEST_FILE_BYTES:
        raise Unreadable(f"holds more than {LARGEST_FILE_BYTES >> 20} MiB of mappings; split it by flow")
    for path in paths:
        with told_of(path):
            mappings += wiremock.mappings_of(json_document(text_of(bytes_of(path))))
    return json.dumps({"mappings": mappings}).encode()


def _number(name: str) -> int:
    digits = name.partition("-")[0]
    return int(digits) if digits.isdecimal() and len(digits) < 10 else 0
