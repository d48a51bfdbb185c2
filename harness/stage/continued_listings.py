"""How a simulated vendor lists what it holds where a page names the key that the next one begins with."""

from harness.dialects.facts import Continue
from harness.stage.documents import at
from harness.stage.http1 import Reply, Request
from harness.stage.operations import Asked, query_of
from harness.stage.pages import Page
from harness.stage.samples import Sample, rows_of
from harness.stage.store import Store
from harness.stage.title_spelling import listed_place
from harness.stage.vendor import NotRecorded
from harness.stage.words import Words, seen

_MOST = 500
"""Sizes above need a right that no recording shows."""


class ContinuedListings:
    """Pages of the size asked for, in the order of the keys; each shows of a record what recorded listings showed."""

    def __init__(self, words: Words, store: Store, paging: Continue) -> None:
        self._words, self._store, self._paging = words, store, paging
        shown = words.shown
        self._fields = tuple(dict.fromkeys(name for row in rows_of(shown.collection, shown.first_page) for name in row))
        leads = at(shown.first_page.document, paging.path) or {}
        begins = listed_place(shown.collection, shown.records[shown.cap]) if len(shown.records) > shown.cap else None
        self._begin = next((name for name, value in leads.items() if value == begins), "")
        self._constants = {name: value for name, value in leads.items() if name != self._begin}

    def looked_up(self, sample: Sample, request: Request) -> Reply:
        """The lookup's reply at this request's address."""
        return self._words.at_this_address(sample, request)

    def page(self, request: Request, what: Asked) -> Reply:
        """The page that is asked for, leading on where there is more.

        Raises:
            NotRecorded: No listing was recorded with such parameters.
        """
        query, shown = query_of(request.target), self._words.shown
        size = query.get(self._paging.size_param, "")
        if self._told_apart(query) not in {self._told_apart(dict(one)) for one in shown.list_queries}:
            raise NotRecorded(f"{request.method} {request.target}")
        if not (size.isdecimal() and 0 < int(size) <= _MOST):
            raise NotRecorded(f"{request.method} {request.target}, whose size is none that was recorded")
        rows = self._store.beginning_at(query.get(self._begin, ""), int(size) + 1)
        leads_on = len(rows) > int(size)
        told = [{name: row[name] for name in self._fields} for row in rows[: int(size)]]
        sample = seen(shown.first_page if leads_on else shown.last_page, request)
        page = Page(shown.collection, sample.reply).with_rows(tuple(told))
        if not leads_on:
            return page.reply
        return page.with_next({self._begin: listed_place(shown.collection, rows[-1]), **self._constants}).reply

    def _told_apart(self, query: dict[str, str]) -> frozenset[tuple[str, str]]:
        """The parameters of the listing itself: without its size, and without what leads on."""
        own = (self._paging.size_param, self._begin, *self._constants)
        return frozenset(pair for pair in query.items() if pair[0] not in own)
