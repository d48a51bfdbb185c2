"""Recordings of real vendors as frozen values: read from vcrpy's cassettes, and written as such.

The one module that knows vcrpy, which it imports when the first cassette is read or written. Cassettes come from
anywhere, so nothing in one is executed, and whatever is wrong with one is told in a sentence.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.stage.encodings import EncodingError, as_sent

Headers = tuple[tuple[str, str], ...]

SUFFIXES = (".yaml", ".yml", ".json")

MINIMUM_VCRPY = (9, 4)


class RecordingError(Exception):
    """A cassette cannot be used; the sentence says which, why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedExchange:
    """One request and the vendor's answer to it, in a form that can be sent as real HTTP.

    Header names are spelled as recorded; a header that came twice is there twice. Bodies are not compressed: there is
    no ``Content-Encoding`` and no ``Transfer-Encoding``, and ``Content-Length``, where there is one, is right. Without
    one, ``Connection: close`` ended the body.
    """

    method: str
    url: str
    request_headers: Headers
    request_body: bytes
    status: int
    reply_headers: Headers
    reply_body: bytes
    reason: str = ""


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
    sequence: int = 0
    """Place among the flows recorded in one session against one vendor, from 1; 0 where the cassette does not say."""


def load(path: Path | str) -> Recording:
    """The recording in a cassette of vcrpy's format 1, YAML or JSON by its suffix.

    Raises:
        RecordingError: The file is missing, cut, no cassette, empty, or holds what cannot be read safely.
    """
    path = Path(path)
    content = _bytes_of(path)
    document = _document(path, content)
    exchanges = tuple(_exchange(path, number, entry) for number, entry in enumerate(document["interactions"], start=1))
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    sequence = metadata.get("sequence")
    return Recording(
        path=path,
        name=path.stem,
        sha256=hashlib.sha256(content).hexdigest(),
        recorded_at=str(metadata.get("recorded_at") or _first_date(exchanges)),
        product=str(metadata.get("product") or ""),
        exchanges=exchanges,
        configuration=str(metadata.get("configuration") or ""),
        sequence=sequence if isinstance(sequence, int) else 0,
    )


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
        raise RecordingError(f"{folder} holds no cassette; put recordings named *.yaml or *.json there.")
    return tuple(sorted((load(path) for path in paths), key=lambda recording: (recording.sequence, recording.name)))


def save(
    path: Path,
    exchanges: Iterable[RecordedExchange],
    *,
    product: str,
    recorded_at: str,
    configuration: str = "",
    sequence: int = 0,
) -> None:
    """Write a cassette that ``load`` and vcrpy read, all of it or nothing. What is written is not sanitised here."""
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
    }
    cassette = {"requests": requests, "responses": [_response(one) for one in exchanges], "metadata": metadata}
    text = vcr.serialize.serialize(cassette, _serializer(vcr, path))
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(unfinished).chmod(0o644)
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


def _bytes_of(path: Path) -> bytes:
    if path.suffix not in SUFFIXES:
        raise RecordingError(f"{path} is no cassette by its name; cassettes end in .yaml, .yml or .json.")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise RecordingError(f"{path} does not exist; check the path, or record the flow.") from None
    except OSError as exc:
        raise RecordingError(f"{path} cannot be read ({exc.strerror}); check what it is and who may read it.") from exc
    if not content.strip():
        raise RecordingError(f"{path} is empty; record the flow again.")
    return content


def _document(path: Path, content: bytes) -> Mapping[str, Any]:
    vcr = _vcr()
    try:
        text = content.decode("utf-8-sig")
        document = _serializer(vcr, path).deserialize(text)
    except UnicodeDecodeError as exc:
        raise RecordingError(f"{path} is not UTF-8 text (byte {exc.start}); record the flow again.") from exc
    except vcr.serialize.yaml.constructor.ConstructorError as exc:
        raise RecordingError(
            f"{path} asks for a Python object ({exc.problem}), which is never built; record the flow again."
        ) from exc
    except (vcr.serialize.yaml.YAMLError, ValueError, TypeError, RecursionError) as exc:
        kind = "JSON" if path.suffix == ".json" else "YAML"
        where = " ".join(str(exc).split())[:120]
        raise RecordingError(f"{path} is no {kind}, or was cut ({where}); record the flow again.") from exc
    if not isinstance(document, Mapping) or not isinstance(document.get("interactions"), list):
        raise RecordingError(
            f"{path} is no cassette of vcrpy's format 1; record the flow again with vcrpy 9.4 or later."
        )
    if not document["interactions"]:
        raise RecordingError(f"{path} holds no interaction; record the flow again.")
    # vcrpy's YAML ends with the version, so a file cut between two interactions is known by its absence.
    if document.get("version") is None:
        raise RecordingError(f"{path} lacks its version line, so it was cut; record the flow again.")
    return document


def _exchange(path: Path, number: int, entry: object) -> RecordedExchange:
    for part in ("request", "response"):
        if not isinstance(entry, Mapping) or not isinstance(entry.get(part), Mapping):
            raise RecordingError(f"{path}: interaction {number} lacks its {part}; record the flow again.")
    assert isinstance(entry, Mapping)
    try:
        return exchange_of(entry["request"], entry["response"])
    except EncodingError as exc:
        raise RecordingError(
            f"{path}: the reply of interaction {number} {exc}; record it with 'Accept-Encoding: identity'."
        ) from exc
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise RecordingError(
            f"{path}: interaction {number} is malformed ({type(exc).__name__}: {exc}); record the flow again."
        ) from exc


def exchange_of(request: Mapping[str, Any], response: Mapping[str, Any]) -> RecordedExchange:
    """The exchange in vcrpy's own words for a request and a response.

    Raises:
        EncodingError: The reply's body cannot be decoded.
        KeyError, TypeError, ValueError, AttributeError: These are not vcrpy's words.
    """
    method, url = request["method"], request["uri"]
    if "status_code" in response:  # vcrpy below 6 wrote what httpx received in this form
        response = {**response, "status": {"code": response["status_code"]}, "body": {"string": response["content"]}}
    status = response["status"]
    if not isinstance(method, str) or not isinstance(url, str):
        raise TypeError("method and uri are text")
    code = int(status["code"])
    headers, body = as_sent(method, code, _headers(response.get("headers")), _body(response.get("body")))
    return RecordedExchange(
        method=method,
        url=url,
        request_headers=_headers(request.get("headers")),
        request_body=_body(request.get("body")),
        status=code,
        reply_headers=headers,
        reply_body=body,
        reason=str(status.get("message") or ""),
    )


def _headers(headers: Mapping[str, Any] | None) -> Headers:
    pairs: list[tuple[str, str]] = []
    for name, values in (headers or {}).items():
        for value in values if isinstance(values, (list, tuple)) else (values,):
            pairs.append((str(name), value.decode("latin-1") if isinstance(value, bytes) else str(value)))
    return tuple(pairs)


def _body(body: Any) -> bytes:
    """Whatever vcrpy makes of a body: nothing, text, bytes, ``{"string": ...}``, a buffer, or pieces of one."""
    if isinstance(body, Mapping):
        return _body(body["string"])
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8")
    if hasattr(body, "read"):
        return _body(body.read())
    return b"".join(_body(piece) for piece in body)


def _first_date(exchanges: tuple[RecordedExchange, ...]) -> str:
    for exchange in exchanges:
        for name, value in exchange.reply_headers:
            if name.lower() == "date":
                try:
                    return parsedate_to_datetime(value).isoformat()
                except ValueError:
                    return ""
    return ""
