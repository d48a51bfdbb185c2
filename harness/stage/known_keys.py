"""Which natural key belongs to which id: an update names the id alone, people call a record by its key."""

from dataclasses import dataclass, field, replace

from harness.dialects.facts import Collection
from harness.stage.documents import at, parsed
from harness.stage.http1 import Reply
from harness.stage.operations import Asked
from harness.stage.writings import told


@dataclass(slots=True)
class KnownKeys:
    """The records that the subject was shown, in listings, lookups and answers to its writes."""

    by_id: dict[str, str] = field(default_factory=dict)

    def named(self, what: Asked) -> Asked:
        """What is asked, about the record by its natural key; by its id where the vendor never showed the record."""
        return replace(what, record_key=self.by_id.get(what.record_id, what.record_key)) if what.record_id else what

    def learn(self, collection: Collection, reply: Reply) -> None:
        """Take in the records of a reply."""
        document = parsed(reply.body)
        rows = at(document, collection.rows)
        for row in rows if isinstance(rows, list) else [told(collection, document)]:
            record_id, key = at(row, (collection.id_field,)), at(row, (collection.key_field,))
            if record_id is not None and isinstance(key, str):
                self.by_id[str(record_id)] = key
