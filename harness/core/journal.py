"""What the integration writes into its log: events with fields, and the same facts in a text that can be read."""

import logging
import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

from harness.core.clock import Clock
from harness.core.errors import IntegrationError, RetriesExhausted, Throttled
from harness.core.masking import Mask
from harness.core.usage import Usage

LOGGER = logging.getLogger("harness.core")
"""Every record carries ``event``; where they apply ``operation``, ``status``, ``request_id``, ``record_key``,
``wait_s`` and ``reason``, as attributes of the record and as key=value in its text."""

_REGULAR_HITS = 3
_REGULAR_WITHIN_S = 3600.0
_SHARE_OF = 100
"""A share of fewer requests than this says nothing."""
_SHARE_OF_AT_MOST = 1000
"""The share is looked at anew after so many requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one integration did so far."""

    requests: int
    """Sent, tokens and tries included."""
    retries: int
    limit_hits: int
    """Refused as too much."""
    paced: int
    """Held back so as not to be refused."""
    token_fetches: Mapping[str, int]
    """Reason -> how often: first, expiring, rejected, used_once."""


class Journal:
    """Writes the log of one integration, and counts; no secret passes. Threads may share it."""

    def __init__(self, mask: Mask, clock: Clock, *, warned_share: float = 0.05) -> None:
        self._mask = mask
        self._clock = clock
        self._warned_share = warned_share
        self._lock = threading.Lock()
        self._hits_s: deque[float] = deque(maxlen=_REGULAR_HITS)
        self._counted: Counter[str] = Counter()
        self._request_s = 0.0
        self._token_fetches: Counter[str] = Counter()
        self._share_of = self._share_hits = 0
        self._share_told = False

    def counts(self) -> Counts:
        """The counts as they stand."""
        with self._lock:
            counted = self._counted
            return Counts(
                requests=counted["requests"],
                retries=counted["retries"],
                limit_hits=counted["limit_hits"],
                paced=counted["paced"],
                token_fetches=dict(self._token_fetches),
            )

    def usage(self) -> Usage:
        """What was asked of the vendor so far."""
        with self._lock:
            hits, fetches = self._counted["limit_hits"], sum(self._token_fetches.values())
            return Usage(self._counted["requests"], self._request_s, hits, fetches)

    def took(self, request_s: float) -> None:
        """A request that was sent is over, well or badly."""
        with self._lock:
            self._request_s += request_s

    def sent(self) -> None:
        """A request was sent."""
        with self._lock:
            self._counted["requests"] += 1
            if self._share_of == _SHARE_OF_AT_MOST:
                self._share_of, self._share_hits, self._share_told = 0, 0, False
            self._share_of += 1

    def paced(self, wait_s: float) -> None:
        """A request is held back so as not to overdraw a quota."""
        self._count("paced")
        self._write(logging.INFO, "paced", f"held back under the quota wait_s={wait_s:.3f}", wait_s=wait_s)

    def eased(self, asked_s: float) -> None:
        """The vendor asks for fewer calls, on a success; told once."""
        self._count("eased")
        text = f"the vendor asks to be called less for {asked_s:g} s at a time: from here on at half the speed"
        self._write(logging.WARNING, "eased", text, asked_s=asked_s)

    def failed(self, error: IntegrationError) -> None:
        """An attempt failed; a limit is told as one, and regular ones are a warning of their own."""
        if isinstance(error, RetriesExhausted):
            # With a cause it is told as given up already; without one it is a wait that was not begun.
            if error.__cause__ is None:
                self.gave_up(error)
            return
        if isinstance(error, Throttled):
            self._write(logging.WARNING, "limit_hit", f"limit hit, throttled: {error}", error)
            self._count_hit()
        else:
            self._write(logging.WARNING, "attempt_failed", f"attempt failed: {error}", error)

    def waits(self, error: IntegrationError, wait_s: float, tries: int) -> None:
        """The same request will be sent again, after a wait."""
        self._count("retries")
        text = (
            f"trying again operation={error.operation} wait_s={wait_s:.3f} tries={tries} cause={type(error).__name__}"
        )
        self._write(logging.INFO, "retry", text, error, wait_s=wait_s)

    def gave_up(self, error: IntegrationError) -> None:
        """The request will not be sent again."""
        self._write(logging.ERROR, "gave_up", f"not sent again: {error}", error)

    def token_fetched(self, reason: str, lifetime_s: float | None) -> None:
        """A new token is there; ``reason`` says why it was needed."""
        with self._lock:
            self._token_fetches[reason] += 1
        told = "unknown" if lifetime_s is None else f"{lifetime_s:g}"
        text = f"token refreshed reason={reason} lifetime_s={told}"
        self._write(logging.INFO, "token_refreshed", text, reason=reason, operation="token")

    def token_adopted(self, reason: str, token: str) -> None:
        """A token that somebody else fetched serves here too; from here on it is hidden."""
        self._mask.learn(token)
        text = f"token taken from the store reason={reason}"
        self._write(logging.INFO, "token_adopted", text, reason=reason, operation="token")

    def token_warning(self, text: str, reason: str) -> None:
        """Something about tokens is not as it should be."""
        self._write(logging.WARNING, "token_warning", text, reason=reason, operation="token")

    def warn(self, event: str, text: str, *, operation: str) -> None:
        """Something is odd, and the run goes on."""
        self._write(logging.WARNING, event, text, operation=operation)

    def info(self, event: str, text: str, *, operation: str, record_key: str = "") -> None:
        """Something was done."""
        self._write(logging.INFO, event, text, operation=operation, record_key=record_key)

    def _count(self, what: str) -> None:
        with self._lock:
            self._counted[what] += 1

    def _count_hit(self) -> None:
        now_s = self._clock.monotonic_s()
        with self._lock:
            self._counted["limit_hits"] += 1
            self._hits_s.append(now_s)
            first_s, count = self._hits_s[0], len(self._hits_s)
            self._share_hits += 1
            hits, of = self._share_hits, self._share_of
            large = of >= _SHARE_OF and hits > self._warned_share * of and not self._share_told
            self._share_told = self._share_told or large
        if count == _REGULAR_HITS and now_s - first_s <= _REGULAR_WITHIN_S:
            text = f"the limit is hit regularly: {count} times in {now_s - first_s:.0f} s; ask for less, or less often"
            self._write(logging.WARNING, "limit_regular", text)
        if large:
            text = (
                f"{hits} of the last {of} requests were refused as too much; this integration needs a redesign: "
                "larger pages or batches, only what changed, or fewer workers"
            )
            self._write(logging.WARNING, "limit_share", text)

    def _write(
        self, level: int, event: str, text: str, error: IntegrationError | None = None, **fields: object
    ) -> None:
        if not LOGGER.isEnabledFor(level):
            return
        told: dict[str, object] = {"event": event}
        if error is not None:
            told |= {"operation": error.operation, "status": error.status, "request_id": error.request_id}
            told |= {"record_key": error.record_key, "wait_s": error.retry_after_s, "reason": type(error).__name__}
        told |= fields
        LOGGER.log(
            level, "%s", self._mask.hide(text), extra={name: self._hidden(value) for name, value in told.items()}
        )

    def _hidden(self, value: object) -> object:
        return self._mask.hide(value) if isinstance(value, str) else value
