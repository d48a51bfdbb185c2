"""How one record is created and changed at the vendor, by the dialect's facts."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from harness.core.batches import Batches
from harness.core.client import Client
from harness.core.errors import FormTokenRefused, IntegrationError, KeyTaken, Refused, Stale
from harness.core.form_tokens import FormTokens
from harness.core.forms import check_success, formed
from harness.core.lookups import Held, Lookups, address_of, record_in
from harness.core.once import bought
from harness.core.replies import Answer
from harness.core.transport import Outgoing
from harness.core.write import Meanings, Write
from harness.dialects.facts import Collection, Pairs
from harness.dialects.writing import MergePatch, PatchOp, PostForm, PostNew, PostOnce, PutNew, PutWhole, Writing

_NOBODY_THERE = (("If-None-Match", "*"),)


class Writes:
    """The requests about single records of one collection. Each sends once; repeating is the caller's decision."""

    def __init__(self, client: Client, collection: Collection, url: str, writing: Writing) -> None:
        self.key_field = collection.key_field
        self._client = client
        self._collection = collection
        self._url = url
        self._writing = writing
        at_vendor = url.removesuffix(collection.path)
        self.lookups = Lookups(client, collection, url, writing)
        self._tokens = FormTokens(client, collection, url, writing.token) if writing.token else None
        self._batches = Batches(client, writing.batch, at_vendor) if writing.batch else None

    def buy(self, key: str) -> str:
        """An address that is good for one create; empty where the vendor gives none out.

        Raises:
            IntegrationError: It could not be had.
        """
        creating = self._writing.creating
        if not isinstance(creating, PostOnce):
            return ""
        url = f"{self._url.rstrip('/')}/{creating.buying}"
        return bought(self._client, creating, self._outgoing("once", "POST", url, key, {}, ""))

    def creating(self, key: str, record: Mapping[str, Any], *, operation_key: str = "", address: str = "") -> Write:
        """The request that creates one record; that its key is taken is told by ``KeyTaken``.

        ``operation_key``, and the bought ``address``, are the same for each attempt at one create, and never used for
        another. That the address has been used is told by ``Spent``.
        """
        fields = {**dict(self._writing.defaults), **record}
        headers: Pairs = ()
        match self._writing.creating:
            case PostNew() | PostForm():
                method, url = "POST", self._url
            case PostOnce():
                method, url = "POST", address
            case PutNew():
                method, url, headers = "PUT", address_of(self._url, key), _NOBODY_THERE
        outgoing = self._outgoing("create", method, url, key, self._wrapped(fields), operation_key, headers)
        if isinstance(part := self._writing.creating, PostForm):
            outgoing = formed(outgoing, self._collection, part, fields, others=self._token(key))
        duplicate = self._writing.duplicate
        taken = (duplicate.code,) if duplicate.code else (duplicate.status, duplicate.known_id_status)
        spent = (part.spent_status, part.spent_says) if isinstance(part, PostOnce) else None
        return Write(outgoing, self._token_meaning() | {one: KeyTaken for one in taken if one is not None}, spent)

    def updating(self, key: str, held: Held, changes: Mapping[str, Any], *, operation_key: str = "") -> Write:
        """The request that changes one record's fields; those that the source does not have stay as they are. That
        the record is no longer as ``held`` shows it is told by ``Stale``."""
        match self._writing.changing:
            case MergePatch():
                method, document = "PATCH", self._wrapped(changes)
            case PutWhole():
                own = {name: one for name, one in held.record.items() if name not in self._collection.volatile}
                method, document = "PUT", self._wrapped({**own, **changes})
            case PatchOp(schema=schema):
                operations = [{"op": "replace", "value": dict(changes)}]
                method, document = "PATCH", {"schemas": [schema], "Operations": operations}
            case PostForm():
                return self._edit(self._writing.changing, key, held, changes)
        headers = () if held.version is None else (("If-Match", held.version),)
        url = address_of(self._url, str(held.record[self._collection.id_field]))
        outgoing = self._outgoing("update", method, url, key, document, operation_key, headers)
        version = self._writing.version
        return Write(outgoing, {version.stale_status: Stale} if version and held.version is not None else {})

    def _edit(self, part: PostForm, key: str, held: Held, changes: Mapping[str, Any]) -> Write:
        version = self._writing.version
        named = () if version is None or held.version is None else ((version.param, held.version),)
        outgoing = self._outgoing("update", "POST", self._url, key, {}, "")
        # What is gone since it was read has to be read again, as what was changed.
        stale = (version.stale_code if version and named else "", part.absent_code)
        outgoing = formed(outgoing, self._collection, part, changes, others=(*named, *self._token(key)))
        return Write(outgoing, self._token_meaning() | {code: Stale for code in stale if code})

    def _token(self, key: str) -> Pairs:
        return self._tokens.param(key) if self._tokens else ()

    def _token_meaning(self) -> Meanings:
        return {self._writing.token.refused_code: FormTokenRefused} if self._writing.token else {}

    def send(self, write: Write) -> None:
        """Send the write, once.

        Raises:
            KeyTaken: The vendor holds a record of this key.
            Stale: The record was changed since it was read; nothing was done.
            FormTokenRefused: The next write of this record is made with another token.
            IntegrationError: It was not done, or nobody knows.
        """
        try:
            answer = self._client.ask_once(write.outgoing, self._checked)
        except Refused as error:
            told = write.told(error)
            if self._tokens is not None and isinstance(told, FormTokenRefused):
                self._tokens.refused(write.outgoing.form)
            raise told from error.__cause__
        if (meant := write.meaning(answer.context)) is not None:
            raise meant

    def send_together(self, writes: Sequence[Write]) -> tuple[IntegrationError | None, ...]:
        """Send the writes in one batch; for each the error that became of it, or None where it was done.

        Raises:
            IntegrationError: The batch as a whole was not done, or nobody knows.
        """
        assert self._batches is not None, "asked only where the vendor has batches"
        outcomes = self._batches.send(f"{self._collection.name}.batch", [write.outgoing for write in writes])
        return tuple(self._became(write, outcome) for write, outcome in zip(writes, outcomes, strict=True))

    def _became(self, write: Write, outcome: Answer | IntegrationError) -> IntegrationError | None:
        if isinstance(outcome, IntegrationError):
            return write.told(outcome)
        try:
            self._checked(outcome)
        except IntegrationError as error:
            return error
        return write.meaning(outcome.context)

    def _outgoing(
        self,
        verb: Literal["create", "once", "update"],
        method: str,
        url: str,
        key: str,
        document: Mapping[str, Any],
        operation_key: str,
        headers: Pairs = (),
    ) -> Outgoing:
        at_vendor = "{0.scheme}://{0.netloc}".format(urlsplit(self._url))
        carried = [(name, value.replace("{origin}", at_vendor)) for name, value in self._writing.headers]
        told: list[tuple[str, str]] = [*carried, *headers]
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

    def _wrapped(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        return {self._writing.envelope: dict(record)} if self._writing.envelope else dict(record)

    def _checked(self, answer: Answer) -> Answer:
        check_success(self._writing, answer)
        if answer.context.status != 204:
            record_in(self._collection, self._writing, answer)
        return answer
