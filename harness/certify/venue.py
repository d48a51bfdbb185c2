"""Where runs take place: what answers the subject, when a run begins, and what is true there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any, Literal, Protocol

from harness.certify.evidence import Evidence, against, listed_rows, push_records
from harness.certify.plan import Plan
from harness.certify.tallies import tally_held
from harness.dialects.facts import Collection, Dialect
from harness.dialects.writing import Activation
from harness.stage.faults.others import RowDeleted
from harness.stage.faults.runs import Leavers, ShortSource
from harness.stage.faults.sources import OtherRecords
from harness.stage.history import Acted, Tally
from harness.stage.numbered import NumberedListing
from harness.stage.replay import Replay
from harness.stage.retold import Retold
from harness.stage.sale import sale_of
from harness.stage.shown import Shown, learn
from harness.stage.simulator import Simulator
from harness.stage.vendor import Shared, Vendor

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
LATENCY_S = 0.4
"""Every exchange takes its time, or workers never meet and tokens never age."""
PUSHED_RECORDS = 6
Record = Mapping[str, Any]


class Place(Protocol):
    """The vendor of one run, and the truth that the run is held against."""

    @property
    def vendor(self) -> Vendor: ...

    @property
    def against(self) -> Literal["replay", "simulator", "live"]: ...

    def lag_us(self) -> int:
        """Real time that the vendor took for its last answer, in microseconds; 0 where answers take none."""
        ...

    def truth(self) -> Sequence[Record]:
        """What a pull is to return."""
        ...

    def passing(self) -> Sequence[Record]:
        """What a pull may return or not: the vendor held it for a part of the run."""
        ...

    def wanted(self) -> Sequence[Record]:
        """What a push is given."""
        ...

    def kept(self) -> Sequence[str] | None:
        """The keys that the source still lists, where the subject is asked to retire the rest; None: it pushes."""
        ...

    def held(self) -> Tally | None:
        """What the vendor holds after a push against what it should; None where nobody pushes."""
        ...

    def leave(self, acts: Sequence[Acted]) -> Iterable[tuple[str, str]]:
        """The run is over, and its acts ended like this; kind and text of what has to be noted of the vendor."""
        ...


class Venue(Protocol):
    """A vendor that runs are played against, one after the other."""

    @property
    def latency_s(self) -> float: ...

    def begins(self) -> datetime:
        """When a run that is played now begins."""
        ...

    def pass_time(self, us: int) -> None:
        """Return when so much of the run's time has passed."""
        ...

    def enter(self, plan: Plan, chance: Random) -> Place:
        """The vendor in a clean state."""
        ...


class RecordedVenue:
    """Recordings, and a simulator built from them: on virtual time, which costs nothing."""

    latency_s = LATENCY_S

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._replay: Replay | None = None
        self._shown: Shown | None = None
        self._truth: Sequence[Record] | None = None

    def begins(self) -> datetime:
        """The same moment for every run."""
        return BEGAN

    def pass_time(self, us: int) -> None:
        """Nothing: virtual time is free."""

    def enter(self, plan: Plan, chance: Random) -> Place:
        """The recording from its start, or a new simulator."""
        if against(self._evidence, plan.job) == "simulator":
            records = other.before(self.shown()) if (other := _other(plan)) else None
            new_id = self.shown().new_ids(lambda: f"{chance.getrandbits(128):032x}")
            simulator = Simulator(self.shown(), new_id=new_id, records=records)
            if plan.job == "pull":
                return _Read(self, simulator, "simulator", other)
            return _Simulated(self, simulator, simulator.records(), _source(plan), other)
        if self._replay is None:
            sale = sale_of(self._evidence.dialect)
            tokens = sale.token_path if sale else ""
            self._replay = Replay(self._evidence.pull.exchanges, any_body_at=tokens)
        self._replay.begin_again()
        if any(isinstance(injection.fault, RowDeleted) for injection in plan.injections):
            listing = NumberedListing.of(self._replay, self.dialect, self._evidence.pull.exchanges)
            return _Read(self, listing, "replay", None)
        return _Read(self, self._replay, "replay", _other(plan))

    @property
    def dialect(self) -> Dialect:
        """The vendor's facts."""
        return self._evidence.dialect

    @property
    def collection(self) -> Collection:
        """The collection that is pulled and pushed."""
        return self._evidence.collection

    def shown(self) -> Shown:
        """What the recordings show of the collection that is pushed to."""
        if self._shown is None:
            self._shown = learn(self._evidence.dialect, self._evidence.pull, self._evidence.simulates)
        return self._shown

    def truth(self) -> Sequence[Record]:
        """What the vendor holds, by its recorded listing."""
        if self._truth is None:
            self._truth = listed_rows(self._evidence.dialect, self._evidence.pull)
        return self._truth


