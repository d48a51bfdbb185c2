"""What a token endpoint gives, and whose it is. Pure: moments come in."""

import math
from dataclasses import dataclass, field
from typing import Any

_LONGEST_MARGIN_S = 60.0
_MARGIN_SHARE = 0.1
_MARGIN_SLACK = 1.25
"""How much earlier than the margin a token is replaced: a request needs its time to arrive."""
_ABSURD_S = 10 * 365 * 86_400.0
"""No token lives that long: whoever says so means something else."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Whose token it is. One TokenManager serves one binding; a token is never used for another. Holds no secret."""

    issuer: str
    """The address of the token endpoint."""
    client: str
    scope: str = ""
    audience: str = ""
    tenant: str = ""
    parameters: str = ""
    """A digest of what else the token was asked for with; empty where nothing else was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the token endpoint gave."""

    value: str = field(repr=False)
    lifetime_s: float | None
    """What it said of the lifetime; None where it said nothing that can be read as one."""
    asked_s: float
    """When the request for it was sent: the lifetime counts from there, so it never ends later than the vendor says."""

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a Grant holds a token and is not pickled; a store hands it on")

    @property
    def useful_until_s(self) -> float:
        """When it is to be replaced: min(60 s, 10 % of the lifetime) before its end, and a little earlier.

        A lifetime that is unsaid leaves the token useful until the vendor rejects it; one of zero or less
        makes it useful for one request.
        """
        if self.lifetime_s is None:
            return math.inf
        margin_s = min(_LONGEST_MARGIN_S, _MARGIN_SHARE * self.lifetime_s)
        return self.asked_s + self.lifetime_s - _MARGIN_SLACK * margin_s


def lifetime_s(told: Any) -> float | None:
    """``expires_in`` as seconds: a number, or a string of one (RFC 6749 s5.1).

    None, which is "until the vendor rejects it", where it is missing, no number, or longer than ten years. Zero and
    less stay as they are: such a token serves one request.
    """
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        seconds = float(told)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds <= _ABSURD_S else None
