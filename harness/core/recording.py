"""What the core says of its runs, and to whom. Knows no database."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Protocol

from harness.core.usage import Usage


class Recording(Protocol):
    """A run that is being written down."""

    def count(self, **records: int) -> None:
        """So many records more were ``created``, ``pulled``, or whatever the word is."""
        ...

    def partial(self, reason: str) -> None:
        """Something was not done: the run will not count as a success."""
        ...

    def used(self, usage: Usage) -> None:
        """So much was asked of the vendor."""
        ...


class Recorder(Protocol):
    """Writes down runs: a ``Ledger`` each as a run of its own, a run of the ledger as a part of itself."""

    def recording(self, operation: str, *, expected_every: timedelta | None) -> AbstractContextManager[Recording]:
        """The operation runs for as long as the context does; how that ends is how the run ends."""
        ...


class Unrecorded:
    """Writes nothing down."""

    @contextmanager
    def recording(self, operation: str, *, expected_every: timedelta | None) -> Iterator[Recording]:
        """Nothing is kept of it."""
        yield self

    def count(self, **records: int) -> None:
        """Forgotten."""

    def partial(self, reason: str) -> None:
        """Forgotten."""

    def used(self, usage: Usage) -> None:
        """Forgotten."""


def nowhere() -> AbstractContextManager[Recording]:
    """What is written down nowhere."""
    return Unrecorded().recording("", expected_every=None)
