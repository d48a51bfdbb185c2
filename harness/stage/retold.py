"""A vendor whose listings show each record as somebody tells it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.dialects.facts import Collection, Dialect
from harness.stage.http1 import Reply, Request
from harness.stage.operations import asked
from harness.stage.pages import Page
from harness.stage.vendor import Vendor


@dataclass(frozen=True, slots=True)
class Retold:
    """Answers as the vendor does; ``told`` says how a listed record reads."""

    vendor: Vendor
    dialect: Dialect
    told: Callable[[Collection, Mapping[str, Any]], Mapping[str, Any]]

    def handle(self, request: Request) -> Reply:
        """The vendor's answer, with its effect.

        Raises:
            NotRecorded: Nothing shows what the vendor would answer.
        """
        reply, what = self.vendor.handle(request), asked(self.dialect, request)
        if not what.lists or what.collection is None:
            return reply
        page = Page(what.collection, reply)
        if page.rows is None:
            return reply
        return page.with_rows(tuple(self.told(what.collection, row) for row in page.rows)).reply
