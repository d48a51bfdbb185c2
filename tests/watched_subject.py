"""A subject that keeps a ledger of its own, in a file; sound, and small. And subjects with one disease in it each."""

import contextlib
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from harness.certify.subject import PushResult
from tests.broken_clients import Broken
from tests.healthy_client import Trouble, log
from tests.healthy_subject import APIS, Healthy


class Watched(Healthy):
    """Writes each run down when it begins and when it ends, at once; whoever reads that later finds what died."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        with self._recorded():
            return list(super().pull(collection))

    def push(self, collection: str, records: Sequence[Mapping[str, Any]]) -> PushResult:
        with self._recorded() as failed:
            self._check_not_emptied(f"{collection} to be pushed", len(records))
            self._check_keys([self._key(APIS[self.access.vendor, collection], record) for record in records])
            for record in records:
                try:
                    self._provision(APIS[self.access.vendor, collection], record)
                except Trouble as trouble:
                    if trouble.status != 403:
                        raise
                    failed[record[APIS[self.access.vendor, collection].key_field]] = str(trouble)
        return PushResult(failed)

    def retire(self, collection: str, keep: Collection[str]) -> Any:
        with self._recorded():
            return super().retire(collection, keep)

    @contextlib.contextmanager
    def _recorded(self) -> Iterator[dict[str, str]]:
        failed: dict[str, str] = {}
        self._begun()
        try:
            yield failed
        except Exception:
            self._write("failed")
            raise
        self._write(self._end_with(failed))

    def _begun(self) -> None:
        self._write("running")

    def _end_with(self, failed: Mapping[str, str]) -> str:
        return "partial" if failed else "succeeded"

    def _write(self, state: str) -> None:
        with self._file("runs").open("a") as file:
            file.write(json.dumps([state, datetime.now(UTC).isoformat()]) + "\n")

    def _runs(self) -> list[tuple[str, str]]:
        file = self._file("runs")
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def _file(self, name: str) -> Any:
        return self.access.state_folder / name

    def status(self) -> Mapping[str, Any]:
        runs = self._runs()
        state, _ = runs[-1] if runs else ("", "")
        # Each run is a process, and this is another one: what still runs there runs no more.
        return {"state": "crashed" if state == "running" else state, "last_success": self._last_success()}

    def _last_success(self) -> str | None:
        return next((at for state, at in reversed(self._runs()) if state == "succeeded"), None)

    def check_staleness(self, notify: Callable[[str], None]) -> None:
        last = self._last_seen()
        stale = last is not None and datetime.now(UTC) - datetime.fromisoformat(last) > self._allowed()
        told = self._file("told")
        if stale and not told.exists():
            self._tell(notify, f"no success since {last}")
        elif not stale:
            told.unlink(missing_ok=True)

    def _last_seen(self) -> str | None:
        return self._last_success()

    def _allowed(self) -> timedelta:
        return self.access.expected_every or timedelta(days=1)

    def _tell(self, notify: Callable[[str], None], text: str) -> None:
        notify(text)
        self._file("told").touch()


class BrokenWatch(Watched, Broken):
    """Keeps a ledger, and does one thing about it wrong."""


class ForgetsWhatDied(BrokenWatch):
    """Writes a run down when it ends, so that one that died never was."""

    fails = frozenset({"watch.run-recorded"})

    def _begun(self) -> None:
        return


class LeavesDeadRunsRunning(BrokenWatch):
    """Takes every run that has no end for one that still goes on."""

    fails = frozenset({"watch.run-recorded"})

    def status(self) -> Mapping[str, Any]:
        runs = self._runs()
        return {"state": runs[-1][0] if runs else "", "last_success": self._last_success()}


class CallsAPartASuccess(BrokenWatch):
    """Counts a run that left a record out as a success: it came to its end, after all."""

    fails = frozenset({"watch.status-true"})

    def _end_with(self, failed: Mapping[str, str]) -> str:
        return "succeeded"


class TellsTheLastRunForTheLastSuccess(BrokenWatch):
    """Shows when it ran last where people look for when it last succeeded."""

    fails = frozenset({"watch.status-true"})

    def status(self) -> Mapping[str, Any]:
        runs = self._runs()
        return {**super().status(), "last_success": runs[-1][1] if runs else None}


class NeverRaisesTheAlarm(BrokenWatch):
    """Logs that it is overdue, where nobody looks."""

    fails = frozenset({"watch.staleness-alerts"})

    def _tell(self, notify: Callable[[str], None], text: str) -> None:
        log.info("overdue: %s", text)


class RaisesTheAlarmEachTime(BrokenWatch):
    """Alerts at each check for as long as it is overdue."""

    fails = frozenset({"watch.staleness-alerts"})

    def _tell(self, notify: Callable[[str], None], text: str) -> None:
        notify(text)


class IsContentWithRuns(BrokenWatch):
    """Alerts when it did not run, and not when each run failed."""

    fails = frozenset({"watch.staleness-alerts"})

    def _last_seen(self) -> str | None:
        runs = self._runs()
        return runs[-1][1] if runs else None


class SwallowsAFailedAlert(BrokenWatch):
    """Takes an alert for told whether or not it got through."""

    fails = frozenset({"watch.staleness-alerts"})

    def _tell(self, notify: Callable[[str], None], text: str) -> None:
        with contextlib.suppress(OSError):
            notify(text)
        self._file("told").touch()


class KeepsItsLedgerInMemory(BrokenWatch):
    """Keeps the ledger in its module, so that it dies with the process that it should tell of."""

    # What was told dies as well, and the next process knows of no run that could be overdue.
    fails = frozenset({"watch.run-recorded", "watch.status-true", "watch.staleness-alerts"})
    kept: dict[str, list[tuple[str, str]]] = {}  # noqa: RUF012 - that it is shared is the point

    def _write(self, state: str) -> None:
        now = datetime.now(UTC).isoformat()
        self.kept.setdefault(f"{os.getpid()} {self.access.state_folder}", []).append((state, now))

    def _runs(self) -> list[tuple[str, str]]:
        return self.kept.get(f"{os.getpid()} {self.access.state_folder}", [])


ALL: tuple[type[BrokenWatch], ...] = (
    ForgetsWhatDied,
    LeavesDeadRunsRunning,
    CallsAPartASuccess,
    TellsTheLastRunForTheLastSuccess,
    NeverRaisesTheAlarm,
    RaisesTheAlarmEachTime,
    IsContentWithRuns,
    SwallowsAFailedAlert,
    KeepsItsLedgerInMemory,
)
