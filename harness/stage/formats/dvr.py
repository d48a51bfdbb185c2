"""DVR for Swift (https://github.com/venmo/DVR)."""

from collections.abc import Mapping
from typing import Any

from harness.stage.exchange import Converted, RecordedExchange, converted
from harness.stage.formats.parts import DECODED, body_by_type, header_lines
from harness.stage.formats.reading import (
    Format,
    Reading,
    Surroundings,
    entries_of,
    first_part,
    iso_date,
    part_of,
    read_each,
)


def recognises(document: Any) -> bool:
    """Whether an interaction has a request with a ``url`` and an answer whose ``status`` is a number."""
    entries = entries_of(document, "interactions")
    return "url" in first_part(entries, "request") and isinstance(first_part(entries, "response").get("status"), int)


def read(document: Any, surroundings: Surroundings) -> Reading:
    """The interactions in order."""
    entries = document["interactions"]
    return read_each("interaction", entries, _convert, recorded_at=iso_date(entries[0].get("recorded_at")))


def _convert(entry: Mapping[str, Any]) -> Converted:
    request, response = part_of(entry, "request"), part_of(entry, "response")
    sent, told = header_lines(request.get("headers")), header_lines(response.get("headers"))
    decoded = any(isinstance(one.get("body"), (dict, list)) for one in (request, response))
    recorded = RecordedExchange(
        method=request["method"],
        url=request["url"],
        request_headers=sent,
        request_body=body_by_type(request.get("body"), sent),
        status=response["status"],
        reply_headers=told,
        reply_body=body_by_type(response.get("body"), told),
    )
    return converted(recorded, left_out=(DECODED,) if decoded else ())


FORMAT = Format(name="DVR", recognises=recognises, read=read)
