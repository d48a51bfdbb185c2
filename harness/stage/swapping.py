"""Reaches each secret of an exchange where it stands, and puts something else there."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from harness.stage.encodings import with_length
from harness.stage.recordings import Headers, RecordedExchange
from harness.stage.secret_rules import RULES, CookieRule, FieldRule, HeaderRule, PathRule, PatternRule, Rule

Swap = Callable[[str, str], str]
"""Kind and secret in, what shall stand there out."""

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
            request_body=body(exchange.request_body),
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
    for rule in rules:
        if isinstance(rule, FieldRule):
            text = _swapped_fields(rule, text, swap)
        elif isinstance(rule, PatternRule):
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


@lru_cache(maxsize=64)
def _forms(fields: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """JSON members, JSON members within a text of JSON, XML elements, and parameters of these names."""
    names = "|".join(re.escape(field) for field in fields)
    return (
        re.compile(rf'(?i)("(?:{names})"\s*:\s*)("(?:[^"\\]|\\.)*")'),
        re.compile(rf'(?i)(\\"(?:{names})\\"\s*:\s*\\")((?:[^"\\]|\\[^"])+)(?=\\")'),
        re.compile(rf"(?i)(<(?:[A-Za-z0-9_]+:)?(?:{names})(?:\s[^<>]*)?>)([^<>]+)(?=</)"),
        re.compile(rf"(?im)((?:^|[?&])(?:{names})=)([^&#\s\"'<>]+)"),
    )


def _swapped_fields(rule: FieldRule, text: str, swap: Swap) -> str:
    def new(value: str, spelled: str, spell: Callable[[str], str]) -> str:
        if not value or value in rule.public:
            return spelled
        put = swap(rule.name, value)
        return spelled if put == value else spell(put)

    def member(match: re.Match[str]) -> str:
        try:
            value = json.loads(match[2])
        except ValueError:
            return match[0]
        return match[1] + new(value, match[2], json.dumps)

    def plain(match: re.Match[str]) -> str:
        return match[1] + new(match[2], match[2], str)

    def parameter(match: re.Match[str]) -> str:
        return match[1] + new(unquote_plus(match[2]), match[2], quote_plus)

    in_json, in_text_of_json, in_xml, in_query = _forms(rule.fields)
    text = in_json.sub(member, text)
    text = in_text_of_json.sub(plain, text)
    text = in_xml.sub(plain, text)
    return in_query.sub(parameter, text)


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
    for rule in rules:
        if isinstance(rule, HeaderRule) and rule.header == name.lower():
            return _swapped_credentials(rule.name, value, swap)
        if isinstance(rule, CookieRule) and rule.header == name.lower():
            return _swapped_cookies(rule, value, swap)
    return swapped_text(value, swap, rules=rules)


def _swapped_credentials(kind: str, value: str, swap: Swap) -> str:
    if _QUOTED_PARAMETER.search(value):  # Digest and OAuth 1.0 (RFC 7616 s3.4, RFC 5849 s3.5.1)
        return _QUOTED_PARAMETER.sub(lambda match: _parameter(kind, match, swap), value)
    scheme, space, credentials = value.rpartition(" ")
    if scheme.lower() == "basic":
        return scheme + space + swapped_pair(credentials, swap)
    return scheme + space + (swap(kind, credentials) if credentials else "")


def _parameter(kind: str, match: re.Match[str], swap: Swap) -> str:
    name = match[1][:-2].lower()
    if name in _PUBLIC_PARAMETERS or not match[2]:
        return match[0]
    return match[1] + quote_plus(swap(kind, unquote_plus(match[2]))) + match[3]


def _swapped_cookies(rule: CookieRule, value: str, swap: Swap) -> str:
    pairs, semicolon, attributes = (value, "", "") if rule.header == "cookie" else value.partition(";")
    parts = []
    for pair in pairs.split(";"):
        name, equals, content = pair.partition("=")
        parts.append(name + equals + (swap(rule.name, content) if content and content != "deleted" else content))
    return ";".join(parts) + semicolon + attributes
