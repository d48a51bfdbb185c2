"""Recorded exchanges as samples: what was asked, and the answer in the vendor's own words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harness.dialects.facts import Collection, Dialect, Pairs
from harness.stage.batches import items_of, status_of
from harness.stage.documents import at, parsed, written
from harness.stage.http1 import Reply, Request
from harness.stage.operations import asked
from harness.stage.pages import Page
from harness.stage.recordings import RecordedExchange
from harness.stage.writings import code_in


@dataclass(frozen=True, slots=True)
class Sample:
    """A recorded exchange that shows how one kind of question is answered."""

    request: Request
    reply: Reply
    url: str
    verb: str
    """``create``, ``list``, ``lookup``, ``token``."""
    code: str = ""
    """The code of the error that the reply's document tells, under whichever status."""

    @property
    def document(self) -> Any:
        """The reply's JSON document; None where it has none."""
        return parsed(self.reply.body)

    @property
    def ok(self) -> bool:
        """Whether the vendor did what was asked."""
        return 200 <= self.reply.status < 300 and not self.code


def sample_of(dialect: Dialect, exchange: RecordedExchange) -> Sample:
    """The recorded exchange, with what was asked."""
    split = urlsplit(exchange.url)
    target = split.path + (f"?{split.query}" if split.query else "")
    request = Request(exchange.method, target, exchange.request_headers, exchange.request_body, split.netloc, True)
    reply = Reply(exchange.status, exchange.reply_headers, exchange.reply_body)
    verb = asked(dialect, request).operation.rpartition(".")[2]
    return Sample(request, reply, exchange.url, verb, code_in(dialect, parsed(reply.body)))


def one_by_one(dialect: Dialect, samples: Iterable[Sample]) -> Iterator[Sample]:
    """The samples, where one is a batch its single requests with their answers; recorded batches answer in order."""
    for sample in samples:
        if sample.verb != "batch" or not sample.ok:
            yield sample
            continue
        writing = dialect.collections[0].writing
        batch = writing.batch if writing else None
        assert batch is not None, "only a dialect with a batch knows the verb"
        answers = at(sample.document, batch.answers)
        for item, answer in zip(items_of(batch, sample.request) or (), answers, strict=True):
            told = (("ETag", batch.answer.version), ("Location", batch.answer.path))
            headers = tuple((name, str(answer[place])) for name, place in told if place and place in answer)
            reply = Reply(status_of(batch, answer) or 0, headers, written(at(answer, (batch.answer.body,))))
            verb = asked(dialect, item.request).operation.rpartition(".")[2]
            yield Sample(item.request, reply, dialect.base_url + item.request.target, verb)


def rows_of(collection: Collection, sample: Sample) -> tuple[dict[str, Any], ...]:
    """The records in a listing's or a lookup's reply."""
    return Page(collection, sample.reply).rows or ()


def list_query(url: str, marker: str) -> Pairs:
    """The query of a listing without its marker, sorted."""
    return tuple(sorted(pair for pair in parse_qsl(urlsplit(url).query) if pair[0] != marker))
