"""Recordings of real vendors as frozen values: read from vcrpy's cassettes, and written as such.

The one module that knows vcrpy, which it imports when the first cassette is read or written. Cassettes come from
anywhere, so nothing in one is executed, and whatever is wrong with one is told in a sentence.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.stage.encodings import Headers
from harness.stage.exchange import FormError, RecordedExchange
from harness.stage.formats import vcrpy
from harness.stage.formats.reading import Reading, Surroundings, iso_date
from harness.stage.untrusted import (
    Unreadable,
    asked_for_no_object,
    beside,
    bytes_of,
    check_yaml,
    json_document,
    text_of,
)

__all__ = ["Headers", "RecordedExchange", "Recording", "RecordingError", "load", "load_folder", "save"]

SUFFIXES = (".yaml", ".yml", ".json")
_NAMED_AT_MOST = 5

MINIMUM_VCRPY = (9, 4)


class RecordingError(Exception):
    """A cassette cannot be used; the sentence says which, why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recorded flow: its exchanges in the order in which they happened, and where they come from."""

    path: Path
    name: str
    """The flow: the file's name without its suffix."""
    sha256: str
    """Of the file's bytes."""
    recorded_at: str
    """ISO 8601, from the cassette's metadata, else from the first reply's Date; empty where neither tells."""
    product: str
    exchanges: tuple[RecordedExchange, ...]
    configuration: str = ""
    """How the recorded product was set up, where the cassette says."""
    recorded_with: str = ""
    """The program that recorded it, where the cassette says."""
    sequence: int = 0
    """Place among the flows recorded in one session against one vendor, from 1; 0 where the cassette does not say."""


def load(path: Path | str, *, included: Callable[[str], bytes] | None = None) -> Recording:
    """The recording in a cassette of vcrpy's format 1, YAML or JSON by its suffix.

    Args:
        included: Reads the files that the cassette takes interactions from; without it, from beside the cassette.

    Raises:
        RecordingError: The file is missing, cut, no cassette, empty, or holds what cannot be read safely.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise RecordingError(f"{path} is no cassette by its name; cassettes end in .yaml, .yml or .json.")
    with told_of(path):
        content = bytes_of(path)
        text = text_of(content)
        document = json_document(text) if path.suffix == ".json" else yaml_of_tools(text)
        check_cassette(document)
        reading = vcrpy.read(document, Surroundings(origin="", included=included or beside(path.parent)))
    return recording_of(path, content, document, reading)


def load_folder(folder: Path | str) -> tuple[Recording, ...]:
    """Every cassette directly in the folder, in the order in which they were recorded, else by name.

    Raises:
        RecordingError: There is no such folder, it holds no cassette, or one of them cannot be used.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise RecordingError(f"{folder} is no folder; name the folder that holds the cassettes.")
    paths = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())
    if not paths:
        raise RecordingError(f"{folder} holds no cassette; {_remedy(folder)}.")
    return tuple(sorted((load(path) for path in paths), key=lambda recording: (recording.sequence, recording.name)))


def _remedy(folder: Path) -> str:
    inside = sorted({path.parent.name for path in folder.glob("*/*") if path.suffix in SUFFIXES})
    if not inside:
        return "put recordings named *.yaml or *.json there"
    return f"its folder{'s' * (len(inside) > 1)} {', '.join(inside[:_NAMED_AT_MOST])} do: name one vendor's folder"


