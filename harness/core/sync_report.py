"""What became of each change. Failures that nobody reads are raised."""

from collections.abc import Mapping
from typing import Literal

from harness.core.errors import FailuresUnread

_NAMED_AT_MOST = 3
Became = Literal["created", "updated", "deactivated", "unchanged"]


class SyncReport:
    """What became of each record, by natural key. Read ``failed``, or the integration raises when it is closed."""

    def __init__(self, done: Mapping[Became, tuple[str, ...]], failed: Mapping[str, str]) -> None:
        self._failed = dict(failed)
        self.unread = bool(failed)
        """Whether there are failures that nobody has looked at."""
        self.created = done.get("created", ())
        self.updated = done.get("updated", ())
        self.deactivated = done.get("deactivated", ())
        self.unchanged = done.get("unchanged", ())

    @property
    def failed(self) -> Mapping[str, str]:
        """Key -> reason, with status, vendor message and request id. Not done; everything else is."""
        self.unread = False
        return self._failed

    def check_read(self) -> None:
        """Nothing, once ``failed`` was looked at.

        Raises:
            FailuresUnread: Records failed, and nobody has looked which.
        """
        if self.unread:
            self.unread = False
            raise FailuresUnread(
                f"{len(self._failed)} records were not written and nobody read which; read the report's failed: "
                f"{self._named()}"
            )

    def told_failures(self) -> str:
        """The failures as a ledger tells them, the first by name; that does not count as having read them."""
        return f"{len(self._failed)} records were not written: {self._named()}" if self._failed else ""

    def _named(self) -> str:
        return "; ".join(f"{key}: {reason}" for key, reason in list(self._failed.items())[:_NAMED_AT_MOST])

    def counts(self) -> dict[str, int]:
        """How many records each thing became of, failures included."""
        return {
            "created": len(self.created),
            "updated": len(self.updated),
            "deactivated": len(self.deactivated),
            "unchanged": len(self.unchanged),
            "failed": len(self._failed),
        }

    def __str__(self) -> str:
        return " ".join(f"{name}={count}" for name, count in self.counts().items())

    def __repr__(self) -> str:
        return f"SyncReport({self})"
