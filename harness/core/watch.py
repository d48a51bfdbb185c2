"""Watching integrations: who had no success for longer than expected raises the alert once, and its recovery once."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, insert, update

from harness.core.database import ALERTS
from harness.core.journal import LOGGER
from harness.core.ledger import Ledger
from harness.core.status import Alert, Status, with_request
from harness.core.times import span

LEASE = "the watch over this ledger"
Notify = Callable[[str], None]
"""Delivers a text, or raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What one look at a ledger came to: names of integrations."""

    stale: tuple[str, ...] = ()
    """Without a success for longer than expected, whether that was told now or earlier."""
    raised: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()
    undelivered: tuple[str, ...] = ()
    """The alert, or the recovery, did not get through; the next look tries again."""
    error: str = ""
    """Why not."""


def watch(ledger: Ledger, notify: Notify) -> Watched:
    """Tell ``notify`` of each integration that became stale, and of each that recovered, once.

    What a channel did not take is logged as an error, kept in the ledger, where the status shows it, and told again at
    the next look. A process that dies between telling and writing that down tells twice, never not at all.

    Raises:
        LeaseHeld: Another process is at it.
        LedgerError: The ledger cannot be read, or written.
    """
    with ledger.lease(LEASE):
        statuses = ledger.status()
        stale = [one for one in statuses if one.health == "stale"]
        overdue = [one for one in stale if one.alert.raised_s is None]
        over = [one for one in statuses if one.health != "stale" and one.alert != Alert()]
        raised, unraised = _told(ledger, notify, overdue, _alarm, _keep)
        # An alert that never got through needs no recovery.
        recovered, unrecovered = _told(ledger, notify, [one for one in over if one.alert.raised_s], _relief, _drop)
        for one in over:
            if one.alert.raised_s is None:
                _drop(ledger, one)
    failed = unraised | unrecovered
    return Watched(
        stale=tuple(one.integration for one in stale),
        raised=raised,
        recovered=recovered,
        undelivered=tuple(failed),
        error=next(iter(failed.values()), ""),
    )


def _told(
    ledger: Ledger,
    notify: Notify,
    which: list[Status],
    text: Callable[[Status], str],
    done: Callable[[Ledger, Status], None],
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Which were told, and which were not and why."""
    told, failed = [], {}
    for status in which:
        try:
            notify(text(status))
        except Exception as error:  # a channel may raise anything, and must not keep the others from being told
            failed[status.integration] = f"{type(error).__name__}: {error}"
            _note_failure(ledger, status, failed[status.integration])
        else:
            done(ledger, status)
            told.append(status.integration)
    return tuple(told), failed


def _alarm(status: Status) -> str:
    last = f"the last was {span(status.age_s)} ago" if status.last_success_s else "there was none yet"
    text = f"{status.integration} had no success for longer than {span(status.expected_every_s or 0)}: {last}."
    if status.last_error:
        text += f" Last error: {with_request(status.last_error, status.last_request_id)}"
    return text


def _relief(status: Status) -> str:
    return f"{status.integration} has recovered: it succeeded {span(status.age_s)} ago."


def _keep(ledger: Ledger, status: Status) -> None:
    """The alert is out."""
    with ledger.database.writing() as connection:
        connection.execute(delete(ALERTS).where(ALERTS.c.integration == status.integration))
        raised_s = ledger.database.now_s(connection)
        connection.execute(insert(ALERTS).values(integration=status.integration, raised_s=raised_s, error=""))


def _drop(ledger: Ledger, status: Status) -> None:
    """It is over."""
    with ledger.database.writing() as connection:
        connection.execute(delete(ALERTS).where(ALERTS.c.integration == status.integration))


def _note_failure(ledger: Ledger, status: Status, error: str) -> None:
    facts = {"event": "alert_undelivered", "integration": status.integration, "reason": error}
    LOGGER.error("the alert about %s could not be delivered: %s", status.integration, error, extra=facts)
    with ledger.database.writing() as connection:
        row = {"failed_s": ledger.database.now_s(connection), "error": error}
        own = ALERTS.c.integration == status.integration
        if connection.execute(update(ALERTS).where(own).values(**row)).rowcount == 0:
            connection.execute(insert(ALERTS).values(integration=status.integration, **row))
