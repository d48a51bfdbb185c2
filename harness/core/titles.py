"""Records that are looked up by title: shown, or said to be missing, in a list and under status 200."""

from collections.abc import Mapping
from typing import Any

from harness.core.client import Client
from harness.core.documents import at
from harness.core.errors import Refused
from harness.core.keys import one_key
from harness.core.replies import Answer
from harness.core.transport import Outgoing
from harness.dialects.facts import Collection
from harness.dialects.writing import ByTitle, Writing


class Titles:
    """Asks for one record after the other. What stands deeper inside a record is told under its own name."""

    def __init__(self, client: Client, collection: Collection, writing: Writing, finding: ByTitle, url: str) -> None:
        self._client, self._url = client, url
        self._collection, self._writing, self._finding = collection, writing, finding

    def shown(self, key: str) -> dict[str, Any] | None:
        """The record of that key; None where there is none.

        Raises:
            Refused: The vendor understands another key.
            IntegrationError: It could not be asked.
        """
        outgoing = Outgoing(
            operation=f"{self._collection.name}.lookup",
            method="GET",
            url=self._url,
            params=(*self._finding.query, (self._finding.param, key)),
            record_key=key,
        )
        return self._client.ask(
            outgoing, lambda answer: titled(self._collection, self._writing, self._finding, key, answer)
        )


def titled(
    collection: Collection, writing: Writing, finding: ByTitle, key: str, answer: Answer
) -> dict[str, Any] | None:
    """The record in a lookup's answer, what stands deeper inside under its own name; None where there is none.

    Raises:
        MalformedReply: The answer does not say.
        Refused: The vendor understands another key than was asked for.
    """
    rows = at(answer.document, finding.rows)
    if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], dict):
        raise answer.malformed(f"not one record, or a word that there is none, at {'.'.join(map(str, finding.rows))}")
    row = rows[0]
    # A title that is missing may be another than was asked for, and would be created in its place.
    if not one_key(writing.keys, row.get(collection.key_field), key):
        taken_for = row.get(collection.key_field)
        raise Refused(f"the vendor takes this key for {taken_for!r}; give the record another", answer.context)
    if any(name in row for name in finding.absent):
        return None
    if row.get(collection.id_field) is None:
        raise answer.malformed(f"a record without {collection.id_field}")
    return flat(writing, row)


def flat(writing: Writing, row: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a row."""
    told = ((name, at(row, path)) for name, path in writing.shown_at)
    return {**row, **{name: value for name, value in told if value is not None}}
