"""Writes a set of changes: each looked up first, several at a time, each with a result of its own."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Protocol

from harness.core.errors import (
    IntegrationError,
    JournalUnusable,
    MassRetirementRefused,
    RetriesExhausted,
    about,
)
from harness.core.journal import Journal
from harness.core.provision import Done
from harness.core.push import EXHAUSTED_AT_MOST, Outcome, Push, batched, of_one_record, stops_all
from harness.core.sync import Changes
from harness.core.sync_journal import SyncJournal
from harness.core.sync_report import Became, SyncReport
from harness.dialects.writing import Activation

MOST_RETIRED_SHARE = 0.1
"""Of the records in use that a source answers for, so many leave in one run; a single one always may."""

_NAMED_AT_MOST = 3


class Lease(Protocol):
    """The right to be the only one who writes, held by whoever applies changes."""

    def check(self) -> None:
        """Return while it is held; raise where somebody else has taken it over."""
        ...


class NobodyElse:
    """The lease of who knows to be alone."""

    def check(self) -> None:
        """Return."""


@dataclass(frozen=True, slots=True)
class _Task:
    """Records that are written together."""

    keys: tuple[str, ...]
    write: Callable[[], Iterable[Outcome]]
    done_as: Became | None = None
    """What a change of a record is called; None: what ``write`` says."""


@dataclass(frozen=True, slots=True)
class _Result:
    key: str
    became: Became | None = None
    reason: str = ""


def check_share(changes: Changes, most_retired_share: float) -> None:
    """Nothing, where what goes out of use is a plausible share of what is in use.

    Raises:
        ValueError: ``most_retired_share`` is no share.
        MassRetirementRefused: It is not.
    """
    if not 0 <= most_retired_share <= 1:
        # Who writes 10 for ten percent would let everybody go.
        raise ValueError(f"most_retired_share is a share, from 0 to 1, and not {most_retired_share}; 0.1 is 10 %")
    if changes.retired > max(1, changes.in_use * most_retired_share):
        share = changes.retired / changes.in_use
        raise MassRetirementRefused(
            f"{changes.retired} of {changes.in_use} records in use ({share:.0%}) are not in the source, or out of use "
            f"there, and more than {most_retired_share:.0%} means that it came up short; nothing was written: look at "
            f"the source, or pass most_retired_share={share + 0.005:.2f} where that is right"
        )


def applied(
    changes: Changes, push: Push, log: Journal, lease: Lease, *, workers: int, journal: Path | None
) -> SyncReport:
    """What became of each record, once each was tried.

    Raises:
        JournalUnusable: The journal cannot be written; nothing was done.
        IntegrationError: The vendor lets nothing through: credentials, limits, or failure after failure.
    """
    if journal is None:
        return _Application(push, log, lease, changes, workers, None).run()
    remembered = SyncJournal(journal, changes)
    try:
        report = _Application(push, log, lease, changes, workers, remembered).run()
    finally:
        remembered.close()
    if not report.counts()["failed"]:
        journal.unlink(missing_ok=True)
    return report


class _Application:
    """One set of changes on its way to the vendor. Used once."""

    def __init__(
        self, push: Push, log: Journal, lease: Lease, changes: Changes, workers: int, journal: SyncJournal | None
    ) -> None:
        self._push = push
        self._log = log
        self._lease = lease
        self._changes = changes
        self._workers = workers
        self._journal = journal
        self._lock = Lock()
        self._in_a_row = 0
        self._stopped = False
        self._ended_by: IntegrationError | None = None

    def run(self) -> SyncReport:
        report = self._reported(self._results(tuple(self._tasks())))
        operation = f"{self._push.collection.name}.sync"
        if self._ended_by is not None:
            first = ", ".join(list(report.failed)[:_NAMED_AT_MOST])
            self._ended_by.add_note(f"when it ended: {report}; failed first: {first}")
            raise self._ended_by
        self._log.info("synced", f"synced operation={operation} {report}", operation=operation)
        return report

    def _tasks(self) -> Iterator[_Task]:
        push, at_a_time = self._push, self._push.at_a_time
        for changes in batched(self._changes.listed, at_a_time):
            records = tuple((change.key, change.record) for change in changes)
            yield _Task(tuple(key for key, _ in records), partial(push.provisioned, records))
        for keys in batched(self._changes.deactivations, at_a_time):
            activation = activation_of(push)
            fields = {activation.field: activation.inactive}
            yield _Task(tuple(keys), partial(push.amended, keys, fields), "deactivated")

    def _results(self, tasks: Iterable[_Task]) -> Iterator[_Result]:
        if self._workers == 1:
            yield from (result for task in tasks for result in self._carried_out(task))
            return
        with ThreadPoolExecutor(self._workers, thread_name_prefix="sync") as pool, self._stopping():
            yield from (result for results in pool.map(self._carried_out, tasks) for result in results)

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """Whoever is interrupted waits for what is on its way, and for nothing that has not begun."""
        try:
            yield
        finally:
            self._stopped = True

    def _carried_out(self, task: _Task) -> list[_Result]:
        if self._stopped:
            return [_Result(key, reason="not tried: the run ended before") for key in task.keys]
        self._lease.check()
        return [self._result(key, became, task.done_as) for key, became in task.write()]

    def _result(self, key: str, became: Done | IntegrationError, done_as: Became | None) -> _Result:
        if isinstance(became, IntegrationError):
            return _Result(key, reason=str(self._failed(about(became, record_key=key))))
        with self._lock:
            self._in_a_row = 0
        self._remember(key)
        return _Result(key, done_as if done_as and became != "unchanged" else became)

    def _failed(self, error: IntegrationError) -> IntegrationError:
        with self._lock:
            exhausted = isinstance(error, RetriesExhausted) and not of_one_record(error)
            self._in_a_row = self._in_a_row + 1 if exhausted else 0
            if stops_all(error) or self._in_a_row == EXHAUSTED_AT_MOST:
                self._stopped = True
                self._ended_by = self._ended_by or error
        return error

    def _remember(self, key: str) -> None:
        journal = self._journal  # another thread may find at the same time that it is lost
        if journal is None:
            return
        try:
            journal.done(key)
        except JournalUnusable as error:
            # It would have saved requests, no more; what is in it still does.
            self._journal = None
            self._log.warn("journal_lost", str(error), operation=f"{self._push.collection.name}.sync")

    def _reported(self, results: Iterable[_Result]) -> SyncReport:
        done: dict[Became, list[str]] = {"unchanged": list(self._changes.unchanged)}
        failed = dict.fromkeys(
            self._changes.ambiguous, "the vendor holds several records of this key; remove all but one"
        )
        for result in results:
            if result.became is None:
                failed[result.key] = result.reason
            else:
                done.setdefault(result.became, []).append(result.key)
        return SyncReport({became: tuple(keys) for became, keys in done.items()}, failed)


def activation_of(push: Push) -> Activation:
    """How the vendor's records go out of use.

    Raises:
        ValueError: The dialect does not say.
    """
    if push.writing.activation is None:
        raise ValueError(f"the dialect does not say how {push.collection.name} are taken out of use")
    return push.writing.activation
