"""Subjects that a listing deceives which changes while they walk through it: each with exactly one disease."""

from collections.abc import Sequence
from typing import Any

from tests.broken_clients import BrokenReader


class BelievesTheLastTotal(BrokenReader):
    """Counts what came against the total of the last page, which a record deleted meanwhile has lowered by one."""

    fails = frozenset({"pages.concurrent-change", "outcome.honest"})

    def _check_unchanged(self, api: Any, documents: Sequence[dict[str, Any]]) -> None:
        pass