class _OfRecordings:
    """What is the same for a replay and a simulator."""

    def __init__(self, venue: RecordedVenue, other: OtherRecords | None) -> None:
        self.venue, self.other = venue, other

    def lag_us(self) -> int:
        return 0

    def truth(self) -> Sequence[Record]:
        truth, collection = self.venue.truth(), self.venue.collection
        return truth if self.other is None else [self.other.told(collection, row) for row in truth]

    def passing(self) -> Sequence[Record]:
        return ()

    def wanted(self) -> Sequence[Record]:
        usual = push_records(self.venue.shown(), PUSHED_RECORDS)
        return usual if self.other is None else self.other.listed(self.venue.shown(), usual)

    def due(self) -> Sequence[Record]:
        """What a push is to leave at the vendor, but for what it does not touch."""
        usual = push_records(self.venue.shown(), PUSHED_RECORDS)
        return usual if self.other is None else self.other.due(self.venue.shown(), usual)

    def leave(self, acts: Sequence[Acted]) -> Iterable[tuple[str, str]]:
        return ()


class _Read(_OfRecordings):
    """A vendor that is only read from."""

    def __init__(
        self,
        venue: RecordedVenue,
        vendor: Vendor,
        against: Literal["replay", "simulator"],
        other: OtherRecords | None,
    ) -> None:
        super().__init__(venue, other)
        self.vendor = vendor if other is None else Retold(vendor, venue.dialect, other.told)
        self.against = against

    def truth(self) -> Sequence[Record]:
        now = self._by_id(self._now())
        return [record for name, record in self._by_id(super().truth()).items() if name in now]

    def passing(self) -> Sequence[Record]:
        before, now = self._by_id(super().truth()), self._by_id(self._now())
        return [record for name, record in {**now, **before}.items() if (name in now) != (name in before)]

    def _now(self) -> Sequence[Record]:
        """What the vendor holds, after what others have written meanwhile."""
        return self.vendor.records() if isinstance(self.vendor, Shared) else super().truth()

    def _by_id(self, records: Sequence[Record]) -> Mapping[str, Record]:
        return {str(record[self.venue.collection.id_field]): record for record in records}

    def kept(self) -> Sequence[str] | None:
        return None

    def held(self) -> Tally | None:
        return None


class _Simulated(_OfRecordings):
    against: Literal["simulator"] = "simulator"

    def __init__(
        self,
        venue: RecordedVenue,
        vendor: Simulator,
        before: Sequence[Record],
        source: Leavers | ShortSource | None,
        other: OtherRecords | None,
    ) -> None:
        super().__init__(venue, other)
        self.vendor, self._before, self._source = vendor, before, source

    def kept(self) -> Sequence[str] | None:
        key = self.venue.shown().collection.key_field
        return None if self._source is None else self._source.listed([record[key] for record in self._in_use()])

    def held(self) -> Tally | None:
        wanted = self._pushed() if self._source is None else self._retired()
        shown = self.venue.shown()
        own_keys = [record[shown.collection.key_field] for record in self.due()]
        called = {shown.spelled(key): key for key in own_keys}
        tally = tally_held(shown.collection, self.vendor.records(), self._before, wanted, called=called)
        return tally if self._source is None else replace(tally, retired=self._out_of_use())

    def _pushed(self) -> Sequence[Record]:
        key, given = self.venue.shown().collection.key_field, self.venue.shown().given_by_vendor()
        was = {record[key]: record for record in self._before}
        due = [{**record, key: self.venue.shown().spelled(record[key])} for record in self.due()]
        return [{**was.get(record[key], given), **record} for record in due]

    def _retired(self) -> Sequence[Record]:
        key, activation = self.venue.shown().collection.key_field, self._activation()
        kept = self.kept() or ()
        return [
            {**record, activation.field: activation.inactive} for record in self._in_use() if record[key] not in kept
        ]

    def _out_of_use(self) -> int:
        key = self.venue.shown().collection.key_field
        still = {record[key] for record in self._used(self.vendor.records())}
        return sum(record[key] not in still for record in self._in_use())

    def _in_use(self) -> Sequence[Record]:
        return self._used(self._before)

    def _used(self, records: Iterable[Record]) -> Sequence[Record]:
        activation = self._activation()
        return [record for record in records if record.get(activation.field) != activation.inactive]

    def _activation(self) -> Activation:
        writing = self.venue.shown().collection.writing
        assert writing is not None, "the fault fits no other vendor"
        assert writing.activation is not None, "the fault fits no other vendor"
        return writing.activation


def _other(plan: Plan) -> OtherRecords | None:
    faults = (injection.fault for injection in plan.injections)
    return next((fault for fault in faults if isinstance(fault, OtherRecords)), None)


def _source(plan: Plan) -> Leavers | ShortSource | None:
    faults = (injection.fault for injection in plan.injections)
    return next((fault for fault in faults if isinstance(fault, Leavers | ShortSource)), None)
