"""Moments and spans as people read them. Seconds come in, since 1970 where they name a moment."""

from datetime import UTC, datetime, timedelta

_UNITS = ((172_800.0, 86_400.0, "days"), (5400.0, 3600.0, "h"), (120.0, 60.0, "min"))
"""From how many seconds, in units of how many, called what."""


def moment(epoch_s: float) -> str:
    """``2026-01-01T12:00:00.250Z``."""
    at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=epoch_s)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def span(seconds: float) -> str:
    """``45 s``, ``12.5 min``, ``3.5 h``, ``2.0 days``."""
    for from_s, unit_s, unit in _UNITS:
        if seconds >= from_s:
            return f"{seconds / unit_s:.1f} {unit}"
    return f"{seconds:.0f} s"
