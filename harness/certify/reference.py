"""The core, presented as a subject. The only module outside ``harness.core`` that imports it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from harness.certify.subject import Access, PushResult
from harness.core import Integration
from harness.core.ledger import Ledger
from harness.core.times import moment
from harness.core.watch import watch
from harness.dialects import SHIPPED, Dialect


class CoreSubject:
    """The reference integration. ``dialect`` is for a vendor that does not ship with the product."""

    def __init__(self, dialect: Dialect | None = None) -> None:
        self._dialect = dialect
        self._integration: Integration | None = None
        self._ledger: Ledger | None = None

    def open(self, access: Access) -> None:
        """Get ready; nothing is asked of the vendor.

        Raises:
            LookupError: No dialect of that vendor ships with the product, and none was given.
        """
        if access.state_folder is not None:
            self._ledger = Ledger(f"sqlite:///{access.state_folder / 'ledger.sqlite'}")
        self._integration = Integration(
            self._dialect or _shipped(access.vendor),
            credentials=access.credentials,
            base_url=access.base_url,
            token_url=access.token_url,
            recorder=self._ledger,
            expected_every=access.expected_every,
        )

    def pull(self, collection: str) -> Sequence[Mapping[str, Any]]:
        """Every record of the collection, each once."""
        return list(self._opened().pull(collection))

    def push(self, collection: str, records: Sequence[Mapping[str, Any]]) -> PushResult:
        """Afterwards the vendor holds each record once, but for those that are named."""
        return PushResult(failed=self._opened().push(collection, records).failed)

    def retire(self, collection: str, keep: Collection[str]) -> PushResult:
        """Afterwards nothing is in use but what is kept, and what is named.

        Raises:
            MassRetirementRefused: Too much is not kept to be believed; nothing was done.
        """
        core = self._opened()
        return PushResult(failed=core.apply(collection, core.retirements(collection, keep)).failed)

    def status(self) -> Mapping[str, Any]:
        """How the job that ran last stands, by its ledger."""
        stand = max(self._kept().status(), key=lambda one: one.last_began_s, default=None)
        if stand is None:
            return {"state": "never ran", "last_success": None}
        success = None if stand.last_success_s is None else moment(stand.last_success_s)
        told = {"state": stand.last_state, "last_success": success, "health": stand.health, **stand.counts}
        return told | ({"last_error": stand.last_error} if stand.last_error else {})

    def check_staleness(self, notify: Callable[[str], None]) -> None:
        """Alert once, and once more when it is over.

        Raises:
            ConnectionError: The alert did not get through.
        """
        watched = watch(self._kept(), notify)
        if watched.undelivered:
            raise ConnectionError(f"the alert did not get through: {watched.error}")

    def close(self) -> None:
        """Let go of connections."""
        if self._integration is not None:
            self._integration.close()

    def _kept(self) -> Ledger:
        if self._ledger is None:
            raise RuntimeError("CoreSubject was given no state_folder, so it keeps no ledger; give Access one")
        return self._ledger

    def _opened(self) -> Integration:
        if self._integration is None:
            raise RuntimeError("CoreSubject was not opened; call open() first")
        return self._integration


def _shipped(vendor: str) -> Dialect:
    for dialect in SHIPPED:
        if dialect.name == vendor:
            return dialect
    known = ", ".join(dialect.name for dialect in SHIPPED)
    raise LookupError(f"no dialect of {vendor!r} ships with the product, only of {known}; give CoreSubject one")
