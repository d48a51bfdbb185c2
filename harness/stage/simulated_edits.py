"""How a simulated vendor takes creates and updates that travel as a form, and answers all of them with 200."""

import itertools
import unicodedata
from typing import Any

from harness.dialects.writing import PostForm, Version, Writing
from harness.stage.documents import at, put, written
from harness.stage.forms import fields_in, form_of
from harness.stage.http1 import Reply, Request
from harness.stage.operations import Asked, query_of
from harness.stage.samples import Sample
from harness.stage.shown_edits import ShownEdits
from harness.stage.store import Record, Store
from harness.stage.titled import Titled, flat
from harness.stage.titled_lookups import plain
from harness.stage.vendor import NotRecorded
from harness.stage.words import Words, replied, seen, swapped

_TRANSFORMED = ("~~~", "{{", "|]]", "\r")
"""Text with these is stored otherwise than it was sent."""


class Edits:
    """Carries edits out on the store. Ids and versions are counted, as the vendor counts them."""

    def __init__(self, words: Words, store: Store, writing: Writing, titled: Titled, edits: ShownEdits) -> None:
        assert isinstance(writing.creating, PostForm), "only what travels as a form is taken here"
        assert isinstance(writing.changing, PostForm), "only what travels as a form is taken here"
        assert writing.version is not None, "an edit names the version that it was made for"
        self._words, self._store, self._writing = words, store, writing
        self._titled, self._edits = titled, edits
        self._creating, self._changing, self._version = writing.creating, writing.changing, writing.version
        self._shown, self._collection = words.shown, words.shown.collection
        given = self._shown.samples.get(("form_token", 200))
        self._token = at(given.document, writing.token.path) if given and writing.token else None
        held = store.records()
        self._ids = itertools.count(1 + max(record[self._collection.id_field] for record in held))
        self._versions = itertools.count(1 + max(self._state(record) for record in held))

    def form_token(self, request: Request, what: Asked) -> Reply:
        """The token that every form has to hold.

        Raises:
            NotRecorded: It was not asked for in this way.
        """
        sample = self._words.sample("form_token", 200, request)
        if sorted(query_of(sample.url).items()) != sorted(query_of(request.target).items()):
            raise NotRecorded(f"{request.method} {request.target}")
        return sample.reply

    def create(self, request: Request, what: Asked) -> Reply:
        """A record more, or a refusal."""
        if (refusal := self._unheard(request, what, self._creating)) is not None:
            return refusal
        sent, key = self._sent(request, what)
        if self._store.of_key(self._shown.compared_key(key)) is not None:
            return self._sample(request, "create", self._writing.duplicate.code).reply
        return self._created(request, sent, key, self._sample(request, "create", ""))

    def update(self, request: Request, what: Asked) -> Reply:
        """Other fields of a record, or a refusal; a new record where nothing was said of one that is there."""
        if (refusal := self._unheard(request, what, self._changing)) is not None:
            return refusal
        form, (sent, key) = form_of(request), self._sent(request, what)
        holder = self._store.of_key(self._shown.compared_key(key))
        if holder is None:
            if self._changing.flag in form:
                return self._sample(request, "update", self._changing.absent_code).reply
            if self._version.param in form:
                raise NotRecorded(f"{request.method} {request.target} for a version of a record that is not there")
            return self._created(request, sent, key, seen(self._edits.saved_new, request))
        if all(holder.get(name) == value for name, value in sent.items() if name != self._collection.key_field):
            return self._told(seen(self._edits.unchanged, request), holder)
        if form.get(self._version.param, str(self._state(holder))) != str(self._state(holder)):
            return self._sample(request, "update", self._version.stale_code).reply
        changed = self._stamped({**holder, **sent, self._collection.key_field: key}, before=self._state(holder))
        self._store.put(changed)
        return self._told(self._sample(request, "update", ""), changed)

    def _unheard(self, request: Request, what: Asked, part: PostForm) -> Reply | None:
        """The refusal of a form that is not looked into: another token than the vendor's, or a key that can be none.

        Raises:
            NotRecorded: A form that no recording shows.
        """
        verb, form = what.operation.rpartition(".")[2], form_of(request)
        token = self._writing.token
        for name, value in (*part.params, *(((token.param, self._token),) if token else ())):
            if name not in form:
                raise NotRecorded(f"{request.method} {request.target} without {name}")
            if form[name] != value:
                return seen(self._edits.forged.get((verb, name)), request).reply
        if set(fields_in(self._writing, request)) != self._shown.fields_sent:
            raise NotRecorded(f"{request.method} {request.target} with other fields")
        if plain(what.record_key, request, keys=self._writing.keys) is None:
            sample = seen(self._edits.bad_key.get(verb), request)
            recorded = fields_in(self._writing, sample.request)[self._collection.key_field]
            return replied(sample.reply, swapped(sample, recorded, what.record_key))
        return None

    def _sent(self, request: Request, what: Asked) -> tuple[Record, str]:
        """The fields, and the key as the vendor spells it.

        Raises:
            NotRecorded: Nothing shows what becomes of such a text.
        """
        sent: Record = dict(fields_in(self._writing, request))
        for name, value in sent.items():
            stored = unicodedata.normalize("NFC", value)
            own = name == self._collection.key_field
            if not own and (not value or value != stored.rstrip() or any(sign in value for sign in _TRANSFORMED)):
                raise NotRecorded(f"{request.method} {request.target} with a {name} that is stored otherwise")
        key = plain(what.record_key, request, keys=self._writing.keys)
        assert key is not None, "a key that can be none was refused before"
        return sent, key

    def _created(self, request: Request, sent: Record, key: str, sample: Sample) -> Reply:
        like = flat(self._writing, self._titled.row)
        given = {self._collection.id_field: next(self._ids), self._collection.key_field: key}
        record = self._stamped({**like, **sent, **given}, before=0)
        self._store.put(record)
        return self._told(sample, record)

    def _state(self, record: Record) -> Any:
        return record[str(self._version.path[0])]

    def _stamped(self, record: Record, *, before: int) -> Record:
        return {**record, str(self._version.path[0]): next(self._versions), self._version.before: before}

    def _told(self, sample: Sample, record: Record) -> Reply:
        """The sample's answer about this record."""
        version: Version = self._version
        told = {
            **self._shown.inside(sample.document),
            self._collection.id_field: record[self._collection.id_field],
            self._collection.key_field: record[self._collection.key_field],
        }
        if version.told_as in told:
            told |= {version.told_as: self._state(record), version.told_before_as: record[version.before]}
        return replied(sample.reply, written(put(sample.document, (self._writing.envelope,), told)))

    def _sample(self, request: Request, verb: str, code: str) -> Sample:
        return seen(self._edits.by_code.get((verb, code)), request)
