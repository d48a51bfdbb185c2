"""Whether a text tells how long to wait, or until when: in any of the forms in which people write times."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

_TOLERANCE_S = 120.0
"""Whoever tells the time adds some jitter, and cuts to whole minutes."""
_NUMBER = re.compile(r"(?<![\w.-])(\d+(?:\.\d+)?)(?![\d.])(?:( ?)([a-z]+))?")
_CLOCK = re.compile(r"(?:(\d+) days?,? )?(?<!\d)(\d{1,3}):(\d{2})(?::(\d{2}))?")
_UNITS_S = {
    "ms": 0.001,
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
}
_MOMENTS = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%d %b %Y %H:%M")


def tells_wait(text: str, *, wait_s: float, until_epoch_s: float) -> bool:
    """Whether the text tells the wait, in seconds or a larger unit, or the moment at which it ends, in UTC.

    Two minutes more or less are the same time.
    """
    text = text.casefold()
    return any(_near(told_s, wait_s) or _near(told_s, until_epoch_s) for told_s in _numbers_s(text)) or any(
        moment in text for moment in _moments(until_epoch_s)
    )


def _near(told_s: float, wanted_s: float) -> bool:
    return abs(told_s - wanted_s) <= _TOLERANCE_S


def _numbers_s(text: str) -> Iterator[float]:
    for number, space, word in _NUMBER.findall(text):
        if word in _UNITS_S:
            yield float(number) * _UNITS_S[word]
        elif space or not word:
            # Without a unit it is seconds, or milliseconds.
            yield float(number)
            yield float(number) / 1000
    for days, hours, minutes, seconds in _CLOCK.findall(text):
        yield 86_400 * int(days or 0) + 3600 * int(hours) + 60 * int(minutes) + int(seconds or 0)


def _moments(epoch_s: float) -> Iterator[str]:
    """The moment, and those around it, as dates are written."""
    slack_min = int(_TOLERANCE_S // 60)
    for minutes in range(-slack_min, slack_min + 1):
        moment = datetime.fromtimestamp(epoch_s, UTC) + timedelta(minutes=minutes)
        yield from (moment.strftime(form).casefold() for form in _MOMENTS)
