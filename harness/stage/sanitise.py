"""Secrets out of recordings, before they reach the disk, and a scan for what is left.

A secret gives way to a pseudonym of its own shape, the same one wherever the value stands: the token that is granted
is the token that the next request carries.
"""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from harness.stage.encodings import within
from harness.stage.recordings import SUFFIXES, Headers, RecordedExchange, load
from harness.stage.secret_fields import Swap
from harness.stage.secret_rules import RULES, Rule
from harness.stage.spellings import everywhere, replacing, spellings
from harness.stage.swapping import resized, swapped, swapped_pair, swapped_text

_PREFIX = re.compile(
    r"gAAAAA|xox[a-z]-|gh[pousr]_|github_pat_|glpat-|[sprw]k_(?:live|test)_|pat-|sk-ant-|sk-proj-|SG\.|shp[a-z]{2}_|npm_"
)
_HEX = re.compile(r"[0-9a-f]{12,}|[0-9A-F]{12,}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PSEUDONYM = re.compile(
    rf"(?:{_PREFIX.pattern})?pseudonym-[a-z]+-\d+x*"
    r"|facade(?:0{5,}[0-9a-f]+|00-0000-0000-0000-[0-9a-f]{12})"
    r"|eyJwc2V1ZG9ueW0\.pseudonym-[a-z]+-\d+\.pseudonym"
    r"|pseudonym-[a-z]+-\d+@example\.org"
)
_BLANKED = re.compile(
    r"(?i)<+[^<>]+>+|\{\{?[^{}]+\}\}?|\[[a-z_ -]+\]|[*x.]{3,}|\"\""
    r"|(?:value )?(?:redacted|removed|sanitized|sanitised|filtered|hidden|masked|scrubbed)"
)
"""What tools and people put where a secret was."""
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
    """Whether the value is one that this module puts in a secret's place, or that others put there before it."""
    value = value.removesuffix(_MEDIAWIKI_TAIL)
    return (_PSEUDONYM.fullmatch(value) or _BLANKED.fullmatch(value)) is not None


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
    if kind == "email":
        return f"pseudonym-{kind}-{serial}@example.org"  # RFC 2606 s3: nobody's
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
    return _rewritten(in_place, everywhere(mapping))


def rehosted(exchange: RecordedExchange, *, origin: str, address: str) -> RecordedExchange:
    """The exchange as if the vendor lived at ``address``: in URLs, headers and bodies, links to next pages included.

    Args:
        origin: Where it was recorded, as ``http://127.0.0.1:9200``.
        address: The dialect's ``base_url``.
    """
    places = {origin: address, quote(origin, safe=""): quote(address, safe="")}
    places[origin.replace("/", "\\/")] = address.replace("/", "\\/")  # JSON may escape slashes (RFC 8259 s7)
    places[origin.partition("://")[2]] = address.partition("://")[2]
    return _rewritten(exchange, replacing(places))


def scan(source: str | Path, *, known: Iterable[str] = (), rules: tuple[Rule, ...] = RULES) -> tuple[Finding, ...]:
    """What is left of secrets in a text, or in a file; a cassette is searched exchange by exchange as well.

    Args:
        source: A text, or the path of a file.
        known: Secrets that must not be there in any spelling: as they are, URL-encoded, escaped, in Base64.

    Raises:
        RecordingError: A cassette cannot be read, so nothing can be said of it.
    """
    known = tuple(known)
    if isinstance(source, str):
        return _in_text(source, "text", known, rules)
    findings = list(_in_text(source.read_text(encoding="utf-8", errors="replace"), str(source), known, rules))
    if source.suffix in SUFFIXES:
        findings += scan_exchanges(load(source).exchanges, where=str(source), known=known, rules=rules)
    return tuple(dict.fromkeys(findings))


def scan_exchanges(
    exchanges: Iterable[RecordedExchange], *, where: str, known: Iterable[str] = (), rules: tuple[Rule, ...] = RULES
) -> tuple[Finding, ...]:
    """What is left of secrets in exchanges that are read already, from whichever file."""
    known = tuple(known)
    findings: list[Finding] = []
    for number, exchange in enumerate(exchanges, start=1):
        findings += _in_exchange(exchange, f"{where}, interaction {number}", known, rules)
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
            request_body=within(exchange.request_headers, exchange.request_body, body),
            reply_headers=headers(exchange.reply_headers),
            reply_body=body(exchange.reply_body),
            reason=text(exchange.reason),
        ),
    )


# -- scanning --------------------------------------------------------------------------------------------------------


def _in_exchange(
    exchange: RecordedExchange, where: str, known: tuple[str, ...], rules: tuple[Rule, ...]
) -> list[Finding]:
    findings: list[Finding] = []

    def report(kind: str, value: str) -> str:
        if not is_pseudonym(value):
            findings.append(_finding(kind, where, value))
        return value

    swapped(exchange, report, rules=rules)
    headers = "\n".join(value for _, value in (*exchange.request_headers, *exchange.reply_headers))

    def look(body: bytes) -> bytes:
        text = body.decode("latin-1")
        _beyond_rules(text, report)  # The rules have walked through it already.
        findings.extend(_known_in(text, where, known))
        return body

    for text in (exchange.url, headers, exchange.reason):
        findings += _in_text(text, where, known, rules)
    within(exchange.request_headers, exchange.request_body, look)
    look(exchange.reply_body)
    return findings


def _in_text(text: str, where: str, known: tuple[str, ...], rules: tuple[Rule, ...]) -> tuple[Finding, ...]:
    findings: list[Finding] = []

    def report(kind: str, value: str) -> str:
        if not is_pseudonym(value):
            findings.append(_finding(kind, where, value))
        return value

    swapped_text(text, report, rules=rules)
    _beyond_rules(text, report)
    return tuple(dict.fromkeys((*findings, *_known_in(text, where, known))))


def _known_in(text: str, where: str, known: tuple[str, ...]) -> list[Finding]:
    return [_finding("known", where, value) for value in known if any(form in text for form in spellings(value))]


def _beyond_rules(text: str, report: Swap) -> None:
    for match in _BEARER.finditer(text):
        if any(character.isdigit() for character in match[1]):
            report("token", match[1])
    for match in _BASIC.finditer(text):
        if _is_pair(match[1]):
            swapped_pair(match[1], report)


def _finding(kind: str, where: str, value: str) -> Finding:
    return Finding(kind=kind, where=where, shown=f"{value[:4]}... ({len(value)} characters)")


def _is_pair(encoded: str) -> bool:
    try:
        return b":" in base64.b64decode(encoded, validate=True)
    except ValueError:
        return False
