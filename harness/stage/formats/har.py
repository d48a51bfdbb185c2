"""HTTP Archives (HAR 1.2, http://www.softwareishard.com/blog/har-12-spec/), and what Polly.JS makes of them
(https://netflix.github.io/pollyjs): bodies still compressed, in Base64, as a JSON list of pieces."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from harness.stage.encodings import Headers
from harness.stage.exchange import Converted, RecordedExchange, converted
from harness.stage.formats.parts import header_lines
from harness.stage.formats.reading import Format, Reading, Surroundings, entries_of, iso_date, part_of, read_each


def _log(document: Any) -> Mapping[str, Any]:
    log = document.get("log") if isinstance(document, Mapping) else None
    return log if isinstance(log, Mapping) and isinstance(log.get("entries"), list) else {}


def _is_polly(document: Any) -> bool:
    creator = _log(document).get("creator")
    return isinstance(creator, Mapping) and "polly" in str(creator.get("name")).lower()


def _is_plain(document: Any) -> bool:
    return bool(_log(document)) and not _is_polly(document)


def _read_polly(document: Any, surroundings: Surroundings) -> Reading:
    return _read(document, _polly_content)


def _read_plain(document: Any, surroundings: Surroundings) -> Reading:
    return _read(document, _content)


def _read(document: Any, content_of: Any) -> Reading:
    """The entries sorted by their start, as the specification asks of readers."""
    entries = entries_of(_log(document), "entries")
    if all(isinstance(entry, Mapping) for entry in entries):
        entries = sorted(entries, key=lambda entry: (str(entry.get("startedDateTime")), entry.get("_order") or 0))
    started = entries[0].get("startedDateTime") if entries and isinstance(entries[0], Mapping) else ""

    def convert(entry: Mapping[str, Any]) -> Converted:
        return _convert(entry, content_of)

    return read_each("entry", entries, convert, recorded_at=iso_date(started))


def _convert(entry: Mapping[str, Any], content_of: Any) -> Converted:
    request, response = part_of(entry, "request"), part_of(entry, "response")
    status, url = int(response["status"]), str(request["url"])
    if status < 200:
        return Converted(None, ("left out, for it got no answer over HTTP",))
    if not url.startswith(("http://", "https://")):
        return Converted(None, ("left out, for its URL is not of HTTP",))
    content = part_of(response, "content")
    body, told = content_of(content, _split_cookies(header_lines(response.get("headers"))))
    size = content.get("size")
    lost = not content.get("text") and isinstance(size, int) and size > 0
    recorded = RecordedExchange(
        method=request["method"],
        url=url,
        request_headers=header_lines(request.get("headers")),
        request_body=_posted(request.get("postData")),
        status=status,
        reply_headers=told,
        reply_body=body,
        reason=str(response.get("statusText") or ""),
    )
    return converted(recorded, left_out=("the body was not kept",) if lost else ())


def _content(content: Mapping[str, Any], headers: Headers) -> tuple[bytes, Headers]:
    """The body of a plain archive, which is decoded whatever the headers say."""
    text = content.get("text") or ""
    body = base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()
    return body, tuple((name, value) for name, value in headers if name.lower() != "content-encoding")


def _polly_content(content: Mapping[str, Any], headers: Headers) -> tuple[bytes, Headers]:
    """The body as it came over the wire where it is in Base64, decoded where it is text."""
    text = content.get("text") or ""
    if content.get("encoding") != "base64":
        return text.encode(), headers
    pieces = json.loads(text) if text.startswith("[") else [text]
    return b"".join(base64.b64decode(piece) for piece in pieces), headers


def _posted(posted: Any) -> bytes:
    if not isinstance(posted, Mapping):
        return b""
    if posted.get("text"):
        text = str(posted["text"])
        return base64.b64decode(text) if posted.get("encoding") == "base64" else text.encode()
    parameters = posted.get("params") or []
    return urlencode([(one["name"], one.get("value", "")) for one in parameters]).encode()


def _split_cookies(headers: Headers) -> Headers:
    """Browsers join several cookies by line ends in one header."""
    lines: list[tuple[str, str]] = []
    for name, value in headers:
        values = value.split("\n") if name.lower() == "set-cookie" else [value]
        lines += [(name, one) for one in values]
    return tuple(lines)


POLLY = Format(name="Polly HAR", recognises=_is_polly, read=_read_polly)
HAR = Format(name="HAR 1.2", recognises=_is_plain, read=_read_plain)
