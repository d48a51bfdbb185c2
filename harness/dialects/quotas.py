"""How much a vendor allows in a time, as its page states it or as its answers tell it. Facts only, as in ``facts``."""

from dataclasses import dataclass
from typing import Literal

from harness.dialects.shapes import Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """So many requests in any ``window_s`` seconds.

    Raises:
        ValueError: Nothing could ever be sent.
    """

    requests: int
    window_s: float
    methods: tuple[str, ...] = ()
    """Those that count; empty where all do."""

    def __post_init__(self) -> None:
        if self.requests < 1 or not self.window_s > 0:
            raise ValueError(f"{self} allows nothing; state at least one request in more than 0 s")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaHeaders:
    """Headers by which each answer tells what is left of a quota, and when it is whole again."""

    remaining: str
    reset: str
    reset_form: Form
    limit: str = ""
    """The quota's size; empty where no header tells it."""
    each: Literal["vendor", "operation"] = "vendor"
    """What has a quota of its own: the whole vendor, or each kind of request, as with Okta's buckets."""
    methods: tuple[str, ...] = ()
    """Those that count; empty where all do."""
