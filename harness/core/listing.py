"""Walking through a listing: every record once, or a loud end. Never an incomplete result that looks complete."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.core.client import Client
from harness.core.documents import at
from harness.core.errors import Incomplete, PageLoop
from harness.core.pages import PageAddress, first_page, next_page
from harness.core.replies import Answer
from harness.core.transport import Outgoing
from harness.dialects.facts import Collection, Header, Pairs

Record = dict[str, Any]
_EMPTY_PAGES_AT_MOST = 50
"""So many empty pages in a row that lead on are no listing any more; vendors that filter send some (Graph)."""


@dataclass(frozen=True, slots=True)
class _Page:
    records: tuple[Record, ...]
    """Those that no earlier page showed."""
    following: PageAddress | None
    total: int | None


class Listing:
    """One walk through a collection. Used once."""

    def __init__(self, client: Client, collection: Collection, url: str, *, operation: str, query: Pairs = ()) -> None:
        self._client = client
        self._collection = collection
        self._operation = operation
        self._first = first_page(collection, url, query)
        self._seen_ids: set[str | int] = set()
        self._seen_pages: set[tuple[object, ...]] = set()
        self._empty_pages = 0
        self._most_told = 0

    def records(self, *, record_key: str = "") -> Iterator[Record]:
        """Every record once, page by page. Only a walk that ends without an error was complete.

        Raises:
            Incomplete: The vendor said that there is more, by its total or its flag, and shows no more.
            PageLoop: The listing leads back to where it was, or shows nothing new any more.
            LeadsElsewhere: The next page is on another host.
            IntegrationError: A page could not be had.
        """
        page: PageAddress | None = self._first
        while page is not None:
            shown = self._shown(page, record_key)
            self._seen_pages.add(page.identity)
            self._seen_ids.update(record[self._collection.id_field] for record in shown.records)
            self._empty_pages = 0 if shown.records else self._empty_pages + 1
            self._note_total(shown.total)
            yield from shown.records
            page = shown.following

    def _shown(self, page: PageAddress, record_key: str) -> _Page:
        outgoing = Outgoing(
            operation=self._operation, method="GET", url=page.url, params=page.params, record_key=record_key
        )
        return self._client.ask(outgoing, lambda answer: self._read(page, answer))

    def _read(self, page: PageAddress, answer: Answer) -> _Page:
        """The page in the answer. What makes no sense is raised, so that the page is read once more."""
        rows = self._rows(answer)
        new = self._new(rows)
        total = self._total(answer)
        most = max(self._most_told, total or 0)
        missing = None if total is None and not self._most_told else max(0, most - len(self._seen_ids) - len(new))
        following = next_page(self._collection, page, answer, rows=rows, missing=missing)
        self._check_progress(page, answer, rows, new, following)
        if following is None:
            self._check_complete(answer, len(self._seen_ids) + len(new), missing)
        return _Page(tuple(new), following, total)

    def _rows(self, answer: Answer) -> list[Record]:
        path, id_field = self._collection.rows, self._collection.id_field
        rows = at(answer.document, path)
        if not isinstance(rows, list):
            raise answer.malformed(f"no list of records at {'.'.join(map(str, path)) or 'the top'}")
        for place, row in enumerate(rows, start=1):
            if not isinstance(row, dict):
                raise answer.malformed(f"record {place} of {len(rows)} is {_kind(row)}, no record")
            if not _is_id(row.get(id_field)):
                raise answer.malformed(f"record {place} of {len(rows)} has no {id_field}")
        return rows

    def _new(self, rows: list[Record]) -> list[Record]:
        by_id = {row[self._collection.id_field]: row for row in reversed(rows)}
        unique = [row for row in rows if by_id[row[self._collection.id_field]] is row]
        return [row for row in unique if row[self._collection.id_field] not in self._seen_ids]

    def _total(self, answer: Answer) -> int | None:
        match self._collection.total:
            case None:
                return None
            case Header(name=name):
                said: Any = answer.headers.get(name.lower())
            case path:
                said = at(answer.document, path)
        if isinstance(said, bool) or not isinstance(said, int | str):
            return None
        return int(said) if str(said).isdecimal() else None

    def _check_progress(
        self, page: PageAddress, answer: Answer, rows: list[Record], new: list[Record], following: PageAddress | None
    ) -> None:
        context, pages = answer.context, len(self._seen_pages) + 1
        if following is not None and following.identity in self._seen_pages | {page.identity}:
            raise PageLoop(f"page {pages} leads back to a page that was read before", context)
        if rows and not new:
            raise PageLoop(f"page {pages} shows nothing but records that earlier pages had", context)
        if following is not None and not new and self._empty_pages >= _EMPTY_PAGES_AT_MOST:
            raise PageLoop(f"{self._empty_pages} pages in a row are empty and lead on", context)

    def _check_complete(self, answer: Answer, found: int, missing: int | None) -> None:
        more = at(answer.document, self._collection.more) if self._collection.more else None
        if more:
            raise Incomplete(
                f"the vendor says that there is more but not where; {found} records so far", answer.context
            )
        if missing:
            raise Incomplete(f"the vendor told of {found + missing} records and showed {found}", answer.context)

    def _note_total(self, total: int | None) -> None:
        if total is not None and self._most_told not in (0, total):
            text = f"the total changed from {self._most_told} to {total} during the walk operation={self._operation}"
            self._client.journal.warn("total_changed", text, operation=self._operation)
        self._most_told = max(self._most_told, total or 0)


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _kind(row: object) -> str:
    return "null" if row is None else f"a {type(row).__name__}"
