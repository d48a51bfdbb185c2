"""What supervisor and worker say to each other."""

from dataclasses import dataclass

from harness.certify.evidence import Evidence
from harness.certify.performance import Order
from harness.certify.subject_loading import Loaded
from harness.stage.history import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """All that a worker needs to know before the first order."""

    subject: str
    """``core`` or ``module:Name``."""
    folder: str
    """Where the subject's module is looked for first."""
    evidence: tuple[Evidence, ...]
    seed: int
    real_limit_s: float
    tag: str = ""
    """What the keys of all that is created in a live account begin with."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The subject is loaded."""

    loaded: Loaded


@dataclass(frozen=True, slots=True)
class Refused:
    """The subject cannot be certified; the sentence says why."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Task:
    """An order for one vendor."""

    vendor: str
    order: Order


@dataclass(frozen=True, slots=True)
class Done:
    """The history of an order; ``leaving`` when the worker can take no more.

    A run that hung on threads older than itself proves nothing: a pool kept from an earlier run looks like that.
    """

    run: Run
    leaving: bool
    hung_on_strays: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """The order could not be carried out, and that is no doing of the subject's."""

    reason: str
