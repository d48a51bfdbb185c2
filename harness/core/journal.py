"""What the integration writes into its log: events with fields, and the same facts in a text that can be read."""

import logging
import threading
from collections import deque

from harness.core.clock import Clock
from harness.core.errors import IntegrationError, RetriesExhausted, Throttled
from harness.core.masking import Mask

LOGGER = logging.getLogger("harness.core")
"""Every record carries ``event``; where they apply ``operation``, ``status``, ``request_id``, ``record_key``,
``wait_s`` and ``reason``, as attributes of the record and as key=value in its text."""

_REGULAR_HITS = 3
_REGULAR_WITHIN_S = 3600.0


class Journal:
    """Writes the log of one integration; no secret passes. Threads may share it."""

    def __init__(self, mask: Mask, clock: Clock) -> None:
        self._mask = mask
        self._clock = clock
        self._lock = threading.Lock()
        self._hits_s: deque[float] = deque(maxlen=_REGULAR_HITS)

    def failed(self, error: IntegrationError) -> None:
        """An attempt failed; a limit is told as one, and regular ones are a warning of their own."""
        if isinstance(error, RetriesExhausted):
            return  # told as given up already
        if isinstance(error, Throttled):
            self._write(logging.WARNING, "limit_hit", f"limit hit, throttled: {error}", error)
            self._count_hit()
        else:
            self._write(logging.WARNING, "attempt_failed", f"attempt failed: {error}", error)

    def waits(self, error: IntegrationError, wait_s: float, tries: int) -> None:
        """The same request will be sent again, after a wait."""
        text = (
            f"trying again operation={error.operation} wait_s={wait_s:.3f} tries={tries} cause={type(error).__name__}"
        )
        self._write(logging.INFO, "retry", text, error, wait_s=wait_s)

    def gave_up(self, error: IntegrationError) -> None:
        """The request will not be sent again."""
        self._write(logging.ERROR, "gave_up", f"gave up: {error}", error)

    def token_fetched(self, reason: str, lifetime_s: float | None) -> None:
        """A new token is there; ``reason`` says why it was needed."""
        told = "unknown" if lifetime_s is None else f"{lifetime_s:g}"
        text = f"token refreshed reason={reason} lifetime_s={told}"
        self._write(logging.INFO, "token_refreshed", text, reason=reason, operation="token")

    def token_warning(self, text: str, reason: str) -> None:
        """Something about tokens is not as it should be."""
        self._write(logging.WARNING, "token_warning", text, reason=reason, operation="token")

    def warn(self, event: str, text: str, *, operation: str) -> None:
        """Something is odd, and the run goes on."""
        self._write(logging.WARNING, event, text, operation=operation)

    def info(self, event: str, text: str, *, operation: str, record_key: str = "") -> None:
        """Something was done."""
        self._write(logging.INFO, event, text, operation=operation, record_key=record_key)

    def _count_hit(self) -> None:
        now_s = self._clock.monotonic_s()
        with self._lock:
            self._hits_s.append(now_s)
            first_s, count = self._hits_s[0], len(self._hits_s)
        if count == _REGULAR_HITS and now_s - first_s <= _REGULAR_WITHIN_S:
            text = f"the limit is hit regularly: {count} times in {now_s - first_s:.0f} s; ask for less, or less often"
            self._write(logging.WARNING, "limit_regular", text)

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
