"""Recorded replies as they can be sent again: not compressed, not chunked, with a length that is right."""

import zlib

Headers = tuple[tuple[str, str], ...]

LARGEST_BODY_BYTES = 64 * 1024 * 1024
"""What a compressed body may grow to; more is taken for a bomb."""

_WBITS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


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
        inflater = zlib.decompressobj(wbits)
        try:
            inflated = inflater.decompress(body, LARGEST_BODY_BYTES)
        except zlib.error:
            continue
        if inflater.unconsumed_tail:
            raise EncodingError(f"grows beyond {LARGEST_BODY_BYTES} bytes when decoded")
        if not inflater.eof:
            raise EncodingError(f"has a {coding} body that ends too early")
        return inflated
    if _is_text(body):
        return body
    raise EncodingError(f"says {coding}, and its body is not")


def _is_text(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
