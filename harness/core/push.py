"""Provisioning: look before writing, write what differs, look again after a lost answer. Twice is as good as once."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.core.client import Client
from harness.core.errors import (
    IntegrationError,
    KeyTaken,
    LeadsElsewhere,
    Redirected,
    RetriesExhausted,
    Stale,
    Throttled,
    Unauthorized,
    WaitTooLong,
    about,
)
from harness.core.source import keyed
from harness.core.writes import Held, Writes
from harness.dialects.facts import Collection
from harness.dialects.writing import Writing

Done = Literal["created", "updated", "unchanged"]
_FATAL = (Unauthorized, Throttled, WaitTooLong, Redirected, LeadsElsewhere)
"""What would stop every other record as well."""
EXHAUSTED_AT_MOST = 3
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
        self.retries = client.retries
        self.collection = collection
        self.writing = writing
        self.writes = Writes(client, collection, url, writing)

    def run(self, records: Sequence[Mapping[str, Any]]) -> PushReport:
        """Afterwards the vendor holds each record once, but for those that the report names as failed.

        Raises:
            SourceRefused: Records lack their key or share one; nothing was written.
            IntegrationError: The vendor lets nothing through: credentials, limits, or failure after failure.
        """
        listed = keyed(records, key=self.collection.key_field, compares=self.writing.keys)
        done: dict[Done, list[str]] = {"created": [], "updated": [], "unchanged": []}
        failed: dict[str, str] = {}
        in_a_row = 0
        for key, record in listed.values():
            try:
                done[self.provision(key, record)].append(key)
                in_a_row = 0
            except IntegrationError as error:
                told = about(error, record_key=key)
                failed[key] = str(told)
                in_a_row = in_a_row + 1 if isinstance(told, RetriesExhausted) else 0
                if stops_all(told) or in_a_row == EXHAUSTED_AT_MOST:
                    done_so_far = sum(len(keys) for keys in done.values())
                    told.add_note(f"{done_so_far} of {len(listed)} records were done; failed: {', '.join(failed)}")
                    raise told from error.__cause__
        return PushReport(**{kind: tuple(keys) for kind, keys in done.items()}, failed=failed)

    def provision(self, key: str, record: Mapping[str, Any]) -> Done:
        """Afterwards the vendor holds this record once. Threads may call it at the same time.

        Raises:
            IntegrationError: It could not be written, or nobody knows.
        """
        return _Provision(self, key, record).run()

    def amend(self, key: str, fields: Mapping[str, Any]) -> Done:
        """Afterwards the record has these fields, if the vendor holds it; one that it does not hold is not created.

        Raises:
            IntegrationError: It could not be written, or nobody knows.
        """
        return _Amendment(self, key, fields).run()


class _Provision:
    """One record on its way to the vendor, and what is known of it so far."""

    def __init__(self, push: Push, key: str, record: Mapping[str, Any]) -> None:
        self._push = push
        self._key = key
        self._record = record
        self._looked = False
        self._held: Held | None = None
        self._done: Done = "unchanged"
        self._operation_keys: dict[str, str] = {}

    def run(self) -> Done:
        return self._push.retries.run(self._attempt)

    def _attempt(self) -> Done:
        if not self._looked:
            self._look()
        try:
            if self._held is None:
                self._create()
            else:
                self._update(self._held)
        except IntegrationError as error:
            # Done or not, as read or not: the vendor knows, and is asked before anything is sent again.
            self._looked = not (error.may_have_happened or isinstance(error, Stale))
            raise
        return self._done

    def _look(self) -> None:
        self._held = self._push.writes.look_up(self._key)
        self._looked = True

    def _create(self) -> None:
        self._done = "created"
        try:
            operation_key = self._operation_key("create", self._record)
            self._push.writes.create(self._key, self._record, operation_key=operation_key)
        except KeyTaken:
            # Somebody was faster, or an earlier answer was lost: what the vendor holds decides.
            self._look()
            if self._held is None:
                raise
            self._done = "unchanged"
            self._update(self._held)

    def _update(self, held: Held) -> None:
        now = held.record
        changes = {name: value for name, value in self._record.items() if name not in now or now[name] != value}
        if not changes:
            return
        if self._done == "unchanged":
            self._done = "updated"
        operation_key = self._operation_key("update", changes)
        self._push.writes.update(self._key, held, changes, operation_key=operation_key)

    def _operation_key(self, verb: str, fields: Mapping[str, Any]) -> str:
        """One for each write, the same for each attempt at it: another body is another write."""
        if self._push.writing.idempotency_header is None:
            return ""
        return self._operation_keys.setdefault(json.dumps([verb, fields], sort_keys=True), str(uuid.uuid4()))


class _Amendment(_Provision):
    """A record that is changed where it is there, and left out where it is not."""

    def _create(self) -> None:
        return


def stops_all(error: IntegrationError) -> bool:
    """Whether what went wrong with one record would go wrong with every other as well."""
    return isinstance(error, _FATAL) or isinstance(error.__cause__, _FATAL)
