"""The core, presented as a subject. The only module outside ``harness.core`` that imports it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from harness.certify.subject import Access, PushResult
from harness.core import Integration
from harness.dialects import SHIPPED, Dialect


class CoreSubject:
    """The reference integration. ``dialect`` is for a vendor that does not ship with the product."""

    def __init__(self, dialect: Dialect | None = None) -> None:
        self._dialect = dialect
        self._integration: Integration | None = None

    def open(self, access: Access) -> None:
        """Get ready; nothing is asked of the vendor.

        Raises:
            LookupError: No dialect of that vendor ships with the product, and none was given.
        """
        self._integration = Integration(
            self._dialect or _shipped(access.vendor),
            credentials=access.credentials,
            base_url=access.base_url,
            token_url=access.token_url,
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

    def close(self) -> None:
        """Let go of connections."""
        if self._integration is not None:
            self._integration.close()

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
