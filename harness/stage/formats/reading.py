"""What every format module gives: a recognition by content, and a reading that is a pure function of the document."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from harness.stage.encodings import EncodingError
from harness.stage.exchange import Converted, FormError, RecordedExchange

LARGEST_RECORDING_BYTES = 32 * 1024 * 1024
"""All decoded bodies of one recording together; to look for secrets in them takes about a second a MiB at worst."""

_SHOWN_NUMBERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a document needs from outside itself."""

    origin: str
    """Where paths are put in a format that names no host: ``https://vendor.test``."""
    included: Callable[[str], bytes]
    """The bytes of another file that the document names; raises Unreadable where it may not or cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The exchanges of a document, and in sentences what of it is not in them."""

    exchanges: tuple[RecordedExchange, ...]
    left_out: tuple[str, ...] = ()
    recorded_at: str = ""
    """ISO 8601; empty where the format keeps no date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way in which a tool stores recorded traffic."""

    name: str
    recognises: Callable[[Any], bool]
    read: Callable[[Any, Surroundings], Reading]


def read_each(
    word: str, entries: Iterable[Any], convert: Callable[[Mapping[str, Any]], Converted], *, recorded_at: str = ""
) -> Reading:
    """Every entry converted, in order; what was left out is told once for all entries that it concerns.

    Args:
        word: What one entry is called: ``interaction``.

    Raises:
        FormError: An entry is no exchange, or all of them together are too large.
    """
    exchanges: list[RecordedExchange] = []
    left_out: dict[str, list[int]] = {}
    size_bytes = 0
    for number, entry in enumerate(entries, start=1):
        one = _converted(f"{word} {number}", entry, convert)
        for note in one.left_out:
            left_out.setdefault(note, []).append(number)
        if one.exchange is not None:
            exchanges.append(one.exchange)
            size_bytes += len(one.exchange.request_body) + len(one.exchange.reply_body)
        if size_bytes > LARGEST_RECORDING_BYTES:
            raise FormError(f"holds more than {LARGEST_RECORDING_BYTES >> 20} MiB of bodies", remedy="split it by flow")
    return Reading(
        exchanges=tuple(exchanges),
        left_out=tuple(f"{_numbered(word, numbers)}: {note}" for note, numbers in left_out.items()),
        recorded_at=recorded_at,
    )


def _converted(name: str, entry: Any, convert: Callable[[Mapping[str, Any]], Converted]) -> Converted:
    if not isinstance(entry, Mapping):
        raise FormError(f"{name} lacks its request and its answer, for it is no object")
    try:
        return convert(entry)
    except EncodingError as exc:
        remedy = "record it with 'Accept-Encoding: identity'"
        raise FormError(f"the reply of {name} {exc}", remedy=remedy) from exc
    except FormError as exc:
        raise FormError(f"{name} {exc}", remedy=exc.remedy) from exc
    except UnicodeEncodeError as exc:
        raise FormError(f"{name} holds half of a surrogate pair, which is no text") from exc
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise FormError(f"{name} is malformed ({type(exc).__name__}: {str(exc)[:120]})") from exc


def _numbered(word: str, numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"{word} {numbers[0]}"
    shown = ", ".join(str(number) for number in numbers[:_SHOWN_NUMBERS])
    more = len(numbers) - _SHOWN_NUMBERS
    several = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{several} {shown}{f' and {more} more' if more > 0 else ''}"


def part_of(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object that stands under the name.

    Raises:
        FormError: There is none.
    """
    part = entry.get(name)
    if not isinstance(part, Mapping):
        raise FormError(f"lacks its {name}")
    return part


def entries_of(document: Any, name: str) -> list[Any]:
    """The list under the name; empty where there is none, so that recognition can look at the first."""
    entries = document.get(name) if isinstance(document, Mapping) else None
    return entries if isinstance(entries, list) else []


def first_part(entries: list[Any], name: str) -> Mapping[str, Any]:
    """The object of that name in the first entry; empty where there is none."""
    part = entries[0].get(name) if entries and isinstance(entries[0], Mapping) else None
    return part if isinstance(part, Mapping) else {}


def iso_date(value: Any) -> str:
    """A date in whichever form tools write it, as ISO 8601; empty where it is none."""
    try:
        match value:
            case bool():
                return ""
            case int() | float():
                return datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds")
            case datetime() | date():
                return value.isoformat()
            case str() if value[:1].isdigit():
                return datetime.fromisoformat(value).isoformat()
            case str():
                return parsedate_to_datetime(value).isoformat()
    except (ValueError, OverflowError, OSError):
        pass
    return ""
