"""How an integration stands, told from what its ledger knows of it. Pure: the present comes in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.core.records import RunRecord, State

Health = Literal["fresh", "running", "stale", "partial", "failed", "interrupted", "crashed"]
WELL: frozenset[Health] = frozenset({"fresh", "running"})


@dataclass(frozen=True, slots=True)
class Alert:
    """What became of the alert about an integration that is, or was, stale."""

    raised_s: float | None = None
    """When it was delivered; None where none is out."""
    failed_s: float | None = None
    """When its channel failed last; None where it did not since it last worked."""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a ledger knows of one integration."""

    integration: str
    first_began_s: float
    last: RunRecord
    last_ended: RunRecord | None
    success: RunRecord | None
    """The last run that succeeded."""
    trouble: RunRecord | None
    """The last run that ended otherwise."""
    alert: Alert = Alert()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How one integration stands."""

    integration: str
    health: Health
    """*Stale* beats how the last run ended; *fresh*: it succeeded, and lately enough."""
    last_state: State
    last_began_s: float
    last_ended_s: float | None
    last_success_s: float | None
    age_s: float
    """Since the last success; where there was none, since it first ran."""
    expected_every_s: float | None
    counts: Mapping[str, int] = field(default_factory=dict)
    """Of the last run that ended."""
    last_error: str = ""
    last_error_s: float | None = None
    last_request_id: str = ""
    """The vendor's name for the request that the last trouble came from."""
    alert: Alert = Alert()

    @property
    def well(self) -> bool:
        """Whether nobody needs to look."""
        return self.health in WELL


def status_of(known: Known, *, now_s: float) -> Status:
    """How the integration stands now."""
    success_s = known.success.ended_s if known.success else None
    age_s = now_s - (known.first_began_s if success_s is None else success_s)
    trouble = known.trouble
    return Status(
        integration=known.integration,
        health=_health(known, age_s),
        last_state=known.last.state,
        last_began_s=known.last.began_s,
        last_ended_s=known.last.ended_s,
        last_success_s=success_s,
        age_s=age_s,
        expected_every_s=known.last.expected_every_s,
        counts=known.last_ended.counts if known.last_ended else {},
        last_error=trouble.reason if trouble else "",
        last_error_s=trouble.ended_s if trouble else None,
        last_request_id=trouble.request_id if trouble else "",
        alert=known.alert,
    )


def with_request(error: str, request_id: str) -> str:
    """The error with the request's id, if it does not tell it already."""
    return f"{error} (request {request_id})" if request_id and request_id not in error else error


def _health(known: Known, age_s: float) -> Health:
    every_s = known.last.expected_every_s
    if every_s is not None and age_s > every_s:
        return "stale"
    state = known.last_ended.state if known.last_ended else known.last.state
    return "fresh" if state == "succeeded" else state
