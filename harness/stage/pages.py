"""One page of a listing as the vendor's dialect reads it, and the changes that a fault may make to it."""

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from harness.dialects.facts import (
    Collection,
    Continue,
    Cursor,
    Header,
    LinkHeader,
    Marker,
    NextHeader,
    NextLink,
    Offset,
    PageNumber,
)
from harness.stage.documents import at, parsed, put, without, written
from harness.stage.http1 import Reply

_NEXT_LINK = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')


@dataclass(frozen=True, slots=True)
class Page:
    """A listing's reply. Every change gives a new page; ``reply`` is what goes on the wire."""

    collection: Collection
    reply: Reply

    @property
    def document(self) -> Any:
        """The body as JSON; None where it is none."""
        return parsed(self.reply.body)

    @property
    def rows(self) -> tuple[Any, ...] | None:
        """The records on the page; None where the reply is no page at all."""
        rows = at(self.document, self.collection.rows)
        return tuple(rows) if isinstance(rows, list) else None

    @property
    def next(self) -> Any:
        """What leads to the next page: an address, a cursor, or parameters; None on the last page."""
        match self.collection.paging:
            case NextLink(path=path) | Cursor(path=path) | Continue(path=path):
                return at(self.document, path) or None
            case LinkHeader():
                found = _NEXT_LINK.search(self.reply.header("link") or "")
                return found[1] if found else None
            case NextHeader(header=header):
                return self.reply.header(header) or None
            case Marker() if self.collection.more is not None:
                return "worked out" if at(self.document, self.collection.more) else None
            case PageNumber() | Offset() | Marker():
                # Nothing in the reply leads on: the subject works it out, and a page without rows is the end.
                return "worked out" if self.rows and not self._is_last_by_total() else None

    def with_rows(self, rows: tuple[Any, ...]) -> "Page":
        """The same page with other records; where it says how many it holds, it says so of these."""
        document = put(self.document, self.collection.rows, list(rows))
        if isinstance(self.collection.paging, Offset) and self.collection.paging.told_size:
            document = put(document, self.collection.paging.told_size, len(rows))
        return self._with_document(document)

    def without_next(self) -> "Page":
        """The same page, leading nowhere."""
        match self.collection.paging:
            case NextLink(path=path) | Cursor(path=path) | Continue(path=path):
                return self._with_document(without(self.document, path))
            case LinkHeader():
                return self._with_header("link", None)
            case NextHeader(header=header):
                return self._with_header(header, None)
            case PageNumber() | Offset() | Marker():
                return self

    def emptied(self) -> "Page":
        """The first and only page of the same listing when it holds nothing."""
        page = self.with_rows(()).without_next()
        if self.collection.more is not None:
            page = page._with_document(without(page.document, self.collection.more))
        return page if page.total is None else page.with_total(0)

    def with_next(self, following: Any) -> "Page":
        """The same page, leading elsewhere: an address, a cursor, or parameters, as ``next`` gives them."""
        match self.collection.paging:
            case NextLink(path=path) | Cursor(path=path) | Continue(path=path):
                return self._with_document(put(self.document, path, following))
            case LinkHeader():
                return self._with_header("link", f'<{following}>; rel="next"')
            case NextHeader(header=header):
                return self._with_header(header, following)
            case PageNumber() | Offset() | Marker():
                return self

    def with_total(self, total: int) -> "Page":
        """The same page, saying that there are so many records in all."""
        match self.collection.total:
            case Header(name=name):
                return self._with_header(name, str(total))
            case path:
                assert path is not None
                said = at(self.document, path)
                return self._with_document(put(self.document, path, str(total) if isinstance(said, str) else total))

    @property
    def total(self) -> int | None:
        """How many records the page says there are in all; None where it does not say."""
        match self.collection.total:
            case None:
                return None
            case Header(name=name):
                said: Any = self.reply.header(name)
            case path:
                said = at(self.document, path)
        try:
            return int(said) if said is not None else None
        except (TypeError, ValueError):
            return None

    def _is_last_by_total(self) -> bool:
        """Whether the page says where it begins, and that nothing comes after it."""
        paging, total = self.collection.paging, self.total
        if not isinstance(paging, Offset) or paging.told_place is None or total is None:
            return False
        place = at(self.document, paging.told_place)
        return isinstance(place, int) and place - paging.first + len(self.rows or ()) >= total

    def _with_document(self, document: Any) -> "Page":
        body = written(document)
        headers = tuple(
            (name, str(len(body)) if name.lower() == "content-length" else value) for name, value in self.reply.headers
        )
        return replace(self, reply=replace(self.reply, headers=headers, body=body))

    def _with_header(self, wanted: str, value: str | None) -> "Page":
        headers = tuple((name, kept) for name, kept in self.reply.headers if name.lower() != wanted.lower())
        return replace(self, reply=replace(self.reply, headers=headers + (((wanted, value),) if value else ())))


def number_param(collection: Collection) -> str:
    """The query parameter that counts the listing's pages, whoever sets it; empty where none does."""
    match collection.paging:
        case PageNumber(param=param) | NextLink(number_param=param):
            return param
        case _:
            return ""


def rows_move(collection: Collection) -> bool:
    """Whether a record that is deleted on an earlier page moves the rows of all that follow: places, or pages, are
    counted. Behind a marker, or a cursor, they stay where they are."""
    return isinstance(collection.paging, Offset) or bool(number_param(collection))


def is_address(following: Any) -> bool:
    """Whether what leads to the next page is an address, which could name another host."""
    return isinstance(following, str) and ("://" in following or following.startswith("/"))


def at_host(address: str, host: str) -> str:
    """The same address at another host."""
    return urlunsplit(urlsplit(address)._replace(scheme="https", netloc=host))
