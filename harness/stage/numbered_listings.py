"""How a simulated vendor lists what it holds where pages are numbered, and each leads to those beside it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harness.dialects.facts import NextLink
from harness.stage.http1 import Reply, Request
from harness.stage.operations import Asked, query_of
from harness.stage.pages import Page
from harness.stage.samples import Sample, list_query, rows_of
from harness.stage.store import Store
from harness.stage.vendor import NotRecorded
from harness.stage.words import Words, seen

_TOTAL_HEADERS = frozenset({"x-count-total", "x-total-count"})


class NumberedListings:
    """Pages of the size that is asked for, up to ``largest``."""

    def __init__(self, words: Words, store: Store, paging: NextLink, *, largest: int) -> None:
        self._words, self._store, self._paging, self._largest = words, store, paging, largest
        self._shown = words.shown
        self._queries = {self._steady(dict(query)) for query in self._shown.list_queries}

    def page(self, request: Request, what: Asked) -> Reply:
        """The page of that number, leading to those before and behind it.

        Raises:
            NotRecorded: No listing was recorded with such a query, such a size, or beyond the end.
        """
        query = query_of(request.target)
        refused = self._shown.samples.get(("list", 400))
        if refused is not None and list_query(request.target, "") == list_query(refused.url, ""):
            return refused.reply
        size, number = query.get(self._paging.size_param, ""), query.get(self._paging.number_param, "")
        if self._steady(query) not in self._queries or not (size.isdecimal() and number.isdecimal()):
            raise NotRecorded(f"{request.method} {request.target}")
        begin, most = (int(number) - 1) * int(size), int(size)
        rows = self._store.slice(begin, most) if begin >= 0 and most <= self._largest else ()
        if not rows:
            raise NotRecorded(f"{request.method} {request.target}, a page that no recording shows")
        leads_on = begin + most < len(self._store)
        return self._written(request, int(number), tuple(self._words.row(row) for row in rows), leads_on=leads_on)

    def _written(self, request: Request, number: int, rows: tuple[Any, ...], *, leads_on: bool) -> Reply:
        sample = seen(self._sample(number, leads_on=leads_on), request)
        recorded = int(query_of(sample.request.target)[self._paging.number_param])
        addresses = {
            self._address(sample.request, recorded + beside): self._address(request, number + beside)
            for beside in (-1, 0, 1)
        }
        document = _readdressed(sample.document, addresses)
        total = len(self._store)
        page = Page(self._shown.collection, self._words.with_document(sample, document)).with_rows(rows)
        reply = page.with_total(total).reply
        headers = tuple((name, str(total) if name.lower() in _TOTAL_HEADERS else one) for name, one in reply.headers)
        return Reply(reply.status, headers, reply.body)

    def _sample(self, number: int, *, leads_on: bool) -> Sample | None:
        """A recorded page that leads to others as this one does."""
        for page in self._shown.pages:
            before = int(query_of(page.request.target).get(self._paging.number_param, 1)) > 1
            following = Page(self._shown.collection, page.reply).next is not None
            if (before, following) == (number > 1, leads_on) and rows_of(self._shown.collection, page):
                return page
        return None

    def _steady(self, query: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """What is the same in the query of every page, whatever its number and size."""
        changing = (self._paging.number_param, self._paging.size_param)
        return tuple(sorted(pair for pair in query.items() if pair[0] not in changing))

    def looked_up(self, sample: Sample, request: Request) -> Reply:
        """The lookup's reply at this request's address."""
        address = {self._address(sample.request, 1): self._address(request, 1)}
        return self._words.with_document(sample, _readdressed(sample.document, address))

    def _address(self, request: Request, number: int) -> str:
        """The page of that number beside the one asked for, as the vendor writes it: its number first, nothing
        escaped."""
        split, param = urlsplit(request.target), self._paging.number_param
        others = [f"{name}={value}" for name, value in parse_qsl(split.query) if name != param]
        return f"{self._shown.dialect.base_url}{split.path}?{'&'.join([f'{param}={number}', *others])}"


def _readdressed(document: Any, addresses: Mapping[str, str]) -> Any:
    """The document with each of the addresses exchanged."""
    if isinstance(document, dict):
        return {name: _readdressed(value, addresses) for name, value in document.items()}
    if isinstance(document, list):
        return [_readdressed(value, addresses) for value in document]
    return addresses.get(document, document) if isinstance(document, str) else document
