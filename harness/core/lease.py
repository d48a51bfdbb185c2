"""The right to be the only one: two runs of one integration at once, and the second is told of the first."""

import os
import threading
import uuid
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from harness.core.book import owner_of
from harness.core.database import LEASES, Database, LedgerError
from harness.core.journal import LOGGER
from harness.core.owner import Owner, this_process
from harness.core.pulse import Pulse
from harness.core.records import dead
from harness.core.times import moment


class LeaseHeld(Exception):
    """Somebody else does it already. ``holder`` says who, ``since_s`` (seconds since 1970) since when."""

    def __init__(self, name: str, holder: Owner, since_s: float) -> None:
        since = moment(since_s)
        super().__init__(f"{name} is being done by {holder} since {since}; wait for its end, or stop that process")
        self.name = name
        self.holder = holder
        self.since_s = since_s

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name, self.holder, self.since_s)


class LeaseLost(Exception):
    """This process was taken for dead, and somebody else does it now; stop writing."""


class Lease:
    """The lease of one name, as a context; another process, or another thread, cannot have it meanwhile.

    It ends with the context, or with the process: a holder that is dead (``harness.core.records.dead`` says how that
    is told) is replaced by whoever asks next.
    """

    def __init__(self, database: Database, name: str, *, beat_s: float) -> None:
        self.name = name
        self._database = database
        self._grant = ""
        self._process = 0
        self._lost = threading.Event()
        self._pulse = Pulse(self._beat, every_s=beat_s)

    def __enter__(self) -> Self:
        self._grant, self._process = uuid.uuid4().hex, os.getpid()
        try:
            self._take()
        except IntegrityError:
            self._take()  # Somebody was faster by a moment; now it is seen who.
        self._pulse.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if os.getpid() != self._process:
            return
        self._pulse.stop()
        try:
            with self._database.writing() as connection:
                connection.execute(delete(LEASES).where(LEASES.c.name == self.name, LEASES.c.grant == self._grant))
        except LedgerError as error_:
            # The work is done; the lease ends with this process.
            LOGGER.warning("the lease of %s could not be given back: %s", self.name, error_)

    def check(self) -> None:
        """Return if the lease is still held; call it before what must not be done twice.

        Raises:
            LeaseLost: This process fell silent for so long that somebody else took the lease.
        """
        if self._lost.is_set() or not self._still_held():
            self._lost.set()
            raise LeaseLost(f"the lease of {self.name} was taken over; stop writing, and find out who works on it")

    def _take(self) -> None:
        mine = this_process()
        with self._database.writing() as connection:
            now_s = self._database.now_s(connection)
            held = connection.execute(select(LEASES).where(LEASES.c.name == self.name).with_for_update()).one_or_none()
            row = {"grant": self._grant, "since_s": now_s, "heard_s": now_s, **asdict(mine)}
            if held is None:
                connection.execute(insert(LEASES).values(name=self.name, **row))
            elif dead(owner_of(held), held.heard_s, here=mine, now_s=now_s):
                self._tell_of(held)
                connection.execute(update(LEASES).where(LEASES.c.name == self.name).values(**row))
            else:
                raise LeaseHeld(self.name, owner_of(held), held.since_s)

    def _tell_of(self, held: Row[Any]) -> None:
        LOGGER.warning("the lease of %s is taken over from %s, which is gone", self.name, owner_of(held))

    def _still_held(self) -> bool:
        query = select(LEASES.c.grant).where(LEASES.c.name == self.name)
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one_or_none() == self._grant

    def _beat(self) -> None:
        own = (LEASES.c.name == self.name, LEASES.c.grant == self._grant)
        with self._database.writing() as connection:
            now_s = self._database.now_s(connection)
            found = connection.execute(update(LEASES).where(*own).values(heard_s=now_s))
        if found.rowcount == 0:
            self._lost.set()
