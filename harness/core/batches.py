"""Several writes in one request. Each has an outcome of its own, told by its address or label, never by its place."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from harness.core.client import Client
from harness.core.documents import at, encoded, placed
from harness.core.errors import IntegrationError, about
from harness.core.replies import Answer
from harness.core.transport import Outgoing, RawReply
from harness.dialects.writing import Batch

Outcome = Answer | IntegrationError


class Batches:
    """The vendor's batch. ``at_vendor`` is the address that the dialect's paths begin at."""

    def __init__(self, client: Client, batch: Batch, at_vendor: str) -> None:
        self._client = client
        self._batch = batch
        self._at_vendor = at_vendor

    def send(self, operation: str, requests: Sequence[Outgoing]) -> tuple[Outcome, ...]:
        """What became of each request, in the order of the requests. Sent once.

        Raises:
            ValueError: More requests than the vendor takes at once.
            IntegrationError: The batch as a whole was not answered as one.
        """
        if len(requests) > self._batch.most:
            raise ValueError(f"{len(requests)} requests in a batch; the vendor takes {self._batch.most} at most")
        document: dict[str, Any] = dict(self._batch.constants)
        items = [self._item(request) for request in requests]
        whole = Outgoing(
            operation=operation,
            method="POST",
            url=self._at_vendor + self._batch.path,
            headers=self._content_type(requests),
            document=placed(document, self._batch.requests, items),
        )
        return self._client.ask_once(whole, lambda answer: self._outcomes(requests, answer))

    def _content_type(self, requests: Sequence[Outgoing]) -> tuple[tuple[str, str], ...]:
        """The media type of the single requests: a batch is written in the same."""
        return tuple((name, value) for name, value in requests[0].headers if name == "Content-Type")

    def _item(self, request: Outgoing) -> dict[str, Any]:
        names = self._batch.request
        item = {names.method: request.method, names.path: self._path(request), names.body: request.document}
        headers = {name: value for name, value in request.headers if name != "Content-Type"}
        if names.version and "If-Match" in headers:
            item[names.version] = headers.pop("If-Match")
        if names.headers and headers:
            item[names.headers] = headers
        if names.label:
            item[names.label] = request.record_key
        return item

    def _path(self, request: Outgoing) -> str:
        return request.url.removeprefix(self._at_vendor).removeprefix(self._batch.root)

    def _outcomes(self, requests: Sequence[Outgoing], answer: Answer) -> tuple[Outcome, ...]:
        listed = at(answer.document, self._batch.answers)
        if not isinstance(listed, list):
            raise answer.malformed("the answer to a batch holds no list of answers")
        told: dict[str, list[Any]] = defaultdict(list)
        for one in listed:
            told[self._told_by(one)].append(one)
        return tuple(self._outcome(request, told, answer) for request in requests)

    def _told_by(self, one: Any) -> str:
        """By what an answer says which request it belongs to."""
        names = self._batch.answer
        said = at(one, (names.label or names.path,))
        return self._place(said) if isinstance(said, str) else ""

    def _place(self, said: str) -> str:
        if self._batch.answer.label:
            return said
        return unquote(urlsplit(said).path.removeprefix(self._batch.root))

    def _outcome(self, request: Outgoing, told: Mapping[str, list[Any]], whole: Answer) -> Outcome:
        word = request.record_key if self._batch.answer.label else self._path(request)
        answers = told.get(self._place(word), [])
        try:
            if len(answers) != 1 or (status := _status(at(answers[0], (self._batch.answer.status,)))) is None:
                raise whole.malformed(f"the batch was answered without one answer to {request.method} {word}")
            return self._client.reads(request, self._reply(status, answers[0], whole))
        except IntegrationError as error:
            named = about(error, operation=request.operation, record_key=request.record_key)
            self._client.journal.failed(named)
            return named

    def _reply(self, status: int, one: Any, whole: Answer) -> RawReply:
        """One answer as if it had come alone; what its headers leave unsaid, those of the whole say."""
        names = self._batch.answer
        own = at(one, (names.headers,)) if names.headers else None
        headers = {str(name).lower(): str(value) for name, value in own.items()} if isinstance(own, dict) else {}
        if status < 300 and at(one, (names.body,)) is None:
            # Of a success the body may be left out (RFC 7644 s3.7.3).
            status = 204
        return RawReply(status, {**whole.headers, **headers}, encoded(at(one, (names.body,))))


def _status(said: Any) -> int | None:
    """The status in a number or a text."""
    return int(said) if isinstance(said, int) or (isinstance(said, str) and said.isdecimal()) else None
