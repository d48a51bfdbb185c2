"""The operation seam: what an integration must offer to be certified, and what it is given."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from harness.dialects.credentials import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where a vendor is and how to sign in: all that a subject is told, and where it may keep something."""

    vendor: str
    base_url: str
    token_url: str | None = None
    credentials: Credentials = None
    state_folder: Path | None = None
    """Where the subject may keep what outlives its process: a ledger, tokens, a journal. An empty folder in each run,
    kept through all its acts, thrown away afterwards."""
    expected_every: timedelta | None = None
    """How often it should succeed: ``check_staleness`` goes by it."""


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
    one opened subject; a job may come again before ``close``; two subjects may be open at once, for two accounts.
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
        """What it would tell an operator, asked in a process of its own after a run.

        ``state``: how the last run ended, as ``succeeded``, ``partial`` (something was not done), ``failed``,
        ``interrupted`` or ``crashed``; ``last_success``: when the last one that succeeded ended, a datetime or a text
        in ISO 8601, None where none did. Whatever else it holds is shown.
        """
        ...

    def check_staleness(self, notify: Callable[[str], None]) -> None:
        """Tell ``notify`` if no run succeeded for longer than ``Access.expected_every``: once, until one succeeds.

        What raises the alarm is the caller's: ``notify`` raises where its channel fails, and that is to be raised on
        or logged as a warning, and told again at the next check.
        """
        ...
