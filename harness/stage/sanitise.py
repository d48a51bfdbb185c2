"""Secrets out of recordings, before they reach the disk, and a scan for what is left.

A secret gives way to a pseudonym of its own shape, the same one wherever the value stands: the token that is granted
is the token that the next request carries.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, quote_plus

from harness.stage.recordings import SUFFIXES, Headers, RecordedExchange, load
from harness.stage.secret_rules import RULES, Rule, resized, swapped, swapped_pair, swapped_text

SHORTEST_EVERYWHERE = 8
"""Shorter values are replaced only where a rule finds them: ``admin`` is a password here and a name there."""

_PREFIX = re.compile(r"gAAAAA|xox[a-z]-|gh[pousr]_|[sprw]k_(?:live|test)_|pat-")
_HEX = re.compile(r"[0-9a-f]{12,}|[0-9A-F]{12,}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PSEUDONYM = re.compile(
    rf"(?:{_PREFIX.pattern})?pseudonym-[a-z]+-\d+x*"
    r"|facade(?:0{5,}[0-9a-f]+|00-0000-0000-0000-[0-9a-f]{12})"
    r"|eyJwc2V1ZG9ueW0\.pseudonym-[a-z]+-\d+\.pseudonym"
)
_MEDIAWIKI_TAIL = "+\\"

_BEARER = re.compile(r"(?i)\bbearer\s+([A-Za-z0-9._~+/-]{8,}=*)(?![\w=\"])")
_BASIC = re.compile(r"(?i)\bbasic\s+([A-Za-z0-9+/]{4,}={0,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What looks like a secret, and where; of the secret itself no more than its first four characters."""

    kind: str
    where: str
    shown: str


def is_pseudonym(value: str) -> bool:
    """Whether the value is one that this module puts in a secret's place."""
    return _PSEUDONYM.fullmatch(value.removesuffix(_MEDIAWIKI_TAIL)) is not None


def pseudonym(kind: str, serial: int, value: str) -> str:
    """What stands for a secret: of its length where that can be, its prefix kept, hexadecimal where it was.

    It depends on nothing but the kind, the serial number and the secret's shape, so a second recording of an unchanged
    vendor shows the same.
    """
    tail = _MEDIAWIKI_TAIL if value.endswith(_MEDIAWIKI_TAIL) else ""
    value = value.removesuffix(tail)
    if _HEX.fullmatch(value):
        return f"facade{serial:0{len(value) - 6}x}{tail}"
    if _UUID.fullmatch(value):
        return f"facade00-0000-0000-0000-{serial:012x}{tail}"
    if kind == "jwt":
        return f"eyJwc2V1ZG9ueW0.pseudonym-{kind}-{serial}.pseudonym"
    prefix = _PREFIX.match(value)
    shown = f"{prefix.group() if prefix else ''}pseudonym-{kind}-{serial}"
    return shown.ljust(len(value), "x") + tail


def pseudonyms(
    exchanges: Iterable[RecordedExchange],
    *,
    known: Iterable[tuple[str, str]] = (),
    rules: tuple[Rule, ...] = RULES,
) -> dict[str, str]:
    """Secret -> pseudonym, for every secret known beforehand and every one that a rule finds in the exchanges.

    Args:
        exchanges: All that one vendor's folder will hold, so that a value has one pseudonym throughout.
        known: Kind and secret, such as ``("password", "...")``.
    """
    mapping: dict[str, str] = {}
    serials: dict[str, int] = {}

    def learn(kind: str, value: str) -> str:
        if value and value not in mapping and not is_pseudonym(value):
            serials[kind] = serials.get(kind, 0) + 1
            mapping[value] = pseudonym(kind, serials[kind], value)
        return value

    for kind, value in known:
        learn(kind, value)
    for exchange in exchanges:
        swapped(exchange, learn, rules=rules)
    return mapping


def sanitised(
    exchange: RecordedExchange, mapping: Mapping[str, str], *, rules: tuple[Rule, ...] = RULES
) -> RecordedExchange:
    """The exchange with every secret of the mapping replaced, and its content lengths made right again."""
    in_place = swapped(exchange, lambda _, value: mapping.get(value, value), rules=rules)
    return _rewritten(in_place, _everywhere(mapping))


def rehosted(exchange: RecordedExchange, *, origin: str, address: str) -> RecordedExchange:
    """The exchange as if the vendor lived at ``address``: in URLs, headers and bodies, links to next pages included.

    Args:
        origin: Where it was recorded, as ``http://127.0.0.1:9200``.
        address: The dialect's ``base_url``.
    """
    places = {origin: address, quote(origin, safe=""): quote(address, safe="")}
    places[origin.partition("://")[2]] = address.partition("://")[2]
    return _rewritten(exchange, _replacing(places))


