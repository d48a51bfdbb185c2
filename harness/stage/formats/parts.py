"""Headers and bodies in the forms in which several tools write them."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from harness.stage.documents import parsed
from harness.stage.encodings import Headers

DECODED = "the body was kept decoded; it was written as JSON anew, so its spacing is not the vendor's"

_PLACEHOLDER = re.compile(r"(?:<+[^<>/?#]+>+|\{+[^{}/?#]+\}+|\$\{?\w+\}?|%\w+%)(?=[/?#]|$)")
_TEXT = ("text/", "json", "xml", "javascript", "urlencoded", "html")


def placed(url: str, origin: str) -> tuple[str, tuple[str, ...]]:
    """The URL at the origin where a placeholder stands for scheme and host, as ``<API_URL>/orders``; and that it is."""
    placeholder = _PLACEHOLDER.match(url)
    if not placeholder or not origin:
        return url, ()
    return origin + url[placeholder.end() :], (f"a placeholder stands for its host; it was put at {origin}",)


def header_lines(headers: Any) -> Headers:
    """Header lines from a mapping of names to one value or several, or from a list of pairs or named ones.

    Raises:
        TypeError: They are in neither form.
    """
    if headers is None:
        return ()
    if isinstance(headers, Mapping):
        pairs = list(headers.items())
    elif isinstance(headers, list):
        pairs = [_named(one) for one in headers]
    else:
        raise TypeError("headers are a mapping or a list")
    lines: list[tuple[str, str]] = []
    for name, values in pairs:
        for value in values if isinstance(values, (list, tuple)) else (values,):
            # Some projects put the headers that they kept one level deeper.
            lines += header_lines(value) if isinstance(value, Mapping) else [(str(name), _text(value))]
    return tuple(lines)


def _named(one: Any) -> tuple[Any, Any]:
    if isinstance(one, (list, tuple)):
        name, value = one
        return name, value
    return one["name"], one["values"] if "values" in one else one["value"]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def header(headers: Headers, name: str) -> str:
    """The first header of that name; empty where there is none."""
    return next((value for one, value in headers if one.lower() == name), "")


def is_text(headers: Headers) -> bool:
    """Whether the content type says text; without one it does not."""
    kind = header(headers, "content-type").lower()
    return any(word in kind for word in _TEXT)


def body_bytes(body: Any) -> bytes:
    """The bytes of a body that is nothing, text, bytes, or a JSON value that a tool has decoded (say ``DECODED``)."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8")
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def body_by_type(body: Any, headers: Headers) -> bytes:
    """The same where a tool writes in Base64 whatever it does not take for text, and keeps no note of it."""
    if not isinstance(body, str) or not body:
        return body_bytes(body)
    says_json = "json" in header(headers, "content-type").lower()
    if is_text(headers) and not (says_json and parsed(body.encode("utf-8", "replace")) is None):
        return body.encode("utf-8")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return body.encode("utf-8")
