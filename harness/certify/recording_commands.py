"""What ``harness recordings`` does: every mistake in the command is one sentence and exit code 2."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console

from harness.certify import recording_check, recording_import
from harness.certify.command import mistakes_told
from harness.stage.sources import source_files


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
