"""What a vendor is known by: its recordings, and what of them the subject is run against."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal
from urllib.parse import urlsplit

from harness.dialects.facts import Collection, Dialect, Marker, OAuth2, Offset, PageNumber, Unsigned
from harness.dialects.writing import ById
from harness.stage.http1 import Reply, Request
from harness.stage.operations import asked
from harness.stage.pages import Page, rows_move
from harness.stage.parity import checked_simulator, disagreements
from harness.stage.recordings import RecordedExchange, Recording, RecordingError
from harness.stage.sale import SOLD, sale_of
from harness.stage.shown import Shown, learn

LIVE_SUFFIX = "-live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One vendor, and the recordings that show how it answers. ``simulates`` are those a simulator is built from."""

    dialect: Dialect
    pull: Recording
    simulates: tuple[Recording, ...] = ()
    live: Literal["", "reads", "writes"] = ""
    """What a sandbox account of the vendor is used for; empty where recordings answer."""

    @property
    def name(self) -> str:
        """What plans and certificates call the vendor: ``keystone``, ``keystone-live``."""
        return f"{self.dialect.name}{LIVE_SUFFIX if self.live else ''}"

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """Every recording that takes part."""
        return (self.pull, *(recording for recording in self.simulates if recording.path != self.pull.path))

    @property
    def collection(self) -> Collection:
        """The collection that is pulled and pushed."""
        return self.dialect.collections[0]


def evidence_for(dialect: Dialect, recordings: Sequence[Recording]) -> Evidence:
    """The vendor's evidence among its recordings.

    Raises:
        RecordingError: None of them lists the dialect's first collection from beginning to end.
    """
    if dialect.pull:
        listing = next((recording for recording in recordings if recording.name == dialect.pull), None)
        if listing is None:
            raise RecordingError(
                f"{dialect.name}'s recordings lack the flow {dialect.pull!r}, which its dialect names as its pull"
            )
        listed_rows(dialect, listing)
    else:
        listing = _complete_listing(dialect, recordings)
    writes = dialect.collections[0].writing is not None
    return Evidence(dialect=dialect, pull=listing, simulates=tuple(recordings) if writes else ())


def check_simulator(evidence: Evidence) -> None:
    """The simulator that pushes run against answers every recorded exchange as recorded.

    Raises:
        RecordingError: It does not; one that disagrees certifies nothing.
    """
    if not evidence.simulates:
        return
    shown = learn(evidence.dialect, evidence.pull, evidence.simulates)
    simulator = checked_simulator(shown, evidence.simulates, records=shown.records, cap=shown.cap)
    found = disagreements(shown, simulator, evidence.simulates)
    if found:
        raise RecordingError(
            f"the simulator of {evidence.dialect.name} disagrees with its recordings ({found[0][:200]}); "
            "record them again in one session, or correct the dialect"
        )


def _complete_listing(dialect: Dialect, recordings: Sequence[Recording]) -> Recording:
    reason = f"no recording of {dialect.name} lists {dialect.collections[0].name}"
    for recording in recordings:
        try:
            listed_rows(dialect, recording)
        except RecordingError as incomplete:
            reason = str(incomplete)
        else:
            return recording
    raise RecordingError(reason)


def request_of(exchange: RecordedExchange) -> Request:
    """The recorded request as the wire carries it."""
    split = urlsplit(exchange.url)
    target = split.path + (f"?{split.query}" if split.query else "")
    headers = tuple((name.lower(), value) for name, value in exchange.request_headers)
    return Request(exchange.method, target, headers, exchange.request_body, split.netloc, split.scheme == "https")


def listed_rows(dialect: Dialect, recording: Recording) -> tuple[dict[str, Any], ...]:
    """Every record that the recorded listing shows, each once: the truth of a pull.

    Raises:
        RecordingError: The recording holds no listing of the collection, stops before its last page, was made at
            another address than the dialect names, or lacks the token exchange that every request needs.
    """
    collection, rows, last = dialect.collections[0], {}, None
    host, name = urlsplit(dialect.base_url).netloc, recording.path
    for exchange in recording.exchanges:
        request = request_of(exchange)
        if request.host != host:
            raise RecordingError(
                f"{name} was recorded from {request.host}, but the dialect's base_url is "
                f"{dialect.base_url}; make them agree"
            )
        if asked(dialect, request).operation != f"{collection.name}.list" or exchange.status != 200:
            continue
        page = Page(collection, Reply(exchange.status, exchange.reply_headers, exchange.reply_body))
        for row in page.rows or ():
            rows[str(row.get(collection.id_field))] = row
        last = page if page.rows is not None else last
    if last is None:
        raise RecordingError(
            f"{name} holds no listing of {collection.name} (GET {collection.path}); record one from its "
            "first page to its last"
        )
    if not _is_last(last, len(rows)):
        raise RecordingError(f"{name} stops before the last page of {collection.name}; record the listing to its end")
    sale = sale_of(dialect)
    if sale is not None and not any(
        asked(dialect, request_of(exchange)).operation == "token" and exchange.status in SOLD
        for exchange in recording.exchanges
    ):
        raise RecordingError(f"{name} holds no token exchange (POST {sale.token_path}); record it before the listing")
    return tuple(rows.values())


