"""What recordings show of one collection: how each operation is answered, in the vendor's own words.

A simulator says nothing that was not shown here; it only puts other records into the recorded answers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harness.dialects.facts import Collection, Dialect, Fields, Pairs
from harness.stage.documents import at, parsed
from harness.stage.http1 import Reply, Request
from harness.stage.operations import asked, query_of
from harness.stage.pages import Page
from harness.stage.recordings import RecordedExchange, Recording
from harness.stage.writings import inside, looked_up, sent_fields


@dataclass(frozen=True, slots=True)
class Sample:
    """A recorded exchange that shows how one kind of question is answered."""

    request: Request
    reply: Reply
    url: str
    verb: str
    """``create``, ``list``, ``lookup``, ``token``."""

    @property
    def document(self) -> Any:
        """The reply's JSON document; None where it has none."""
        return parsed(self.reply.body)

    @property
    def ok(self) -> bool:
        """Whether the vendor did what was asked."""
        return 200 <= self.reply.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Everything that the recordings show of the collection."""

    dialect: Dialect
    collection: Collection
    records: tuple[dict[str, Any], ...]
    """What the vendor held before anything was written."""
    cap: int
    """The most records that a page held."""
    first_page: Sample
    last_page: Sample | None
    marker: str
    """The query parameter of a next link that names the last record shown; empty where none was shown."""
    next_constants: Pairs
    """What else stands in the query of a next link."""
    list_queries: frozenset[Pairs]
    """The queries that listings were made with, marker left out, sorted."""
    hit: Sample | None
    miss: Sample | None
    other_case_is_another: bool
    """Whether a lookup in another case missed."""
    trims_keys: bool
    """Whether a key with a space at its end counted as the key without."""
    samples: Mapping[tuple[str, int], Sample]
    """The first exchange of each verb and status."""
    fields_sent: frozenset[str]
    """The fields that creates and updates were seen to carry; the second recording shows that each takes the
    other's."""
    echo: str
    """The name under which an updated record repeats its own additional fields; empty where it does not."""
    echoed: frozenset[str]

    @property
    def defaults(self) -> Fields:
        """Fields that every new record is given because the vendor needs them."""
        return self.collection.writing.defaults if self.collection.writing else ()

    def given_by_vendor(self) -> dict[str, Any]:
        """What the vendor itself put into a new record, but for what is another in each: its id, its address."""
        created = self.samples.get(("create", 201))
        if created is None:
            return {}
        sent, own = self.inside(parsed(created.request.body)), {self.collection.id_field, *self.collection.volatile}
        made = self.inside(created.document)
        return {name: value for name, value in made.items() if name not in sent and name not in own}

    def inside(self, document: Any) -> Any:
        """The one record in a document, out of its envelope."""
        return inside(self.collection, document)


def learn(dialect: Dialect, pull: Recording, others: Sequence[Recording]) -> Shown:
    """What the recordings show of the dialect's first collection; ``pull`` holds the state before all others."""
    collection = dialect.collections[0]
    samples = [sample_of(dialect, exchange) for recording in (pull, *others) for exchange in recording.exchanges]
    pages = [
        one for one in (sample_of(dialect, exchange) for exchange in pull.exchanges) if one.verb == "list" and one.ok
    ]
    lookups = [sample for sample in samples if sample.verb == "lookup" and sample.ok]
    marker, constants = _next_query(collection, pages[0])
    updated = [inside(collection, sample.document) for sample in samples if sample.verb == "update" and sample.ok]
    echo, echoed = _echo(updated)
    return Shown(
        dialect=dialect,
        collection=collection,
        records=tuple(row for page in pages for row in rows_of(collection, page)),
        cap=max(len(rows_of(collection, page)) for page in pages),
        first_page=pages[0],
        last_page=next((page for page in reversed(pages) if Page(collection, page.reply).next is None), None),
        marker=marker,
        next_constants=constants,
        list_queries=frozenset(list_query(sample.url, marker) for sample in samples if sample.verb == "list"),
        hit=next((sample for sample in lookups if rows_of(collection, sample)), None),
        miss=next((sample for sample in lookups if not rows_of(collection, sample)), None),
        other_case_is_another=_other_case_missed(collection, lookups),
        trims_keys=_trims(collection, samples),
        samples={(sample.verb, sample.reply.status): sample for sample in reversed(samples)},
        fields_sent=_fields_sent(collection, samples),
        echo=echo,
        echoed=echoed,
    )


