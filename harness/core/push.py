"""Provisioning: look before writing, write what differs, look again after a lost answer. Twice is as good as once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.core.client import Client
from harness.core.errors import (
    IntegrationError,
    LeadsElsewhere,
    Redirected,
    RetriesExhausted,
    Throttled,
    Unauthorized,
    WaitTooLong,
    about,
)
from harness.core.provision import Amendment, Done, Provision
from harness.core.push_batch import PushBatch
from harness.core.source import keyed
from harness.core.sync_report import Became, SyncReport
from harness.core.writes import Writes
from harness.dialects.facts import Collection
from harness.dialects.writing import Writing

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
        for key, became in self._outcomes(tuple(listed.values())):
            if not isinstance(became, IntegrationError):
                done[became].append(key)
                in_a_row = 0
                continue
            told = about(became, record_key=key)
            failed[key] = str(told)
            in_a_row = in_a_row + 1 if isinstance(told, RetriesExhausted) else 0
            if stops_all(told) or in_a_row == EXHAUSTED_AT_MOST:
                done_so_far = sum(len(keys) for keys in done.values())
                told.add_note(f"{done_so_far} of {len(listed)} records were done; failed: {', '.join(failed)}")
                raise told from became.__cause__
        return SyncReport({kind: tuple(keys) for kind, keys in done.items()}, failed)

    def _outcomes(
        self, records: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> Iterator[tuple[str, Done | IntegrationError]]:
        """What became of each record, as it comes."""
        if self.writing.batch is None:
            for key, record in records:
                try:
                    yield key, self.provision(key, record)
                except IntegrationError as error:
                    yield key, error
            return
        for begin in range(0, len(records), self.writing.batch.most):
            together = records[begin : begin + self.writing.batch.most]
            provisions = [Provision(self.writes, self.writing, key, record) for key, record in together]
            yield from PushBatch(self.writes, self.retries, provisions).outcomes()

    def provision(self, key: str, record: Mapping[str, Any]) -> Done:
        """Afterwards the vendor holds this record once. Threads may call it at the same time.

        Raises:
            IntegrationError: It could not be written, or nobody knows.
        """
        return self.retries.run(Provision(self.writes, self.writing, key, record).attempt)

    def amend(self, key: str, fields: Mapping[str, Any]) -> Done:
        """Afterwards the record has these fields, if the vendor holds it; one that it does not hold is not created.

        Raises:
            IntegrationError: It could not be written, or nobody knows.
        """
        return self.retries.run(Amendment(self.writes, self.writing, key, fields).attempt)


def stops_all(error: IntegrationError) -> bool:
    """Whether what went wrong with one record would go wrong with every other as well."""
    return isinstance(error, _FATAL) or isinstance(error.__cause__, _FATAL)
