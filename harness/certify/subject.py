"""The operation seam: what an integration must offer to be certified, and what it is given."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from harness.dialects.credentials import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where a vendor is and how to sign in: all that a subject is told."""

    vendor: str
    base_url: str
    token_url: str | None = None
    credentials: Credentials = None


@dataclass(frozen=True, slots=True)
class PushResult:
    """What a push did. ``failed`` names, key by key, what it did not do and why."""

    failed: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Pulls(Protocol):
    """A subject that imports."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        """Every record of the collection, each once."""
        ...


@runtime_checkable
class Pushes(Protocol):
    """A subject that provisions."""

    def push(self, collection: str, records: Sequence[Mapping[str, Any]]) -> PushResult | None:
        """Afterwards the vendor holds each record once."""
        ...


class Subject(Protocol):
    """An integration as the stage sees it. ``pull`` or ``push`` may be missing, not both; the last four are optional.

    Returning means "I did it", and is checked. Raising means "I failed". Several threads may call ``pull`` at once on
    one opened subject.
    """

    def open(self, access: Access) -> None:
        """Get ready; nothing is asked of the vendor that ``pull`` or ``push`` would not ask."""
        ...

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        """Every record of the collection, each once."""
        ...

    def push(self, collection: str, records: Sequence[Mapping[str, Any]]) -> PushResult | None:
        """Afterwards the vendor holds each record once."""
        ...

    def close(self) -> None:
        """Let go of connections and threads."""
        ...

    def retire(self, collection: str, keep: Collection[str]) -> PushResult | None:
        """Deactivate what is not in ``keep``."""
        ...

    def fields(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """The vendor's names for the fields of a returned record."""
        ...

    def status(self) -> Mapping[str, Any]:
        """What it would tell an operator: last success, last end, state."""
        ...

    def check_staleness(self, notify: Callable[[str], None]) -> None:
        """Raise the alert if no run succeeded for longer than expected."""
        ...
