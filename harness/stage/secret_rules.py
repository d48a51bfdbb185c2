"""Which values of an exchange are secrets, as data, and one way to reach each of them where it stands."""

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import quote_plus, unquote_plus

from harness.stage.encodings import with_length
from harness.stage.recordings import Headers, RecordedExchange


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderRule:
    """This header holds a secret: alone, after a scheme, or as both halves of a Basic pair."""

    name: str
    header: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieRule:
    """Every cookie in this header is a secret."""

    name: str
    header: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """Text members of JSON, form fields and query parameters of these names, in any case, are secrets."""

    name: str
    fields: tuple[str, ...]
    public: tuple[str, ...] = ()
    """Values that everybody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternRule:
    """Whatever looks like this is a secret, wherever it stands."""

    name: str
    pattern: str


Rule = HeaderRule | CookieRule | FieldRule | PatternRule
"""A rule's name is the kind of its secrets and part of their pseudonyms: one word in lower-case letters."""

RULES: tuple[Rule, ...] = (
    HeaderRule(name="token", header="authorization"),
    HeaderRule(name="token", header="proxy-authorization"),
    HeaderRule(name="token", header="x-auth-token"),
    HeaderRule(name="token", header="x-subject-token"),
    HeaderRule(name="token", header="x-csrf-token"),
    HeaderRule(name="key", header="x-api-key"),
    HeaderRule(name="key", header="api-key"),
    CookieRule(name="cookie", header="cookie"),
    CookieRule(name="cookie", header="set-cookie"),
    FieldRule(
        name="token",
        fields=("access_token", "refresh_token", "id_token", "token", "csrftoken", "logintoken", "lgtoken"),
        public=("+\\",),  # MediaWiki gives this one to everybody who is not signed in.
    ),
    FieldRule(name="secret", fields=("client_secret", "secret", "client_assertion", "assertion")),
    FieldRule(name="password", fields=("password", "passwd", "lgpassword", "adminpass")),
    FieldRule(name="key", fields=("api_key", "apikey", "private_key")),
    FieldRule(name="client", fields=("client_id", "application_credential_id")),
    PatternRule(name="token", pattern=r"(?<![A-Za-z0-9_-])gAAAAA[A-Za-z0-9_-]{60,}={0,2}"),  # a fernet token
    PatternRule(name="jwt", pattern=r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
)

Swap = Callable[[str, str], str]
"""Kind and secret in, what shall stand there out."""


def swapped(exchange: RecordedExchange, swap: Swap, *, rules: tuple[Rule, ...] = RULES) -> RecordedExchange:
    """The exchange with ``swap(kind, value)`` in the place of every secret that a rule finds; lengths made right."""

    def body(value: bytes) -> bytes:
        # Latin-1 leads every byte there and back.
        return swapped_text(value.decode("latin-1"), swap, rules=rules).encode("latin-1")

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
            text = re.sub(rule.pattern, lambda match, kind=rule.name: swap(kind, match.group()), text)  # type: ignore[misc]
    return text


def _swapped_fields(rule: FieldRule, text: str, swap: Swap) -> str:
    names = "|".join(re.escape(field) for field in rule.fields)

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

    def parameter(match: re.Match[str]) -> str:
        return match[1] + new(unquote_plus(match[2]), match[2], quote_plus)

    text = re.sub(rf'(?i)("(?:{names})"\s*:\s*)("(?:[^"\\]|\\.)*")', member, text)
    return re.sub(rf"(?im)((?:^|[?&])(?:{names})=)([^&#\s\"'<>]+)", parameter, text)


def _swapped_header(name: str, value: str, swap: Swap, rules: tuple[Rule, ...]) -> str:
    for rule in rules:
        if isinstance(rule, HeaderRule) and rule.header == name.lower():
            return _swapped_credentials(rule.name, value, swap)
        if isinstance(rule, CookieRule) and rule.header == name.lower():
            return _swapped_cookies(rule, value, swap)
    return swapped_text(value, swap, rules=rules)


def _swapped_credentials(kind: str, value: str, swap: Swap) -> str:
    scheme, space, credentials = value.rpartition(" ")
    if scheme.lower() == "basic":
        return scheme + space + swapped_pair(credentials, swap)
    return scheme + space + (swap(kind, credentials) if credentials else "")


def swapped_pair(encoded: str, swap: Swap) -> str:
    """A Basic pair, encoded again. The user is a secret too: some vendors take an API key there (RFC 7617 s2)."""
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return swap("token", encoded)
    pair = (swap("user", user) if user else "") + colon + (swap("password", password) if password else "")
    return base64.b64encode(pair.encode()).decode()


def _swapped_cookies(rule: CookieRule, value: str, swap: Swap) -> str:
    pairs, semicolon, attributes = (value, "", "") if rule.header == "cookie" else value.partition(";")
    parts = []
    for pair in pairs.split(";"):
        name, equals, content = pair.partition("=")
        parts.append(name + equals + (swap(rule.name, content) if content and content != "deleted" else content))
    return ";".join(parts) + semicolon + attributes
