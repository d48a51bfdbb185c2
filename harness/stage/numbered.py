"""A recorded listing whose pages are counted, when somebody else deletes from it: all rows behind move up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.dialects.facts import Dialect, PageNumber
from harness.stage.http1 import Reply, Request
from harness.stage.operations import asked, query_of
from harness.stage.pages import Page, number_param
from harness.stage.recordings import RecordedExchange
from harness.stage.samples import Sample, list_query, sample_of
from harness.stage.vendor import NotRecorded, Vendor

_FIRST = 1


@dataclass(slots=True)
class NumberedListing:
    """Answers as the vendor does, but for the pages of its first collection: they show the rows that are left.

    A page is told in the words of the recorded page of its number, one that leads nowhere in those of the last.
    """

    vendor: Vendor
    dialect: Dialect
    pages: Mapping[int, Sample]
    rows: list[Mapping[str, Any]]
    size: int

    @classmethod
    def of(cls, vendor: Vendor, dialect: Dialect, exchanges: Sequence[RecordedExchange]) -> "NumberedListing":
        """The listing that the exchanges show from its first page to its last."""
        collection = dialect.collections[0]
        param, first = number_param(collection), _first(dialect)
        samples = (sample_of(dialect, one) for one in exchanges)
        listed = [one for one in samples if one.verb == "list" and one.ok]
        pages = {int(query_of(one.request.target).get(param, first)): one for one in listed}
        rows = {row[collection.id_field]: row for one in listed for row in Page(collection, one.reply).rows or ()}
        size = max(len(Page(collection, one.reply).rows or ()) for one in listed)
        return cls(vendor, dialect, pages, list(rows.values()), size)

    def records(self) -> tuple[Mapping[str, Any], ...]:
        """What the vendor holds now, in its own order."""
        return tuple(self.rows)

    def others_delete(self) -> None:
        """Somebody else deletes the record that is listed first."""
        del self.rows[0]

    def others_create(self) -> None:
        """Nobody has seen where a new record is listed.

        Raises:
            NotRecorded: Always.
        """
        raise NotRecorded(f"a new record of {self.dialect.collections[0].name}")

    def handle(self, request: Request) -> Reply:
        """The vendor's answer, with its effect.

        Raises:
            NotRecorded: Nothing shows what the vendor would answer.
        """
        collection, param = self.dialect.collections[0], number_param(self.dialect.collections[0])
        what, number = asked(self.dialect, request), query_of(request.target).get(param, str(_first(self.dialect)))
        listed = what.lists and what.collection == collection and number.isdecimal()
        if not listed or list_query(request.target, param) not in self._list_queries(param):
            return self.vendor.handle(request)
        begin = (int(number) - _first(self.dialect)) * self.size
        rows, left = tuple(self.rows[begin : begin + self.size]), len(self.rows) - begin - self.size
        page = Page(collection, self._words(int(number), leads_on=left > 0).reply)
        if page.total is None:
            return page.with_rows(rows).reply
        told = replace(page.reply, headers=_recounted(page.reply, page.total, len(self.rows)))
        return replace(page, reply=told).with_rows(rows).with_total(len(self.rows)).reply

    def _words(self, number: int, *, leads_on: bool) -> Sample:
        last = self.pages[max(self.pages)]
        return self.pages.get(number, last) if leads_on else last

    def _list_queries(self, param: str) -> frozenset[tuple[tuple[str, str], ...]]:
        return frozenset(list_query(one.url, param) for one in self.pages.values())


def _first(dialect: Dialect) -> int:
    paging = dialect.collections[0].paging
    return paging.first if isinstance(paging, PageNumber) else _FIRST


def _recounted(reply: Reply, was: int, now: int) -> tuple[tuple[str, str], ...]:
    """The reply's headers; one that repeats the total tells the new one."""
    return tuple(
        (name, str(now) if value == str(was) and "total" in name.lower() else value) for name, value in reply.headers
    )
