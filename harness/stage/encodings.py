"""Recorded replies as they can be sent again: not compressed, not chunked, with a length that is right."""

import gzip
import zlib
from collections.abc import Callable

Headers = tuple[tuple[str, str], ...]

LARGEST_BODY_BYTES = 64 * 1024 * 1024
"""What a compressed body may grow to; more is taken for a bomb."""
MOST_MEMBERS = 100
"""Bodies of gzip that one may be put together of."""

_GZIP_BEGINS = b"\x1f\x8b"
_WBITS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}

_SQUEEZED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "x-gzip": lambda body: gzip.compress(body, mtime=0),
    "deflate": zlib.compress,
}


class EncodingError(Exception):
    """The body of a recorded reply cannot be decoded."""


def as_sent(method: str, status: int, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """The same reply without ``Content-Encoding`` and ``Transfer-Encoding``.

    A length that was there, or that is needed because no closing connection ends the body, is the body's. Replies
    that have no body by their kind keep the length they tell (RFC 9110 s6.4.1, s8.6).

    Raises:
        EncodingError: The encoding is unknown, the body is not encoded that way, or it is a bomb.
    """
    codings = [
        coding.strip().lower()
        for name, value in headers
        if name.lower() == "content-encoding"
        for coding in value.split(",")
    ]
    for coding in reversed(codings):
        body = _decoded(coding, body)
    kept = tuple(
        (name, value) for name, value in headers if name.lower() not in ("content-encoding", "transfer-encoding")
    )
    if method.upper() == "HEAD" or status < 200 or status in (204, 304):
        return kept, body
    if any(name.lower() == "content-length" for name, _ in kept):
        return with_length(kept, body), body
    closes = any(name.lower() == "connection" and value.lower() == "close" for name, value in kept)
    return (kept, body) if closes else ((*kept, ("Content-Length", str(len(body)))), body)


def within(headers: Headers, body: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The body with what it encodes changed, in the encoding that the headers tell; untouched where that is the same.

    A request is kept as it was sent, so its body may be compressed.
    """
    coding = next((value.strip().lower() for name, value in headers if name.lower() == "content-encoding"), "")
    squeezed = _SQUEEZED.get(coding)
    try:
        plain = _decoded(coding, body) if squeezed else body
    except EncodingError:
        plain = body
    changed = change(plain)
    if changed == plain:
        return body
    return squeezed(changed) if squeezed and plain is not body else changed


def with_length(headers: Headers, body: bytes) -> Headers:
    """The same headers; where they tell a length, it is the body's."""
    return tuple((name, str(len(body)) if name.lower() == "content-length" else value) for name, value in headers)


def _decoded(coding: str, body: bytes) -> bytes:
    if coding in ("", "identity") or not body:
        return body
    if coding in _WBITS:
        return _inflated(coding, body)
    # Several clients hand vcrpy a body that is decoded already, and leave the header as it was.
    if _is_text(body):
        return body
    raise EncodingError(f"has a body in the encoding {coding!r}, which cannot be read here")


def _inflated(coding: str, body: bytes) -> bytes:
    raw_deflate = -zlib.MAX_WBITS
    for wbits in (_WBITS[coding], raw_deflate) if coding == "deflate" else (_WBITS[coding],):
        try:
            return _members(coding, wbits, body)
        except zlib.error:
            continue
    if _is_text(body):
        return body
    raise EncodingError(f"says {coding}, and its body is not")


def _members(coding: str, wbits: int, body: bytes) -> bytes:
    """A gzip body may be several, one behind the other (RFC 1952 s2.2); what follows the last one is no part of it."""
    inflated, left_bytes = [], LARGEST_BODY_BYTES
    for _ in range(MOST_MEMBERS):
        inflater = zlib.decompressobj(wbits)
        inflated.append(inflater.decompress(body, left_bytes + 1))
        left_bytes -= len(inflated[-1])
        if inflater.unconsumed_tail or left_bytes < 0:
            raise EncodingError(f"grows beyond {LARGEST_BODY_BYTES} bytes when decoded")
        if not inflater.eof:
            raise EncodingError(f"has a {coding} body that ends too early")
        body = inflater.unused_data
        if not body.startswith(_GZIP_BEGINS):
            return b"".join(inflated)
    raise EncodingError(f"is put together of more than {MOST_MEMBERS} gzip bodies")


def _is_text(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
