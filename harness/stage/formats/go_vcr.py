"""go-vcr (https://github.com/dnaeon/go-vcr), cassette versions 1 and 2."""

from collections.abc import Mapping
from typing import Any

from harness.stage.exchange import Converted, RecordedExchange, converted
from harness.stage.formats.parts import body_bytes, header_lines
from harness.stage.formats.reading import Format, Reading, Surroundings, entries_of, first_part, part_of, read_each


def recognises(document: Any) -> bool:
    """Whether an interaction has a request with a ``url`` and an answer with a ``code``."""
    entries = entries_of(document, "interactions")
    return "url" in first_part(entries, "request") and "code" in first_part(entries, "response")


def read(document: Any, surroundings: Surroundings) -> Reading:
    """The interactions in order."""
    return read_each("interaction", document["interactions"], _convert)


def _convert(entry: Mapping[str, Any]) -> Converted:
    request, response = part_of(entry, "request"), part_of(entry, "response")
    code = int(response["code"])
    trailers = ("trailers are not carried over",) if response.get("trailer") else ()
    recorded = RecordedExchange(
        method=request["method"] or "GET",
        url=request["url"],
        request_headers=header_lines(request.get("headers")),
        request_body=body_bytes(request.get("body")),
        status=code,
        reply_headers=header_lines(response.get("headers")),
        reply_body=body_bytes(response.get("body")),
        reason=str(response.get("status") or "").removeprefix(str(code)).strip(),
    )
    return converted(recorded, left_out=trailers)


FORMAT = Format(name="go-vcr", recognises=recognises, read=read)
