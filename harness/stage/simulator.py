"""A stateful model of one collection: answers as the recordings show, for any number of records.

It is checked, not trusted: every recorded exchange put to it must give the recorded answer, and a second recording that
it was not built from as well. What no recording showed, it refuses.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from harness.dialects.facts import Collection, Continue, NextLink, Offset
from harness.dialects.writing import ByFilter, ById, ByParam, ByTitle, PostForm, PostOnce, Writing
from harness.stage.batches import answered, items_of, shape_for, shapes_of
from harness.stage.continued_listings import ContinuedListings
from harness.stage.documents import at, put, written
from harness.stage.http1 import Reply, Request
from harness.stage.listings import Listings
from harness.stage.numbered_listings import NumberedListings
from harness.stage.once import OnceOnly
from harness.stage.operations import READS, Asked, asked, query_of
from harness.stage.pages import Page
from harness.stage.placed_listings import PlacedListings
from harness.stage.sale import SOLD
from harness.stage.shown import Shown
from harness.stage.simulated_edits import Edits
from harness.stage.simulated_writes import Writes
from harness.stage.store import Record, Store
from harness.stage.title_spelling import listed_place
from harness.stage.titled_lookups import TitledLookups
from harness.stage.vendor import NotRecorded
from harness.stage.words import Words, renamed_within, replied, seen
from harness.stage.writings import lacks_header

_Answers = Mapping[str, Callable[[Request, Asked], Reply]]


class Simulator:
    """Holds records, takes writes, lists in pages of the vendor's own cap, finds by natural key as the vendor compares.

    ``records`` is what it holds at first (as recorded where not given), ``cap`` how many of them a page holds at most,
    ``page_size`` how many where a size can be asked for and is not, ``batch_cap`` how many requests a batch takes,
    ``new_version`` what stands at a record's version after each write, ``places`` the ids behind which recorded tokens
    of next pages lead, ``new_token`` what makes an address that is good for one create another one than all others.
    """

    def __init__(
        self,
        shown: Shown,
        *,
        new_id: Callable[[], str],
        new_version: Callable[[], Any] | None = None,
        records: Iterable[dict[str, Any]] | None = None,
        cap: int | None = None,
        page_size: int | None = None,
        batch_cap: int | None = None,
        places: Mapping[str, str] | None = None,
        new_token: Callable[[], str] | None = None,
    ) -> None:
        self._shown, self._words = shown, Words(shown)
        self._collection = shown.collection
        held = shown.records if records is None else records
        self.store = Store(
            held, id_field=self._collection.id_field, compared=shown.compared, place=_place(self._collection, shown)
        )
        self._listings: Listings | PlacedListings | ContinuedListings | NumberedListings
        if isinstance(paging := self._collection.paging, Offset):
            size = page_size or shown.page_size
            self._listings = PlacedListings(self._words, self.store, paging, cap=cap or shown.cap, page_size=size)
        elif isinstance(paging, Continue):
            self._listings = ContinuedListings(self._words, self.store, paging)
        elif isinstance(paging, NextLink) and paging.number_param:
            self._listings = NumberedListings(self._words, self.store, paging, largest=cap or shown.cap)
        else:
            self._listings = Listings(self._words, self.store, cap=cap or shown.cap, places=places or {})
        self._batch_cap = batch_cap or shown.batch_cap
        self._answers: _Answers = {"token": self._token, "list": self._listings.page, "get": self._get}
        writing = self._collection.writing
        if writing is not None and isinstance(writing.creating, PostForm):
            self._answers = {**self._answers, **self._as_forms(writing)}
        elif writing is not None:
            serial = itertools.count(1)
            stamp = new_version or (lambda: shown.next_version(next(serial)))
            self._once: OnceOnly | None = None
            if isinstance(writing.creating, PostOnce):
                self._once = OnceOnly(self._words, writing.creating, new_token=new_token or _tokens())
            writes = Writes(self._words, self.store, writing, once=self._once, new_id=new_id, new_version=stamp)
            self._answers = {
                **self._answers,
                "lookup": self._lookup,
                "create": writes.create,
                "update": writes.update,
                "delete": writes.delete,
                "batch": self._batch,
            }
            if self._once is not None:
                self._answers = {**self._answers, "once": self._once.give}

    def _as_forms(self, writing: Writing) -> _Answers:
        shown, finding = self._shown, writing.finding
        if shown.titled is None or shown.edits is None or not isinstance(finding, ByTitle):
            return {}
        lookups = TitledLookups(self._words, self.store, writing, finding, shown.titled)
        edits = Edits(self._words, self.store, writing, shown.titled, shown.edits)
        answers = {"lookup": lookups.answer, "create": edits.create, "update": edits.update}
        return answers if writing.token is None else {**answers, "form_token": edits.form_token}

    def records(self) -> tuple[dict[str, Any], ...]:
        """What the vendor holds now, in its own order."""
        return self.store.records()

    def others_delete(self) -> None:
        """Somebody else deletes the record that is listed first."""
        first = self.store.slice(0, 1)[0]
        self.store.remove(str(first[self._collection.id_field]))

    def others_create(self) -> None:
        """Somebody else creates a record that is listed first: records are listed by their ids, which are random."""
        first, collection = self.store.slice(0, 1)[0], self._collection
        record_id = str(first[collection.id_field])
        lower = "0" * len(record_id)
        self.store.put({**first, collection.key_field: f"{lower}-newcomer", collection.id_field: lower})

    def handle(self, request: Request) -> Reply:
        """The vendor's answer, with its effect.

        Raises:
            NotRecorded: No recording shows how the vendor answers this.
        """
        what = asked(self._shown.dialect, request)
        answer = self._answers.get(what.operation.rpartition(".")[2])
        if answer is None:
            raise NotRecorded(f"{request.method} {request.target}")
        writing = self._collection.writing
        if writing is not None and request.method not in READS and lacks_header(writing, request):
            return seen(self._shown.unheaded, request).reply
        return answer(request, what)

    def _token(self, request: Request, what: Asked) -> Reply:
        status = next((one for one in SOLD if ("token", one) in self._shown.samples), SOLD[0])
        return self._words.sample("token", status, request).reply

    def _lookup(self, request: Request, what: Asked) -> Reply:
        match self._collection.writing and self._collection.writing.finding:
            case ByParam(param=param) | ByFilter(param=param) if self._looks_up_as_shown(request):
                record = self.store.of_key(self._shown.compared_key(what.record_key))
                extras = frozenset(query_of(request.target)) - {param}
                sample = seen(self._shown.lookup(extras, found=record is not None), request)
                page = Page(self._collection, self._listings.looked_up(sample, request))
                return page.with_rows((self._words.row(record),) if record else ()).reply
            case ById() if not query_of(request.target):
                record = self.store.get(what.record_id)
                if record is None:
                    return self._words.about(seen(self._shown.miss, request), what.record_id)
                return self._words.one(seen(self._shown.hit, request), record)
            case _:
                raise NotRecorded(f"{request.method} {request.target}")

    def _looks_up_as_shown(self, request: Request) -> bool:
        """Whether the first page of what is found is asked for, with the fields that recordings show."""
        query, paging = query_of(request.target), self._collection.paging
        if isinstance(paging, Offset) and query.get(paging.param, str(paging.first)) != str(paging.first):
            return False
        numbered = paging.number_param if isinstance(paging, NextLink) else ""
        return query.get(numbered, "1") == "1" and self._asks_as_shown(request)

    def _asks_as_shown(self, request: Request) -> bool:
        """Whether the fields are asked for that recordings show."""
        query, writing = query_of(request.target), self._collection.writing
        return writing is None or all(query.get(name) == value for name, value in writing.asking)

    def _get(self, request: Request, what: Asked) -> Reply:
        record = self.store.get(what.record_id) or self._confirmed(what.record_id)
        if record is None:
            return self._words.about(self._words.sample("get", 404, request), what.record_id)
        if not self._asks_as_shown(request):
            raise NotRecorded(f"{request.method} {request.target}")
        return self._words.one(self._words.sample("get", 200, request), record)

    def _confirmed(self, key: str) -> Record | None:
        """The record of this natural key, where the vendor shows it at that address as well."""
        writing = self._collection.writing
        by_key = writing is not None and isinstance(writing.confirming, ById)
        return self.store.of_key(self._shown.compared_key(key)) if by_key else None

    def _batch(self, request: Request, what: Asked) -> Reply:
        """Each request in its turn, whatever became of those before it; too many of them: none."""
        batch = self._collection.writing.batch if self._collection.writing else None
        items = items_of(batch, request) if batch else None
        if batch is None or items is None:
            raise NotRecorded(f"{request.method} {request.target} with no list of requests")
        if len(items) > self._batch_cap:
            too_large = self._words.sample("batch", batch.too_many_status, request)
            recorded, own = str(self._shown.batch_cap), str(self._batch_cap)
            return replied(too_large.reply, written(renamed_within(too_large.document, recorded, own)))
        sample = self._words.sample("batch", 200, request)
        shapes = shapes_of(batch, sample.request, at(sample.document, batch.answers))
        answers = []
        for item in items:
            reply = self.handle(item.request)
            shape = shape_for(batch, shapes, item.request.method, reply.status)
            if shape is None:
                raise NotRecorded(f"status {reply.status} in a batch, to {item.request.method} {item.path}")
            answers.append(answered(batch, item, reply, shape))
        return replied(sample.reply, written(put(sample.document, batch.answers, answers)))


def _place(collection: Collection, shown: Shown) -> Callable[[Mapping[str, Any]], str] | None:
    """What records are ordered by where that is not the text of their ids."""
    if isinstance(collection.paging, Continue):
        return partial(listed_place, collection)
    return (lambda record: f"{int(record[collection.id_field]):020}") if shown.numbered_ids else None


def _tokens() -> Callable[[], str]:
    serial = itertools.count(1)
    return lambda: f"{next(serial):032x}"
