"""``harness sandbox``, ``harness drift``, and the options by which a command is told of a live account."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]

_OPTIONS = (
    click.option("--base-url", metavar="URL", help="The sandbox account's address."),
    click.option(
        "--credentials-env", metavar="PREFIX", default="", help="Where credentials are: PREFIX_CLIENT_ID and the like."
    ),
    click.option(
        "--credentials-file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="A TOML file outside of the repository that holds them instead.",
    ),
    click.option(
        "--sandbox",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path("sandbox.toml"),
        show_default=True,
        metavar="FILE",
        help="The hosts that may be touched, and how.",
    ),
    click.option("--max-requests", type=int, help="The budget, where it is less than the sandbox's rules give."),
    click.option("--per-second", type=float, help="The rate, where it is less than the sandbox's rules give."),
)
_DRIFT_EXIT_CODES = """
\b
Exit codes:
  0  the vendor answers as recorded, but for what is noted
  1  a drift breaks what reads the recorded form
  2  the command is at fault; nothing was compared
  3  the vendor is down; nothing was compared
"""


def account_options(command: Command) -> Command:
    """The options that name an account and what may be done to it."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group()
def sandbox() -> None:
    """Look after the sandbox accounts that live certifications use."""


@sandbox.command()
@click.argument("vendor")
@account_options
def check(vendor: str, **account: Any) -> None:
    """Say what a live certification of VENDOR could do with the account, without changing anything in it."""
    from harness.certify import sandbox_command

    sandbox_command.check(vendor, **account)


@sandbox.command()
@click.argument("vendor")
@click.option("--all", "everybody", is_flag=True, help="What other machines' runs created too, ended or not.")
@account_options
def clean(vendor: str, everybody: bool, **account: Any) -> None:
    """Remove from VENDOR's account what live certifications created and could not remove themselves."""
    from harness.certify import sandbox_command

    sys.exit(sandbox_command.clean(vendor, "everybody's" if everybody else "this machine's", **account))


@click.command(epilog=_DRIFT_EXIT_CODES)
@click.option("--live", "vendor", required=True, metavar="VENDOR", help="The vendor whose recordings are compared.")
@account_options
@click.option(
    "--cassettes",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of your own recordings; the shipped ones where left out.",
)
@click.option("--dialect", metavar="MODULE:NAME", help="Your own vendor's dialect; needs --cassettes.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("drift.json"),
    show_default=True,
    metavar="FILE",
    help="Keeps each vendor's last check; harness certify shows it.",
)
@click.option("--json", "form", flag_value="json", help="Print JSON for machines.")
def drift(
    vendor: str, cassettes: Path | None, dialect: str | None, out: Path, form: str | None, **account: Any
) -> None:
    """Put what was recorded to a sandbox account again, and say what the vendor answers otherwise now."""
    from harness.certify import drift_command

    kind: Any = form or "table"
    sys.exit(drift_command.drift(vendor, cassettes=cassettes, dialect=dialect, out=out, form=kind, **account))
