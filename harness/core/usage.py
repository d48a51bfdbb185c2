"""What an integration asked of its vendor over a span of time."""

from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Requests, their time, limits hit, tokens bought."""

    requests: int = 0
    request_s: float = 0.0
    """How long all requests took together, in seconds."""
    limit_hits: int = 0
    token_refreshes: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(*(one + another for one, another in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: "Usage") -> "Usage":
        return Usage(*(one - another for one, another in zip(astuple(self), astuple(other), strict=True)))
