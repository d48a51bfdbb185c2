"""What a recording can show, by family of scenarios, read from its exchanges alone: no dialect is needed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from harness.stage.documents import parsed
from harness.stage.exchange import RecordedExchange

_CREDENTIALS = frozenset({"authorization", "x-auth-token", "x-api-key", "api-key", "cookie"})
_LIMITED = frozenset({429, 503})
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Use:
    """A family of scenarios (a name in ``FAMILIES``), and what in the recording makes it possible."""

    family: str
    why: str


def uses(exchanges: Sequence[RecordedExchange]) -> tuple[Use, ...]:
    """Every family that the recording has something for, in the families' order."""
    found = (_token_expiry, _rate_limit_storms, _error_bodies, _truncated_pages, _double_runs)
    return tuple(use for look in found for use in look(exchanges))


def _token_expiry(exchanges: Sequence[RecordedExchange]) -> Iterator[Use]:
    granted = sum("access_token" in _object(exchange) for exchange in exchanges)
    signed = sum(any(name.lower() in _CREDENTIALS for name, _ in one.request_headers) for one in exchanges)
    if granted:
        yield Use("token_expiry", f"{_count(granted, 'token')} granted")
    elif signed:
        yield Use("token_expiry", f"{_count(signed, 'request')} signed, no token granted")


def _rate_limit_storms(exchanges: Sequence[RecordedExchange]) -> Iterator[Use]:
    shown = sum(exchange.status in _LIMITED for exchange in exchanges)
    good = sum(exchange.status < 300 for exchange in exchanges)
    if shown:
        yield Use("rate_limit_storms", f"{_count(shown, 'refusal')} recorded")
    elif good:
        yield Use("rate_limit_storms", "refusals can be laid over it; none is recorded")


def _error_bodies(exchanges: Sequence[RecordedExchange]) -> Iterator[Use]:
    errors = sum(exchange.status >= 400 and parsed(exchange.reply_body) is not None for exchange in exchanges)
    good = sum(exchange.status < 300 and parsed(exchange.reply_body) is not None for exchange in exchanges)
    if errors:
        yield Use("error_bodies", f"{_count(errors, 'error')} with a body recorded")
    elif good:
        yield Use("error_bodies", "answers in JSON to spoil; no error is recorded")


def _truncated_pages(exchanges: Sequence[RecordedExchange]) -> Iterator[Use]:
    pages: dict[str, set[str]] = defaultdict(set)
    for exchange in exchanges:
        if exchange.method == "GET" and exchange.status < 300 and _lists(parsed(exchange.reply_body)):
            split = urlsplit(exchange.url)
            pages[split.path].add(split.query)
    most = max((len(queries) for queries in pages.values()), default=0)
    if most > 1:
        yield Use("truncated_pages", f"a listing of {most} pages")


def _double_runs(exchanges: Sequence[RecordedExchange]) -> Iterator[Use]:
    writes = sum(one.method in _WRITES and one.status < 300 and "access_token" not in _object(one) for one in exchanges)
    lists = any(one.method == "GET" and one.status < 300 and _lists(parsed(one.reply_body)) for one in exchanges)
    if writes:
        yield Use("double_runs", f"{_count(writes, 'write')} recorded")
    elif lists:
        yield Use("double_runs", "a listing to repeat; no write is recorded")


def _object(exchange: RecordedExchange) -> Mapping[str, Any]:
    document = parsed(exchange.reply_body) if b"access_token" in exchange.reply_body else None
    return document if isinstance(document, dict) else {}


def _lists(document: Any) -> bool:
    """Whether it is a list of records, or an object that has one."""
    if isinstance(document, dict):
        return any(_lists(value) for value in document.values() if isinstance(value, list))
    return isinstance(document, list) and any(isinstance(item, dict) for item in document)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
