"""A stateful model of one collection: answers as the recordings show, for any number of records.

It is checked, not trusted: every recorded exchange put to it must give the recorded answer, and a second recording that
it was not built from as well. What no recording showed, it refuses.
"""

import json
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from harness.dialects.writing import ByFilter, ByParam
from harness.stage.documents import at, parsed, put, written
from harness.stage.http1 import Reply, Request
from harness.stage.operations import Asked, asked, query_of
from harness.stage.pages import Page
from harness.stage.shown import Sample, Shown, list_query
from harness.stage.vendor import NotRecorded
from harness.stage.writings import sent_fields

_NOT_FOUND, _INVALID = 404, 400


class Simulator:
    """Holds records, takes writes, lists in pages of the vendor's own cap, finds by natural key as the vendor compares.

    ``records`` is what it holds at first (as recorded where not given), ``cap`` how many of them a page holds.
    """

    def __init__(
        self,
        shown: Shown,
        *,
        new_id: Callable[[], str],
        records: Iterable[dict[str, Any]] | None = None,
        cap: int | None = None,
    ) -> None:
        self._shown, self._new_id, self._cap = shown, new_id, cap or shown.cap
        self._collection = shown.collection
        held = shown.records if records is None else records
        self._by_id = {str(record[self._collection.id_field]): record for record in held}
        self._by_key = {self._compared(record): record_id for record_id, record in self._by_id.items()}
        self._order = sorted(self._by_id)

    def records(self) -> tuple[dict[str, Any], ...]:
        """What the vendor holds now, in its own order."""
        return tuple(self._by_id[record_id] for record_id in self._order)

    def handle(self, request: Request) -> Reply:
        """The vendor's answer, with its effect.

        Raises:
            NotRecorded: No recording shows how the vendor answers this.
        """
        what = asked(self._shown.dialect, request)
        answers: Mapping[str, Callable[[Request, Asked], Reply]] = {
            "token": self._token,
            "list": self._list,
            "lookup": self._lookup,
            "create": self._create,
            "get": self._get,
            "update": self._update,
            "delete": self._delete,
        }
        answer = answers.get(what.operation.rpartition(".")[2])
        if answer is None:
            raise NotRecorded(f"{request.method} {request.target}")
        return answer(request, what)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _token(self, request: Request, what: Asked) -> Reply:
        return self._sample("token", 200, request).reply

    def _list(self, request: Request, what: Asked) -> Reply:
        shown = self._shown
        if list_query(request.target, shown.marker) not in self._list_queries():
            raise NotRecorded(f"{request.method} {request.target}")
        begin, marker = 0, query_of(request.target).get(shown.marker)
        if marker is not None:
            if marker not in self._by_id:
                raise NotRecorded(f"{request.method} {request.target}, whose marker names no record")
            begin = bisect_right(self._order, marker)
        ids = self._order[begin : begin + self._cap]
        leads_on = begin + self._cap < len(self._order)
        sample = _seen(shown.first_page if leads_on else shown.last_page, request)
        page = Page(self._collection, self._reworded(sample, request)).with_rows(tuple(self._by_id[one] for one in ids))
        return page.with_next(self._next_link(request, ids[-1])).reply if leads_on else page.reply

    def _list_queries(self) -> frozenset[tuple[tuple[str, str], ...]]:
        """The queries that were shown, and that of a next link with this simulator's own cap."""
        return self._shown.list_queries | {tuple(sorted(self._constants()))}

    def _constants(self) -> tuple[tuple[str, str], ...]:
        """What a next link carries beside its marker; the size of a page is this simulator's own."""
        recorded, own = str(self._shown.cap), str(self._cap)
        return tuple((name, own if value == recorded else value) for name, value in self._shown.next_constants)

    def _next_link(self, request: Request, last_id: str) -> str:
        """This request's own address, led on: what a next link carries takes its old place, or comes last."""
        carried = dict([(self._shown.marker, last_id), *self._constants()])
        query = [(name, carried.pop(name, value)) for name, value in parse_qsl(urlsplit(request.target).query)]
        path = urlsplit(request.target).path
        return f"{self._shown.dialect.base_url}{path}?{urlencode([*query, *carried.items()])}"

    def _lookup(self, request: Request, what: Asked) -> Reply:
        writing = self._collection.writing
        if writing is None or not isinstance(writing.finding, ByParam | ByFilter):
            raise NotRecorded(f"{request.method} {request.target}")
        if set(query_of(request.target)) != {writing.finding.param}:
            raise NotRecorded(f"{request.method} {request.target}")
        key = what.record_key if self._shown.other_case_is_another else what.record_key.casefold()
        record_id = self._by_key.get(key)
        sample = _seen(self._shown.hit if record_id else self._shown.miss, request)
        rows = (self._by_id[record_id],) if record_id else ()
        return Page(self._collection, self._reworded(sample, request)).with_rows(rows).reply

    def _get(self, request: Request, what: Asked) -> Reply:
        record = self._by_id.get(what.record_id)
        return self._one(self._sample("get", 200, request), record) if record else self._absent("get", request, what)

    # -- writing -----------------------------------------------------------------------------------------------------

    def _create(self, request: Request, what: Asked) -> Reply:
        sent = self._sent(request)
        if not isinstance(sent.get(self._collection.key_field), str):
            return self._invalid(request, sent)
        key, writing = what.record_key, self._collection.writing
        if key != key.strip() and not self._shown.trims_keys:
            raise NotRecorded(f"{request.method} {request.target} with white space around {key!r}")
        if self._compared(sent) in self._by_key:
            sample = self._sample("create", writing.duplicate.status if writing else 409, request)
            return _replied(sample.reply, _swapped(sample, self._key_of(sample).strip(), key.strip()))
        if key != key.strip():
            raise NotRecorded(f"{request.method} {request.target} with white space around a new {key!r}")
        sample = self._sample("create", 201, request)
        template, record_id = self._shown.inside(sample.document), self._new_id()
        text = json.dumps(_without_sent(sample, self._shown, template))
        text = text.replace(str(template[self._collection.id_field]), record_id)
        record = {**json.loads(text), **sent, self._collection.id_field: record_id}
        self._by_id[record_id] = record
        self._by_key[self._compared(record)] = record_id
        insort(self._order, record_id)
        return self._one(sample, record)

    def _invalid(self, request: Request, sent: Mapping[str, Any]) -> Reply:
        sample = self._sample("create", _INVALID, request)
        recorded = self._shown.inside(parsed(sample.request.body))
        document = _renamed_within(sample.document, str(recorded), str(dict(sent)))
        return _replied(sample.reply, written(document))

    def _update(self, request: Request, what: Asked) -> Reply:
        sent = self._sent(request)
        record = self._by_id.get(what.record_id)
        if record is None:
            return self._absent("update", request, what)
        if sent.get(self._collection.key_field, self._key(record)) != self._key(record):
            raise NotRecorded(f"{request.method} {request.target} with another {self._collection.key_field}")
        changed = {**record, **sent}
        self._by_id[what.record_id] = changed
        repeated = {name: value for name, value in changed.items() if name in self._shown.echoed}
        told = {**changed, self._shown.echo: repeated} if self._shown.echo else changed
        return self._one(self._sample("update", 200, request), told)

    def _delete(self, request: Request, what: Asked) -> Reply:
        record = self._by_id.get(what.record_id)
        if record is None:
            return self._absent("delete", request, what)
        sample = self._sample("delete", 204, request)
        del self._by_id[what.record_id], self._by_key[self._compared(record)]
        del self._order[bisect_left(self._order, what.record_id)]
        return sample.reply

    # -- words -------------------------------------------------------------------------------------------------------

    def _sample(self, verb: str, status: int, request: Request) -> Sample:
        return _seen(self._shown.samples.get((verb, status)), request)

    def _absent(self, verb: str, request: Request, what: Asked) -> Reply:
        sample = self._sample(verb, _NOT_FOUND, request)
        recorded = asked(self._shown.dialect, sample.request).record_id
        return _replied(sample.reply, _swapped(sample, recorded, what.record_id))

    def _reworded(self, sample: Sample, request: Request) -> Reply:
        """The recorded reply, where it names its own address naming this request's."""
        address = self._shown.dialect.base_url + request.target
        return _replied(sample.reply, written(_renamed(sample.document, sample.url, address)))

    def _one(self, sample: Sample, record: Mapping[str, Any]) -> Reply:
        writing = self._collection.writing
        path = (writing.envelope,) if writing and writing.envelope else ()
        return _replied(sample.reply, written(put(sample.document, path, dict(record))))

    def _key_of(self, sample: Sample) -> str:
        return str(at(self._shown.inside(parsed(sample.request.body)), (self._collection.key_field,)))

    def _sent(self, request: Request) -> dict[str, Any]:
        record = sent_fields(self._collection, request)
        if not isinstance(record, dict) or not record or not set(record) <= self._shown.fields_sent:
            fields = f"the fields {', '.join(sorted(record))}" if isinstance(record, dict) else "no record"
            raise NotRecorded(f"{request.method} {request.target} with {fields}")
        return record

    def _key(self, record: Mapping[str, Any]) -> str:
        return str(record.get(self._collection.key_field))

    def _compared(self, record: Mapping[str, Any]) -> str:
        key = self._key(record)
        key = key.strip() if self._shown.trims_keys else key
        return key if self._shown.other_case_is_another else key.casefold()


