"""The commands that look after integrations in production: ``harness status``, ``runs``, ``watch``, ``metrics``."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.table import Table

    from harness.core.ledger import Ledger
    from harness.core.records import RunRecord
    from harness.core.status import Status

Command = TypeVar("Command", bound=Callable[..., Any])
_STATUS_CODES = """
\b
Exit codes:
  0  every integration is fresh
  1  one is stale, or its last run did not succeed
  2  the command is wrong, or the ledger is not there or cannot be read
"""
_WATCH_CODES = """
\b
Exit codes:
  0  no integration is stale
  1  one is stale; the alert is out
  2  the command is wrong, or the ledger is not there or cannot be used
  3  an alert, or a recovery, did not get through; the next look tries again
"""
_UNFOLDED = 4000
"""Columns: more than any row has."""
_STYLES = {"fresh": "green", "succeeded": "green", "running": "cyan"}


def _ledger_option(command: Command) -> Command:
    return click.option(
        "--ledger",
        "address",
        envvar="HARNESS_LEDGER",
        metavar="URL",
        help="sqlite:////folder/file or postgresql://user@host/database; HARNESS_LEDGER where left out, or else the"
        " file in your state folder.",
    )(command)


@click.command(epilog=_STATUS_CODES)
@click.argument("integrations", nargs=-1, metavar="[NAME]...")
@_ledger_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")
def status(integrations: tuple[str, ...], address: str | None, as_json: bool) -> None:
    """Say how each integration stands: its last success, its age against what is expected, its last error."""
    with _opened(address) as ledger:
        found = ledger.status()
    known = {one.integration: one for one in found}
    for name in integrations:
        if name not in known:
            raise _unknown(name, list(known))
    shown = [known[name] for name in integrations] if integrations else list(found)
    if as_json:
        click.echo(json.dumps({"integrations": [_status_document(one) for one in shown]}, indent=2))
    else:
        _print_status(shown)
    sys.exit(0 if all(one.well for one in shown) else 1)


@click.command()
@click.argument("integration", required=False, metavar="[NAME]")
@_ledger_option
@click.option("--most", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")
def runs(integration: str | None, address: str | None, most: int, as_json: bool) -> None:
    """List the last runs, the youngest first: those of NAME, or of every integration."""
    with _opened(address) as ledger:
        found = ledger.runs(integration, most=most)
        if integration is not None and not found:
            raise _unknown(integration, [one.integration for one in ledger.status()])
    if as_json:
        click.echo(json.dumps({"runs": [_run_document(run) for run in found]}, indent=2))
    else:
        _print_runs(found)


@click.command(epilog=_WATCH_CODES)
@_ledger_option
@click.option("--webhook", envvar="HARNESS_WEBHOOK", metavar="URL", help='Post {"text": ...} there; better given as'
              " HARNESS_WEBHOOK, which no process list shows.")  # fmt: skip
@click.option("--notify", envvar="HARNESS_NOTIFY", metavar="URL", help="An Apprise address, as mailto://...; better"
              " given as HARNESS_NOTIFY.")  # fmt: skip
def watch(address: str | None, webhook: str | None, notify: str | None) -> None:
    """Raise the alert for each integration that is stale, once, and tell its recovery, once. For cron."""
    from harness.core.alerts import Apprise, Webhook
    from harness.core.lease import LeaseHeld
    from harness.core.watch import watch as look

    if (webhook is None) == (notify is None):
        raise click.UsageError("say where alerts go: --webhook URL, or --notify URL for Apprise, and not both")
    try:
        channel = Webhook(webhook) if webhook is not None else Apprise(str(notify))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        with _opened(address) as ledger:
            watched = look(ledger, channel)
    except LeaseHeld as error:
        raise _Refused(str(error)) from error
    for name in watched.raised:
        click.echo(f"{name} is stale; the alert is out")
    for name in watched.recovered:
        click.echo(f"{name} has recovered")
    for name in watched.undelivered:
        click.echo(f"the alert about {name} did not get through: {watched.error}", err=True)
    sys.exit(3 if watched.undelivered else 1 if watched.stale else 0)


@click.command()
@_ledger_option
def metrics(address: str | None) -> None:
    """Print the ledger's metrics in Prometheus' text format, as node_exporter's textfile collector takes them."""
    try:
        from harness.core.metrics import metrics_text
    except ModuleNotFoundError as error:
        raise _Refused("metrics need prometheus-client: pip install 'integration-harness[metrics]'") from error
    with _opened(address) as ledger:
        text = metrics_text(ledger)
    click.echo(text, nl=False)


