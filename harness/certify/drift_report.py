"""The file that holds each vendor's last drift check, and what of it a certificate shows; told for people."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.certify.drift_check import Checked
from harness.certify.folder import FolderError
from harness.certify.plain import plain

SCHEMA = "harness.drift/1"
DRIFT_FILE = "drift.json"
_COLOURS = {"breaking": "red", "notes": "yellow", "none": "green"}
_SAID = {
    "none": "{vendor} answers as recorded",
    "notes": "{vendor} answers as recorded, but for what is noted",
    "breaking": "{vendor} no longer answers as recorded",
}


def read_checks(path: Path) -> dict[str, Mapping[str, Any]]:
    """Vendor -> its last check; none where there is no file.

    Raises:
        FolderError: The file is no drift report.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        checks = {str(one["vendor"]): one for one in document["checks"]}
        for one in checks.values():
            _ = [(recording["sha256"], one["checked_at"], one["result"]) for recording in one["recordings"]]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise FolderError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError):
        raise FolderError(f"{path} is no report of harness drift; remove it, or name another file") from None
    if document.get("schema") != SCHEMA:
        raise FolderError(f"{path} is of the schema {document.get('schema')!r}, not {SCHEMA}; check the drift again")
    return checks


def by_recording(checks: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Digest of a recording -> date and result of its last check."""
    return {
        str(recording["sha256"]): {"checked_at": str(one["checked_at"]), "result": str(one["result"])}
        for one in checks.values()
        for recording in one["recordings"]
    }


def keep(checked: Checked, path: Path) -> None:
    """Put the check into the file, in place of the vendor's last one: the whole file is written, or nothing.

    Raises:
        FolderError: The file holds something else, or cannot be written.
    """
    checks = read_checks(path) | {checked.vendor: checked.document()}
    text = json.dumps({"schema": SCHEMA, "checks": [checks[name] for name in sorted(checks)]}, indent=2)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            Path(unfinished).chmod(0o644)
            Path(unfinished).replace(path)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise FolderError(f"{path} cannot be written: {error.strerror}; choose another with --out") from error


def as_json(checked: Checked) -> str:
    """The check for machines."""
    return json.dumps({"schema": SCHEMA, "checks": [checked.document()]}, indent=2)


def print_checked(checked: Checked, console: Console) -> None:
    """The check for people; what a vendor said commands no terminal."""
    said = _SAID[checked.result].format(vendor=checked.vendor)
    console.print(f"[bold {_COLOURS[checked.result]}]{said}[/]", soft_wrap=True)
    dates = sorted({one["recorded_at"][:10] or "no date" for one in checked.recordings})
    console.print(
        f"{checked.questions} questions from recordings of {', '.join(dates)} were put to {_safe(checked.host)}"
        f" in {checked.requests} requests.",
        soft_wrap=True,
    )
    if checked.drifts:
        table = Table()
        for heading in ("", "what", "where", "drift"):
            table.add_column(heading, overflow="fold")
        for one in checked.drifts:
            grade = f"[red]{one.grade}[/]" if one.grade == "breaking" else one.grade
            table.add_row(grade, one.what, _safe(one.where), _safe(one.sentence))
        console.print(table)
    if checked.not_asked:
        console.print(f"Not asked: {len(checked.not_asked)} questions", soft_wrap=True)
        for why in dict.fromkeys(checked.not_asked.values()):
            some = [question for question, reason in checked.not_asked.items() if reason == why]
            console.print(f"  {len(some)}, as {why}", soft_wrap=True)
    for left in checked.left_behind:
        console.print(f"[red]Left in the account:[/] {_safe(left)}", soft_wrap=True)


def _safe(text: str) -> str:
    return escape(plain(text, most=300))
