"""How a simulated vendor takes creates, updates and deletes of single records."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from harness.dialects.writing import PutNew, Writing
from harness.stage.documents import parsed, put, written
from harness.stage.http1 import Reply, Request
from harness.stage.once import OnceOnly
from harness.stage.operations import Asked
from harness.stage.samples import Sample
from harness.stage.store import Record, Store
from harness.stage.vendor import NotRecorded
from harness.stage.words import Words, renamed_within, replied
from harness.stage.writings import misnamed, sent_fields, version_of

_OK, _CREATED, _NO_CONTENT, _INVALID, _NOT_FOUND = 200, 201, 204, 400, 404


class Writes:
    """Carries writes out on the store. ``new_version`` gives what stands at the version's path after each."""

    def __init__(
        self,
        words: Words,
        store: Store,
        writing: Writing,
        *,
        once: OnceOnly | None,
        new_id: Callable[[], str],
        new_version: Callable[[], Any],
    ) -> None:
        self._words, self._store, self._writing = words, store, writing
        self._shown = words.shown
        self._collection = words.shown.collection
        self._once, self._new_id, self._new_version = once, new_id, new_version

    def create(self, request: Request, what: Asked) -> Reply:
        """A record more, or a refusal."""
        if self._once is not None and (refusal := self._once.refusal(request)) is not None:
            return refusal
        sent = self._sent(request)
        by_address = request.method == "PUT"
        if by_address:
            sent = {self._collection.key_field: what.record_key, **sent}
        if not isinstance(key := sent.get(self._collection.key_field), str):
            return self._invalid(request, sent)
        if by_address and self._words.shown.samples.get(("create", _INVALID)) and key.split() != [key]:
            return self._words.sample("create", _INVALID, request).reply
        if misnamed(self._writing, key):
            return self._words.sample("misnamed", self._writing.duplicate.status, request).reply
        if key != key.strip() and not self._shown.trims_keys:
            raise NotRecorded(f"{request.method} {request.target} with white space around {key!r}")
        holder = self._store.of_key(self._shown.compared(sent))
        if holder is not None:
            return self._taken(request, key, holder)
        if key != key.strip():
            raise NotRecorded(f"{request.method} {request.target} with white space around a new {key!r}")
        return self._created(request, sent)

    def _taken(self, request: Request, key: str, holder: Record) -> Reply:
        duplicate = self._writing.duplicate
        if request.method == "POST" and duplicate.known_id_status is not None:
            return self._words.one(self._words.sample("create", duplicate.known_id_status, request), holder)
        return self._words.taken(self._words.sample("create", duplicate.status, request), key, holder)

    def _created(self, request: Request, sent: Record) -> Reply:
        sample = self._words.sample("create", _CREATED, request)
        id_field = self._collection.id_field
        if isinstance(self._writing.creating, PutNew):
            record_id = str(sent[self._collection.key_field])
        else:
            record_id = self._new_id()
        template = self._shown.told(sample.document)
        text = json.dumps(_without_sent(sample, self._shown.inside, template))
        text = text.replace(str(template[id_field]), record_id)
        # Where a listing shows fields that the answer does not, a new record has nothing in them.
        bare = dict.fromkeys(self._shown.row_fields) if self._writing.answer else {}
        record = self._stamped({**bare, **json.loads(text), **sent, id_field: record_id})
        self._store.put(record)
        return self._words.one(sample, record)

    def _invalid(self, request: Request, sent: Mapping[str, Any]) -> Reply:
        sample = self._words.sample("create", _INVALID, request)
        recorded = self._shown.inside(parsed(sample.request.body))
        document = renamed_within(sample.document, str(recorded), str(dict(sent)))
        return replied(sample.reply, written(document))

    def update(self, request: Request, what: Asked) -> Reply:
        """Other fields of a record, or a refusal."""
        sent = self._sent(request)
        record = self._store.get(what.record_id)
        if record is None:
            if request.method == "PUT":
                raise NotRecorded(f"{request.method} {request.target} of a record that is not there")
            return self._words.about(self._words.sample("update", _NOT_FOUND, request), what.record_id)
        key = record.get(self._collection.key_field)
        if sent.get(self._collection.key_field, key) != key:
            raise NotRecorded(f"{request.method} {request.target} with another {self._collection.key_field}")
        if self._is_stale(request, record):
            stale_status = self._writing.version.stale_status if self._writing.version else 0
            return self._words.taken(self._words.sample("update", stale_status, request), str(key), record)
        answer = self._writing.answer
        if answer is not None and answer.changed:
            return self._told_what_changed(request, record, sent, answer.changed)
        id_field = self._collection.id_field
        kept = {id_field: record[id_field]} if request.method == "PUT" else record
        changed = self._stamped({**kept, **sent})
        self._store.put(changed)
        repeated = {name: value for name, value in changed.items() if name in self._shown.echoed}
        told = {**changed, self._shown.echo: repeated} if self._shown.echo else changed
        without_body = ("update", _NO_CONTENT) in self._shown.samples
        return self._words.one(self._words.sample("update", _NO_CONTENT if without_body else _OK, request), told)

    def _told_what_changed(self, request: Request, record: Record, sent: Record, changed_as: str) -> Reply:
        """The answer shows what is other than before; where nothing is, the record's version is not either."""
        changed = {name: value for name, value in sent.items() if record.get(name) != value}
        if changed:
            record = self._stamped({**record, **changed})
            self._store.put(record)
        return self._words.one(self._words.sample("update", _OK, request), {**record, changed_as: changed})

    def delete(self, request: Request, what: Asked) -> Reply:
        """One record less; the answer is empty, or shows what is left of it."""
        record = self._store.get(what.record_id)
        if record is None:
            return self._words.about(self._words.sample("delete", _NOT_FOUND, request), what.record_id)
        empty = self._shown.samples.get(("delete", 204))
        self._store.remove(what.record_id)
        if empty is not None:
            return empty.reply
        sample = self._words.sample("delete", 200, request)
        id_field = self._collection.id_field
        left = {**self._shown.told(sample.document), id_field: record[id_field]}
        return self._words.one(sample, self._stamped(left))

    def _is_stale(self, request: Request, record: Record) -> bool:
        told = request.header("if-match")
        if self._writing.version is None:
            return False
        if told is None:
            return self._writing.version.unnamed == "refused"
        return told != version_of(self._writing, record)

    def _stamped(self, record: Record) -> Record:
        version = self._writing.version
        if version is None or not version.path or not self._shown.versions:
            return record
        return dict(put(record, version.path, self._new_version()))

    def _sent(self, request: Request) -> Record:
        record = sent_fields(self._collection, request)
        if not isinstance(record, dict) or not record or not set(record) <= self._shown.fields_sent:
            fields = f"the fields {', '.join(sorted(record))}" if isinstance(record, dict) else "no record"
            raise NotRecorded(f"{request.method} {request.target} with {fields}")
        return record


def _without_sent(sample: Sample, inside: Callable[[Any], Any], template: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the vendor itself gave to the recorded new record."""
    sent = inside(parsed(sample.request.body))
    return {name: value for name, value in template.items() if name not in sent}
