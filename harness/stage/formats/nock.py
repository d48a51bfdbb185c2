"""nock for Node.js (https://github.com/nock/nock), what its recorder and its fixtures hold."""

from collections.abc import Mapping
from typing import Any

from harness.stage.encodings import Headers
from harness.stage.exchange import Converted, RecordedExchange, converted
from harness.stage.formats.parts import DECODED, body_bytes, header, header_lines
from harness.stage.formats.reading import Format, Reading, Surroundings, read_each


def recognises(document: Any) -> bool:
    """Whether it is a list of definitions with a ``scope`` and a ``path``."""
    first = document[0] if isinstance(document, list) and document else None
    return isinstance(first, Mapping) and {"scope", "path"} <= first.keys()


def read(document: Any, surroundings: Surroundings) -> Reading:
    """The definitions in order."""
    return read_each("definition", document, _convert)


def _convert(entry: Mapping[str, Any]) -> Converted:
    told = _reply_headers(entry)
    body = entry.get("response")
    decoded = isinstance(body, (dict, list)) and not _is_hexadecimal(entry, told)
    recorded = RecordedExchange(
        method=entry.get("method", "GET"),
        url=entry["scope"] + entry["path"],
        request_headers=header_lines(entry.get("reqheaders")),
        request_body=body_bytes(entry.get("body")),
        status=int(entry.get("status", 200)),
        reply_headers=told,
        reply_body=_reply_body(entry, told),
    )
    return converted(recorded, left_out=(DECODED,) if decoded else ())


def _reply_headers(entry: Mapping[str, Any]) -> Headers:
    raw = entry.get("rawHeaders")
    if isinstance(raw, list):
        return tuple((str(raw[at]), str(raw[at + 1])) for at in range(0, len(raw) - 1, 2))
    return header_lines(entry.get("headers") or raw)


def _is_hexadecimal(entry: Mapping[str, Any], told: Headers) -> bool:
    """nock keeps what is compressed or no text as hexadecimal digits, a compressed body as a list of pieces."""
    response = entry.get("response")
    pieces = response if isinstance(response, list) else [response]
    if not (entry.get("responseIsBinary") or header(told, "content-encoding")):
        return False
    return bool(pieces) and all(isinstance(piece, str) and _digits(piece) for piece in pieces)


def _digits(text: str) -> bool:
    try:
        bytes.fromhex(text)
    except ValueError:
        return False
    return True


def _reply_body(entry: Mapping[str, Any], told: Headers) -> bytes:
    response = entry.get("response")
    if _is_hexadecimal(entry, told):
        return bytes.fromhex("".join(response) if isinstance(response, list) else str(response))
    return body_bytes(response)


FORMAT = Format(name="nock", recognises=recognises, read=read)
