"""A live run's stay in an account: entered under a lock, everything created under a tag, left clean.

Two runs on one account: on one machine a lock file holds the second back, for as long as the first process lives.
Across machines the first record that a run creates is its lease: its key says whose it is and until when, and whoever
finds another machine's unexpired tag stays out. A run that may only read leaves no lease and needs none.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn

from harness.certify.live_venue import PUSHED_RECORDS
from harness.stage.account import TAG, Account, Changed, Cleaning, Record, tag, until_s
from harness.stage.live import Live, Trouble
from harness.stage.sandbox import SandboxError

_LEASE_MARGIN_S = 600
_OVERHEAD = 6
Rights = Literal["reads", "writes"]
MISTAKES = frozenset({"credentials_refused", "unknown_host", "tls", "not_allowed", "budget_spent"})
"""Troubles that the user can mend; the others are the vendor's."""


class VendorTrouble(Exception):
    """The vendor is down or has changed, so the command came to nothing; the sentence begins with which, and is
    evidence."""


def state_folder() -> Path:
    """Where this machine's name and locks are kept, by the XDG base directories."""
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "harness"


def machine_name(state: Path) -> str:
    """Six hexadecimal digits by which this machine's tags are known, the same each time."""
    file = state / "machine"
    with contextlib.suppress(FileNotFoundError):
        if TAG.match(f"harness-{(name := file.read_text().strip())}-000000-"):
            return name
    state.mkdir(parents=True, exist_ok=True)
    file.write_text(secrets.token_hex(3))
    return file.read_text()


@contextlib.contextmanager
def held_alone(host: str, state: Path) -> Iterator[None]:
    """No other live run of this machine touches the host meanwhile, whatever happens to this process.

    Raises:
        SandboxError: One does already.
    """
    (state / "locks").mkdir(parents=True, exist_ok=True)
    with (state / "locks" / hashlib.sha256(host.encode()).hexdigest()[:16]).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who = f" (process {pid})" if (pid := lock.read().strip()) else ""
            raise SandboxError(f"another live run on {host} is in progress here{who}; wait for its end") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@dataclass(slots=True)