COMMANDS = (metrics, runs, status, watch)


class _Refused(click.ClickException):
    """One sentence, and exit code 2."""

    exit_code = 2


def _unknown(name: str, known: list[str]) -> click.UsageError:
    return click.UsageError(f"no run of {name!r} is in the ledger; it holds {', '.join(known) or 'none at all'}")


@contextmanager
def _opened(address: str | None) -> "Iterator[Ledger]":
    """The ledger; what is wrong with it is one sentence."""
    from harness.core.ledger import Ledger, LedgerError

    try:
        ledger = Ledger(address)
        if ledger.database.is_missing:
            # A wrong address must not look like an integration of which nothing is overdue.
            raise _Refused(
                f"there is no ledger {ledger.database.name}: no run was recorded there yet; check the address, which"
                " --ledger and HARNESS_LEDGER give"
            )
        yield ledger
    except LedgerError as error:
        raise _Refused(str(error)) from error


def _status_document(one: "Status") -> dict[str, Any]:
    from harness.core.times import moment

    document = asdict(one) | {"well": one.well}
    for name in ("last_began_s", "last_ended_s", "last_success_s", "last_error_s"):
        value = document.pop(name)
        document[name.removesuffix("_s") + "_at"] = None if value is None else moment(value)
    return document


def _run_document(run: "RunRecord") -> dict[str, Any]:
    from harness.core.times import moment

    document = asdict(run)
    for name in ("began_s", "ended_s", "heard_s"):
        value = document.pop(name)
        document[name.removesuffix("_s") + "_at"] = None if value is None else moment(value)
    return document


def _last_error(one: "Status") -> str:
    from harness.core.status import with_request
    from harness.core.times import moment

    told = with_request(one.last_error, one.last_request_id)
    return told if one.last_error_s is None else f"{moment(one.last_error_s)[:16]}Z  {told}"


def _print_status(shown: "list[Status]") -> None:
    from rich.markup import escape
    from rich.table import Table

    from harness.core.times import span

    table = Table(box=None, pad_edge=False)
    for heading in ("integration", "stands", "last success", "expected", "last run", "records", "last error"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "integration")
    for one in shown:
        age = f"{span(one.age_s)} ago" if one.last_success_s is not None else f"never, in {span(one.age_s)}"
        every = "not said" if one.expected_every_s is None else f"every {span(one.expected_every_s)}"
        lines = [_last_error(one)] if one.last_error else []
        if one.alert.error:
            lines.append(f"The alert did not get through: {one.alert.error}")
        cells = (age, every, one.last_state, _counted(one.counts), "\n".join(lines))
        style = _STYLES.get(one.health, "red")
        table.add_row(escape(one.integration), f"[{style}]{one.health}[/]", *(escape(cell) for cell in cells))
    _print(table if shown else "No run is in the ledger yet.")


def _print_runs(found: "tuple[RunRecord, ...]") -> None:
    from rich.markup import escape
    from rich.table import Table

    from harness.core.status import with_request
    from harness.core.times import moment, span

    table = Table(box=None, pad_edge=False)
    for heading in ("run", "integration", "began", "took", "ended", "records", "why"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("integration", "began"))
    for run in found:
        took = "" if run.ended_s is None else span(run.ended_s - run.began_s)
        why = with_request(run.reason, run.request_id)
        began = moment(run.began_s)[:19] + "Z"
        cells = (run.integration, began, took)
        state = f"[{_STYLES.get(run.state, 'red')}]{run.state}[/]"
        table.add_row(str(run.number), *map(escape, cells), state, escape(_counted(run.counts)), escape(why))
    _print(table if found else "No run is in the ledger yet.")


def _print(shown: "Table | str") -> None:
    """The table, folded for a terminal; where a program reads it, a line of it is one line, however long."""
    from rich.console import Console

    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    Console(highlight=False, width=_UNFOLDED if piped else None).print(shown)


def _counted(counts: Any) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())
