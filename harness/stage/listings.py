"""How a simulated vendor lists what it holds, page by page, as the recorded listing shows."""

import base64
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from harness.stage.http1 import Reply, Request
from harness.stage.operations import Asked, query_of
from harness.stage.pages import Page
from harness.stage.samples import Sample, list_query
from harness.stage.store import Store
from harness.stage.vendor import NotRecorded
from harness.stage.words import Words, seen


class Listings:
    """Pages of the vendor's own cap. ``places`` are the ids behind which recorded tokens of next pages lead."""

    def __init__(self, words: Words, store: Store, *, cap: int, places: Mapping[str, str]) -> None:
        self._words, self._store, self._cap, self._places = words, store, cap, places
        self._shown = words.shown

    def looked_up(self, sample: Sample, request: Request) -> Reply:
        """The lookup's reply at this request's address."""
        return self._words.at_this_address(sample, request)

    def page(self, request: Request, what: Asked) -> Reply:
        """The page that is asked for, leading on where there is more.

        Raises:
            NotRecorded: No listing was recorded with such a query, or the marker leads nowhere.
        """
        shown = self._shown
        if list_query(request.target, shown.marker) not in self._list_queries():
            raise NotRecorded(f"{request.method} {request.target}")
        marker = query_of(request.target).get(shown.marker)
        after = None if marker is None else self._place(marker, request)
        rows = self._store.after(after, self._cap + 1)
        leads_on = len(rows) > self._cap
        rows = rows[: self._cap]
        sample = seen(shown.first_page if leads_on else shown.last_page, request)
        page = Page(shown.collection, self._words.at_this_address(sample, request)).with_rows(rows)
        if not leads_on:
            return page.reply
        return page.with_next(self._next_link(request, str(rows[-1][shown.collection.id_field]))).reply

    def _place(self, marker: str, request: Request) -> str:
        """The id behind which the page begins."""
        place = self._places.get(marker) or (_read(marker) if self._shown.opaque_marker else marker)
        if self._store.get(place) is None:
            raise NotRecorded(f"{request.method} {request.target}, whose marker names no record")
        return place

    def _list_queries(self) -> frozenset[tuple[tuple[str, str], ...]]:
        """The queries that were shown, and that of a next link with this simulator's own cap."""
        constants = dict(self._constants())
        own = {tuple(sorted((dict(query) | constants).items())) for query in self._shown.list_queries}
        return self._shown.list_queries | own | {tuple(sorted(constants.items()))}

    def _constants(self) -> tuple[tuple[str, str], ...]:
        """What a next link carries beside its marker; the size of a page is this simulator's own."""
        recorded, own = str(self._shown.cap), str(self._cap)
        return tuple((name, own if value == recorded else value) for name, value in self._shown.next_constants)

    def _next_link(self, request: Request, last_id: str) -> str:
        """This request's own address, led on: what a next link carries takes its old place, or comes last."""
        marker = _written(last_id) if self._shown.opaque_marker else last_id
        carried = dict([(self._shown.marker, marker), *self._constants()])
        query = [(name, carried.pop(name, value)) for name, value in parse_qsl(urlsplit(request.target).query)]
        path = urlsplit(request.target).path
        return f"{self._shown.dialect.base_url}{path}?{urlencode([*query, *carried.items()])}"


def _written(last_id: str) -> str:
    """A token that says where to go on, to nobody but the vendor."""
    return base64.urlsafe_b64encode(last_id.encode()).decode().rstrip("=")


def _read(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except ValueError:
        return ""