class Visit:
    """One stay. ``records`` is what the account held at its beginning."""

    account: Account
    tag: str
    now_s: int
    """When it began, in seconds since 1970."""
    rights: Rights
    left_out: str
    """Why nothing is written; empty where it is."""
    records: Sequence[Record]
    swept: Cleaning
    """What an earlier run had left, and was removed."""
    _lock: contextlib.ExitStack = field(repr=False)
    _ended: Cleaning | None = field(default=None, repr=False)

    @classmethod
    def begin(cls, live: Live, *, state: Path, pattern: Record | None, epoch_s: float | None = None) -> "Visit":
        """Enter the account, and leave a lease in it.

        ``pattern`` is a record as sources give them, which the lease looks like; None: nothing will be written.

        Raises:
            SandboxError: Credentials, rights, budget or rules stand in the way, or somebody else is there.
            VendorTrouble: The vendor is down, or answers otherwise than its dialect says.
        """
        visit = cls.enter(live, state=state, epoch_s=epoch_s)
        visit.lease(pattern)
        return visit

    @classmethod
    def enter(cls, live: Live, *, state: Path, epoch_s: float | None = None) -> "Visit":
        """Lock the account, read what it holds, and remove what a dead run left; nothing is created yet.

        Raises:
            SandboxError: Credentials, rights, budget or rules stand in the way, or somebody else is there.
            VendorTrouble: The vendor is down, or answers otherwise than its dialect says.
        """
        lock, now_s = contextlib.ExitStack(), int(time.time() if epoch_s is None else epoch_s)
        lock.enter_context(held_alone(live.sandbox.host, state))
        lasts_s = live.sandbox.max_requests / live.sandbox.per_second + _LEASE_MARGIN_S
        account, mine = Account(live), tag(machine_name(state), now_s + round(lasts_s))
        visit = cls(account, mine, now_s, "reads", "", (), Cleaning(), lock)
        with visit._or_leave():
            visit._look_round()
        return visit

    def lease(self, pattern: Record | None) -> None:
        """From here on the account is written to, under a lease; a visit that may not goes on reading.

        Raises:
            SandboxError: Somebody else is there, or the rules stand in the way.
            VendorTrouble: The vendor is down, or answers otherwise than its dialect says.
        """
        with self._or_leave():
            self._lease(pattern)
            if self.rights == "writes":
                # Somebody may have come in between; each then sees the other's lease, and both go.
                self._look_round()

    @contextlib.contextmanager
    def _or_leave(self) -> Iterator[None]:
        try:
            with told(self.account.live):
                yield
        except BaseException:
            self.end()
            raise

    def end(self) -> Cleaning:
        """Remove everything of this stay, and unlock; what is left is named. Twice is as good as once."""
        if self._ended is None:
            try:
                self._ended = self._removed()
            finally:
                self._lock.close()
        return self._ended

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._ended is not None

    def _removed(self) -> Cleaning:
        if self.rights == "reads":
            return Cleaning()
        try:
            found = self.account.tagged(self.account.records(self.account.live.tidy))
            return self.account.remove(one for one in found if self._key(one).startswith(self.tag))
        except (Trouble, Changed) as trouble:
            return Cleaning(left=((f"{self.tag}...", str(trouble)),))

    def _lease(self, pattern: Record | None) -> None:
        live, collection = self.account.live, self.account.collection
        if pattern is None:
            self.left_out = "neither the subject nor a recording shows how"
        elif collection.writing is None:
            self.left_out = f"{live.dialect.name}'s dialect does not say how {collection.name} are written"
        elif not live.sandbox.writes:
            self.left_out = "the sandbox's rules allow no writes"
        elif not self.account.takes_writes:
            self.left_out = f"{live.dialect.name}'s dialect does not say how {collection.name} are removed again"
        else:
            # Before the first write: whatever becomes of it, it is looked for at the end.
            self.rights = "writes"
            reply = self.account.create(f"{self.tag}lease", pattern)
            if reply.status >= 300:
                self.rights = "reads"
                self.left_out = f"the account may not create {collection.name} (POST is a {reply.status})"

    def _look_round(self) -> None:
        """Read the account; remove what dead runs left in it.

        Raises:
            SandboxError: Another machine's run is in the account, or the budget is too small for it.
        """
        records = self.account.records()
        self._keep_reserve()
        others = [one for one in self.account.tagged(records) if not self._key(one).startswith(self.tag)]
        for one in others:
            self._refuse_neighbour(one)
        if self.account.takes_writes:
            swept = self.account.remove(others)
            self.swept = Cleaning((*self.swept.removed, *swept.removed), swept.left)
        gone = set(self.swept.removed)
        self.records = tuple(one for one in records if self._key(one) not in gone)

    def _refuse_neighbour(self, record: Record) -> None:
        theirs, ours = TAG.match(self._key(record)), TAG.match(self.tag)
        assert theirs is not None
        assert ours is not None
        ends_s = until_s(theirs["until"])
        if theirs["machine"] != ours["machine"] and ends_s > self.now_s:
            until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends_s))
            raise SandboxError(
                f"another machine's live run is in this account until {until} at the latest ({self._key(record)}); "
                "wait, or remove it with 'harness sandbox clean --all' if it is dead"
            )

    def _keep_reserve(self) -> None:
        """Put so much of the budget aside that the account can be cleaned whatever happens.

        Raises:
            SandboxError: There is no more than that.
        """
        live, pages = self.account.live, self.account.pages
        writes = self.account.takes_writes
        live.reserve = pages + 4 * PUSHED_RECORDS + _OVERHEAD if writes else 0
        wanted = live.requests + live.reserve + 3 * pages
        if wanted > live.sandbox.max_requests:
            raise SandboxError(
                f"the budget of {live.sandbox.max_requests} requests is too small for this account, whose listing alone"
                f" takes {pages}; give {wanted} at the least, better some hundred, as --max-requests and in the rules"
            )

    def _key(self, record: Record) -> str:
        return str(record.get(self.account.collection.key_field))


@contextlib.contextmanager
def told(live: Live) -> Iterator[None]:
    """Every trouble before a run has begun is the user's mistake, or the vendor's doing, in one sentence."""
    try:
        yield
    except Trouble as trouble:
        _raise(live, trouble)
    except Changed as changed:
        if "may not list" in str(changed):
            raise SandboxError(f"{changed}; give the account the right to, or use another") from None
        raise VendorTrouble(f"VENDOR-DRIFT: {changed}") from None


def _raise(live: Live, trouble: Trouble) -> NoReturn:
    host = live.sandbox.host
    match trouble.kind:
        case "credentials_refused":
            raise SandboxError(f"{host} refuses the credentials: {trouble}; check them") from None
        case "unknown_host" | "tls":
            raise SandboxError(f"{trouble}; check --base-url, or name your own CA in SSL_CERT_FILE") from None
        case "budget_spent":
            raise SandboxError(f"{trouble}; give more --max-requests") from None
        case "not_allowed":
            raise SandboxError(str(trouble)) from None
        case _:
            raise VendorTrouble(f"VENDOR-DOWN: {trouble}") from None
