"""What answers the subject. One verb: handle a request, give a reply."""

from typing import Protocol

from harness.stage.http1 import Reply, Request


class NotRecorded(Exception):
    """No recording shows what the vendor answers to this: the run proves nothing."""


class Vendor(Protocol):
    """A recording or a simulator, at the other end of the wire."""

    def handle(self, request: Request) -> Reply:
        """The vendor's answer, with its effect.

        Raises:
            NotRecorded: Nothing shows what the vendor would answer.
        """
        ...
