"""One recorded exchange as a frozen value, and the one way in which what a file says becomes such a value."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from harness.stage.encodings import Headers, as_sent

MOST_HEADERS = 99
"""Lines of one reply: with the line that ends them, what clients on http.client read."""

LONGEST_HEADER = 65_000
"""Characters of one value: clients on http.client read lines of 64 KiB."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FOLD = re.compile(r"(?:(?<![ \t])[ \t]+)?\r?\n[ \t]*")
_NOT_IN_HOST = re.compile(r"[^A-Za-z0-9._:\[\]-]+")
_NOT_IN_REASON = re.compile(r"[^ -~\xa0-\xff]+")
_IN_TARGET = "!$%&'()*+,/:;=?@[]~"
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class FormError(Exception):
    """What a recording says is no exchange of HTTP. The message goes on after the name of the interaction."""

    def __init__(self, what: str, *, remedy: str = "record the flow again") -> None:
        super().__init__(what)
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedExchange:
    """One request and the vendor's answer to it, in a form that can be sent as real HTTP.

    Header names are spelled as recorded; a header of the reply that came twice is there twice. Bodies are not
    compressed: there is no ``Content-Encoding`` and no ``Transfer-Encoding``, and ``Content-Length``, where there is
    one, is right. Without one, ``Connection: close`` ended the body.
    """

    method: str
    url: str
    request_headers: Headers
    request_body: bytes
    status: int
    reply_headers: Headers
    reply_body: bytes
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of one entry of a recording: an exchange, or none, and what of the entry is not in it."""

    exchange: RecordedExchange | None
    left_out: tuple[str, ...] = ()
    """Each a sentence that stands after the interaction's name and a colon."""


def converted(recorded: RecordedExchange, *, left_out: tuple[str, ...] = ()) -> Converted:
    """The exchange as it can be sent, from one that holds everything just as a file says it.

    Raises:
        EncodingError: The reply's body cannot be decoded.
        FormError: There is no such exchange in HTTP.
    """
    method = recorded.method.upper()
    if not _TOKEN.fullmatch(method):
        raise FormError(f"has the method {recorded.method[:40]!r}")
    if not 200 <= recorded.status <= 999:
        raise FormError(f"has the status {recorded.status}, which ends no exchange")
    url, about_url = _sendable_url(recorded.url)
    sent, about_request = _sendable_headers(_joined(recorded.request_headers), "request")
    told, about_reply = _sendable_headers(recorded.reply_headers, "reply")
    headers, body = as_sent(method, recorded.status, told, recorded.reply_body)
    exchange = RecordedExchange(
        method=method,
        url=url,
        request_headers=sent,
        request_body=recorded.request_body,
        status=recorded.status,
        reply_headers=headers,
        reply_body=body,
        reason=_NOT_IN_REASON.sub("", " ".join(recorded.reason.split())),
    )
    about_length = _about_length(method, told, exchange)
    return Converted(exchange, (*left_out, *about_url, *about_request, *about_reply, *about_length))


def _sendable_url(url: str) -> tuple[str, tuple[str, ...]]:
    try:
        split = urlsplit(url)
        _ = split.port
    except ValueError as exc:
        raise FormError(f"has the URL {_shown(url)!r}, whose host or port is none") from exc
    if split.scheme not in ("http", "https") or not split.netloc:
        raise FormError(f"has the URL {_shown(url)!r}, which is no absolute one of http or https")
    notes = []
    if split.fragment:
        notes.append("the URL had a fragment, which is never sent")
    if "@" in split.netloc:
        notes.append("the URL had credentials, which were taken off")
    host = split.netloc.rpartition("@")[2].removesuffix(_DEFAULT_PORTS[split.scheme])
    if not (named := _NOT_IN_HOST.sub("-", host).strip("-")):
        raise FormError(f"has the URL {_shown(url)!r}, which names no host")
    target = [quote(part, safe=_IN_TARGET) for part in (split.path, split.query)]
    if named != host or target != [split.path, split.query]:
        notes.append("the URL had a placeholder or other characters that no URL has; they were replaced")
    return SplitResult(split.scheme, named, target[0] or "/", target[1], "").geturl(), tuple(notes)


def _shown(url: str) -> str:
    """As much of the URL as holds no secret."""
    return re.sub("//[^/?#]*@", "//", re.split("[?#]", url)[0])[:80]


def _sendable_headers(headers: Headers, whose: str) -> tuple[Headers, tuple[str, ...]]:
    kept: list[tuple[str, str]] = []
    notes: tuple[str, ...] = ()
    for name, value in headers:
        if name.startswith(":"):  # HTTP/2's pseudo-headers are the start line in HTTP/1.1 (RFC 9113 s8.3)
            continue
        if not _TOKEN.fullmatch(name):
            raise FormError(f"has a {whose} header named {name[:40]!r}")
        if len(value) > LONGEST_HEADER:
            raise FormError(f"has a {whose} header {name[:40]} of {len(value):,} characters, more than clients read")
        line = _FOLD.sub(" ", value).strip(" \t")  # folded over lines (RFC 9112 s5.2)
        if any((ord(character) < 32 and character != "\t") or character == "\x7f" for character in line):
            raise FormError(f"has a control character in the {whose} header {name[:40]}")
        try:
            line.encode("latin-1")
        except UnicodeEncodeError:
            line = line.encode("utf-8", "surrogatepass").decode("latin-1")
        kept.append((name, line))
    if len(kept) > MOST_HEADERS:
        kept = list(_joined(kept))
        if len(kept) > MOST_HEADERS:
            raise FormError(f"has {len(kept):,} {whose} headers, more than the {MOST_HEADERS} that clients read")
        notes = (f"more {whose} headers than clients read; those with one name were joined",)
    return tuple(kept), notes


def _joined(headers: Iterable[tuple[str, str]]) -> Headers:
    """Those with one name in one line (RFC 9110 s5.3), but for ``Set-Cookie``, which cannot be joined."""
    lines: dict[str, tuple[str, list[str]]] = {}
    for number, (name, value) in enumerate(headers):
        alone = f"{name.lower()} {number}" if name.lower() == "set-cookie" else name.lower()
        lines.setdefault(alone, (name, []))[1].append(value)
    return tuple((name, ("; " if name.lower() == "cookie" else ", ").join(values)) for name, values in lines.values())


def _about_length(method: str, told: Headers, exchange: RecordedExchange) -> tuple[str, ...]:
    names = {name.lower(): value for name, value in told}
    length = names.get("content-length")
    if length is None or "content-encoding" in names or method == "HEAD" or exchange.status in (204, 304):
        return ()
    if length == str(len(exchange.reply_body)):
        return ()
    return ("the Content-Length is not the length of the body that was kept",)
