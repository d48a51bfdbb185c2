"""What answers the subject. One verb: handle a request, give a reply."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from harness.stage.http1 import Reply, Request


class NotRecorded(Exception):
    """No recording shows what the vendor answers to this: the run proves nothing."""

    kind = "not_recorded"
    """What the history calls it."""
    final = False
    """Whether asking again, or anything else, is in vain."""


class Vendor(Protocol):
    """A recording, a simulator or a sandbox account, at the other end of the wire."""

    def handle(self, request: Request) -> Reply:
        """The vendor's answer, with its effect.

        Raises:
            NotRecorded: Nothing shows what the vendor would answer.
        """
        ...


@runtime_checkable
class Shared(Vendor, Protocol):
    """A vendor that others write to while the subject reads."""

    def records(self) -> Sequence[Mapping[str, Any]]:
        """What the vendor holds now, in its own order."""
        ...

    def others_delete(self) -> None:
        """Somebody else deletes the record that is listed first."""
        ...

    def others_create(self) -> None:
        """Somebody else creates a record that is listed first.

        Raises:
            NotRecorded: No recording shows that a new record is ever listed there.
        """
        ...


@runtime_checkable
class AskedOnce(Vendor, Protocol):
    """A vendor whose effects are real: what it answered to a copy of this process, it is not asked again here."""

    def answered(self) -> Sequence[Any]:
        """Its answers, in order, since this was last called."""
        ...

    def tell_again(self, answers: Sequence[Any]) -> None:
        """The next requests are answered by these, and have no effect."""
        ...
