"""What answers the subject. One verb: handle a request, give a reply."""

from typing import Protocol

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
