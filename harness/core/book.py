"""The pages of the ledger: writes runs down, and reads them back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from harness.core.database import ALERTS, RUNS, Database, LedgerError
from harness.core.owner import Owner, this_process
from harness.core.records import RunRecord, State, dead
from harness.core.status import Alert, Known
from harness.core.usage import Usage

_CRASHED = "the process ended without a word"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a run ended."""

    state: State
    reason: str = ""
    request_id: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)


class Book:
    """All runs in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, integration: str, expected_every_s: float | None) -> int:
        """Write down that a run begins; its number. Where it does not say what is expected, what was holds on."""
        row: dict[str, Any] = {"integration": integration}
        row |= {"state": "running", "reason": "", "request_id": "", "counts": "{}"}
        row |= asdict(Usage()) | asdict(this_process())
        with self._database.writing() as connection:
            now_s = self._database.now_s(connection)
            row |= {"began_s": now_s, "heard_s": now_s}
            said = expected_every_s is not None
            row["expected_every_s"] = expected_every_s if said else _expected_every_s(connection, integration)
            number = connection.execute(insert(RUNS).values(**row).returning(RUNS.c.number)).scalar_one()
        return int(number)

    def hear(self, number: int) -> None:
        """The run is alive, whatever others have made of its silence."""
        alive = {"state": "running", "reason": "", "ended_s": None}
        with self._database.writing() as connection:
            now_s = self._database.now_s(connection)
            connection.execute(update(RUNS).where(RUNS.c.number == number).values(heard_s=now_s, **alive))

    def end(self, ends: Mapping[int, End]) -> None:
        """Write down how runs ended, by number; all of them or none."""
        with self._database.writing() as connection:
            now_s = self._database.now_s(connection)
            for number, end in ends.items():
                row: dict[str, Any] = {"state": end.state, "reason": end.reason, "request_id": end.request_id}
                row |= {"counts": json.dumps(dict(end.counts)), "ended_s": now_s, "heard_s": now_s}
                row |= asdict(end.usage)
                connection.execute(update(RUNS).where(RUNS.c.number == number).values(**row))

    def runs(self, integration: str | None, *, most: int | None) -> tuple[RunRecord, ...]:
        """The last runs, the youngest first."""
        query = select(RUNS).order_by(RUNS.c.number.desc()).limit(most)
        if integration is not None:
            query = query.where(RUNS.c.integration == integration)
        with self._reading() as (connection, now_s):
            return tuple(_found(record_of(row), now_s) for row in connection.execute(query))

    def known(self) -> tuple[tuple[Known, ...], float]:
        """What is known of each integration, by name; and the present, in seconds since 1970."""
        last, first = func.max(RUNS.c.number).label("last"), func.min(RUNS.c.began_s).label("first_began_s")
        each = select(last, first).group_by(RUNS.c.integration, RUNS.c.state).subquery()
        query = select(RUNS, each.c.first_began_s).join(each, RUNS.c.number == each.c.last)
        with self._reading() as (connection, now_s):
            # The last run of each integration and state: whatever anybody asks is among them.
            rows = connection.execute(query.order_by(RUNS.c.integration, RUNS.c.number.desc())).all()
            alerts = {row.integration: row for row in connection.execute(select(ALERTS))}
        return tuple(
            _known(name, list(some), alerts.get(name), now_s)
            for name, some in groupby(rows, key=lambda row: str(row.integration))
        ), now_s

    @contextmanager
    def _reading(self) -> Iterator[tuple[Connection, float]]:
        """A transaction, and its present; the runs whose process is gone have been marked by then."""
        with self._database.reading() as connection:
            now_s = self._database.now_s(connection)
            going_on = connection.execute(select(RUNS).where(RUNS.c.state == "running"))
            found = [run for run in (_found(record_of(row), now_s) for row in going_on) if run.state == "crashed"]
            if not found:
                yield connection, now_s
                return
        # Who may only read the ledger is told of them all the same.
        with suppress(LedgerError):
            self._mark(found)
        with self._database.reading() as connection:
            yield connection, now_s

    def _mark(self, crashed: Sequence[RunRecord]) -> None:
        with self._database.writing() as connection:
            for run in crashed:
                still = (RUNS.c.number == run.number, RUNS.c.state == "running", RUNS.c.heard_s == run.heard_s)
                facts = {"state": run.state, "ended_s": run.ended_s, "reason": run.reason}
                connection.execute(update(RUNS).where(*still).values(**facts))


def _expected_every_s(connection: Connection, integration: str) -> float | None:
    """What the integration's last run said or took over."""
    query = select(RUNS.c.expected_every_s).where(RUNS.c.integration == integration)
    told: float | None = connection.execute(query.order_by(RUNS.c.number.desc()).limit(1)).scalar_one_or_none()
    return told


def record_of(row: Row[Any]) -> RunRecord:
    """The run in a row of the table."""
    return RunRecord(
        number=row.number,
        integration=row.integration,
        began_s=row.began_s,
        heard_s=row.heard_s,
        owner=owner_of(row),
        state=row.state,
        ended_s=row.ended_s,
        reason=row.reason,
        request_id=row.request_id,
        expected_every_s=row.expected_every_s,
        counts=json.loads(row.counts),
        usage=Usage(
            requests=row.requests,
            request_s=row.request_s,
            limit_hits=row.limit_hits,
            token_refreshes=row.token_refreshes,
        ),
    )


def owner_of(row: Row[Any]) -> Owner:
    """The process in a row of a table."""
    return Owner(host=row.host, boot=row.boot, pid=row.pid, started=row.started)


def _known(name: str, rows: Sequence[Row[Any]], alert: Row[Any] | None, now_s: float) -> Known:
    """What is known of an integration by its last run of each state, the youngest first."""
    runs = [_found(record_of(row), now_s) for row in rows]
    ended = [run for run in runs if run.state != "running"]
    return Known(
        integration=name,
        first_began_s=min(row.first_began_s for row in rows),
        last=runs[0],
        last_ended=next(iter(ended), None),
        success=next((run for run in ended if run.state == "succeeded"), None),
        trouble=next((run for run in ended if run.state != "succeeded"), None),
        alert=Alert(raised_s=alert.raised_s, failed_s=alert.failed_s, error=alert.error) if alert else Alert(),
    )


def _found(run: RunRecord, now_s: float) -> RunRecord:
    """The run, crashed where its process is gone."""
    if run.state != "running" or not dead(run.owner, run.heard_s, here=this_process(), now_s=now_s):
        return run
    return replace(run, state="crashed", ended_s=run.heard_s, reason=f"{_CRASHED}: {run.owner}")
