"""Ruby's VCR (https://benoittgt.github.io/vcr), YAML and JSON; rVCR for Rust writes the same document."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from harness.stage.exchange import Converted, RecordedExchange, converted
from harness.stage.formats.parts import body_bytes, header_lines, placed
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
    """Whether there are HTTP interactions whose answer has a status with a code, and no address of its own."""
    response = first_part(entries_of(document, "http_interactions"), "response")
    return isinstance(response.get("status"), Mapping) and "url" not in response


def read(document: Any, surroundings: Surroundings) -> Reading:
    """The interactions in order."""
    return read_interactions(document, lambda entry: convert(entry, surroundings))


def read_interactions(document: Any, converts: Callable[[Mapping[str, Any]], Converted]) -> Reading:
    """The entries of ``http_interactions``, each converted; the first one's date is the recording's."""
    entries = document["http_interactions"]
    first = entries[0] if entries and isinstance(entries[0], Mapping) else {}
    return read_each("interaction", entries, converts, recorded_at=iso_date(first.get("recorded_at")))


def convert(entry: Mapping[str, Any], surroundings: Surroundings) -> Converted:
    """One interaction."""
    request, response = part_of(entry, "request"), part_of(entry, "response")
    status = part_of(response, "status")
    url, about_url = placed(request["uri"], surroundings.origin)
    recorded = RecordedExchange(
        method=request["method"],
        url=url,
        request_headers=header_lines(request.get("headers")),
        request_body=body_of(request.get("body")),
        status=int(status["code"]),
        reply_headers=header_lines(response.get("headers")),
        reply_body=body_of(response.get("body")),
        reason=str(status.get("message") or ""),
    )
    return converted(recorded, left_out=about_url)


def body_of(body: Any) -> bytes:
    """A body that stands as text, or as text or Base64 beside its encoding."""
    if not isinstance(body, Mapping):
        return body_bytes(body)
    if body.get("base64_string"):
        return base64.b64decode(body["base64_string"])
    return body_bytes(body.get("string"))


FORMAT = Format(name="Ruby VCR", recognises=recognises, read=read)