def save(
    path: Path,
    exchanges: Iterable[RecordedExchange],
    *,
    product: str,
    recorded_at: str,
    configuration: str = "",
    sequence: int = 0,
    recorded_with: str = "",
) -> None:
    """Write a cassette that ``load`` and vcrpy read, all of it or nothing. What is written is not sanitised here.

    A file that is replaced keeps its mode, and a link its place: what it leads to is replaced.
    ``recorded_with`` names the program that recorded it; the number of requests is noted beside it.
    """
    vcr = _vcr()
    exchanges = tuple(exchanges)
    requests = [
        vcr.request.Request(one.method, one.url, one.request_body or None, dict(one.request_headers))
        for one in exchanges
    ]
    metadata = {
        "product": product,
        "configuration": configuration,
        "recorded_at": recorded_at,
        "sequence": sequence,
        **({"recorded_with": recorded_with, "requests": len(requests)} if recorded_with else {}),
    }
    cassette = {"requests": requests, "responses": [_response(one) for one in exchanges], "metadata": metadata}
    text = vcr.serialize.serialize(cassette, _serializer(vcr, path))
    path = path.resolve()
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(unfinished).chmod(mode)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def _vcr() -> ModuleType:
    import vcr  # type: ignore[import-untyped]

    # Below 8.2.1 a cassette can run code (GHSA-rpj2-4hq8-938g).
    if tuple(int(part) for part in vcr.__version__.split(".")[:2]) < MINIMUM_VCRPY:
        raise RecordingError(
            f"vcrpy {vcr.__version__} is too old to read cassettes safely; install vcrpy 9.4 or later."
        )
    module: ModuleType = vcr
    return module


def _serializer(vcr: ModuleType, path: Path) -> Any:
    return vcr.serializers.jsonserializer if path.suffix == ".json" else vcr.serializers.yamlserializer


def _response(exchange: RecordedExchange) -> dict[str, Any]:
    headers: dict[str, list[str]] = {}
    for name, value in exchange.reply_headers:
        headers.setdefault(name, []).append(value)
    return {
        "status": {"code": exchange.status, "message": exchange.reason},
        "headers": headers,
        "body": {"string": exchange.reply_body},
    }


# -- reading ---------------------------------------------------------------------------------------------------------


@contextmanager
def told_of(path: Path) -> Iterator[None]:
    """Whatever is wrong with the file is one sentence that begins with its name."""
    try:
        yield
    except Unreadable as exc:
        raise RecordingError(f"{path} {exc}.") from exc
    except FormError as exc:
        raise RecordingError(f"{path}: {exc}; {exc.remedy}.") from exc


def yaml_of_tools(text: str) -> Any:
    """The YAML document in the text, read with vcrpy's safe loader; Ruby's ``!binary`` is YAML's.

    Raises:
        Unreadable: There is none, it is beyond a bound, a mapping has a key twice, or it asks for an object.
    """
    vcr = _vcr()
    check_yaml(text)
    binary = vcr.serializers.yamlserializer.yaml.constructor.SafeConstructor.construct_yaml_binary
    with asked_for_no_object():
        return vcr.serializers.yamlserializer.with_custom_tags({"!binary": binary}).deserialize(text)


def check_cassette(document: Any) -> None:
    """Whether the document is a whole cassette.

    Raises:
        Unreadable: It is another document, holds nothing, or was cut.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("interactions"), list):
        raise Unreadable(
            "is no cassette of vcrpy's format 1; record the flow again with vcrpy 9.4 or later, "
            "or make one of it with 'harness recordings import'"
        )
    if not document["interactions"]:
        raise Unreadable("holds no interaction; record the flow again")
    # vcrpy's YAML ends with the version, so a file cut between two interactions is known by its absence.
    if document.get("version") is None:
        raise Unreadable("lacks its version line, so it was cut; record the flow again")


def recording_of(path: Path, content: bytes, document: Any, reading: Reading) -> Recording:
    """What was read of a document, with what the document says of itself."""
    metadata = document.get("metadata") if isinstance(document, Mapping) else None
    metadata = metadata if isinstance(metadata, Mapping) else {}
    sequence = metadata.get("sequence")
    return Recording(
        path=path,
        name=path.stem,
        sha256=hashlib.sha256(content).hexdigest(),
        recorded_at=str(metadata.get("recorded_at") or reading.recorded_at or _first_date(reading.exchanges)),
        product=str(metadata.get("product") or ""),
        exchanges=reading.exchanges,
        configuration=str(metadata.get("configuration") or ""),
        recorded_with=str(metadata.get("recorded_with") or ""),
        sequence=sequence if isinstance(sequence, int) else 0,
    )


def _first_date(exchanges: tuple[RecordedExchange, ...]) -> str:
    for exchange in exchanges:
        for name, value in exchange.reply_headers:
            if name.lower() == "date":
                return iso_date(value)
    return ""
