"""What an integration asked of its vendor: requests, their time, limits hit, tokens bought."""

import threading
from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Counted over a span of time."""

    requests: int = 0
    request_s: float = 0.0
    """How long all requests took together, in seconds."""
    limit_hits: int = 0
    token_refreshes: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        requests, request_s, limit_hits, refreshes = (
            one + another for one, another in zip(astuple(self), astuple(other), strict=True)
        )
        return Usage(requests=requests, request_s=request_s, limit_hits=limit_hits, token_refreshes=refreshes)


class Meter:
    """Counts until it is read. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._usage = Usage()

    def add(self, usage: Usage) -> None:
        """Count this too."""
        with self._lock:
            self._usage += usage

    def take(self) -> Usage:
        """All that was counted since the last time: what several runs take adds up to what happened."""
        with self._lock:
            taken, self._usage = self._usage, Usage()
        return taken
