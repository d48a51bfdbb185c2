"""How long a vendor asks to wait, read from every form in which vendors say it. Pure: the present comes in.

A wait is seconds from the answer's arrival, above zero and at most ``LONGEST_S``. What is absent, zero, negative, in
the past or no number at all asks for nothing that can be obeyed and reads as None: the caller backs off by itself, so
a wrong header never makes a tight loop.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from harness.core.documents import at
from harness.dialects.facts import BodyWait, CostWait, Form, Limits, NamedWait, WaitForm

LONGEST_S = 10 * 365 * 86_400.0
"""No vendor means more than this; longer waits read as this one."""

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_QUOTED = re.compile(r'"[^"]*"')


def asked_wait_s(headers: Mapping[str, str], document: Any, limits: Limits, *, epoch_s: float) -> float | None:
    """The longest wait that the reply asks for, in seconds; None where it asks for none that can be read.

    ``headers`` has names in lower case. Dates are counted from the vendor's own ``Date`` where it sent one, so that a
    clock that is wrong here, or there, does no harm; else from ``epoch_s``. ``Retry-After`` is always read, whatever
    the dialect says (RFC 9110 s10.2.3); ``RateLimit`` where nothing else says anything (IETF draft: Retry-After
    takes precedence).
    """
    now_s = vendor_now_s(headers, epoch_s)
    told = [*_header_waits(headers, limits.waits, now_s), *_body_waits(document, limits, now_s)]
    return max(told) if told else read_wait_s(headers.get("ratelimit", ""), "ratelimit", now_s=now_s)


def vendor_now_s(headers: Mapping[str, str], epoch_s: float) -> float:
    """The present by the vendor's own clock; ``epoch_s`` where it does not tell it."""
    vendor_s = _http_date(headers.get("date", ""))
    return epoch_s if vendor_s is None else vendor_s


def read_wait_s(text: str, form: Form, *, now_s: float) -> float | None:
    """The wait in a header's value, in seconds from ``now_s``; None where there is none. Never raises."""
    text = text.strip()
    match form:
        case "delta_s":
            wait_s = _number(text)
        case "delta_ms":
            wait_s = _times(_number(text), 0.001)
        case "epoch_s":
            wait_s = _since(_number(text), now_s)
        case "epoch_ms":
            wait_s = _since(_times(_number(text), 0.001), now_s)
        case "iso8601":
            wait_s = _since(_iso_date(text), now_s)
        case "ratelimit":
            wait_s = max((rest_s for left, rest_s in rate_limits(text) if left == 0), default=None)
        case "retry_after":
            wait_s = _retry_after(text, now_s)
    return min(wait_s, LONGEST_S) if wait_s is not None and wait_s > 0 else None


def rate_limits(text: str) -> list[tuple[int, float]]:
    """What a ``RateLimit`` field tells: of each quota what is left and the seconds until it is whole again.

    A field that is no list of items, or an item without both, tells nothing (IETF draft: malformed fields are ignored).
    """
    bare = _QUOTED.sub("name", text)
    if '"' in bare:
        return []
    members = [dict(_pair(part) for part in member.split(";")[1:]) for member in bare.split(",")]
    found = [(_number(told.get("r", "")), _number(told.get("t", ""))) for told in members]
    return [(int(left), rest_s) for left, rest_s in found if left is not None and rest_s is not None]


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip(), value.strip()


def _header_waits(headers: Mapping[str, str], forms: Iterable[WaitForm], now_s: float) -> Iterator[float]:
    """Those that the dialect names, and ``Retry-After``."""
    forms = [form for form in forms if not form.only_at_zero or headers.get(form.only_at_zero.lower()) == "0"]
    if not any(form.header.lower() == "retry-after" for form in forms):
        forms.append(WaitForm(header="Retry-After"))
    for form in forms:
        wait_s = read_wait_s(headers.get(form.header.lower(), ""), form.form, now_s=now_s)
        if wait_s is not None:
            yield wait_s


def _body_waits(document: Any, limits: Limits, now_s: float) -> Iterator[float]:
    for told in limits.body_waits:
        match told:
            case BodyWait(path=path, form=form):
                wait_s = read_wait_s(_text(at(document, path)), form, now_s=now_s)
            case NamedWait(path=path, waits_s=waits_s):
                wait_s = dict(waits_s).get(_text(at(document, path)))
            case CostWait():
                wait_s = _cost_wait_s(document, told)
        if wait_s is not None:
            yield wait_s


def _cost_wait_s(document: Any, told: CostWait) -> float | None:
    """Until the bucket holds what the request costs."""
    places = (told.requested, told.available, told.restored_per_s)
    requested, available, restored_per_s = (_number(_text(at(document, place))) for place in places)
    if requested is None or available is None or not restored_per_s or requested <= available:
        return None
    return min((requested - available) / restored_per_s, LONGEST_S)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _retry_after(text: str, now_s: float) -> float | None:
    """Whole seconds or an HTTP date by the standard; fractions and ISO 8601 because vendors send them (Zoom)."""
    seconds = _number(text)
    if seconds is not None:
        return seconds
    date_s = _http_date(text)
    return _since(_iso_date(text) if date_s is None else date_s, now_s)


def _number(text: str) -> float | None:
    if not _NUMBER.fullmatch(text):
        return None
    # 400 digits are no float any more; what they mean is plain all the same.
    return float(text) if len(text) < 300 else 1000 * LONGEST_S


def _times(number: float | None, factor: float) -> float | None:
    return None if number is None else number * factor


def _since(moment_s: float | None, now_s: float) -> float | None:
    return None if moment_s is None else moment_s - now_s


def _http_date(text: str) -> float | None:
    try:
        return _epoch(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _iso_date(text: str) -> float | None:
    try:
        return _epoch(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _epoch(moment: datetime) -> float:
    """Seconds since 1970; a moment without a zone is taken for UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
