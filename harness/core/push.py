"""Provisioning: look before writing, write what differs, look again after a lost answer. Twice is as good as once."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from harness.core.client import Client
from harness.core.documents import at
from harness.core.errors import (
    Context,
    IntegrationError,
    LeadsElsewhere,
    Redirected,
    Refused,
    RetriesExhausted,
    SourceRefused,
    Throttled,
    Unauthorized,
    WaitTooLong,
    about,
)
from harness.core.listing import Listing
from harness.core.replies import Answer
from harness.core.transport import Outgoing
from harness.dialects.facts import Collection, Writing

Done = Literal["created", "updated", "unchanged"]
_FATAL = (Unauthorized, Throttled, WaitTooLong, Redirected, LeadsElsewhere)
"""What would stop every other record as well."""
_EXHAUSTED_AT_MOST = 3
"""So many records in a row that no try could write: it is the vendor, not the records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReport:
    """What became of each record, by natural key."""

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    """Key -> reason, with status, vendor message and request id. Not done; everything else is."""


class Push:
    """One collection's provisioning."""

    def __init__(self, client: Client, collection: Collection, url: str, writing: Writing) -> None:
        self.client = client
        self.collection = collection
        self.writing = writing
        self._url = url

    def run(self, records: Sequence[Mapping[str, Any]]) -> PushReport:
        """Afterwards the vendor holds each record once, but for those that the report names as failed.

        Raises:
            SourceRefused: Records lack their key or share one; nothing was written.
            IntegrationError: The vendor lets nothing through: credentials, limits, or failure after failure.
        """
        keyed = self._keyed(records)
        done: dict[Done, list[str]] = {"created": [], "updated": [], "unchanged": []}
        failed: dict[str, str] = {}
        in_a_row = 0
        for key, record in keyed.items():
            try:
                done[_Provision(self, key, record).run()].append(key)
                in_a_row = 0
            except IntegrationError as error:
                told = about(error, record_key=key)
                failed[key] = str(told)
                in_a_row = in_a_row + 1 if isinstance(told, RetriesExhausted) else 0
                if _stops_all(told) or in_a_row == _EXHAUSTED_AT_MOST:
                    done_so_far = sum(len(keys) for keys in done.values())
                    told.add_note(f"{done_so_far} of {len(keyed)} records were done; failed: {', '.join(failed)}")
                    raise told from error.__cause__
        return PushReport(**{kind: tuple(keys) for kind, keys in done.items()}, failed=failed)

    def look_up(self, key: str) -> dict[str, Any] | None:
        """The record that the vendor holds under this key; None where it holds none.

        Raises:
            Refused: It holds several.
        """
        operation = f"{self.collection.name}.lookup"
        query = ((self.writing.lookup_param, key),)
        listing = Listing(self.client, self.collection, self._url, operation=operation, query=query)
        rows = list(listing.records(record_key=key))
        name = self.collection.key_field
        held = [row for row in rows if row.get(name) == key]
        if not held and all(_alike(row.get(name), key) for row in rows):
            # The vendor's own filter says that these are the same key.
            held = rows
        if len(held) > 1:
            ids = ", ".join(str(row[self.collection.id_field]) for row in held)
            told = Context(operation=operation, record_key=key)
            raise Refused(f"the vendor holds several records of this key ({ids}); remove all but one", told)
        return held[0] if held else None

    def create(self, key: str, record: Mapping[str, Any]) -> None:
        """Send one record to be created, once."""
        document = self._wrapped({**dict(self.writing.defaults), **record})
        outgoing = Outgoing(
            operation=f"{self.collection.name}.create", method="POST", url=self._url, document=document, record_key=key
        )
        self.client.ask_once(outgoing, self._check_written)

    def update(self, key: str, record_id: Any, changes: Mapping[str, Any]) -> None:
        """Send one record's changed fields, once; fields that the source does not have stay as they are."""
        outgoing = Outgoing(
            operation=f"{self.collection.name}.update",
            method="PATCH",
            url=f"{self._url.rstrip('/')}/{quote(str(record_id), safe='')}",
            document=self._wrapped(changes),
            record_key=key,
        )
        self.client.ask_once(outgoing, self._check_written)

    def _wrapped(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        return {self.writing.envelope: dict(record)} if self.writing.envelope else dict(record)

    def _check_written(self, answer: Answer) -> None:
        if answer.context.status == 204:
            return
        envelope = (self.writing.envelope,) if self.writing.envelope else ()
        written = at(answer.document, envelope)
        if not isinstance(written, dict) or written.get(self.collection.id_field) is None:
            raise answer.malformed("the answer to a write holds no record")

    def _keyed(self, records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        name, keyed, seen = self.collection.key_field, dict[str, dict[str, Any]](), dict[str, str]()
        for place, record in enumerate(records, start=1):
            key = record.get(name)
            if not isinstance(key, str) or not key.strip():
                raise SourceRefused(f"record {place} has no {name}, so nothing was written; give each record its key")
            if (other := seen.setdefault(_comparable(key), key)) != key or key in keyed:
                raise SourceRefused(f"records {other!r} and {key!r} share a key, so nothing was written")
            keyed[key] = _as_json(key, record)
        return keyed


class _Provision:
    """One record on its way to the vendor, and what is known of it so far."""

    def __init__(self, push: Push, key: str, record: Mapping[str, Any]) -> None:
        self._push = push
        self._key = key
        self._record = record
        self._looked = False
        self._held: dict[str, Any] | None = None
        self._done: Done = "unchanged"

    def run(self) -> Done:
        return self._push.client.retries.run(self._attempt)

    def _attempt(self) -> Done:
        if not self._looked:
            self._look()
        try:
            if self._held is None:
                self._create()
            else:
                self._update(self._held)
        except IntegrationError as error:
            # Done or not: the vendor knows, and is asked before anything is sent again.
            self._looked = not error.may_have_happened
            raise
        return self._done

    def _look(self) -> None:
        self._held = self._push.look_up(self._key)
        self._looked = True

    def _create(self) -> None:
        self._done = "created"
        try:
            self._push.create(self._key, self._record)
        except Refused as error:
            if error.status != self._push.writing.duplicate_status:
                raise
            # Somebody was faster, or an earlier answer was lost: what the vendor holds decides.
            self._look()
            if self._held is None:
                raise
            self._done = "unchanged"
            self._update(self._held)

    def _update(self, held: Mapping[str, Any]) -> None:
        changes = {name: value for name, value in self._record.items() if name not in held or held[name] != value}
        if not changes:
            return
        if self._done == "unchanged":
            self._done = "updated"
        self._push.update(self._key, held[self._push.collection.id_field], changes)


def _stops_all(error: IntegrationError) -> bool:
    return isinstance(error, _FATAL) or isinstance(error.__cause__, _FATAL)


def _comparable(key: str) -> str:
    return unicodedata.normalize("NFC", key).strip().casefold()


def _alike(name: Any, key: str) -> bool:
    return isinstance(name, str) and _comparable(name) == _comparable(key)


def _as_json(key: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """The record as it will come back: tuples as lists, names as texts."""
    try:
        return dict(json.loads(json.dumps(dict(record))))
    except (TypeError, ValueError) as error:
        raise SourceRefused(f"record {key!r} cannot be told in JSON: {error}") from error
