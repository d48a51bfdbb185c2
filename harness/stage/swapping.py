"""Reaches each secret of an exchange where it stands, and puts something else there."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from harness.stage.encodings import with_length, within
from harness.stage.recordings import Headers, RecordedExchange
from harness.stage.secret_fields import Swap, headers_of, swapped_fields
from harness.stage.secret_rules import RULES, CookieRule, PathRule, PatternRule, Rule
from harness.stage.spellings import decoded_run, encoded_like

_BASE64_TEXT = re.compile(r"(?<![A-Za-z0-9+/_.-])[A-Za-z0-9+/_-]{24,}={0,2}(?![A-Za-z0-9+/_.-])")
"""Not the parts of a JSON Web Token, which has dots between them."""
_NEXT_COOKIE = re.compile(r"(,\s?)(?=[^;,=\s]{1,256}=)")
_MAY_NAME = re.compile(r"[\"=<]")
_QUOTED_PARAMETER = re.compile(r'(?<![A-Za-z_])([A-Za-z_]+=")([^"]*)(")')
_PUBLIC_PARAMETERS = frozenset({"realm", "version", "oauth_version", "oauth_signature_method", "algorithm", "qop"})


def swapped(exchange: RecordedExchange, swap: Swap, *, rules: tuple[Rule, ...] = RULES) -> RecordedExchange:
    """The exchange with ``swap(kind, value)`` in the place of every secret that a rule finds; lengths made right."""

    def body(value: bytes) -> bytes:
        # Latin-1 leads every byte there and back.
        text = swapped_text(value.decode("latin-1"), swap, rules=rules)
        return _swapped_paths(text, swap, rules).encode("latin-1")

    def headers(pairs: Headers) -> Headers:
        return tuple((name, _swapped_header(name, value, swap, rules)) for name, value in pairs)

    return resized(
        exchange,
        replace(
            exchange,
            url=swapped_text(exchange.url, swap, rules=rules),
            request_headers=headers(exchange.request_headers),
            request_body=within(exchange.request_headers, exchange.request_body, body),
            reply_headers=headers(exchange.reply_headers),
            reply_body=body(exchange.reply_body),
        ),
    )


def resized(before: RecordedExchange, after: RecordedExchange) -> RecordedExchange:
    """``after`` with the content length of each body that differs from the one before."""
    if after.request_body != before.request_body:
        after = replace(after, request_headers=with_length(after.request_headers, after.request_body))
    if after.reply_body != before.reply_body:
        after = replace(after, reply_headers=with_length(after.reply_headers, after.reply_body))
    return after


def swapped_text(text: str, swap: Swap, *, rules: tuple[Rule, ...] = RULES) -> str:
    """The text with ``swap(kind, value)`` in the place of every field and pattern that is a secret."""
    return _swapped_base64(_swapped_plainly(text, swap, rules), swap, rules)


def _swapped_plainly(text: str, swap: Swap, rules: tuple[Rule, ...]) -> str:
    text = swapped_fields(text, swap, rules)
    for rule in rules:
        if isinstance(rule, PatternRule):
            text = _swapped_pattern(rule, text, swap)
    return text


def swapped_pair(encoded: str, swap: Swap) -> str:
    """A Basic pair, encoded again. The user is a secret too: some vendors take an API key there (RFC 7617 s2)."""
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return swap("token", encoded)
    pair = (swap("user", user) if user else "") + colon + (swap("password", password) if password else "")
    return base64.b64encode(pair.encode()).decode()


# -- patterns and fields ---------------------------------------------------------------------------------------------


def _swapped_pattern(rule: PatternRule, text: str, swap: Swap) -> str:
    def new(match: re.Match[str]) -> str:
        begin, end = (match.start(1), match.end(1)) if match.re.groups else match.span()
        spelled = text[begin:end]
        value = unquote_plus(spelled) if "%" in spelled else spelled
        put = swap(rule.name, value)
        put = spelled if put == value else put if value == spelled else quote_plus(put)
        return text[match.start() : begin] + put + text[end : match.end()]

    return re.sub(rule.pattern, new, text)


def _swapped_base64(text: str, swap: Swap, rules: tuple[Rule, ...]) -> str:
    """What stands in Base64 and is a text itself, with its secrets swapped."""

    def new(match: re.Match[str]) -> str:
        decoded = decoded_run(match[0])
        try:
            inner = decoded.decode("utf-8")
        except UnicodeDecodeError:
            return match[0]
        put = _swapped_plainly(inner, swap, rules) if _MAY_NAME.search(inner) else inner
        return match[0] if put == inner else encoded_like(match[0], put.encode())

    return _BASE64_TEXT.sub(new, text)


# -- paths -----------------------------------------------------------------------------------------------------------


def _swapped_paths(text: str, swap: Swap, rules: tuple[Rule, ...]) -> str:
    paths = [rule for rule in rules if isinstance(rule, PathRule)]
    if not paths or text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        document = json.loads(text)
    except ValueError:
        return text
    for rule in paths:
        for value in _at(document, rule.path):
            new = json.dumps(swap(rule.name, value))
            for spelled in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
                text = text.replace(spelled, new)
    return text


def _at(document: Any, path: tuple[str, ...]) -> Iterator[str]:
    if not path:
        if isinstance(document, str) and document:
            yield document
        return
    step, rest = path[0], path[1:]
    if isinstance(document, dict):
        for name in document if step == "*" else (step,):
            yield from _at(document.get(name), rest)
    elif isinstance(document, list) and step == "*":
        for item in document:
            yield from _at(item, rest)


# -- headers ---------------------------------------------------------------------------------------------------------


def _swapped_header(name: str, value: str, swap: Swap, rules: tuple[Rule, ...]) -> str:
    if header := headers_of(rules).rule_of(name):
        return _swapped_credentials(header.name, value, swap, rules)
    for rule in rules:
        if isinstance(rule, CookieRule) and rule.header == name.lower():
            return _swapped_cookies(rule, value, swap)
    return swapped_text(value, swap, rules=rules)


def _swapped_credentials(kind: str, value: str, swap: Swap, rules: tuple[Rule, ...]) -> str:
    if _QUOTED_PARAMETER.search(value):  # Digest and OAuth 1.0 (RFC 7616 s3.4, RFC 5849 s3.5.1)
        return _QUOTED_PARAMETER.sub(lambda match: _parameter(kind, match, swap), value)
    scheme, space, credentials = value.rpartition(" ")
    if scheme.lower() == "basic":
        return scheme + space + swapped_pair(credentials, swap)
    # AWS puts its key before what signs (Signature Version 4).
    return _swapped_plainly(scheme, swap, rules) + space + (swap(kind, credentials) if credentials else "")


def _parameter(kind: str, match: re.Match[str], swap: Swap) -> str:
    name = match[1][:-2].lower()
    if name in _PUBLIC_PARAMETERS or not match[2]:
        return match[0]
    return match[1] + quote_plus(swap(kind, unquote_plus(match[2]))) + match[3]


def _swapped_cookies(rule: CookieRule, value: str, swap: Swap) -> str:
    """Every cookie of the header; several tools join the lines of ``Set-Cookie`` by commas, as dates have them too."""
    if rule.header == "cookie":
        return ";".join(_cookie(rule, pair, swap) for pair in value.split(";"))
    lines = _NEXT_COOKIE.split(value)
    for at in range(0, len(lines), 2):
        pair, semicolon, attributes = lines[at].partition(";")
        lines[at] = _cookie(rule, pair, swap) + semicolon + attributes
    return "".join(lines)


def _cookie(rule: CookieRule, pair: str, swap: Swap) -> str:
    name, equals, content = pair.partition("=")
    return name + equals + (swap(rule.name, content) if content and content != "deleted" else content)