def _is_last(page: Page, rows_so_far: int) -> bool:
    if isinstance(page.collection.paging, PageNumber | Offset | Marker) and page.total is not None:
        return rows_so_far >= page.total
    return page.next is None


def push_records(shown: Shown, count: int) -> tuple[dict[str, Any], ...]:
    """What a source asks for: ``count`` records that no recording holds, one that differs from the recorded record of
    its key, and one that does not. Each has its key and what else sources were seen to give."""
    collection = shown.collection
    written = shown.fields_sent - {collection.key_field} - {name for name, _ in shown.defaults}
    texts = sorted(name for name in written if isinstance(shown.records[0].get(name), str))
    keys = [f"newcomer-{number:02d}" for number in range(1, count + 1)]
    new = tuple({collection.key_field: key} | dict.fromkeys(texts, f"{key}@example.org") for key in keys)
    return (*new, *_of_held(shown, texts))


def _of_held(shown: Shown, texts: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """A changed and an unchanged record, of those that the recordings hold with every one of the texts."""
    held = [record for record in shown.records if all(isinstance(record.get(name), str) for name in texts)]
    if not texts or len(held) < 2:
        return ()
    changed, unchanged = ({name: row[name] for name in (shown.collection.key_field, *texts)} for row in held[-2:])
    return changed | dict.fromkeys(texts, "changed@example.org"), unchanged


def capabilities(evidence: Evidence, *, jobs: Sequence[str], tells: Sequence[str] = ()) -> frozenset[str]:
    """What this vendor can show of a subject that does and tells this: the words of a requirement's ``needs``."""
    dialect, collection, words = evidence.dialect, evidence.collection, set[str]()
    if "pull" in jobs:
        words.add("pull")
        words.add("pages")
        if collection.total is not None or collection.more is not None:
            words.add("promise")
        if _shows_moves(evidence):
            words.add("moves")
    if "push" in jobs and evidence.simulates and evidence.live != "reads":
        words.add("push")
        writing = collection.writing
        if writing is not None and writing.batch is not None:
            words.add("batch")
        # In a live account nothing is taken out of use but what the run has made itself.
        if "retire" in jobs and not evidence.live and writing is not None and writing.activation is not None:
            words.add("retire")
        if writing is not None and writing.activation is not None:
            words.add("activation")
        if writing is not None and not isinstance(writing.finding, ById):
            words.add("search")
        if writing is not None and writing.idempotency_header is not None:
            words.add("idempotency")
        if dialect.limits.one_record is not None and not evidence.live:
            words.add("record_limit")
    if not evidence.live:
        words.add("recorded")
    if "status" in tells:
        words.add("status")
    # On the wall clock nobody waits for hours to see an alert.
    if "check_staleness" in tells and not evidence.live:
        words.add("staleness")
    if dialect.limits.waits:
        words.add("waits")
    if dialect.limits.quota_headers:
        words.add("quota")
    if isinstance(dialect.signing, OAuth2):
        words.add("oauth")
    if sale_of(dialect) is not None:
        words.add("tokens")
    if not isinstance(dialect.signing, Unsigned):
        words.add("signed")
    return frozenset(words)


def _shows_moves(evidence: Evidence) -> bool:
    """Whether somebody else's delete can be played, and a total tells the subject of it."""
    if evidence.live or evidence.collection.total is None:
        return False
    # Where places are counted, only a simulator answers for every one of them.
    answered = bool(evidence.simulates) or not isinstance(evidence.collection.paging, Offset)
    return answered and rows_move(evidence.collection)


def against(evidence: Evidence, job: Literal["pull", "push"]) -> Literal["replay", "simulator", "live"]:
    """A pull is answered from the recording, a push by a simulator that keeps what it is given; live, by an account.

    A pull is a simulator's too where the subject counts the records: after a short page it asks for a place that no
    recording holds.
    """
    if evidence.live:
        return "live"
    counted = isinstance(evidence.collection.paging, Offset) and bool(evidence.simulates)
    return "simulator" if job == "push" or counted else "replay"


def seeded(seed: int, plan: str) -> Random:
    """Chance that depends on the certification's seed and on the plan, and on nothing else."""
    return Random(f"{seed} {plan}")
