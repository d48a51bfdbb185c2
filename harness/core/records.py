"""A run as the ledger holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.core.owner import Owner, lives
from harness.core.usage import Usage

State = Literal["running", "succeeded", "partial", "failed", "interrupted", "crashed"]
SILENT_S = 900.0
"""A process of another machine that was not heard of for so long counts as dead, until it is heard of again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run. Times are seconds since 1970 by the ledger's clock."""

    number: int
    integration: str
    began_s: float
    heard_s: float
    """When its process last said that it was there."""
    owner: Owner
    state: State
    ended_s: float | None = None
    """Of a crashed run: when it was last heard of."""
    reason: str = ""
    """Why it did not succeed, in one line."""
    request_id: str = ""
    """The vendor's name for the request that it failed at."""
    expected_every_s: float | None = None
    """How often it should succeed."""
    counts: Mapping[str, int] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)


def dead(owner: Owner, heard_s: float, *, here: Owner, now_s: float) -> bool:
    """Whether the process is gone.

    On the machine and in the boot of who asks the kernel knows, so that no living process is ever taken for dead.
    Elsewhere silence has to do: ``SILENT_S`` without a word, and who speaks again lives again.
    """
    if owner.boot != here.boot:
        return now_s - heard_s > SILENT_S
    return lives(owner, here=here) is False