def sample_of(dialect: Dialect, exchange: RecordedExchange) -> Sample:
    """The recorded exchange, with what was asked."""
    split = urlsplit(exchange.url)
    target = split.path + (f"?{split.query}" if split.query else "")
    request = Request(exchange.method, target, exchange.request_headers, exchange.request_body, split.netloc, True)
    reply = Reply(exchange.status, exchange.reply_headers, exchange.reply_body)
    return Sample(request, reply, exchange.url, asked(dialect, request).operation.rpartition(".")[2])


def rows_of(collection: Collection, sample: Sample) -> tuple[dict[str, Any], ...]:
    """The records in a listing's or a lookup's reply."""
    return Page(collection, sample.reply).rows or ()


def list_query(url: str, marker: str) -> Pairs:
    """The query of a listing without its marker, sorted."""
    return tuple(sorted(pair for pair in parse_qsl(urlsplit(url).query) if pair[0] != marker))


def _next_query(collection: Collection, first: Sample) -> tuple[str, Pairs]:
    """The parameter of the next link that names the last record shown, and the others with their values."""
    following, rows = Page(collection, first.reply).next, rows_of(collection, first)
    if not isinstance(following, str) or not rows:
        return "", ()
    last_id = str(rows[-1].get(collection.id_field))
    query = query_of(following)
    marker = next((name for name, value in query.items() if value == last_id), "")
    return marker, tuple((name, value) for name, value in query.items() if name != marker)


def _other_case_missed(collection: Collection, lookups: Sequence[Sample]) -> bool:
    """Whether a lookup missed that would have hit but for the case of its letters."""
    if collection.writing is None:
        return False
    keys = {True: set[str](), False: set[str]()}
    for sample in lookups:
        key = looked_up(collection.writing, query_of(sample.url))
        if key is not None:
            keys[bool(rows_of(collection, sample))].add(key)
    hits, missed = keys[True], keys[False]
    return bool({key.casefold() for key in hits - missed} & {key.casefold() for key in missed - hits})


def _trims(collection: Collection, samples: Iterable[Sample]) -> bool:
    """Whether a key with white space around it was refused as a duplicate."""
    duplicate = collection.writing.duplicate.status if collection.writing else 0
    keys = (
        at(sent_fields(collection, sample.request), (collection.key_field,))
        for sample in samples
        if sample.verb == "create" and sample.reply.status == duplicate
    )
    return any(isinstance(key, str) and key != key.strip() for key in keys)


def _fields_sent(collection: Collection, samples: Iterable[Sample]) -> frozenset[str]:
    writes = (sample for sample in samples if sample.verb in ("create", "update") and sample.ok)
    sent = (sent_fields(collection, sample.request) for sample in writes)
    return frozenset(name for record in sent if isinstance(record, dict) for name in record)


def _echo(records: Sequence[Any]) -> tuple[str, frozenset[str]]:
    """The field of an updated record that repeats other fields of it, and which fields those were."""
    for record in records:
        for name, value in record.items() if isinstance(record, dict) else ():
            if isinstance(value, dict) and value and all(record.get(inner) == one for inner, one in value.items()):
                repeated = [one[name] for one in records if isinstance(one.get(name), dict)]
                return name, frozenset(inner for one in repeated for inner in one)
    return "", frozenset()
