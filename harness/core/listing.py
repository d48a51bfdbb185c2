"""Walking through a listing: every record once, or a loud end. Never an incomplete result that looks complete."""

from array import array
from bisect import bisect_left, insort
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from harness.core.client import Client
from harness.core.documents import at
from harness.core.errors import Incomplete, ListingChanged, PageLoop
from harness.core.pages import PageAddress, first_page, next_page, rows_move
from harness.core.position import IDS_CARRIED, Position, position_in
from harness.core.recording import Recording, nowhere
from harness.core.replies import Answer
from harness.core.rows import Record, rows_of, total_of
from harness.core.seen import Id, SeenIds
from harness.core.transport import Outgoing
from harness.dialects.facts import Collection, Pairs

_EMPTY_PAGES_AT_MOST = 50
"""So many empty pages in a row that lead on are no listing any more; vendors that filter send some (Graph)."""

_WALKS_AT_MOST = 3
"""So often a listing is read from its beginning, where it changes while it is read."""


@dataclass(frozen=True, slots=True)
class _Page:
    records: Mapping[Id, Record]
    """Those that were not given out before."""
    new: Mapping[Id, Record]
    """Those that no earlier page of this walk showed."""
    last_ids: tuple[Id, ...]
    following: PageAddress | None
    total: int | None


