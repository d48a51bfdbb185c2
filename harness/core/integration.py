"""The integration with one vendor: import and provisioning."""

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from harness.core.client import Client
from harness.core.clock import Clock, Jitter, SystemClock
from harness.core.counts import LastCounts
from harness.core.journal import Counts
from harness.core.listing import Listing
from harness.core.pacing import Pacing
from harness.core.push import Push
from harness.core.recording import Recorder, Recording, Unrecorded
from harness.core.retry import RetryPolicy
from harness.core.sync import Changes, Owned, check_enough, every_record, reconcile, retirements
from harness.core.sync_apply import MOST_RETIRED_SHARE, Lease, NobodyElse, activation_of, applied, check_share
from harness.core.sync_report import SyncReport
from harness.core.token_stores import MemoryTokens, TokenStore
from harness.core.transport import Bounds
from harness.core.usage import Usage
from harness.dialects.credentials import Credentials
from harness.dialects.facts import Dialect, LoginSession, OAuth2


class Integration:
    """Imports from one vendor and provisions it. Threads may share it. Close it, or use it as a context.

    Args:
        dialect: The vendor's facts: one of ``harness.dialects``, or your own.
        credentials: Of the kind that the dialect signs with; none where the vendor answers anybody.
        base_url: Where the vendor is; the dialect's address where left out.
        token_url: Where tokens are bought; the dialect's path at ``base_url`` where left out.
        token_store: Where tokens are kept; in memory, for this integration alone, where left out.
        session: What requests are sent over: adapters, proxies, certificates. Credentials are not taken from it.
        policy: How often and how long is tried.
        pacing: What the vendor allows this account, and how many refusals are too many.
        deadline_s: How long one ``pull``, ``push``, ``reconcile`` or ``apply`` may take, the caller's own time between
            two records included; without end where left out. What would have to wait longer fails at once and says
            when to run again.
        bounds: What one exchange may take.
        clock: The time and its waits; the system's where left out.
        jitter: A random number from 0 to 1 at each call.
        recorder: What writes down each ``pull``, ``push``, ``reconcile`` and ``apply``: a ``Ledger`` as a run of its
            own, named ``keystone.users.push``; a run of a ledger as a part of that run. Not kept where left out.
        expected_every: How often each should succeed at least, as for ``Ledger.run``; only for a ``Ledger``.

    Raises:
        ValueError: The address holds a password, or the credentials are not of the vendor's kind.
    """

    def __init__(
        self,
        dialect: Dialect,
        *,
        credentials: Credentials = None,
        base_url: str | None = None,
        token_url: str | None = None,
        token_store: TokenStore | None = None,
        session: requests.Session | None = None,
        policy: RetryPolicy | None = None,
        pacing: Pacing | None = None,
        deadline_s: float = math.inf,
        bounds: Bounds | None = None,
        clock: Clock | None = None,
        jitter: Jitter = random.random,
        recorder: Recorder | None = None,
        expected_every: timedelta | None = None,
    ) -> None:
        self.dialect = dialect
        self._recorder = recorder or Unrecorded()
        self._expected_every = expected_every
        self._accounted = Usage()
        self._clock = clock or SystemClock()
        self._deadline_s = deadline_s
        self._reports: list[SyncReport] = []
        self._last = LastCounts()
        self._url = (base_url or dialect.base_url).rstrip("/")
        token_path = dialect.signing.token_path if isinstance(dialect.signing, OAuth2 | LoginSession) else ""
        for url in (self._url, token_url or ""):
            if "@" in urlsplit(url).netloc:
                raise ValueError(f"the address of {dialect.name} holds a password; give it as credentials")
        self._client = Client(
            dialect,
            token_url=token_url or self._url + token_path,
            credentials=credentials,
            token_store=token_store or MemoryTokens(),
            session=session or requests.Session(),
            policy=policy or RetryPolicy(),
            pacing=pacing or Pacing(),
            bounds=bounds or Bounds(),
            clock=self._clock,
            jitter=jitter,
        )

    def __repr__(self) -> str:
        return f"Integration({self.dialect.name!r}, base_url={self._url!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("an Integration holds secrets and connections and is not pickled; make one where it is needed")

    def __enter__(self) -> "Integration":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            # What went wrong is told; what nobody read would hide it.
            self._client.close()

    def pull(
        self,
        collection: str,
        *,
        after: Mapping[str, Any] | None = None,
        fewest_records: int | None = None,
        deadline_s: float | None = None,
    ) -> Listing:
        """Every record of the collection once, as it is asked for. Complete only when it ends without an error.

        Its ``position`` is where another process goes on when it is given as ``after``; its ``pages()`` gives out
        whole pages, so that a page and the position behind it can be stored together.

        Args:
            after: A ``position`` of an earlier walk; from the beginning where left out.
            deadline_s: So many seconds it may take; the integration's own deadline where left out.
            fewest_records: A collection of fewer is not believed; 0 lets an empty one pass. Where left out, one record
                is the least as soon as this integration has seen any.

        Raises:
            KeyError: The dialect has no such collection.
            ValueError: ``after`` is no position in it.
            IntegrationError: The listing could not be read to its end.
            LedgerError: The run cannot be recorded.
        """
        recording = partial(self._recording, f"{collection}.pull")
        return self._listing(collection, deadline_s, recording, after=after, fewest_records=fewest_records)

    def push(
        self,
        collection: str,
        records: Iterable[Mapping[str, Any]],
        *,
        fewest_records: int | None = None,
        deadline_s: float | None = None,
    ) -> SyncReport:
        """Afterwards the vendor holds each record once, but for those that the report names as failed.

        Args:
            fewest_records: A source of fewer came up short; as for ``pull``.

        Raises:
            KeyError: The dialect has no such collection.
            ValueError: It cannot be written to.
            SourceRefused: The source came up short; nothing was written.
            IntegrationError: Nothing gets through: credentials, limits, failure after failure.
            LedgerError: The run cannot be recorded.
        """
        given = f"{collection}.push"
        with self._recording(given) as run:
            push, listed = self._push(collection, deadline_s), tuple(records)
            check_enough(len(listed), self._last.fewest(given, fewest_records))
            self._last.note(given, len(listed))
            return self._reported(push.run(listed), run)

    def reconcile(
        self,
        collection: str,
        desired: Iterable[Mapping[str, Any]],
        *,
        owned: Owned = every_record,
        fewest_records: int = 1,
        deadline_s: float | None = None,
    ) -> Changes:
        """What has to be written so that the vendor holds ``desired``. Lists the collection once and writes nothing.

        Records in use that are ``owned`` and not desired are to be taken out of use, where the vendor knows that.

        Args:
            owned: Which of the vendor's records the source answers for; all where left out.
            fewest_records: A source of fewer came up short; 0 lets an empty one pass.
            deadline_s: So many seconds it may take; the integration's own deadline where left out.

        Raises:
            KeyError: The dialect has no such collection.
            ValueError: It cannot be written to.
            SourceRefused: Desired records are malformed, lack their key, share one, or are too few.
            IntegrationError: The listing could not be read to its end.
            LedgerError: The run cannot be recorded.
        """
        with self._recording(f"{collection}.reconcile") as run:
            push = self._push(collection, deadline_s)
            return reconcile(
                desired,
                self._listing(collection, deadline_s, lambda: nullcontext(run)),
                key=push.collection.key_field,
                compares=push.writing.keys,
                activation=push.writing.activation,
                owned=owned,
                fewest_records=fewest_records,
            )

    def retirements(
        self,
        collection: str,
        keep: Iterable[str],
        *,
        owned: Owned = every_record,
        fewest_records: int = 1,
        deadline_s: float | None = None,
    ) -> Changes:
        """What has to be taken out of use so that of the owned records only ``keep`` are in use. Writes nothing.

        Raises:
            ValueError: The vendor knows no such thing.
            SourceRefused: Fewer than ``fewest_records`` are to be kept.
            IntegrationError: The listing could not be read to its end.
        """
        with self._recording(f"{collection}.retirements") as run:
            push = self._push(collection, deadline_s)
            return retirements(
                keep,
                self._listing(collection, deadline_s, lambda: nullcontext(run)),
                key=push.collection.key_field,
                compares=push.writing.keys,
                activation=activation_of(push),
                owned=owned,
                fewest_records=fewest_records,
            )

    def apply(
        self,
        collection: str,
        changes: Changes,
        *,
        workers: int = 1,
        most_retired_share: float = MOST_RETIRED_SHARE,
        journal: str | Path | None = None,
        lease: Lease | None = None,
        deadline_s: float | None = None,
    ) -> SyncReport:
        """Write the changes. Each record is looked up first, so that applying them again writes what is left.

        Args:
            workers: How many records are written at a time; they share the token, and wait together at a limit.
            most_retired_share: From 0 to 1: of the owned records in use, so large a share at most goes out of use; a
                single one always may.
            journal: A file that remembers what is left, for ``unfinished`` after a crash; gone once all is done. It
                holds the records, for its owner's eyes alone.
            lease: What the caller holds, so that nobody else writes; checked before each record.
            deadline_s: So many seconds it may take; the integration's own deadline where left out.

        Raises:
            ValueError: The collection cannot be written to, or there is no such share or number of workers; nothing
                was written.
            MassRetirementRefused: More would go out of use; nothing was written.
            JournalUnusable: The file cannot be written; nothing was written.
            LeaseLost: Somebody else has taken the lease over; what was written by then is found by the next run.
            IntegrationError: Nothing gets through: credentials, limits, failure after failure. Its notes tell how far
                it came.
            LedgerError: The run cannot be recorded.
        """
        with self._recording(f"{collection}.apply") as run:
            check_share(changes, most_retired_share)
            if workers < 1:
                raise ValueError(f"{workers} workers write nothing; name one at least")
            push, log = self._push(collection, deadline_s), self._client.journal
            remembered = None if journal is None else Path(journal)
            report = applied(changes, push, log, lease or NobodyElse(), workers=workers, journal=remembered)
            return self._reported(report, run)

    def close(self) -> None:
        """Let go of the connections.

        Raises:
            FailuresUnread: Records were not written, and nobody has read which.
        """
        self._client.close()
        for report in self._reports:
            report.check_read()

    def _reported(self, report: SyncReport, run: Recording) -> SyncReport:
        """The report, recorded, and remembered until its failures are read."""
        run.count(**{kind: count for kind, count in report.counts().items() if count})
        if told := report.told_failures():
            run.partial(told)
        self._reports = [*(one for one in self._reports if one.unread), report]
        return report

    @contextmanager
    def _recording(self, operation: str) -> Iterator[Recording]:
        """A run of the operation, with all that was asked of the vendor meanwhile."""
        name = f"{self.dialect.name}.{operation}"
        with self._recorder.recording(name, expected_every=self._expected_every) as run:
            try:
                yield run
            finally:
                used, before = self._client.journal.usage(), self._accounted
                self._accounted = used
                run.used(used - before)

    def _listing(
        self,
        collection: str,
        deadline_s: float | None,
        recording: Callable[[], AbstractContextManager[Recording]],
        *,
        after: Mapping[str, Any] | None = None,
        fewest_records: int | None = None,
    ) -> Listing:
        facts = self.dialect.collection(collection)
        url, operation = self._url + facts.path, f"{collection}.list"
        return Listing(
            self._by(deadline_s),
            facts,
            url,
            operation=operation,
            after=after,
            fewest_records=self._last.fewest(operation, fewest_records),
            whole=partial(self._last.note, operation),
            recording=recording,
        )

    def _push(self, collection: str, deadline_s: float | None) -> Push:
        facts = self.dialect.collection(collection)
        if facts.writing is None:
            raise ValueError(f"{self.dialect.name} does not say how {collection} are written")
        return Push(self._by(deadline_s), facts, self._url + facts.path, facts.writing)

    def counts(self) -> Counts:
        """Requests, retries, limit hits and token fetches so far."""
        return self._client.journal.counts()

    def _by(self, deadline_s: float | None) -> Client:
        """The client for a call that begins now."""
        allowed_s = self._deadline_s if deadline_s is None else deadline_s
        if math.isnan(allowed_s):
            raise ValueError("a deadline is a number of seconds, and not nan")  # it would never be reached
        return self._client if allowed_s == math.inf else self._client.by(self._clock.monotonic_s() + allowed_s)
