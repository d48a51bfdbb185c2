"""The ``harness`` command."""

import sys
from pathlib import Path
from typing import Any

import click

from harness import __version__, cli_runs
from harness.cli_recordings import record, recordings
from harness.cli_sandbox import account_options, sandbox
from harness.cli_sandbox import drift as drift_command

_EXIT_CODES = """
\b
Exit codes:
  0  certified
  1  not certified: a requirement failed; or a waiver has no failure any more
  2  the command, or the subject's adapter, is at fault; nothing was certified
  3  inconclusive: something could not be judged
"""
_JUDGE_EXIT_CODES = """
\b
Exit codes:
  0  the same certificate
  1  a verdict differs, a file of the folder has changed, or a recording is another now
  2  the folder holds no whole certificate of this version's schema
"""
_FOLDER = click.Path(path_type=Path)


_OF_CERTIFY = frozenset({"freezegun", "hypothesis", "jinja2", "pytest", "pytest_html", "vcr"})


class _Commands(click.Group):
    """Where only the core is installed, what certifies says what it needs."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if error.name not in _OF_CERTIFY:
                raise
            how = "pip install 'integration-harness[certify]'"
            raise click.UsageError(f"this command needs {error.name}; install it with: {how}") from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="harness")
def main() -> None:
    """Certify that an API integration survives what vendors really do to it.

    It is run against recordings of real vendors, with faults injected in each vendor's own dialect, under virtual
    time, and judged from what happened. Begin with: harness certify
    """


@main.command(epilog=_EXIT_CODES)
@click.argument("subject", default="core")
@click.option("--vendor", "vendors", multiple=True, metavar="NAME", help="Only this vendor; may be repeated.")
@click.option(
    "--profile",
    type=click.Choice(["quick", "full"]),
    default="quick",
    show_default=True,
    help="quick strikes the first, middle and last exchange of each operation; full strikes every one.",
)
@click.option("--only", multiple=True, metavar="ID", help="Only this requirement; may be repeated.")
@click.option(
    "-k", "expression", default="", metavar="EXPR", help="Only scenarios whose name matches, as in pytest -k."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("certificate"),
    show_default=True,
    help="The folder for the certificate.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Where chance begins.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Worker processes.")
@click.option("--in-process", is_flag=True, help="Run the subject in this process, for a debugger.")
@click.option(
    "--cassettes",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of your own vendor's vcrpy cassettes; needs --dialect.",
)
@click.option("--dialect", metavar="MODULE:NAME", help="Your own vendor's dialect; needs --cassettes.")
@click.option(
    "--waivers",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Failures that are set aside; harness-waivers.toml in this folder where it is there.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="An older certificate of the subject; the summary and the page say what is better, worse, new or gone.",
)
@click.option(
    "--gate",
    type=click.Choice(["certified", "no-worse"]),
    default="certified",
    show_default=True,
    help="no-worse exits 0 where nothing is worse than the --baseline, certified or not, and 1 where something is.",
)
@click.option(
    "--max-age", default="", metavar="AGE", help="Evidence that is older, as 30d, is stale: nothing is certified on it."
)
@click.option(
    "--drift",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="What harness drift wrote, to be shown; drift.json in this folder where it is there.",
)
@click.option("--live", metavar="VENDOR", help="Certify against a sandbox account of this vendor too; see the README.")
@account_options
def certify(
    subject: str,
    vendors: tuple[str, ...],
    profile: str,
    only: tuple[str, ...],
    expression: str,
    out: Path,
    seed: int,
    workers: int,
    in_process: bool,
    cassettes: Path | None,
    dialect: str | None,
    waivers: Path | None,
    baseline: Path | None,
    gate: str,
    max_age: str,
    drift: Path | None,
    live: str | None,
    **account: Any,
) -> None:
    """Certify SUBJECT: core (the default), or module:Name for an integration of your own."""
    from harness.certify import command

    if gate == "no-worse" and baseline is None:
        raise click.UsageError("--gate no-worse needs --baseline DIR, the certificate that nothing may be worse than.")
    options = command.options(
        subject=subject,
        vendors=vendors,
        profile="full" if profile == "full" else "quick",
        only=only,
        expression=expression,
        out=out,
        seed=seed,
        workers=workers,
        in_process=in_process,
        cassettes=cassettes,
        dialect=dialect,
        waivers=waivers,
        baseline=baseline,
        max_age=max_age,
        drift=drift,
        live=live,
        account=account,
    )
    sys.exit(command.certify(options, gate="no-worse" if gate == "no-worse" else "certified"))


main.add_command(sandbox)
main.add_command(drift_command)


@main.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
def show(folder: Path) -> None:
    """Print the summary of the certificate in DIR again."""
    from harness.certify import reading

    reading.show(folder)


@main.command("open")
@click.argument("folder", metavar="DIR", type=_FOLDER)
def open_page(folder: Path) -> None:
    """Open the page of the certificate in DIR in a browser."""
    from harness.certify import reading

    reading.open_page(folder)


@main.command()
@click.argument("old", type=_FOLDER)
@click.argument("new", type=_FOLDER)
@click.option("--markdown", is_flag=True, help="Print Markdown, as for a comment on a pull request.")
def compare(old: Path, new: Path, markdown: bool) -> None:
    """Say what is better, worse, new or gone in the certificate NEW against OLD; exit 1 where something is worse.

    Worse is a requirement that held on a vendor and does not any more, or a plan with a fault that ends worse.
    """
    from harness.certify import reading

    sys.exit(reading.compare(old, new, "markdown" if markdown else "terminal"))


@main.command("har")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.argument("run")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file; standard output otherwise.")
def http_archive(folder: Path, run: str, out: Path | None) -> None:
    """Write RUN of the certificate in DIR as an HTTP Archive (HAR 1.2).

    RUN is the number of a run, or the name of its file in DIR/histories.
    """
    from harness.certify import reading

    reading.http_archive(folder, run, out)


@main.command()
def vendors() -> None:
    """Show which vendors are recorded, and what each can show."""
    from harness.certify import listings

    listings.print_vendors()


@main.command()
def requirements() -> None:
    """List every requirement that a certificate is made of."""
    from harness.certify import listings

    listings.print_requirements()


@main.command()
@click.argument("requirement", metavar="ID")
def explain(requirement: str) -> None:
    """Explain the requirement ID: what, why, source, remedy."""
    from harness.certify import listings

    listings.print_requirement(requirement)


@main.command()
@click.argument("subject")
@click.argument("plan")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The certification's seed.")
@click.option("--cassettes", type=click.Path(path_type=Path, file_okay=False), help="As given to harness certify.")
@click.option("--dialect", metavar="MODULE:NAME", help="As given to harness certify.")
def reproduce(subject: str, plan: str, seed: int, cassettes: Path | None, dialect: str | None) -> None:
    """Run one PLAN on SUBJECT again and print its timeline.

    PLAN is a line as a certificate prints it, in quotes: 'keystone pull users.list#2:HangUp()'
    """
    from harness.certify import command

    options = command.options(subject=subject, seed=seed, cassettes=cassettes, dialect=dialect)
    command.reproduce(options, plan)


@main.command(name="judge", epilog=_JUDGE_EXIT_CODES)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--cassettes",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the recordings are, as given to harness certify; the shipped ones where left out.",
)
def judge_again(folder: Path, cassettes: Path | None) -> None:
    """Judge the stored runs of the certificate in DIR again, with the checkers of this version.

    Needs neither the subject nor its vendor. First every file of the folder is compared with its SHA256SUMS, and the
    recordings at hand with the digests in the certificate.
    """
    from harness.certify import command

    sys.exit(0 if command.judge_again(folder, cassettes) else 1)


main.add_command(recordings)
main.add_command(record)
for command in cli_runs.COMMANDS:
    main.add_command(command)

if __name__ == "__main__":
    main()
