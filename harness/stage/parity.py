"""Checks a simulator against recordings: put to it, each recorded request must give the recorded answer."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.dialects.facts import Dialect
from harness.dialects.writing import PostOnce
from harness.stage.batches import steady
from harness.stage.documents import at, parsed, without
from harness.stage.http1 import Reply, Request
from harness.stage.observed import done_writes, page_size, versions_given
from harness.stage.once import token_in
from harness.stage.operations import query_of
from harness.stage.pages import Page
from harness.stage.recordings import Recording
from harness.stage.samples import Sample, one_by_one, rows_of, sample_of
from harness.stage.shown import Shown, batch_cap
from harness.stage.simulator import Simulator
from harness.stage.vendor import NotRecorded, Vendor
from harness.stage.writings import code_in

_DATE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_AT_THE_DOOR = frozenset({401, 403})
"""Answers about who asks; the simulator knows what is asked."""


def _at_the_door(dialect: Dialect, sample: Sample) -> bool:
    """Whether the answer is about who asks, how often, or how the vendor is: by its status, or in a success's body."""
    told = [code_in(dialect, parsed(text.encode())) for text in (dialect.errors.refused, dialect.errors.unauthorized)]
    codes = {*told, *dialect.limits.codes, *dialect.errors.transient_codes} - {""}
    in_success = sample.reply.status == dialect.errors.refused_status and sample.code in codes
    return sample.reply.status in _AT_THE_DOOR or in_success


def recorded_ids(shown: Shown, recordings: Iterable[Recording]) -> Iterator[str]:
    """The ids that the vendor gave to new records, in order; with them a simulator's order of records is the
    recorded one."""
    for sample in done_writes(shown.collection, one_by_one(shown.dialect, _samples(shown, recordings))):
        if sample.verb == "create" and sample.request.method == "POST":
            told = at(shown.told(sample.document), (shown.collection.id_field,))
            # Within a batch some show a new record's address alone.
            yield str(told) if told is not None else (sample.reply.header("location") or "").rpartition("/")[2]


def checked_simulator(
    shown: Shown,
    recordings: Sequence[Recording],
    *,
    records: Iterable[dict[str, Any]],
    cap: int,
    made: type[Simulator] = Simulator,
) -> Simulator:
    """A simulator that gives new records the recorded ids and versions, to be compared with those recordings."""
    ids = recorded_ids(shown, recordings)
    no_id = "999999999" if shown.numbered_ids else "an-id-that-no-recording-shows"
    single = list(one_by_one(shown.dialect, _samples(shown, recordings)))
    versions = iter(versions_given(shown.collection, single))
    tokens = _tokens(shown, recordings)
    return made(
        shown,
        new_id=lambda: next(ids, no_id),
        new_version=lambda: next(versions, "a-version-that-no-recording-shows"),
        new_token=lambda: next(tokens, "a-token-that-no-recording-shows"),
        records=records,
        cap=cap,
        page_size=page_size(shown.collection, _samples(shown, recordings)),
        batch_cap=batch_cap(shown.collection, _samples(shown, recordings)),
        places=_places(shown, recordings),
    )


def _tokens(shown: Shown, recordings: Iterable[Recording]) -> Iterator[str]:
    """Those of the addresses for one create that were given out, in order."""
    creating = shown.collection.writing.creating if shown.collection.writing else None
    for sample in _samples(shown, recordings) if isinstance(creating, PostOnce) else ():
        if sample.verb == "once" and sample.ok and isinstance(creating, PostOnce):
            yield token_in(str(at(sample.document, creating.address)))


def _places(shown: Shown, recordings: Iterable[Recording]) -> dict[str, str]:
    """The id behind which each recorded token of a next page leads."""
    places = {}
    for sample in _samples(shown, recordings) if shown.opaque_marker else ():
        following = Page(shown.collection, sample.reply).next if sample.verb == "list" else None
        if following:
            last = rows_of(shown.collection, sample)[-1]
            places[query_of(following)[shown.marker]] = str(last[shown.collection.id_field])
    return places


def disagreements(shown: Shown, vendor: Vendor, recordings: Iterable[Recording]) -> tuple[str, ...]:
    """Where the vendor answers otherwise than recorded, a sentence each; none: it agrees with every exchange.

    Compared are status, content type, the record's version, where the next page is, and the JSON document; tokens,
    request ids and dates are the only volatile fields. Tokens and refusals at the door (401 and 403, or the error codes
    that stand for them, for a limit and for an outage) belong to the door and are left out.
    """
    return tuple(
        f"{sample.request.method} {sample.request.target}: {told}"
        for sample in _samples(shown, recordings)
        if sample.verb != "token" and not _at_the_door(shown.dialect, sample)
        for told in _compared(shown, vendor, sample)
    )


def _samples(shown: Shown, recordings: Iterable[Recording]) -> Iterator[Sample]:
    return (sample_of(shown.dialect, one) for recording in recordings for one in recording.exchanges)


def _compared(shown: Shown, vendor: Vendor, sample: Sample) -> Iterator[str]:
    try:
        reply = vendor.handle(_unsigned(shown, sample.request))
    except NotRecorded as refused:
        yield f"recorded {sample.reply.status}, refused: {refused}"
        return
    for what, recorded, given in (
        ("status", sample.reply.status, reply.status),
        ("content type", sample.reply.header("content-type"), reply.header("content-type")),
        ("version", _version(sample, sample.reply), _version(sample, reply)),
        ("next page", _next_place(shown, sample, sample.reply), _next_place(shown, sample, reply)),
        ("body", _document(shown, sample, sample.reply), _document(shown, sample, reply)),
    ):
        if recorded != given:
            yield f"{what} {_differing(recorded, given)}"


def _unsigned(shown: Shown, request: Request) -> Request:
    """The request without what the door looks at; its conditions stay (RFC 9110 s13.1), and what writes carry."""
    carried = shown.collection.writing.headers if shown.collection.writing else ()
    names = {"if-match", "if-none-match", *(name.lower() for name, _ in carried)}
    kept = tuple((name, value) for name, value in request.headers if name.lower() in names)
    return Request(request.method, request.target, kept, request.body, request.host, request.tls)


def _version(sample: Sample, reply: Reply) -> str | None:
    """The version of the one record that the reply is about; a listing's own is not looked at."""
    return None if sample.verb in ("list", "batch") else reply.header("etag")


def _next_place(shown: Shown, sample: Sample, reply: Reply) -> Any:
    """What leads on from a page, apart from a token that is another in each reading."""
    following = Page(shown.collection, reply).next if sample.verb == "list" else None
    if not isinstance(following, str) or not shown.opaque_marker:
        return following
    steady_query = sorted(pair for pair in query_of(following).items() if pair[0] != shown.marker)
    return following.partition("?")[0], steady_query


def _document(shown: Shown, sample: Sample, reply: Reply) -> Any:
    document = parsed(_DATE.sub(b"(date)", reply.body)) if reply.body.strip() else None
    writing = shown.collection.writing
    if sample.verb == "once" and writing and isinstance(writing.creating, PostOnce):
        return without(document, writing.creating.ends)
    batch = writing.batch if writing else None
    return steady(batch, document) if batch and sample.verb == "batch" else document


def _differing(recorded: Any, given: Any) -> str:
    if isinstance(recorded, Mapping) and isinstance(given, Mapping):
        names = [name for name in {**recorded, **given} if recorded.get(name) != given.get(name)]
        return "differs in " + "; ".join(f"{name}: {_differing(recorded.get(name), given.get(name))}" for name in names)
    return f"recorded {recorded!r}, given {given!r}"
