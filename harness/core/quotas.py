"""How long a request has to wait so that no quota is overdrawn. Arithmetic alone: no clock, no lock.

Each quota is kept by one pace. ``wait_s`` says how long from now the next request has to wait; who has waited tells
``begin``, and ``end`` when its answer, or the end of its connection, is there.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from harness.core.waits import rate_limits, read_wait_s
from harness.dialects.facts import Form, Quota, QuotaHeaders

_ANSWERS_COME_S = 1.0
_APART_S = 0.001
"""Whether a window's end still belongs to it is not said; so much later it does not."""


@dataclass(frozen=True, slots=True)
class Left:
    """What one answer told of a quota."""

    requests: int
    whole_in_s: float
    """Seconds from the answer until the quota is whole again."""
    grain_s: float
    """How exactly that was told: a whole number of seconds may mean any moment within one."""
    limit: int | None = None


@dataclass(slots=True)
class Turn:
    """One request, from the moment that it may be sent."""

    number: int
    began_s: float
    ended_s: float = math.inf
    told: tuple[Left | None, ...] = field(default=())
    """What its answer told of each quota that answers tell of, in their order."""


class Pace(Protocol):
    """Keeps one quota."""

    def wait_s(self, now_s: float) -> float:
        """How long from now the next request has to wait; 0 where it may be sent."""
        ...

    def begin(self, turn: Turn) -> None:
        """A request is sent."""
        ...

    def end(self, turn: Turn) -> None:
        """It is answered, or will not be."""
        ...


class StatedPace:
    """Keeps a quota that the vendor's page states: at most so many requests in any window, wherever it begins.

    A request waits until the one ``requests`` before it was answered a whole window ago. Between those two moments
    both arrived, so they arrived at least a window apart, whatever the latencies: neither a fixed window, nor a
    sliding one, nor a bucket of that size is ever overdrawn.
    """

    def __init__(self, quota: Quota) -> None:
        self._window_s = quota.window_s + _APART_S
        self._turns: deque[Turn] = deque(maxlen=quota.requests)

    def wait_s(self, now_s: float) -> float:
        """How long from now the next request has to wait."""
        if len(self._turns) < (self._turns.maxlen or 0):
            return 0.0
        return max(0.0, min(self._turns[0].ended_s, now_s) + self._window_s - now_s)

    def begin(self, turn: Turn) -> None:
        """A request is sent."""
        self._turns.append(turn)

    def end(self, turn: Turn) -> None:
        """Its end is in the turn itself."""


class ToldPace:
    """Keeps a quota of which each answer tells what is left: spends that, then waits until it is whole again.

    What others spend of it shows in the answers. Requests under way count as not yet subtracted, so several threads
    never spend the same rest twice.
    """

    def __init__(self, place: int) -> None:
        self._place = place
        self._left = math.inf
        self._limit: int | None = None
        self._whole_at_s = -math.inf
        self._under_way = 0
        self._newest = -1

    def wait_s(self, now_s: float) -> float:
        """How long from now the next request has to wait."""
        if now_s >= self._whole_at_s:
            self._left, self._whole_at_s = self._whole(), math.inf
        if self._left >= 1:
            return 0.0
        if self._whole_at_s < math.inf:
            return self._whole_at_s - now_s
        # It was whole and may be spent; only answers tell, and where none is to come the next request asks.
        return _ANSWERS_COME_S if self._under_way else 0.0

    def begin(self, turn: Turn) -> None:
        """A request is sent."""
        self._left -= 1
        self._under_way += 1

    def end(self, turn: Turn) -> None:
        """Its answer is the truth, unless a later request's answer came first."""
        self._under_way -= 1
        told = turn.told[self._place] if turn.told else None
        if told is None or turn.number < self._newest:
            return
        self._newest = turn.number
        self._limit = told.limit
        self._left = max(0, told.requests - self._under_way)
        whole_at_s = turn.ended_s + told.whole_in_s + told.grain_s
        # Roundings of one moment: the earliest is the best, for each of them has the grain on top.
        same = abs(whole_at_s - self._whole_at_s) < told.grain_s
        self._whole_at_s = min(whole_at_s, self._whole_at_s) if same else whole_at_s

    def _whole(self) -> float:
        return math.inf if self._limit is None else self._limit - self._under_way


def told_left(headers: Mapping[str, str], told_by: QuotaHeaders, *, now_s: float) -> Left | None:
    """What the answer tells of the quota; None where it tells nothing that can be read. ``now_s`` since 1970.

    A limit of 0 is no quota but a word for "too many at once" (Okta), and tells nothing.
    """
    remaining, limit = (_count(headers.get(name.lower(), "")) for name in (told_by.remaining, told_by.limit))
    text = headers.get(told_by.reset.lower(), "")
    whole_in_s = read_wait_s(text, told_by.reset_form, now_s=now_s)
    if remaining is None or whole_in_s is None or limit == 0:
        return None
    return Left(remaining, whole_in_s, _grain_s(text, told_by.reset_form), limit)


def told_by_field(headers: Mapping[str, str]) -> Left | None:
    """What the ``RateLimit`` field tells of the quota that has the least left (IETF draft); None without one."""
    told = rate_limits(headers.get("ratelimit", ""))
    return min((Left(left, rest_s, 1.0) for left, rest_s in told if rest_s > 0), key=_least, default=None)


def _least(left: Left) -> tuple[int, float]:
    return left.requests, -left.whole_in_s


def _count(text: str) -> int | None:
    return int(text) if text.strip().isdecimal() and text.isascii() and len(text) < 16 else None


def _grain_s(text: str, form: Form) -> float:
    return _APART_S if "." in text or form in ("delta_ms", "epoch_ms") else 1.0
