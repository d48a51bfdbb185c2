"""Which records of an account are a live run's own: no other one is written to, neither alone nor within a batch."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from harness.dialects.facts import Collection, Dialect
from harness.stage.account import TAG
from harness.stage.batches import answers_to, items_of, status_of
from harness.stage.documents import at, parsed
from harness.stage.http1 import Reply, Request
from harness.stage.live import Trouble
from harness.stage.operations import asked
from harness.stage.pages import Page
from harness.stage.writings import inside, sent_fields, told


class OwnRecords:
    """Knows its own by the tag in their keys, and by the ids that the vendor gave to them."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect: Dialect = dialect
        self._collection: Collection = dialect.collections[0]
        self._ids: set[str] = set()

    def check(self, request: Request) -> None:
        """Return if the request writes to own records alone, or not at all.

        Raises:
            Trouble: It would write to another one, or hides what it writes.
        """
        singles = self._singles(request)
        if singles is None:
            raise Trouble("not_allowed", f"{request.method} {request.target} is a batch whose requests cannot be read")
        for single in singles:
            if self._is_foreign(single):
                where = f" within {request.method} {request.target}" if single is not request else ""
                refused = f"{single.method} {single.target}{where} would write to a record that is not its own"
                raise Trouble("not_allowed", refused)

    def learn(self, request: Request, reply: Reply) -> None:
        """Take note of the ids of own records that an answer shows."""
        verb = self._verb(request)
        if verb == "batch":
            self._ids |= {one for one in self._created_in(request, reply) if one}
            return
        made = told(self._collection, parsed(reply.body)) if verb == "create" else None
        # Some answers tell nothing but the new record's id; it carries the tag, or it would not have been sent.
        named = {self._collection.key_field: asked(self._dialect, request).record_key}
        created = ({**named, **made},) if isinstance(made, dict) else ()
        for row in created or Page(self._collection, reply).rows or ():
            if self._carries_the_tag(row):
                self._ids.add(str(row[self._collection.id_field]))

    def _is_foreign(self, request: Request) -> bool:
        what = asked(self._dialect, request)
        if not what.write:
            return False
        fields = sent_fields(self._collection, request)
        key = fields.get(self._collection.key_field) if isinstance(fields, dict) else None
        if key is not None and not TAG.match(str(key)):
            return True  # An own record without its tag would never be removed.
        own_by_id = self._verb(request) != "create" and what.record_id in self._ids
        return not (TAG.match(what.record_key) or own_by_id)

    def _singles(self, request: Request) -> Iterable[Request] | None:
        writing = self._collection.writing
        if self._verb(request) != "batch" or writing is None or writing.batch is None:
            return (request,)
        items = items_of(writing.batch, request)
        return None if items is None else tuple(item.request for item in items)

    def _created_in(self, batched: Request, reply: Reply) -> Iterator[str]:
        """The ids of what a batch created; all of it carried the tag, or it would not have been sent."""
        batch = self._collection.writing.batch if self._collection.writing else None
        answers = at(parsed(reply.body), batch.answers) if batch else None
        if batch is None or not isinstance(answers, list):
            return
        items = items_of(batch, batched) or ()
        for item, answer in zip(items, answers_to(batch, items, answers), strict=True):
            if self._verb(item.request) == "create" and 200 <= (status_of(batch, answer) or 0) < 300:
                yield self._id_told(batch.answer.body, batch.answer.path, answer)

    def _id_told(self, body: str, path: str, answer: Any) -> str:
        """The id in the record that the answer holds, or else at the end of its address."""
        record = inside(self._collection, at(answer, (body,)) if body else None)
        own_id = at(record, (self._collection.id_field,))
        address = urlsplit(str(at(answer, (path,)) or "")).path
        return str(own_id) if own_id is not None else unquote(address.rpartition("/")[2])

    def _carries_the_tag(self, row: Any) -> bool:
        collection = self._collection
        return (
            isinstance(row, dict) and collection.id_field in row and bool(TAG.match(str(row.get(collection.key_field))))
        )

    def _verb(self, request: Request) -> str:
        return asked(self._dialect, request).operation.rpartition(".")[2]
