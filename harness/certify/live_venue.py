"""A sandbox account as the place of runs: on the wall clock, with effects that are real."""

import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any, Literal

from harness.certify.evidence import Evidence, push_records
from harness.certify.plan import Plan
from harness.certify.relay import Relayed
from harness.certify.tallies import tally_held
from harness.certify.venue import Place, Record
from harness.stage.account import Changed
from harness.stage.history import Acted, Tally
from harness.stage.live import Trouble
from harness.stage.patch import sleep_really
from harness.stage.shown import learn
from harness.stage.vendor import Vendor

PUSHED_RECORDS = 2


class LiveVenue:
    """An account behind a relay. Waits really take their time; what the vendor took has passed already."""

    latency_s = 0.01

    def __init__(self, evidence: Evidence, relay: Relayed, tag: str) -> None:
        self.evidence, self.relay, self.tag = evidence, relay, tag
        self._passed_us = 0

    def begins(self) -> datetime:
        """Now."""
        return datetime.now(UTC)

    def lag_us(self) -> int:
        """Real time that the vendor took for its last answer; it need not be waited for again."""
        if not self.relay.told_again:
            self._passed_us += self.relay.lag_us
        return self.relay.lag_us

    def pass_time(self, us: int) -> None:
        """Return when so much more real time has passed."""
        already_us = min(us, self._passed_us)
        self._passed_us -= already_us
        sleep_really((us - already_us) / 1e6)

    def enter(self, plan: Plan, chance: Random) -> Place:
        """The account as it is."""
        self._passed_us = 0
        return _Live(self, plan)


class _Live:
    against: Literal["live"] = "live"

    def __init__(self, venue: LiveVenue, plan: Plan) -> None:
        self._venue, self._plan = venue, plan
        self._troubles: list[tuple[str, str]] = []
        self._truth: Sequence[Record] = ()
        try:
            self._truth = venue.relay.truth() if plan.job == "pull" else ()
        except (Trouble, Changed) as trouble:
            self._note(trouble)

    @property
    def vendor(self) -> Vendor:
        return self._venue.relay

    def lag_us(self) -> int:
        return self._venue.lag_us()

    def truth(self) -> Sequence[Record]:
        return self._truth

    def passing(self) -> Sequence[Record]:
        """Nothing: who changes the account meanwhile ends the run unjudged."""
        return ()

    def wanted(self) -> Sequence[Record]:
        """Records of this run alone: their keys carry the tag of the certification and the mark of the plan."""
        evidence = self._venue.evidence
        shown = learn(evidence.dialect, evidence.pull, evidence.simulates)
        key_field, mark = evidence.collection.key_field, f"{self._venue.tag}{zlib.crc32(str(self._plan).encode()):08x}"
        source = push_records(shown, PUSHED_RECORDS)[:PUSHED_RECORDS]
        return [{**record, key_field: f"{mark}-{number}"} for number, record in enumerate(source, start=1)]

    def kept(self) -> Sequence[str] | None:
        """Nobody is asked to retire anything: the account's own records are not touched."""
        return None

    def held(self) -> Tally | None:
        """What the vendor shows under the keys that were pushed."""
        if self._plan.job != "push":
            return None
        wanted = self.wanted()
        try:
            held = self._venue.relay.held(self._keys(wanted))
        except (Trouble, Changed) as trouble:
            self._note(trouble)
            return None
        return tally_held(self._venue.evidence.collection, held, (), wanted)

    def leave(self, acts: Sequence[Acted]) -> Iterable[tuple[str, str]]:
        """Take away what was pushed; where a pull disagrees, see whether somebody else changed the account."""
        try:
            if self._plan.job == "push":
                left = self._venue.relay.remove(self._keys(self.wanted()))
                self._troubles += [("left_behind", f"{key}: {why}") for key, why in left]
            elif any(act.returned is not None and not act.returned.agrees for act in acts):
                changed = self._venue.relay.changed()
                self._troubles += [("account_changed", changed)] if changed else []
        except (Trouble, Changed) as trouble:
            self._note(trouble)
        return self._troubles

    def _keys(self, records: Sequence[Record]) -> list[str]:
        return [str(record[self._venue.evidence.collection.key_field]) for record in records]

    def _note(self, trouble: Exception) -> None:
        kind: Any = trouble.kind if isinstance(trouble, Trouble) else "vendor_drift"
        self._troubles.append((kind, str(trouble)))