def scan(source: str | Path, *, known: Iterable[str] = ()) -> tuple[Finding, ...]:
    """What is left of secrets in a text, or in a file; a cassette is searched exchange by exchange as well.

    Args:
        source: A text, or the path of a file.
        known: Secrets that must not be there in any spelling: as they are, URL-encoded, escaped, in Base64.

    Raises:
        RecordingError: A cassette cannot be read, so nothing can be said of it.
    """
    if isinstance(source, str):
        return _in_text(source, "text", tuple(known))
    findings = list(_in_text(source.read_text(encoding="utf-8", errors="replace"), str(source), tuple(known)))
    if source.suffix in SUFFIXES:
        for number, exchange in enumerate(load(source).exchanges, start=1):
            findings += _in_exchange(exchange, f"{source}, interaction {number}", tuple(known))
    return tuple(dict.fromkeys(findings))


# -- replacing -------------------------------------------------------------------------------------------------------


def _rewritten(exchange: RecordedExchange, text: Callable[[str], str]) -> RecordedExchange:
    def body(value: bytes) -> bytes:
        return text(value.decode("latin-1")).encode("latin-1")

    def headers(pairs: Headers) -> Headers:
        return tuple((name, text(value)) for name, value in pairs)

    return resized(
        exchange,
        replace(
            exchange,
            url=text(exchange.url),
            request_headers=headers(exchange.request_headers),
            request_body=body(exchange.request_body),
            reply_headers=headers(exchange.reply_headers),
            reply_body=body(exchange.reply_body),
        ),
    )


def _everywhere(mapping: Mapping[str, str]) -> Callable[[str], str]:
    spellings: dict[str, str] = {}
    for value, stand_in in mapping.items():
        if len(value) >= SHORTEST_EVERYWHERE:
            for spell in _SPELLINGS:
                spellings.setdefault(spell(value), spell(stand_in))
    return _replacing(spellings)


def _replacing(spellings: Mapping[str, str]) -> Callable[[str], str]:
    if not spellings:
        return lambda text: text
    longest_first = sorted(spellings, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(spelling) for spelling in longest_first))
    return lambda text: pattern.sub(lambda match: spellings[match.group()], text)


_SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda value: value,
    lambda value: quote(value, safe=""),
    quote_plus,
    lambda value: json.dumps(value)[1:-1],
    lambda value: base64.b64encode(value.encode()).decode(),
    lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
)


# -- scanning --------------------------------------------------------------------------------------------------------


def _in_exchange(exchange: RecordedExchange, where: str, known: tuple[str, ...]) -> list[Finding]:
    findings: list[Finding] = []

    def report(kind: str, value: str) -> str:
        if not is_pseudonym(value):
            findings.append(_finding(kind, where, value))
        return value

    swapped(exchange, report)
    headers = "\n".join(value for _, value in (*exchange.request_headers, *exchange.reply_headers))
    bodies = [exchange.request_body.decode("latin-1"), exchange.reply_body.decode("latin-1")]
    for text in (exchange.url, headers, *bodies):
        findings += _in_text(text, where, known)
    return findings


def _in_text(text: str, where: str, known: tuple[str, ...]) -> tuple[Finding, ...]:
    findings: list[Finding] = []

    def report(kind: str, value: str) -> str:
        if not is_pseudonym(value):
            findings.append(_finding(kind, where, value))
        return value

    swapped_text(text, report)
    for match in _BEARER.finditer(text):
        if any(character.isdigit() for character in match[1]):
            report("token", match[1])
    for match in _BASIC.finditer(text):
        if _is_pair(match[1]):
            swapped_pair(match[1], report)
    for value in known:
        if any(form in text for form in _forms(value)):
            findings.append(_finding("known", where, value))
    return tuple(dict.fromkeys(findings))


def _finding(kind: str, where: str, value: str) -> Finding:
    return Finding(kind=kind, where=where, shown=f"{value[:4]}... ({len(value)} characters)")


def _is_pair(encoded: str) -> bool:
    try:
        return b":" in base64.b64decode(encoded, validate=True)
    except ValueError:
        return False


def _forms(value: str) -> tuple[str, ...]:
    """The spellings of a known secret, in Base64 also where it stands in the middle of something longer."""
    forms = [spell(value) for spell in _SPELLINGS]
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + value.encode()).decode().rstrip("=")
        core = encoded[(offset * 8 + 5) // 6 : len(encoded) - 1]
        if len(core) >= SHORTEST_EVERYWHERE:
            forms.append(core)
    return tuple(dict.fromkeys(form for form in forms if form))
