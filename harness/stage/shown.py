"""What recordings show of one collection: how each operation is answered, in the vendor's own words.

A simulator says nothing that was not shown here; it only puts other records into the recorded answers.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.dialects.facts import Collection, Dialect, Fields, NextLink, Pairs
from harness.stage.batches import items_of
from harness.stage.documents import parsed
from harness.stage.observed import (
    echo_of,
    fields_sent,
    kind_of,
    lookups_by_extras,
    lookups_in,
    other_case_missed,
    page_size,
    trims,
    version_like,
    versioned,
    versions_given,
)
from harness.stage.operations import query_of
from harness.stage.pages import Page
from harness.stage.recordings import Recording
from harness.stage.samples import Sample, list_query, one_by_one, rows_of, sample_of
from harness.stage.shown_edits import ShownEdits, shown_edits
from harness.stage.title_spelling import spelled
from harness.stage.titled import Titled, titled, told_before_writing
from harness.stage.writings import inside, told


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
    opaque_marker: bool
    """Whether it is a token that tells nobody but the vendor which record that is."""
    next_constants: Pairs
    """What else stands in the query of a next link."""
    list_queries: frozenset[Pairs]
    """The queries that listings were made with, marker left out, sorted."""
    hit: Sample | None
    miss: Sample | None
    lookups: Mapping[tuple[frozenset[str], bool], Sample]
    """The first lookup of each set of parameters beside the key that found a record, or did not."""
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
    page_size: int = 0
    """The most records that a page held for which no size was asked; 0: none was seen."""
    batch_cap: int = 0
    """The most requests that one batch was seen to carry out."""
    versions: tuple[Any, ...] = ()
    """The versions that records got when they were written, in order."""
    titled: Titled | None = None
    """Where records are looked up by title: what lookups show."""
    edits: ShownEdits | None = None
    """Where records travel as a form: what edits show."""
    pages: tuple[Sample, ...] = ()
    """The pages of the listing that was recorded before anything was written."""

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
        made = self.told(created.document)
        return {name: value for name, value in made.items() if name not in sent and name not in own}

    def compared(self, record: Mapping[str, Any]) -> str:
        """Equal for two records whose natural keys are one to the vendor."""
        return self.compared_key(str(record.get(self.collection.key_field)))

    def compared_key(self, key: str) -> str:
        """Equal for two natural keys that are one to the vendor."""
        key = self.spelled(key)
        key = key.strip() if self.trims_keys else key
        return key if self.other_case_is_another else key.casefold()

    def spelled(self, key: str) -> str:
        """The natural key as the vendor spells it."""
        return spelled(self.collection.writing.keys, key) if self.collection.writing else key

    def next_version(self, serial: int) -> Any:
        """A version such as the vendor gives, higher with each serial."""
        return version_like(self.versions[-1] if self.versions else 0, serial)

    def lookup(self, extras: frozenset[str], *, found: bool) -> Sample | None:
        """A lookup with these parameters beside the key; None where none was recorded with them."""
        if own := self.lookups.get((extras, found)):
            return own
        return (self.hit if found else self.miss) if (extras, not found) in self.lookups else None

    @property
    def row_fields(self) -> tuple[str, ...]:
        """The fields that a listing shows."""
        return tuple(rows_of(self.collection, self.first_page)[0])

    @property
    def unheaded(self) -> Sample | None:
        """The refusal of a write that lacked a header."""
        return next((sample for (kind, _), sample in self.samples.items() if kind == "unheaded"), None)

    @property
    def numbered_ids(self) -> bool:
        """Whether records are numbered, and listed by number."""
        return all(str(record.get(self.collection.id_field)).isdecimal() for record in self.records)

    def new_ids(self, by_chance: Callable[[], str]) -> Callable[[], str]:
        """Ids such as the vendor gives to new records: the next numbers, or what chance gives."""
        if not self.numbered_ids:
            return by_chance
        numbers = itertools.count(1 + max(int(record[self.collection.id_field]) for record in self.records))
        return lambda: str(next(numbers))

    def inside(self, document: Any) -> Any:
        """The one record in a document, out of its envelope."""
        return inside(self.collection, document)

    def told(self, document: Any) -> Any:
        """The one record that an answer shows."""
        return told(self.collection, document)


def learn(dialect: Dialect, pull: Recording, others: Sequence[Recording]) -> Shown:
    """What the recordings show of the dialect's first collection; ``pull`` holds the state before all others."""
    collection = dialect.collections[0]
    samples = [sample_of(dialect, exchange) for recording in (pull, *others) for exchange in recording.exchanges]
    pages = [
        one for one in (sample_of(dialect, exchange) for exchange in pull.exchanges) if one.verb == "list" and one.ok
    ]
    single = list(one_by_one(dialect, samples))
    lookups = lookups_in(collection, samples)
    marker, opaque, constants = _next_query(collection, pages)
    updated = [told(collection, sample.document) for sample in samples if sample.verb == "update" and sample.ok]
    echo, echoed = echo_of(updated)
    listed = [row for page in pages for row in rows_of(collection, page)]
    return Shown(
        dialect=dialect,
        collection=collection,
        records=versioned(collection, told_before_writing(collection, samples, listed), single),
        cap=max(len(rows_of(collection, page)) for page in pages),
        first_page=pages[0],
        last_page=next((page for page in reversed(pages) if Page(collection, page.reply).next is None), None),
        marker=marker,
        opaque_marker=opaque,
        next_constants=constants,
        list_queries=frozenset(list_query(sample.url, marker) for sample in samples if sample.verb == "list"),
        hit=next((one.sample for one in lookups if one.found), None),
        miss=next((one.sample for one in lookups if not one.found), None),
        lookups=lookups_by_extras(collection, lookups),
        other_case_is_another=other_case_missed(lookups),
        trims_keys=trims(collection, samples),
        samples={(kind_of(collection, sample), sample.reply.status): sample for sample in reversed(samples)},
        fields_sent=fields_sent(collection, single),
        echo=echo,
        echoed=echoed,
        page_size=page_size(collection, samples),
        batch_cap=batch_cap(collection, samples),
        versions=versions_given(collection, single),
        titled=titled(collection, samples),
        edits=shown_edits(collection, samples),
        pages=tuple(pages),
    )


def _next_query(collection: Collection, pages: Sequence[Sample]) -> tuple[str, bool, Pairs]:
    """The parameter of the next links that names the last record shown, whether it does so in a way that only the
    vendor reads, and the others with their values."""
    leads = [(Page(collection, page.reply).next, rows_of(collection, page)) for page in pages]
    if isinstance(collection.paging, NextLink) and (param := collection.paging.number_param):
        return param, False, ()
    if not leads or not isinstance(leads[0][0], str):
        return "", False, ()
    queries = [(query_of(lead), str(rows[-1].get(collection.id_field))) for lead, rows in leads if rows and lead]
    first, last_id = queries[0]
    marker, opaque = next((name for name, value in first.items() if value == last_id), ""), False
    if not marker:
        changing = [name for name in first if len({query.get(name) for query, _ in queries}) == len(queries) > 1]
        marker, opaque = next(iter(changing), ""), bool(changing)
    return marker, opaque, tuple((name, value) for name, value in first.items() if name != marker)


def batch_cap(collection: Collection, samples: Iterable[Sample]) -> int:
    """The most requests that one batch was seen to carry out; 0: none was seen."""
    batch = collection.writing.batch if collection.writing else None
    if batch is None:
        return 0
    done = (items_of(batch, sample.request) for sample in samples if sample.verb == "batch" and sample.ok)
    return max((len(items) for items in done if items), default=0)
