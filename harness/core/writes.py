"""How one record is found, created and changed at the vendor, by the dialect's facts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from harness.core.client import Client
from harness.core.documents import at
from harness.core.errors import Context, KeyTaken, Refused, Stale
from harness.core.keys import alike
from harness.core.listing import Listing
from harness.core.replies import Answer
from harness.core.transport import Outgoing
from harness.dialects.facts import Collection, Pairs
from harness.dialects.writing import ByFilter, ById, ByParam, MergePatch, PatchOp, PostNew, PutNew, PutWhole, Writing


@dataclass(frozen=True, slots=True)
class Held:
    """A record that the vendor holds, and the value of ``If-Match`` for this state of it; None: it keeps none."""

    record: Mapping[str, Any] = field(repr=False)
    version: str | None = None


class Writes:
    """The requests about single records of one collection. Each sends once; repeating is the caller's decision."""

    def __init__(self, client: Client, collection: Collection, url: str, writing: Writing) -> None:
        self._client = client
        self._collection = collection
        self._url = url
        self._writing = writing

    # -- finding -----------------------------------------------------------------------------------------------------

    def look_up(self, key: str) -> Held | None:
        """The record that the vendor holds under this key; None where it holds none.

        Raises:
            Refused: It holds several.
        """
        match self._writing.finding:
            case ByParam(param=param):
                return self._only_one(key, ((param, key),))
            case ByFilter(param=param, text=text):
                return self._only_one(key, ((param, text.replace("{key}", json.dumps(key, ensure_ascii=False))),))
            case ById(miss_status=miss_status):
                return self._shown(key, key, miss_status=miss_status)

    def _only_one(self, key: str, query: Pairs) -> Held | None:
        operation, name = f"{self._collection.name}.lookup", self._collection.key_field
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
        if version is not None and not version.path:
            # A listing has no header for each record, so the record is asked for by itself.
            return self._shown(key, str(held[0][self._collection.id_field]), miss_status=404)
        return Held(held[0], self._version(held[0], {}))

    def _shown(self, key: str, record_id: str, *, miss_status: int) -> Held | None:
        operation = f"{self._collection.name}.lookup"
        outgoing = Outgoing(
            operation=operation,
            method="GET",
            url=self._address(record_id),
            record_key=key,
            answers=(miss_status,),
        )

        def read(answer: Answer) -> Held | None:
            if answer.context.status == miss_status:
                return None
            record = self._record(answer)
            return Held(record, self._version(record, answer.headers))

        return self._client.ask(outgoing, read)

    # -- writing -----------------------------------------------------------------------------------------------------

    def create(self, key: str, record: Mapping[str, Any], *, operation_key: str = "") -> None:
        """Send one record to be created, once.

        ``operation_key`` is the same for each attempt at one create, and never used for another.

        Raises:
            KeyTaken: The vendor holds a record of this key.
        """
        fields = {**dict(self._writing.defaults), **record}
        match self._writing.creating:
            case PostNew():
                outgoing = self._outgoing("create", "POST", self._url, key, self._wrapped(fields), operation_key)
            case PutNew():
                headers = (("If-None-Match", "*"),)
                outgoing = self._outgoing(
                    "create", "PUT", self._address(key), key, self._wrapped(fields), operation_key, headers
                )
        taken = "the vendor holds a record of this key already"
        try:
            answer = self._client.ask_once(outgoing, self._checked)
        except Refused as error:
            if error.status != self._writing.duplicate.status:
                raise
            raise KeyTaken(taken, error.context) from error
        if answer.context.status == self._writing.duplicate.known_id_status:
            raise KeyTaken(taken, answer.context)

    def update(self, key: str, held: Held, changes: Mapping[str, Any], *, operation_key: str = "") -> None:
        """Send one record's changed fields, once; fields that the source does not have stay as they are.

        Raises:
            Stale: The record is no longer as ``held`` shows it; nothing was done.
        """
        match self._writing.changing:
            case MergePatch():
                method, document = "PATCH", self._wrapped(changes)
            case PutWhole():
                own = {name: one for name, one in held.record.items() if name not in self._collection.volatile}
                method, document = "PUT", self._wrapped({**own, **changes})
            case PatchOp(schema=schema):
                operations = [{"op": "replace", "value": dict(changes)}]
                method, document = "PATCH", {"schemas": [schema], "Operations": operations}
        headers = () if held.version is None else (("If-Match", held.version),)
        url = self._address(str(held.record[self._collection.id_field]))
        outgoing = self._outgoing("update", method, url, key, document, operation_key, headers)
        try:
            self._client.ask_once(outgoing, self._checked)
        except Refused as error:
            if held.version is None or error.status != self._stale_status():
                raise
            raise Stale("the record was changed by somebody else since it was read", error.context) from error

    def _outgoing(
        self,
        verb: str,
        method: str,
        url: str,
        key: str,
        document: Mapping[str, Any],
        operation_key: str,
        headers: Pairs = (),
    ) -> Outgoing:
        told: list[tuple[str, str]] = [*self._writing.headers, *headers]
        if self._writing.content_type != "application/json":
            told.append(("Content-Type", self._writing.content_type))
        if self._writing.idempotency_header and operation_key:
            told.append((self._writing.idempotency_header, operation_key))
        return Outgoing(
            operation=f"{self._collection.name}.{verb}",
            method=method,
            url=url,
            headers=tuple(told),
            document=document,
            record_key=key,
        )

    def _stale_status(self) -> int | None:
        return self._writing.version.stale_status if self._writing.version else None

    def _address(self, record_id: str) -> str:
        return f"{self._url.rstrip('/')}/{quote(record_id, safe='')}"

    def _wrapped(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        return {self._writing.envelope: dict(record)} if self._writing.envelope else dict(record)

    def _checked(self, answer: Answer) -> Answer:
        if answer.context.status != 204:
            self._record(answer)
        return answer

    def _record(self, answer: Answer) -> dict[str, Any]:
        record = at(answer.document, (self._writing.envelope,) if self._writing.envelope else ())
        if not isinstance(record, dict) or record.get(self._collection.id_field) is None:
            raise answer.malformed("the answer holds no record")
        return record

    def _version(self, record: Mapping[str, Any], headers: Mapping[str, str]) -> str | None:
        version = self._writing.version
        if version is None:
            return None
        if not version.path:
            return headers.get(version.header.lower())
        told = at(record, version.path)
        return None if told is None else version.form.replace("{version}", str(told))
