"""Provisioning: look before writing, write what differs, look again after a lost answer. Twice is as good as once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from harness.core.client import Client
from harness.core.errors import (
    IntegrationError,
    LeadsElsewhere,
    RecordThrottled,
    Redirected,
    Refused,
    RetriesExhausted,
    Throttled,
    Unauthorized,
    WaitTooLong,
    about,
)
from harness.core.form_tokens import FORM_TOKEN
from harness.core.provision import Amendment, Done, Provision
from harness.core.push_batch import PushBatch
from harness.core.source import keyed
from harness.core.sync_report import Became, SyncReport
from harness.core.writes import Writes
from harness.dialects.facts import Collection
from harness.dialects.writing import Writing

T = TypeVar("T")
Outcome = tuple[str, Done | IntegrationError]
"""A record's key, and what became of it."""
_FATAL = (Unauthorized, Throttled, WaitTooLong, Redirected, LeadsElsewhere)
"""What would stop every other record as well."""
EXHAUSTED_AT_MOST = 3
"""So many records in a row that no try could write: it is the vendor, not the records."""


class Push:
    """One collection's provisioning: in batches where the vendor has them, else record by record."""

    def __init__(self, client: Client, collection: Collection, url: str, writing: Writing) -> None:
        self.retries = client.retries
        self.collection = collection
        self.writing = writing
        self.writes = Writes(client, collection, url, writing)

    def run(self, records: Sequence[Mapping[str, Any]]) -> SyncReport:
        """Afterwards the vendor holds each record once, but for those that the report names as failed.

        Raises:
            SourceRefused: Records lack their key or share one; nothing was written.
            IntegrationError: The vendor lets nothing through: credentials, limits, or failure after failure.
        """
        listed = keyed(records, key=self.collection.key_field, compares=self.writing.keys)
        done: dict[Became, list[str]] = {"created": [], "updated": [], "unchanged": []}
        failed: dict[str, str] = {}
        in_a_row = 0
        for key, became in self.provisioned(tuple(listed.values())):
            if not isinstance(became, IntegrationError):
                done[became].append(key)
                in_a_row = 0
                continue
            told = about(became, record_key=key)
            failed[key] = str(told)
            in_a_row = in_a_row + 1 if isinstance(told, RetriesExhausted) and not of_one_record(told) else 0
            if stops_all(told) or in_a_row == EXHAUSTED_AT_MOST:
                done_so_far = sum(len(keys) for keys in done.values())
                told.add_note(f"{done_so_far} of {len(listed)} records were done; failed: {', '.join(failed)}")
                raise told from became.__cause__
        return SyncReport({kind: tuple(keys) for kind, keys in done.items()}, failed)

    @property
    def at_a_time(self) -> int:
        """How many records are written together."""
        return self.writing.batch.most if self.writing.batch else 1

    def provisioned(self, records: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Outcome]:
        """What became of each record, by its key, as it comes; the vendor then holds each once, but for the errors.

        Threads may call it at the same time.
        """
        return self._outcomes([Provision(self.writes, self.writing, key, record) for key, record in records])

    def amended(self, keys: Sequence[str], fields: Mapping[str, Any]) -> Iterator[Outcome]:
        """The same for records that get these fields where the vendor holds them, and are not created where not."""
        return self._outcomes([Amendment(self.writes, self.writing, key, fields) for key in keys])

    def _outcomes(self, provisions: Sequence[Provision]) -> Iterator[Outcome]:
        if self.writing.batch is not None:
            for together in batched(provisions, self.at_a_time):
                yield from PushBatch(self.writes, self.retries, together).outcomes()
            return
        for one in provisions:
            try:
                yield one.key, self.retries.run(one.attempt)
            except IntegrationError as error:
                yield one.key, error


def batched(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """The items in their order, so many at a time."""
    return (items[begin : begin + most] for begin in range(0, len(items), most))


def of_one_record(error: IntegrationError) -> bool:
    """Whether a limit that is this record's alone is what went wrong: it says nothing of any other."""
    return isinstance(error, RecordThrottled) or isinstance(error.__cause__, RecordThrottled)


def stops_all(error: IntegrationError) -> bool:
    """Whether what went wrong with one record would go wrong with every other as well."""
    if of_one_record(error):
        return False
    # Without a token nothing can be written; each record would ask for one as often as is allowed.
    without_token = error.operation == "token" or error.operation.endswith(f".{FORM_TOKEN}")
    # Who gets no address for one create gets none for the next either: the request is the same.
    without_address = error.operation.endswith(".once") and isinstance(error, Refused)
    fatal = isinstance(error, _FATAL) or isinstance(error.__cause__, _FATAL)
    return fatal or without_token or without_address
