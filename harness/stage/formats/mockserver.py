"""MockServer's expectations (https://www.mock-server.com).

An expectation is a rule, not a recording: only one whose request is spelled out can become an exchange.
"""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from harness.stage.encodings import Headers
from harness.stage.exchange import Converted, FormError, RecordedExchange, converted
from harness.stage.formats.parts import body_bytes, header, header_lines
from harness.stage.formats.reading import Format, Reading, Surroundings, part_of, read_each


def recognises(document: Any) -> bool:
    """Whether it is one expectation or a list of them."""
    first = document[:1] if isinstance(document, list) else [document]
    return bool(first) and isinstance(first[0], Mapping) and "httpRequest" in first[0]


def read(document: Any, surroundings: Surroundings) -> Reading:
    """The expectations in order."""

    def convert(entry: Mapping[str, Any]) -> Converted:
        return _convert(entry, surroundings)

    return read_each("expectation", document if isinstance(document, list) else [document], convert)


def _convert(entry: Mapping[str, Any], surroundings: Surroundings) -> Converted:
    request = part_of(entry, "httpRequest")
    if not isinstance(entry.get("httpResponse"), Mapping):
        return Converted(None, ("left out, for it breaks off or passes on instead of answering",))
    if not isinstance(request.get("method"), str) or not isinstance(request.get("path"), str):
        return Converted(None, ("left out, for it matches a pattern of requests and shows none",))
    response, sent = entry["httpResponse"], header_lines(request.get("headers"))
    host = header(sent, "host")
    scheme = "http" if request.get("secure") is False else "https"
    origin = f"{scheme}://{host}" if host else surroundings.origin
    times = (entry.get("times") or {}).get("remainingTimes", 1)
    notes = [] if host else [f"no host is named; it was put at {surroundings.origin}"]
    if times != 1:
        notes.append("it answers more often than once; it is one exchange here, and repeats where it is the last")
    recorded = RecordedExchange(
        method=request["method"],
        url=f"{origin}{urlsplit(request['path']).path}{_query(request.get('queryStringParameters'))}",
        request_headers=sent,
        request_body=_body(request.get("body")),
        status=int(response.get("statusCode", 200)),
        reply_headers=_with_cookies(header_lines(response.get("headers")), response.get("cookies")),
        reply_body=_body(response.get("body")),
        reason=str(response.get("reasonPhrase") or ""),
    )
    return converted(recorded, left_out=tuple(notes))


def _query(parameters: Any) -> str:
    pairs = header_lines(parameters)
    return f"?{urlencode(pairs)}" if pairs else ""


def _with_cookies(headers: Headers, cookies: Any) -> Headers:
    """MockServer sends the cookies that stand beside the headers, unless the headers set them."""
    if header(headers, "set-cookie"):
        return headers
    return (*headers, *(("Set-Cookie", f"{name}={value}") for name, value in header_lines(cookies)))


def _body(body: Any) -> bytes:
    if not isinstance(body, Mapping) or "type" not in body:
        return body_bytes(body)
    match body["type"]:
        case "JSON":
            return body_bytes(body.get("json"))
        case "STRING":
            return body_bytes(body.get("string"))
        case "XML":
            return body_bytes(body.get("xml"))
        case "BINARY":
            return base64.b64decode(body.get("base64Bytes") or "")
        case "PARAMETERS":
            return urlencode(header_lines(body.get("parameters"))).encode()
    raise FormError(f"asks for a body by a pattern ({str(body['type'])[:20]}), which shows none")


FORMAT = Format(name="MockServer", recognises=recognises, read=read)