def _seen(sample: Sample | None, request: Request) -> Sample:
    if sample is None:
        raise NotRecorded(f"{request.method} {request.target}")
    return sample


def _without_sent(sample: Sample, shown: Shown, template: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the vendor itself gave to the recorded new record."""
    sent = shown.inside(parsed(sample.request.body))
    return {name: value for name, value in template.items() if name not in sent}


def _swapped(sample: Sample, recorded: str, now: str) -> bytes:
    return sample.reply.body.replace(json.dumps(recorded)[1:-1].encode(), json.dumps(now)[1:-1].encode())


def _renamed(document: Any, old: str, new: str) -> Any:
    if isinstance(document, dict):
        return {name: _renamed(value, old, new) for name, value in document.items()}
    if isinstance(document, list):
        return [_renamed(value, old, new) for value in document]
    return new if document == old else document


def _renamed_within(document: Any, old: str, new: str) -> Any:
    if isinstance(document, dict):
        return {name: _renamed_within(value, old, new) for name, value in document.items()}
    return document.replace(old, new) if isinstance(document, str) else document


def _replied(reply: Reply, body: bytes) -> Reply:
    headers = tuple(
        (name, str(len(body)) if name.lower() == "content-length" else value) for name, value in reply.headers
    )
    return Reply(reply.status, headers, body)
