"""Looks after the integration between its runs: asks a new process of it how it stands, or to check itself."""

import contextlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from harness.certify.calling import Calls
from harness.certify.dying import in_own_process
from harness.certify.hearing import Printed, logs_into, told
from harness.certify.subject import Access
from harness.certify.tallies import worded
from harness.certify.venue import Venue
from harness.stage.history import Looked
from harness.stage.play import play
from harness.stage.transcript import masked, named_in
from harness.stage.vendor_end import VendorEnd

_MOST_TOLD = 30
_LONGEST_TEXT = 500


class ChannelFailed(ConnectionError):
    """The alert's channel takes nothing."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look, at a moment of the run. The vendor cannot be reached: what a subject knows of itself it has kept."""

    subject: Callable[[], Any]
    access: Access
    end: VendorEnd
    venue: Venue
    real_limit_s: float
    at_us: int
    seed: int

    def status(self) -> Looked:
        """What it says of itself."""
        found: list[Any] = []
        return self._looked("status", lambda subject, calls: found.append(calls(subject.status)), found, [], "takes")

    def staleness(self, channel: Literal["takes", "fails"]) -> Looked:
        """What it tells the alert's channel, which takes it or fails."""
        alerts: list[str] = []

        def notify(text: str) -> None:
            alerts.append(worded(text))
            if channel == "fails":
                raise ChannelFailed("the alert's channel answered 503")

        def check(subject: Any, calls: Calls) -> None:
            calls(subject.check_staleness, notify)

        return self._looked("staleness", check, [], alerts, channel)

    def _looked(
        self,
        asked: Literal["status", "staleness"],
        ask: Callable[[Any, Calls], None],
        found: list[Any],
        alerts: list[str],
        channel: Literal["takes", "fails"],
    ) -> Looked:
        def look() -> None:
            subject = self.subject()
            with Calls() as calls:
                calls(subject.open, self.access)
                try:
                    ask(subject, calls)
                finally:
                    calls(subject.close)

        printed = Printed()
        with (
            logs_into(self.end, lambda: self.at_us),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            played = play(
                look,
                answer=self.end.answer,
                resolve=lambda host: False,
                pass_time=self.venue.pass_time,
                seed=self.seed,
                real_limit_s=self.real_limit_s,
                start=self.end.began + timedelta(microseconds=self.at_us),
                on_escape=lambda event: self.end.note("escaped", event, self.at_us),
            )
        secrets = self.end.door.disguises()
        error = told(played.error) if played.ended == "raised" and played.error else ""
        read = _Status.read(found[0], self.end.began) if found and played.ended == "returned" else _Status()
        hidden = secrets | self.end.places
        return Looked(
            act=self.end.act,
            at_us=self.at_us,
            asked=asked,
            ended=played.ended,
            error=masked(error, hidden)[0],
            said=tuple((name, masked(value, hidden)[0]) for name, value in read.said),
            state=read.state,
            success_us=read.success_us,
            unreadable=read.unreadable,
            alerts=tuple(masked(text, hidden)[0][:_LONGEST_TEXT] for text in alerts),
            channel=channel,
            expected_every_us=round((self.access.expected_every or timedelta()) / timedelta(microseconds=1)),
            leaks=named_in(" ".join([error, printed.text(), repr(read.said), *alerts]), secrets),
        )


def performed(end: VendorEnd, look: Callable[[], Looked], *, alone: bool) -> Looked:
    """The look, done; ``alone``: by a process of its own, that knows nothing but what was kept."""
    return in_own_process(end, lambda _: look()) if alone else look()


@dataclass(frozen=True, slots=True)
class _Status:
    """What a subject's ``status`` returned, read."""

    said: tuple[tuple[str, str], ...] = ()
    state: str = ""
    success_us: int | None = None
    unreadable: str = ""

    @classmethod
    def read(cls, status: Any, began: datetime) -> "_Status":
        if not isinstance(status, Mapping):
            return cls(unreadable=f"status returned {type(status).__name__}, no mapping")
        said = tuple((worded(name), worded(value)[:_LONGEST_TEXT]) for name, value in status.items())[:_MOST_TOLD]
        state = worded(status.get("state", ""))
        success = status.get("last_success")
        moment = None if success is None else _moment(success)
        if success is not None and moment is None:
            return cls(said, state, None, f"last_success is {worded(success)[:80]!r}, no moment")
        return cls(said, state, None if moment is None else round((moment - began) / timedelta(microseconds=1)))


def _moment(value: Any) -> datetime | None:
    """The moment that a datetime, an ISO 8601 text or seconds since 1970 name; without a zone it is UTC."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=value)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
