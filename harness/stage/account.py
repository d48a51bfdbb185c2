"""What a sandbox account holds: read, told apart by its tag, and cleaned, by the harness itself."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from harness.dialects.facts import Collection, Continue, Cursor, Marker, Offset, PageNumber, Pairs
from harness.dialects.writing import ById, ByParam, ByTitle, PostForm, PutNew
from harness.stage.documents import at, parsed
from harness.stage.http1 import Reply, Request
from harness.stage.live import Live
from harness.stage.operations import query_of
from harness.stage.pages import Page, is_address
from harness.stage.titled import rows_in
from harness.stage.writings import told, version_of

TAG = re.compile(r"harness-(?P<machine>[0-9a-f]{6})-(?P<until>[0-9a-z]{6,9})-")
"""What the natural key of every record begins with that a live run creates: whose it is, and until when (seconds since
1970, in base 36) another machine leaves it alone."""
_MOST_PAGES = 10_000
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
Ask = Callable[[Request], Reply]
Record = dict[str, Any]


class Changed(Exception):
    """The vendor answers otherwise than its dialect says; the sentence is the evidence."""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What became of the tagged records: their natural keys."""

    removed: tuple[str, ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    """Key, and why it is still there."""


def tag(machine: str, until_s: int) -> str:
    """The beginning of the natural key of all that one run creates."""
    text = ""
    while until_s:
        until_s, digit = divmod(until_s, 36)
        text = _DIGITS[digit] + text
    return f"harness-{machine}-{text}-"


def until_s(text: str) -> int:
    """The moment that a tag names, in seconds since 1970."""
    return int(text, 36)


class Account:
    """One collection of an account, as its owner sees it."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.collection: Collection = live.dialect.collections[0]
        self.pages = 0
        """How many pages its listing had when it was last read."""

    def records(self, ask: Ask | None = None) -> tuple[Record, ...]:
        """Every record that the vendor lists, in its order.

        Raises:
            Trouble: The listing could not be read to its end.
            Changed: It is no listing as the dialect tells it.
        """
        rows: dict[str, Record] = {}
        self.pages = 0
        for page in self._walk(ask or self.live.handle):
            self.pages += 1
            for row in page.rows or ():
                self._check_row(row)
                rows[str(row[self.collection.id_field])] = row
        return tuple(rows.values())

    def held(self, key: str, ask: Ask | None = None) -> tuple[Record, ...]:
        """The records that the vendor holds under this natural key.

        Raises:
            Trouble: The account cannot be asked.
            Changed: The answer is not as the dialect tells it.
        """
        ask, writing, collection = ask or self.live.handle, self.collection.writing, self.collection
        assert writing is not None, "only a collection that is written to is looked up"
        finding = writing.finding
        if isinstance(finding, ById):
            reply = ask(self._request("GET", f"{collection.path}/{quote(key, safe='')}"))
            record = at(parsed(reply.body), (writing.envelope,) if writing.envelope else ())
            return (record,) if reply.status == 200 and isinstance(record, dict) else ()
        if isinstance(finding, ByTitle):
            return self._titled(finding, key, ask)
        text = key if isinstance(finding, ByParam) else finding.text.replace("{key}", json.dumps(key))
        query = {finding.param: text, **dict(writing.asking)}
        reply = ask(self._request("GET", f"{collection.path}?{urlencode(query)}"))
        rows = Page(collection, reply).rows
        if reply.status != 200 or rows is None:
            raise Changed(f"a lookup by {finding.param} answered {reply.status}, without a list of records")
        return tuple(row for row in rows if row.get(collection.key_field) == key)

    def _titled(self, finding: ByTitle, key: str, ask: Ask) -> tuple[Record, ...]:
        query = urlencode((*finding.query, (finding.param, key)))
        reply = ask(self._request("GET", f"{self.collection.path}?{query}"))
        if reply.status != 200 or not isinstance(at(parsed(reply.body), finding.rows), list):
            raise Changed(f"a lookup by {finding.param} answered {reply.status}, without a list of records")
        return rows_in(finding, parsed(reply.body))

    @property
    def takes_writes(self) -> bool:
        """Whether records may be created there, and can be removed again: what travels as a form cannot."""
        writing = self.collection.writing
        return self.live.sandbox.writes and writing is not None and not isinstance(writing.creating, PostForm)

    def create(self, key: str, fields: Record, ask: Ask | None = None) -> Reply:
        """Create a record with these fields, its key, and what the vendor insists on.

        Raises:
            Trouble: The account cannot be asked.
        """
        writing, collection = self.collection.writing, self.collection
        assert writing is not None, "only a collection that is written to takes records"
        record = {**dict(writing.defaults), **fields, collection.key_field: key}
        body = json.dumps({writing.envelope: record} if writing.envelope else record).encode()
        headers = (("content-type", writing.content_type), *self._carried())
        if isinstance(writing.creating, PutNew):
            path = f"{collection.path}/{quote(key, safe='')}"
            return (ask or self.live.handle)(self._request("PUT", path, body, (*headers, ("if-none-match", "*"))))
        return (ask or self.live.handle)(self._request("POST", collection.path, body, headers))

    def remove(self, records: Iterable[Record]) -> Cleaning:
        """Delete the records, from the part of the budget that is kept for it. One that is gone already is removed.

        Raises:
            Trouble: The account cannot be asked.
        """
        removed, left = [], []
        for record in records:
            key, record_id = str(record.get(self.collection.key_field)), str(record[self.collection.id_field])
            path = f"{self.collection.path}/{quote(record_id, safe='')}"
            reply = self.live.tidy(self._request("DELETE", path, b"", (*self._carried(), *self._condition(path))))
            if reply.status < 300 or reply.status in (404, 410):
                removed.append(key)
            else:
                left.append((key, f"DELETE answered {reply.status}"))
        return Cleaning(tuple(removed), tuple(left))

    def _carried(self) -> Pairs:
        """What every write carries."""
        split = urlsplit(self.live.dialect.base_url)
        headers = self.collection.writing.headers if self.collection.writing else ()
        return tuple((name, value.replace("{origin}", f"{split.scheme}://{split.netloc}")) for name, value in headers)

    def _condition(self, path: str) -> Pairs:
        """The version of the record at the path, where the vendor does not do without."""
        writing = self.collection.writing
        if writing is None or writing.version is None or writing.version.unnamed == "done":
            return ()
        shown = told(self.collection, parsed(self.live.tidy(self._request("GET", path)).body))
        version = version_of(writing, shown) if isinstance(shown, dict) else None
        return () if version is None else (("if-match", version),)

    def tagged(self, records: Iterable[Record]) -> tuple[Record, ...]:
        """Those of the records that a live run created."""
        return tuple(one for one in records if TAG.match(str(one.get(self.collection.key_field))))

    # -- pages -------------------------------------------------------------------------------------------------------

    def _walk(self, ask: Ask) -> Iterator[Page]:
        collection, place = self.collection, 1
        target = collection.path + (f"?{urlencode(collection.query)}" if collection.query else "")
        seen: set[str] = set()
        while target not in seen and len(seen) < _MOST_PAGES:
            seen.add(target)
            reply = ask(self._request("GET", target))
            page = Page(collection, reply)
            if reply.status in (401, 403):
                raise Changed(f"the account may not list {collection.name}: GET {collection.path} is a {reply.status}")
            if reply.status != 200 or page.rows is None:
                where = ".".join(map(str, collection.rows)) or "the top"
                raise Changed(f"GET {collection.path} answered {reply.status} without a list of records at {where}")
            yield page
            if page.next is None:
                if collection.more is not None and at(page.document, collection.more):
                    more = ".".join(map(str, collection.more))
                    raise Changed(f"GET {collection.path} says {more} and leads to no next page")
                return
            place += 1
            target = self._following(target, page, place)
        raise Changed(f"the listing of {collection.name} leads back to {target}")

    def _following(self, target: str, page: Page, place: int) -> str:
        following, query = page.next, query_of(target)
        if is_address(following):
            split = urlsplit(str(following))
            return split.path + (f"?{split.query}" if split.query else "")
        match self.collection.paging:
            case Cursor(param=param):
                query[param] = str(following)
            case Continue():
                query |= {name: str(value) for name, value in following.items()}
            case PageNumber(param=param, first=first):
                query[param] = str(first + place - 1)
            case Offset(param=param, first=first):
                query[param] = str(int(query.get(param, first)) + len(page.rows or ()))
            case Marker(param=param):
                query[param] = str((page.rows or ({},))[-1].get(self.collection.id_field))
        return f"{self.collection.path}?{urlencode(query)}"

    def _check_row(self, row: Any) -> None:
        for name in (self.collection.id_field, self.collection.key_field):
            if not isinstance(row, dict) or row.get(name) is None:
                had = ", ".join(sorted(row)) if isinstance(row, dict) else "no fields"
                raise Changed(f"a record of {self.collection.name} has no {name}; it has {had}")

    def _request(self, method: str, target: str, body: bytes = b"", headers: Any = ()) -> Request:
        split = urlsplit(self.live.dialect.base_url)
        lines = (("accept", "application/json"), *headers)
        return Request(method, target, lines, body, split.netloc, tls=split.scheme == "https")
