"""WireMock's stub mappings (https://wiremock.org/docs/stubbing), one a file or several under ``mappings``.

A mapping is a rule, not a recording: only one whose request is spelled out can become an exchange.
"""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from harness.stage.exchange import Converted, RecordedExchange, converted
from harness.stage.formats.parts import body_bytes, header_lines
from harness.stage.formats.reading import Format, Reading, Surroundings, part_of, read_each

_NOT_CARRIED = (
    ("fixedDelayMilliseconds", "the answer was delayed, which a fault does here"),
    ("delayDistribution", "the answer was delayed, which a fault does here"),
    ("chunkedDribbleDelay", "the answer was delayed, which a fault does here"),
    ("transformers", "the answer was filled in from a template; it is carried over as it is written"),
)


def recognises(document: Any) -> bool:
    """Whether it has, or its first mapping has, a request and a response, and no interaction of another tool."""
    first = mappings_of(document)[:1]
    return bool(first) and isinstance(first[0], Mapping) and _is_mapping(first[0])


def _is_mapping(mapping: Mapping[str, Any]) -> bool:
    request, response = mapping.get("request"), mapping.get("response")
    if not isinstance(request, Mapping) or not isinstance(response, Mapping):
        return False
    return not {"url", "urlPath", "urlPattern", "urlPathPattern"}.isdisjoint(request)


def mappings_of(document: Any) -> list[Any]:
    """The mappings in a document, which holds one or several."""
    if not isinstance(document, Mapping):
        return []
    several = document.get("mappings")
    return several if isinstance(several, list) else [document]


def read(document: Any, surroundings: Surroundings) -> Reading:
    """The mappings in the order in which they were recorded."""

    def convert(entry: Mapping[str, Any]) -> Converted:
        return _convert(entry, surroundings)

    mappings = mappings_of(document)
    if all(isinstance(one, Mapping) for one in mappings):
        mappings = sorted(mappings, key=lambda one: int(one.get("insertionIndex") or 0))
    return read_each("mapping", mappings, convert)


def _convert(entry: Mapping[str, Any], surroundings: Surroundings) -> Converted:
    request, response = part_of(entry, "request"), part_of(entry, "response")
    method, target = str(request.get("method", "ANY")), _target(request)
    if target is None or method == "ANY":
        return Converted(None, ("left out, for it matches a pattern of requests and shows none",))
    if "fault" in response or "proxyBaseUrl" in response:
        return Converted(None, ("left out, for it breaks off or passes on instead of answering",))
    body, about_body = _expected_body(request)
    recorded = RecordedExchange(
        method=method,
        url=surroundings.origin + target,
        request_headers=_expected_headers(request.get("headers")),
        request_body=body,
        status=int(response.get("status", 200)),
        reply_headers=header_lines(response.get("headers")),
        reply_body=_reply_body(response, surroundings),
        reason=str(response.get("statusMessage") or ""),
    )
    notes = tuple(dict.fromkeys(note for name, note in _NOT_CARRIED if response.get(name)))
    placed = f"no host is named; it was put at {surroundings.origin}"
    return converted(recorded, left_out=(placed, *about_body, *notes))


def _target(request: Mapping[str, Any]) -> str | None:
    """The path with its query; None where the request is a pattern."""
    if "url" in request:
        return str(request["url"])
    if "urlPath" not in request:
        return None
    parameters = request.get("queryParameters") or {}
    pairs = [(name, matcher.get("equalTo")) for name, matcher in parameters.items()]
    if any(value is None for _, value in pairs):
        return None
    return str(request["urlPath"]) + (f"?{urlencode(pairs)}" if pairs else "")


def _expected_headers(matchers: Any) -> tuple[tuple[str, str], ...]:
    pairs = (matchers or {}).items()
    return tuple((name, str(matcher["equalTo"])) for name, matcher in pairs if "equalTo" in matcher)


def _expected_body(request: Mapping[str, Any]) -> tuple[bytes, tuple[str, ...]]:
    """The body that the mapping asks for, where it spells one out."""
    patterns = request.get("bodyPatterns") or []
    for pattern in patterns:
        for name in ("equalToJson", "equalTo"):
            if name in pattern:
                return body_bytes(pattern[name]), ()
        if "binaryEqualTo" in pattern:
            return base64.b64decode(pattern["binaryEqualTo"]), ()
    return b"", ("the body is asked for by a pattern; the request has none here",) if patterns else ()


def _reply_body(response: Mapping[str, Any], surroundings: Surroundings) -> bytes:
    if response.get("bodyFileName"):
        return surroundings.included(str(response["bodyFileName"]))
    if "jsonBody" in response:
        return body_bytes(response["jsonBody"])
    if "base64Body" in response:
        return base64.b64decode(response["base64Body"])
    return body_bytes(response.get("body"))


FORMAT = Format(name="WireMock", recognises=recognises, read=read)
