"""The recordings of the Azure SDK's test proxy (https://github.com/Azure/azure-sdk-tools, tools/test-proxy)."""

from collections.abc import Mapping
from typing import Any

from harness.stage.encodings import Headers
from harness.stage.exchange import Converted, RecordedExchange, converted
from harness.stage.formats.parts import DECODED, body_by_type, header, header_lines
from harness.stage.formats.reading import Format, Reading, Surroundings, entries_of, read_each


def recognises(document: Any) -> bool:
    """Whether there are entries with the proxy's words for a request."""
    first = entries_of(document, "Entries")[:1]
    return bool(first) and isinstance(first[0], Mapping) and "RequestUri" in first[0]


def read(document: Any, surroundings: Surroundings) -> Reading:
    """The entries in order."""
    return read_each("entry", document["Entries"], _convert)


def _convert(entry: Mapping[str, Any]) -> Converted:
    sent, told = header_lines(entry.get("RequestHeaders")), header_lines(entry.get("ResponseHeaders"))
    bodies = (entry.get("RequestBody"), entry.get("ResponseBody"))
    decoded = any(isinstance(body, dict) for body in bodies)
    recorded = RecordedExchange(
        method=entry["RequestMethod"],
        url=entry["RequestUri"],
        request_headers=sent,
        request_body=_body(bodies[0], sent),
        status=int(entry["StatusCode"]),
        reply_headers=told,
        reply_body=_body(bodies[1], told),
    )
    return converted(recorded, left_out=(DECODED,) if decoded else ())


def _body(body: Any, headers: Headers) -> bytes:
    """JSON stands decoded, text as it is or as a list of its lines, all else in Base64."""
    if isinstance(body, list) and "json" not in header(headers, "content-type").lower():
        return "".join(body).encode()
    return body_by_type(body, headers)


FORMAT = Format(name="Azure test-proxy", recognises=recognises, read=read)
