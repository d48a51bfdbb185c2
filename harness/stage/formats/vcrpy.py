"""vcrpy's cassettes, format 1 (https://vcrpy.readthedocs.io), with what projects' own serializers do to them.

Knows the document alone; vcrpy itself is known to ``harness.stage.recordings``.
"""

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from harness.stage.exchange import Converted, FormError, RecordedExchange, converted
from harness.stage.formats.parts import DECODED, body_bytes, header, header_lines, placed
from harness.stage.formats.reading import Format, Reading, Surroundings, entries_of, iso_date, part_of, read_each
from harness.stage.untrusted import Unreadable, text_of, yaml_document


def recognises(document: Any) -> bool:
    """Whether an interaction has vcrpy's words: a ``uri``, and a status with a code; or names a file that has them."""
    for entry in entries_of(document, "interactions"):
        request = entry.get("request") if isinstance(entry, Mapping) else None
        if isinstance(request, Mapping):
            return "uri" in request
    return any("include_file" in entry for entry in entries_of(document, "interactions") if isinstance(entry, Mapping))


def read(document: Any, surroundings: Surroundings) -> Reading:
    """The interactions in order, those that stand in files of their own among them."""

    def convert(entry: Mapping[str, Any]) -> Converted:
        if "include_template" in entry:
            raise FormError("is made from a template, which is not filled in here")
        if "include_file" in entry:
            entry = _included(str(entry["include_file"]), surroundings)
        request, response = part_of(entry, "request"), part_of(entry, "response")
        url, about_url = placed(request["uri"], surroundings.origin)
        one = exchange_of({**request, "uri": url}, response)
        return replace(one, left_out=(*about_url, *one.left_out))

    metadata = document.get("metadata")
    recorded_at = metadata.get("recorded_at") if isinstance(metadata, Mapping) else ""
    return read_each("interaction", document["interactions"], convert, recorded_at=iso_date(recorded_at))


def _included(name: str, surroundings: Surroundings) -> Mapping[str, Any]:
    content = surroundings.included(name)
    try:
        entry = yaml_document(text_of(content))
    except Unreadable as exc:
        raise Unreadable(f"includes {name[:80]!r}, which {exc}") from exc
    if not isinstance(entry, Mapping):
        raise FormError(f"includes {name[:80]!r}, which holds no interaction")
    return entry


def _is_alone(document: Any) -> bool:
    """Whether it is one interaction outside a cassette, for others to include."""
    request = document.get("request") if isinstance(document, Mapping) else None
    return isinstance(request, Mapping) and "uri" in request and "response" in document


def _read_alone(document: Any, surroundings: Surroundings) -> Reading:
    return read({"interactions": [document]}, surroundings)


def exchange_of(request: Mapping[str, Any], response: Mapping[str, Any]) -> Converted:
    """The exchange in vcrpy's own words for a request and a response.

    Raises:
        EncodingError: The reply's body cannot be decoded.
        FormError: There is no such exchange in HTTP.
        KeyError, TypeError, ValueError, AttributeError: These are not vcrpy's words.
    """
    method, url = request["method"], request["uri"]
    if "status_code" in response:  # vcrpy below 6 wrote what httpx received in this form
        response = {**response, "status": {"code": response["status_code"]}, "body": {"string": response["content"]}}
    status = response["status"]
    if not isinstance(method, str) or not isinstance(url, str):
        raise TypeError("method and uri are text")
    request_body, about_request = _body(request)
    reply_body, about_reply = _body(response)
    recorded = RecordedExchange(
        method=method,
        url=url,
        request_headers=header_lines(request.get("headers")),
        request_body=request_body,
        status=int(status["code"]),
        reply_headers=header_lines(response.get("headers")),
        reply_body=reply_body,
        reason=str(status.get("message") or ""),
    )
    return converted(recorded, left_out=tuple(dict.fromkeys((*about_request, *about_reply))))


def _body(message: Mapping[str, Any]) -> tuple[bytes, tuple[str, ...]]:
    """The body's bytes; where a project's serializer kept what it decoded, that is said."""
    body = message.get("body")
    if "parsed_body" in message:
        return body_bytes(message["parsed_body"]), (DECODED,)
    if isinstance(body, Mapping) and body and "string" not in body:
        if body.keys() <= {"base64_string", "encoding"}:
            return base64.b64decode(body["base64_string"]), ()
        # Some projects' serializers keep a reply's JSON under "data", others in the body's place.
        decoded = body["data"] if body.keys() == {"data"} else body
        return (_form(body), ()) if decoded is body and _is_form(message) else (body_bytes(decoded), (DECODED,))
    return _bytes(body), ()


def _is_form(message: Mapping[str, Any]) -> bool:
    """aiohttp hands vcrpy a request's form as a mapping, and the JSON of another as one too."""
    if "method" not in message or "json" in header(header_lines(message.get("headers")), "content-type").lower():
        return False
    return not any(isinstance(value, (Mapping, list)) for value in message["body"].values())


def _form(fields: Mapping[str, Any]) -> bytes:
    return urlencode({str(name): str(value) for name, value in fields.items()}).encode()


def _bytes(body: Any) -> bytes:
    """Whatever vcrpy makes of a body: nothing, text, bytes, ``{"string": ...}``, a buffer, or pieces of one."""
    if isinstance(body, Mapping):
        return _bytes(body["string"]) if body else b""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8")
    if isinstance(body, (int, float, date)):
        raise FormError(f"has the body {body}, which is no text", remedy="put it in quotes")
    if hasattr(body, "read"):
        return _bytes(body.read())
    return b"".join(_bytes(piece) for piece in body)


FORMAT = Format(name="vcrpy", recognises=recognises, read=read)
ALONE = Format(name="vcrpy interaction", recognises=_is_alone, read=_read_alone)
