"""What ``harness recordings`` does: every mistake in the command is one sentence and exit code 2."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from harness.certify import recording_check, recording_import
from harness.certify.command import mistakes_told
from harness.certify.plain import plain
from harness.certify.scrubbing import Scrubbed, SecretsLeft, cassettes_in, look
from harness.certify.scrubbing import scrub as scrub_all
from harness.certify.session import UsageError
from harness.stage.secret_rules import PEOPLE, RULES, Rule
from harness.stage.sources import source_files

_WHOM: Mapping[str, tuple[Rule, ...]] = {"secrets": RULES, "people": (*RULES, *PEOPLE)}
_WAYS: Mapping[str, tuple[Callable[..., tuple[Scrubbed, ...]], str]] = {
    "write": (scrub_all, "taken out"),
    "look": (look, "would be taken out"),
}


def check(paths: Sequence[Path], *, includes: Sequence[Path], origin: str, form: str) -> int:
    """Print what each file is, as a table or as JSON; the exit code."""
    with mistakes_told():
        files = list(dict.fromkeys(source_files(paths)))
    checked = [recording_check.check(one.path, origin=origin, includes=includes) for one in files]
    if form == "json":
        print(recording_check.as_json(checked))
    else:
        recording_check.print_checked(checked, Console(highlight=False))
    return recording_check.exit_code(checked)


def import_(
    paths: Sequence[Path],
    *,
    out: Path,
    present: Literal["kept", "replaced"],
    product: str,
    includes: Sequence[Path],
    origin: str,
) -> int:
    """Write the cassettes and print what became of each file; the exit code."""
    with mistakes_told():
        files = list(dict.fromkeys(source_files(paths)))
        imported = recording_import.import_recordings(
            files, out=out, present=present, origin=origin, includes=includes, product=product
        )
    recording_import.print_imported(imported, Console(highlight=False))
    return recording_import.exit_code(imported)


def scrub(paths: Sequence[Path], *, whom: str, known: Sequence[str], way: str) -> int:
    """Take the secrets out of the cassettes and print what they were; the exit code."""
    act, title = _WAYS[way]
    with mistakes_told():
        secrets = [("secret", _secret(name)) for name in known]
        try:
            scrubbed = act(cassettes_in(paths), known=secrets, rules=_WHOM[whom])
        except SecretsLeft as error:
            print(plain(str(error)), file=sys.stderr)
            return 1
    table = Table(title, Column("file", overflow="fold"), box=None, pad_edge=False)
    for one in scrubbed:
        kinds = ", ".join(f"{kind} {count}" for kind, count in one.kinds)
        table.add_row(kinds or "nothing", escape(plain(str(one.path))))
    Console(highlight=False).print(table)
    return 0


def _secret(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise UsageError(f"the environment variable {name} is empty or not there; put the secret into it")
    return value
