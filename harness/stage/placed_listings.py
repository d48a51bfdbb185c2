"""How a simulated vendor lists what it holds where the subject counts the records and asks for a place."""

from collections.abc import Mapping

from harness.dialects.facts import Offset
from harness.stage.documents import put
from harness.stage.http1 import Reply, Request
from harness.stage.operations import Asked, query_of
from harness.stage.pages import Page
from harness.stage.samples import Sample
from harness.stage.store import Store
from harness.stage.vendor import NotRecorded
from harness.stage.words import Words


class PlacedListings:
    """Pages from any place, of the size asked for up to the vendor's cap; ``page_size`` where none is asked for."""

    def __init__(self, words: Words, store: Store, paging: Offset, *, cap: int, page_size: int) -> None:
        self._words, self._store, self._paging = words, store, paging
        self._cap, self._page_size = cap, page_size

    def looked_up(self, sample: Sample, request: Request) -> Reply:
        """The lookup's reply at this request's address."""
        return self._words.at_this_address(sample, request)

    def page(self, request: Request, what: Asked) -> Reply:
        """The page that begins at the place asked for; beyond the end it is empty.

        Raises:
            NotRecorded: No listing was recorded with such parameters, or a number is none.
        """
        query, paging = query_of(request.target), self._paging
        shown = self._words.shown
        if self._told_apart(query) not in {self._told_apart(dict(one)) for one in shown.list_queries}:
            raise NotRecorded(f"{request.method} {request.target}")
        place = max(paging.first, self._number(request, query.get(paging.param, str(paging.first))))
        size = self._number(request, query.get(paging.size_param, str(self._page_size)))
        rows = self._store.slice(place - paging.first, min(size, self._cap))
        page = Page(shown.collection, self._at(place, request)).with_rows(rows)
        return page.reply if page.total is None else page.with_total(len(self._store)).reply

    def _at(self, place: int, request: Request) -> Reply:
        sample = self._words.shown.first_page
        if self._paging.told_place is None:
            return self._words.at_this_address(sample, request)
        return self._words.with_document(sample, put(sample.document, self._paging.told_place, place))

    def _told_apart(self, query: Mapping[str, str]) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
        """Which parameters there are, and the values of those that are no numbers of the paging."""
        numbers = (self._paging.param, self._paging.size_param)
        return frozenset(query), frozenset(pair for pair in query.items() if pair[0] not in numbers)

    def _number(self, request: Request, told: str) -> int:
        if not told.isdecimal():
            raise NotRecorded(f"{request.method} {request.target}, where {told!r} is no number")
        return int(told)