class Listing(Iterator[Record]):
    """One walk through a collection, record by record or page by page. Used once.

    Where pages or places are counted, a record that comes or goes meanwhile moves all behind it, and some are then on
    no page. So where the total changes during the walk it begins anew, and gives out what it had not given out yet.

    Args:
        after: A ``position`` of an earlier walk: this one goes on from there.
        fewest_records: So many the whole collection has at least, or the walk ends in ``Incomplete``.
        whole: Told how many records there were when the walk was complete.
        recording: Writes the walk down as a run, from its first page to how it ends.

    Raises:
        ValueError: ``after`` is no position of this collection.
    """

    def __init__(
        self,
        client: Client,
        collection: Collection,
        url: str,
        *,
        operation: str,
        query: Pairs = (),
        record_key: str = "",
        after: Mapping[str, Any] | None = None,
        fewest_records: int = 0,
        whole: Callable[[int], None] = lambda records: None,
        recording: Callable[[], AbstractContextManager[Recording]] = nowhere,
    ) -> None:
        self._recording = recording
        self._client = client
        self._collection = collection
        self._operation = operation
        self._record_key = record_key
        self._fewest_records = fewest_records
        self._whole = whole
        self._first_page = first_page(collection, url, query)
        self._page: PageAddress | None = self._first_page
        self._position: Position | None = None
        self._seen_ids = SeenIds()
        self._earlier_walks: list[SeenIds] = []
        self._walks_left = _WALKS_AT_MOST - 1
        # A page is remembered by the hash of its address, sorted: eight bytes each, where a set takes a hundred.
        # Two addresses with one hash would end the walk loudly.
        self._seen_pages = array("q")
        self._earlier_records = 0
        self._empty_pages = 0
        self._most_told = 0
        if after is not None:
            self._go_on_from(position_in(after, collection, url))
        self._records = self._record_by_record()

    def __iter__(self) -> Iterator[Record]:
        return self._records  # A loop takes it from there, without a call of ours for each record.

    def __next__(self) -> Record:
        """The next record. Only a walk that ends without an error was complete.

        Raises:
            Incomplete: The vendor said that there is more, by its total or its flag, and shows no more.
            ListingChanged: It changed each time that it was read.
            PageLoop: The listing leads back to where it was, or shows nothing new any more.
            LeadsElsewhere: The next page is on another host.
            IntegrationError: A page could not be had.
        """
        return next(self._records)

    def close(self) -> None:
        """Stop here; a walk that is recorded is a partial one then."""
        self._records.close()

    @property
    def position(self) -> dict[str, Any] | None:
        """Behind the last page that was given out whole, as a small JSON document; None before it and at the end.

        Another process that begins there shows every record that follows, and none of those before. The total is
        checked over both walks; that a record comes once, against the last page before the position and all after. Of
        a listing that began anew, records may follow that were given out before.
        """
        return self._position.as_json() if self._position else None

    def pages(self) -> Iterator[tuple[Record, ...]]:
        """The records page by page; ``position`` is behind the page that was given out last.

        Raises:
            IntegrationError: As for single records.
        """
        for page in self._walk():
            self._stand_behind(page)
            yield tuple(page.records.values())

    def _record_by_record(self) -> Generator[Record]:
        for page in self._walk():
            yield from page.records.values()
            self._stand_behind(page)
            del page  # Its memory serves the next one.

    def _walk(self) -> Iterator[_Page]:
        with ExitStack() as kept, self._recording() as run, _read_to_the_end(run):
            kept.callback(self._forget)
            while self._page is not None:
                page = self._shown(self._page)
                if page is None:
                    self._begin_anew()
                    continue
                insort(self._seen_pages, self._page.mark)
                self._seen_ids.add(page.new)
                self._empty_pages = 0 if page.new else self._empty_pages + 1
                self._note_total(page.total)
                self._page = page.following
                run.count(pulled=len(page.records))
                if page.following is None:
                    self._whole(self._count())
                yield page
                del page

    def _go_on_from(self, position: Position) -> None:
        self._position, self._page = position, position.page
        self._most_told, self._walks_left = position.most_told, 0
        self._seen_ids.add(position.last_ids)
        self._earlier_records = position.records - len(self._seen_ids)

    def _begin_anew(self) -> None:
        """What was given out is remembered; what was counted is not."""
        text = f"the listing changed while it was read, and is read again operation={self._operation}"
        self._client.journal.warn("listing_changed", text, operation=self._operation)
        self._earlier_walks.append(self._seen_ids)
        self._walks_left -= 1
        self._page, self._seen_ids, self._seen_pages = self._first_page, SeenIds(), array("q")
        self._empty_pages = self._most_told = 0
        self._fewest_records = max(self._fewest_records, 1)  # there were some a moment ago

    def _forget(self) -> None:
        for seen in (*self._earlier_walks, self._seen_ids):
            seen.close()

    def _stand_behind(self, page: _Page) -> None:
        if page.following is None:
            self._position = None
            return
        self._position = Position(
            collection=self._collection.name,
            page=page.following,
            records=self._count(),
            most_told=self._most_told,
            last_ids=page.last_ids[-IDS_CARRIED:],
        )

    def _count(self) -> int:
        return self._earlier_records + len(self._seen_ids)

    def _shown(self, page: PageAddress) -> _Page | None:
        """The page; None where the listing has changed since the walk began."""
        outgoing = Outgoing(
            operation=self._operation, method="GET", url=page.url, params=page.params, record_key=self._record_key
        )
        return self._client.ask(outgoing, lambda answer: self._read(page, answer))

    def _read(self, page: PageAddress, answer: Answer) -> _Page | None:
        """The page in the answer. What makes no sense is raised, so that the page is read once more."""
        rows, new = rows_of(self._collection, answer)
        ids = tuple(new)
        for one in self._seen_ids.among(ids):
            del new[one]
        total = total_of(self._collection, answer)
        if self._has_changed(answer, total):
            return None
        most = max(self._most_told, total or 0)
        found = self._count() + len(new)
        missing = None if total is None and not self._most_told else max(0, most - found)
        following = next_page(self._collection, page, answer, rows=rows, missing=missing)
        self._check_progress(page, answer, rows, new, following)
        if following is None:
            self._check_complete(answer, found, missing)
        records = self._not_given_out(new) if self._earlier_walks else new
        return _Page(records, new, ids, following, total)

    def _not_given_out(self, new: Mapping[Id, Record]) -> Mapping[Id, Record]:
        given_out = {one for seen in self._earlier_walks for one in seen.among(tuple(new))}
        return {one: row for one, row in new.items() if one not in given_out}

    def _has_changed(self, answer: Answer, total: int | None) -> bool:
        """Whether the walk has to begin anew: by the total, rows have moved since its last page."""
        if total is None or self._most_told in (0, total) or not rows_move(self._collection):
            return False
        if self._walks_left:
            return True
        raise ListingChanged(
            f"the total changed from {self._most_told} to {total} while the listing was read, so that records may be on"
            " no page; read it from its beginning when less is written",
            answer.context,
        )

    def _check_progress(
        self,
        page: PageAddress,
        answer: Answer,
        rows: list[Record],
        new: Mapping[Id, Record],
        following: PageAddress | None,
    ) -> None:
        context, pages = answer.context, len(self._seen_pages) + 1
        if following is not None and (following.mark == page.mark or self._was_read(following)):
            raise PageLoop(f"page {pages} leads back to a page that was read before", context)
        if rows and not new:
            raise PageLoop(f"page {pages} shows nothing but records that earlier pages had", context)
        if following is not None and not new and self._empty_pages >= _EMPTY_PAGES_AT_MOST:
            raise PageLoop(f"{self._empty_pages} pages in a row are empty and lead on", context)

    def _was_read(self, page: PageAddress) -> bool:
        place = bisect_left(self._seen_pages, page.mark)
        return place < len(self._seen_pages) and self._seen_pages[place] == page.mark

    def _check_complete(self, answer: Answer, found: int, missing: int | None) -> None:
        more = at(answer.document, self._collection.more) if self._collection.more else None
        if more:
            raise Incomplete(
                f"the vendor says that there is more but not where; {found} records so far", answer.context
            )
        if missing:
            raise Incomplete(f"the vendor told of {found + missing} records and showed {found}", answer.context)
        if found < self._fewest_records:
            raise Incomplete(
                f"the vendor lists {found} records, and there were some before, or are to be {self._fewest_records}; "
                f"if that is right, say fewest_records={found}",
                answer.context,
            )

    def _note_total(self, total: int | None) -> None:
        if total is not None and self._most_told not in (0, total):
            text = f"the total changed from {self._most_told} to {total} during the walk operation={self._operation}"
            self._client.journal.warn("total_changed", text, operation=self._operation)
        self._most_told = max(self._most_told, total or 0)


@contextmanager
def _read_to_the_end(run: Recording) -> Iterator[None]:
    """Whoever stops before the end has pulled a part."""
    try:
        yield
    except GeneratorExit:
        run.partial("the caller stopped before the last record")
        raise
