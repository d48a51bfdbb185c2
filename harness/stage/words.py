"""The vendor's own words: recorded replies, with other records, keys and addresses put into them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.dialects.writing import OneRecord
from harness.stage.documents import at, parsed, put, written
from harness.stage.http1 import Reply, Request
from harness.stage.operations import asked
from harness.stage.samples import Sample
from harness.stage.shown import Shown
from harness.stage.vendor import NotRecorded
from harness.stage.writings import version_of

_ADDRESSES = frozenset({"location", "content-location"})


@dataclass(frozen=True, slots=True)
class Words:
    """Makes replies from samples. What was not shown raises ``NotRecorded``."""

    shown: Shown

    def sample(self, verb: str, status: int, request: Request) -> Sample:
        """The recorded exchange of that verb and status."""
        return seen(self.shown.samples.get((verb, status)), request)

    def one(self, sample: Sample, record: Mapping[str, Any]) -> Reply:
        """The sample's reply about another record; where it shows none, its headers are about it all the same."""
        reply = self._addressed(sample, record)
        if not reply.body:
            return self._versioned(reply, record)
        writing = self.shown.collection.writing
        if writing is not None and writing.answer is not None:
            return self._versioned(replied(reply, written(self._shaped(sample, writing.answer, record))), record)
        path = (writing.envelope,) if writing and writing.envelope else ()
        return self._versioned(replied(reply, written(put(sample.document, path, dict(record)))), record)

    def _shaped(self, sample: Sample, answer: OneRecord, record: Mapping[str, Any]) -> Any:
        """The sample's document about another record, with no other fields than the sample shows."""
        shape = at(sample.document, answer.path)
        shaped = {name: record.get(name, value) for name, value in shape.items()}
        if answer.fields in shape:
            shaped[answer.fields] = {name: record.get(name) for name in shape[answer.fields]}
        return put(sample.document, answer.path, shaped)

    def row(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The record as a listing shows it: where fields are asked for, those alone."""
        writing = self.shown.collection.writing
        if writing is None or not writing.asking:
            return dict(record)
        return {name: record.get(name) for name in self.shown.row_fields}

    def with_document(self, sample: Sample, document: Any) -> Reply:
        """The sample's reply with another document."""
        return replied(sample.reply, written(document))

    def about(self, sample: Sample, what_id: str) -> Reply:
        """The sample's reply with another id in it: that of a record that is not there."""
        return replied(sample.reply, swapped(sample, asked(self.shown.dialect, sample.request).record_id, what_id))

    def taken(self, sample: Sample, key: str, holder: Mapping[str, Any]) -> Reply:
        """The sample's refusal about another key, and about the record that holds it where the vendor shows that."""
        duplicate = self.shown.collection.writing.duplicate if self.shown.collection.writing else None
        if duplicate is None or duplicate.existing is None or at(sample.document, duplicate.existing) is None:
            return replied(sample.reply, swapped(sample, self._key_sent(sample).strip(), key.strip()))
        document = put(sample.document, duplicate.existing, dict(holder))
        return self._versioned(replied(sample.reply, written(document)), holder)

    def at_this_address(self, sample: Sample, request: Request) -> Reply:
        """The sample's reply, where it names its own address naming this request's."""
        address = self.shown.dialect.base_url + request.target
        return replied(sample.reply, written(renamed(sample.document, sample.url, address)))

    def _key_sent(self, sample: Sample) -> str:
        return str(at(self.shown.inside(parsed(sample.request.body)), (self.shown.collection.key_field,)))

    def _addressed(self, sample: Sample, record: Mapping[str, Any]) -> Reply:
        """The sample's reply, where a header holds the recorded record's address with this record's."""
        id_field = self.shown.collection.id_field
        told = at(self.shown.told(sample.document), (id_field,))
        recorded = asked(self.shown.dialect, sample.request).record_id if told is None else str(told)
        now = str(record[id_field])
        headers = tuple(
            (name, value.replace(f"/{recorded}", f"/{now}") if recorded and name.lower() in _ADDRESSES else value)
            for name, value in sample.reply.headers
        )
        return replace(sample.reply, headers=headers)

    def _versioned(self, reply: Reply, record: Mapping[str, Any]) -> Reply:
        """The reply with the record's version in its ``ETag``, where it has one."""
        writing = self.shown.collection.writing
        version = version_of(writing, record) if writing else None
        if version is None:
            return reply
        headers = tuple((name, version if name.lower() == "etag" else value) for name, value in reply.headers)
        return replace(reply, headers=headers)


def seen(sample: Sample | None, request: Request) -> Sample:
    """The sample.

    Raises:
        NotRecorded: There is none.
    """
    if sample is None:
        raise NotRecorded(f"{request.method} {request.target}")
    return sample


def swapped(sample: Sample, recorded: str, now: str) -> bytes:
    """The sample's body with one text within its texts in the place of another."""
    return sample.reply.body.replace(json.dumps(recorded)[1:-1].encode(), json.dumps(now)[1:-1].encode())


def renamed(document: Any, old: str, new: str) -> Any:
    """The document with one whole text in the place of another."""
    if isinstance(document, dict):
        return {name: renamed(value, old, new) for name, value in document.items()}
    if isinstance(document, list):
        return [renamed(value, old, new) for value in document]
    return new if document == old else document


def renamed_within(document: Any, old: str, new: str) -> Any:
    """The document with one text in the place of another, inside longer texts too."""
    if isinstance(document, dict):
        return {name: renamed_within(value, old, new) for name, value in document.items()}
    if isinstance(document, list):
        return [renamed_within(value, old, new) for value in document]
    return document.replace(old, new) if isinstance(document, str) else document


def replied(reply: Reply, body: bytes) -> Reply:
    """The reply with another body."""
    headers = tuple(
        (name, str(len(body)) if name.lower() == "content-length" else value) for name, value in reply.headers
    )
    return Reply(reply.status, headers, body)
