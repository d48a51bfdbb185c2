"""The commands ``harness recordings ...`` and ``harness record``: what recordings are good for, and new ones."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

_CHECK_EXIT_CODES = """
\b
Exit codes:
  0  every file can be used, and none holds a secret
  1  a file cannot be used, or holds what looks like a secret
  2  the command is at fault
"""
_IMPORT_EXIT_CODES = """
\b
Exit codes:
  0  every file became a cassette
  1  some file did not; the table says why
  2  the command is at fault; nothing was written
"""
_RECORD_EXIT_CODES = """
\b
Exit codes:
  0  the cassette is written
  1  the command failed or asked nothing of the vendor; nothing was written
  2  harness record itself was given something that it cannot use; nothing was written
  3  the vendor gave no answer; nothing was written
"""
_SCRUB_EXIT_CODES = """
\b
Exit codes:
  0  no file holds a secret any more
  1  a secret cannot be replaced where it stands; no file was changed
  2  the command is at fault; no file was changed
"""
_PATH = click.Path(path_type=Path)


def _origin(context: click.Context, parameter: click.Parameter, value: str) -> str:
    split = urlsplit(value)
    if split.scheme not in ("http", "https") or not split.netloc or split.path.strip("/"):
        raise click.BadParameter("give scheme and host alone, as https://api.acme.test")
    return f"{split.scheme}://{split.netloc}"


_include = click.option(
    "--include",
    "includes",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="A folder with the files that recordings include; may be repeated.",
)
_base_url = click.option(
    "--base-url",
    default="https://vendor.test",
    show_default=True,
    callback=_origin,
    metavar="URL",
    help="Where paths are put that name no host (WireMock, MockServer), or a placeholder for it.",
)


@click.group()
def recordings() -> None:
    """Look at recorded traffic, and import what other tools recorded."""


@recordings.command(epilog=_CHECK_EXIT_CODES)
@click.argument("paths", nargs=-1, required=True, type=_PATH, metavar="PATH...")
@click.option("--json", "form", flag_value="json", help="Print JSON for machines.")
@_include
@_base_url
def check(paths: tuple[Path, ...], form: str | None, includes: tuple[Path, ...], base_url: str) -> None:
    """Say of each recording what it is, what it can be used for, and what is wrong with it.

    PATH is a file, or a folder of them. Nothing is written and nothing in a file is executed.
    """
    from harness.certify import recording_commands

    sys.exit(recording_commands.check(paths, includes=includes, origin=base_url, form=form or "table"))


@recordings.command("import", epilog=_IMPORT_EXIT_CODES)
@click.argument("paths", nargs=-1, required=True, type=_PATH, metavar="SOURCE...")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="The folder for the cassettes."
)
@click.option("--overwrite", "present", flag_value="replaced", help="Replace cassettes that are there already.")
@click.option("--product", default="", metavar="TEXT", help="The vendor's product and version, kept in the cassettes.")
@_include
@_base_url
def import_(
    paths: tuple[Path, ...], out: Path, present: str | None, product: str, includes: tuple[Path, ...], base_url: str
) -> None:
    """Turn recordings of other tools into sanitised vcrpy cassettes.

    SOURCE is a file or a folder: betamax, Ruby VCR, go-vcr, HAR, Polly.JS, nock, WireMock, MockServer, DVR, the Azure
    SDKs' formats, or vcrpy. What a file holds and a cassette cannot is told.
    """
    from harness.certify import recording_commands

    sys.exit(
        recording_commands.import_(
            paths,
            out=out,
            present="replaced" if present else "kept",
            product=product,
            includes=includes,
            origin=base_url,
        )
    )


@recordings.command(epilog=_SCRUB_EXIT_CODES)
@click.argument("paths", nargs=-1, required=True, type=_PATH, metavar="PATH...")
@click.option("--people", "whom", flag_value="people", help="Take out e-mail addresses and people's names as well.")
@click.option(
    "--secret-env",
    "secrets",
    multiple=True,
    metavar="NAME",
    help="An environment variable that holds a secret no rule would find; may be repeated.",
)
@click.option("--dry-run", "way", flag_value="look", help="Only tell what would be taken out.")
def scrub(paths: tuple[Path, ...], whom: str | None, secrets: tuple[str, ...], way: str | None) -> None:
    """Take secrets out of vcrpy cassettes that are there already.

    PATH is a cassette, or a folder of them. A secret gives way to a pseudonym of its own form, the same one in all
    files that are named. All files are changed, or none.
    """
    from harness.certify import recording_commands

    sys.exit(recording_commands.scrub(paths, whom=whom or "secrets", known=secrets, way=way or "write"))


@click.command(epilog=_RECORD_EXIT_CODES)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
@click.option("--vendor", required=True, metavar="NAME", help="The vendor's name, and the cassette's folder.")
@click.option("--flow", required=True, metavar="NAME", help="What the command does, and the cassette's name.")
@click.option("--base-url", required=True, metavar="URL", help="The sandbox account's address.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("cassettes"),
    show_default=True,
    help="The folder of all vendors' cassettes.",
)
@click.option(
    "--sandbox",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("sandbox.toml"),
    show_default=True,
    metavar="FILE",
    help="The hosts that may be touched, and how.",
)
@click.option("--overwrite", "present", flag_value="replaced", help="Replace the cassette that is there already.")
@click.option("--product", default="", metavar="TEXT", help="Product and version, where the answers do not tell them.")
@click.option("--dialect", metavar="MODULE:NAME", help="Your own vendor's dialect, whose address the cassette takes.")
@click.option("--max-requests", type=int, help="The budget, where it is less than the sandbox's rules give.")
@click.option("--per-second", type=float, help="The rate, where it is less than the sandbox's rules give.")
def record(
    command: tuple[str, ...],
    vendor: str,
    flow: str,
    base_url: str,
    out: Path,
    sandbox: Path,
    present: str | None,
    product: str,
    dialect: str | None,
    max_requests: int | None,
    per_second: float | None,
) -> None:
    """Run COMMAND against the vendor's sandbox and write what it asked and was answered as a sanitised cassette.

    COMMAND gets the address to use as {base_url} in its arguments and as HARNESS_BASE_URL, or uses HTTP_PROXY.
    """
    from harness.certify import record_command

    code = record_command.record(
        command,
        vendor=vendor,
        flow=flow,
        base_url=base_url,
        out=out,
        sandbox=sandbox,
        present="replaced" if present else "kept",
        product=product,
        dialect=dialect,
        max_requests=max_requests,
        per_second=per_second,
    )
    sys.exit(code)
