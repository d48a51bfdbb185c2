"""Checks a simulator against recordings: put to it, each recorded request must give the recorded answer."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.stage.documents import at, parsed
from harness.stage.http1 import Reply, Request
from harness.stage.recordings import Recording
from harness.stage.shown import Sample, Shown, sample_of
from harness.stage.simulator import Simulator
from harness.stage.vendor import NotRecorded, Vendor

_AT_THE_DOOR = frozenset({401, 403})
"""Answers about who asks; the simulator knows what is asked."""


def recorded_ids(shown: Shown, recordings: Iterable[Recording]) -> Iterator[str]:
    """The ids that the vendor gave to new records, in order; with them a simulator's order of records is the
    recorded one."""
    for sample in _samples(shown, recordings):
        if sample.verb == "create" and sample.ok:
            yield str(at(shown.inside(sample.document), (shown.collection.id_field,)))


def checked_simulator(
    shown: Shown, recordings: Iterable[Recording], *, records: Iterable[dict[str, Any]], cap: int
) -> Simulator:
    """A simulator that gives new records the recorded ids, to be compared with those recordings."""
    ids = recorded_ids(shown, recordings)
    return Simulator(shown, new_id=lambda: next(ids, "an-id-that-no-recording-shows"), records=records, cap=cap)


def disagreements(shown: Shown, vendor: Vendor, recordings: Iterable[Recording]) -> tuple[str, ...]:
    """Where the vendor answers otherwise than recorded, a sentence each; none: it agrees with every exchange.

    Compared are status, content type, and the JSON document; tokens, request ids and dates are the only volatile
    fields. Tokens and refusals at the door (401, 403) belong to the door and are left out.
    """
    return tuple(
        f"{sample.request.method} {sample.request.target}: {told}"
        for sample in _samples(shown, recordings)
        if sample.verb != "token" and sample.reply.status not in _AT_THE_DOOR
        for told in _compared(vendor, sample)
    )


def _samples(shown: Shown, recordings: Iterable[Recording]) -> Iterator[Sample]:
    return (sample_of(shown.dialect, one) for recording in recordings for one in recording.exchanges)


def _compared(vendor: Vendor, sample: Sample) -> Iterator[str]:
    try:
        reply = vendor.handle(_without_headers(sample.request))
    except NotRecorded as refused:
        yield f"recorded {sample.reply.status}, refused: {refused}"
        return
    for what, recorded, given in (
        ("status", sample.reply.status, reply.status),
        ("content type", sample.reply.header("content-type"), reply.header("content-type")),
        ("body", _document(sample.reply), _document(reply)),
    ):
        if recorded != given:
            yield f"{what} {_differing(recorded, given)}"


def _without_headers(request: Request) -> Request:
    return Request(request.method, request.target, (), request.body, request.host, request.tls)


def _document(reply: Reply) -> Any:
    return parsed(reply.body) if reply.body.strip() else None


def _differing(recorded: Any, given: Any) -> str:
    if isinstance(recorded, Mapping) and isinstance(given, Mapping):
        names = [name for name in {**recorded, **given} if recorded.get(name) != given.get(name)]
        return "differs in " + "; ".join(f"{name}: {_differing(recorded.get(name), given.get(name))}" for name in names)
    return f"recorded {recorded!r}, given {given!r}"
