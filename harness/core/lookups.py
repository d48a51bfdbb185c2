"""How one record is found at the vendor, by the dialect's facts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from harness.core.client import Client
from harness.core.documents import at
from harness.core.errors import Context, Refused
from harness.core.keys import alike
from harness.core.listing import Listing
from harness.core.replies import Answer
from harness.core.titles import Titles
from harness.core.transport import Outgoing
from harness.dialects.facts import Collection, Pairs
from harness.dialects.writing import ByFilter, ById, ByParam, ByTitle, Finding, Writing


@dataclass(frozen=True, slots=True)
class Held:
    """A record that the vendor holds, and the value of ``If-Match`` for this state of it; None: it keeps none."""

    record: Mapping[str, Any] = field(repr=False)
    version: str | None = None


class Lookups:
    """Finds records of one collection by their natural keys."""

    def __init__(self, client: Client, collection: Collection, url: str, writing: Writing) -> None:
        self._client, self._collection, self._url, self._writing = client, collection, url, writing

    def look_up(self, key: str) -> Held | None:
        """The record that the vendor holds under this key; None where it holds none. A miss is believed only to a read
        that sees every write at once.

        Raises:
            Refused: It holds several.
        """
        held = self._found(self._writing.finding, key)
        return self.confirm(key) if held is None and self._writing.confirming is not None else held

    def confirm(self, key: str) -> Held | None:
        """As ``look_up``, by a read that sees every write at once: what is asked after a write of unknown outcome.

        Raises:
            Refused: It holds several.
        """
        return self._found(self._writing.confirming or self._writing.finding, key)

    def _found(self, finding: Finding, key: str) -> Held | None:
        match finding:
            case ByParam(param=param):
                return self._only_one(key, ((param, key),))
            case ByFilter(param=param, text=text):
                return self._only_one(key, ((param, text.replace("{key}", json.dumps(key, ensure_ascii=False))),))
            case ById(miss_status=miss_status):
                return self._shown(key, key, miss_status=miss_status)
            case ByTitle():
                record = Titles(self._client, self._collection, self._writing, finding, self._url).shown(key)
                return None if record is None else Held(record, self._version(record, {}))

    def _only_one(self, key: str, query: Pairs) -> Held | None:
        operation, name = f"{self._collection.name}.lookup", self._collection.key_field
        query = (*self._writing.asking, *query)
        listing = Listing(self._client, self._collection, self._url, operation=operation, query=query, record_key=key)
        rows = list(listing)
        held = [row for row in rows if row.get(name) == key]
        if not held and all(alike(row.get(name), key) for row in rows):
            # The vendor's own filter says that these are the same key.
            held = rows
        if len(held) > 1:
            ids = ", ".join(str(row[self._collection.id_field]) for row in held)
            told = Context(operation=operation, record_key=key)
            raise Refused(f"the vendor holds several records of this key ({ids}); remove all but one", told)
        if not held:
            return None
        version = self._writing.version
        if version is not None and (not version.path or at(held[0], version.path) is None):
            # A listing does not show it, so the record is asked for by itself.
            return self._shown(key, str(held[0][self._collection.id_field]), miss_status=404)
        return Held(held[0], self._version(held[0], {}))

    def _shown(self, key: str, record_id: str, *, miss_status: int) -> Held | None:
        operation = f"{self._collection.name}.lookup"
        outgoing = Outgoing(
            operation=operation,
            method="GET",
            url=address_of(self._url, record_id),
            params=self._writing.asking,
            record_key=key,
            answers=(miss_status,),
        )

        def read(answer: Answer) -> Held | None:
            if answer.context.status == miss_status:
                return None
            record = record_in(self._collection, self._writing, answer)
            return Held(record, self._version(record, answer.headers))

        return self._client.ask(outgoing, read)

    def _version(self, record: Mapping[str, Any], headers: Mapping[str, str]) -> str | None:
        version = self._writing.version
        if version is None:
            return None
        if not version.path:
            return headers.get(version.header.lower())
        told = at(record, version.path)
        return None if told is None else version.form.replace("{version}", str(told))


def address_of(url: str, record_id: str) -> str:
    """Where one record of the collection at ``url`` is."""
    return f"{url.rstrip('/')}/{quote(record_id, safe='')}"


def record_in(collection: Collection, writing: Writing, answer: Answer) -> dict[str, Any]:
    """The one record that the answer shows.

    Raises:
        MalformedReply: It shows none.
    """
    shape = writing.answer
    record = at(answer.document, shape.path if shape else (writing.envelope,) * bool(writing.envelope))
    if not isinstance(record, dict) or record.get(collection.id_field) is None:
        raise answer.malformed("the answer holds no record")
    fields = record.get(shape.fields) if shape else None
    return {**record, **fields} if isinstance(fields, dict) else record
