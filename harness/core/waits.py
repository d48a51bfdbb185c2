"""How long a vendor asks to wait, read from every form in which vendors say it. Pure: the present comes in.

A wait is seconds from the answer's arrival, above zero and at most ``LONGEST_S``. What is absent, zero, negative, in
the past or no number at all asks for nothing that can be obeyed and reads as None: the caller backs off by itself, so
a wrong header never makes a tight loop.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from harness.dialects.facts import WaitForm

LONGEST_S = 10 * 365 * 86_400.0
"""No vendor means more than this; longer waits read as this one."""

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)


def asked_wait_s(headers: Mapping[str, str], forms: Iterable[WaitForm], *, epoch_s: float) -> float | None:
    """The longest wait that the reply asks for, in seconds; None where it asks for none that can be read.

    ``headers`` has names in lower case. Dates are counted from the vendor's own ``Date`` where it sent one, so that a
    clock that is wrong here, or there, does no harm; else from ``epoch_s``. ``Retry-After`` is always read, whatever
    the dialect says (RFC 9110 s10.2.3).
    """
    vendor_s = _http_date(headers.get("date", ""))
    now_s = epoch_s if vendor_s is None else vendor_s
    told = [(form.header, form.form) for form in forms]
    waits = [read_wait_s(headers.get(header.lower(), ""), form, now_s=now_s) for header, form in told]
    if not any(header.lower() == "retry-after" for header, _ in told):
        waits.append(read_wait_s(headers.get("retry-after", ""), "retry_after", now_s=now_s))
    return max((wait for wait in waits if wait is not None), default=None)


def read_wait_s(text: str, form: str, *, now_s: float) -> float | None:
    """The wait in a header's value, in seconds from ``now_s``; None where there is none. Never raises."""
    text = text.strip()
    match form:
        case "delta_s":
            wait_s = _number(text)
        case "delta_ms":
            wait_s = _times(_number(text), 0.001)
        case "epoch_s":
            wait_s = _since(_number(text), now_s)
        case "iso8601":
            wait_s = _since(_iso_date(text), now_s)
        case _:
            wait_s = _retry_after(text, now_s)
    return min(wait_s, LONGEST_S) if wait_s is not None and wait_s > 0 else None


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
    return float(text) if len(text) < 300 else LONGEST_S


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
