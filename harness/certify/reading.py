"""What the commands do that read a certificate: show, open, compare, har."""

import json
import re
import webbrowser
from pathlib import Path
from typing import Literal

from harness.certify.changes import comparison_markdown, print_comparison
from harness.certify.command import mistakes_told
from harness.certify.comparison import comparison
from harness.certify.folder import FolderError
from harness.certify.har import har
from harness.certify.stored import stored_certificate, stored_document
from harness.certify.stored_runs import read_run
from harness.certify.summary import print_summary

_RUN = re.compile(r"(?:histories/)?(?P<number>\d{1,9})(?:\.json)?", re.ASCII)


def show(folder: Path) -> None:
    """Print the summary of the certificate in the folder."""
    with mistakes_told():
        document = stored_document(folder)
    print_summary(document, folder, reasons={})


def open_page(folder: Path) -> None:
    """Open the certificate's page in the browser."""
    with mistakes_told():
        stored_document(folder)
        page = (folder / "certificate.html").resolve()
        if not page.is_file():
            raise FolderError(f"{folder} is half written: certificate.html is missing; certify again")
        if not webbrowser.open(page.as_uri()):
            raise FolderError(f"no browser could be started; open {page} in one")
    print(f"Opened {page}")


def compare(old: Path, new: Path, form: Literal["terminal", "markdown"]) -> int:
    """Print what changed between two certificates; 1 where something is worse, otherwise 0."""
    with mistakes_told():
        changed = comparison(stored_certificate(old), stored_certificate(new))
    if form == "markdown":
        print(comparison_markdown(changed), end="")
    else:
        print_comparison(changed)
    return int(changed["regressed"])


def http_archive(folder: Path, name: str, out: Path | None) -> None:
    """Write one run as an HTTP Archive to the file, or to standard output."""
    with mistakes_told():
        stored_document(folder)
        text = json.dumps(har(read_run(_history(folder, name))), indent=2) + "\n"
        if out is None:
            print(text, end="")
            return
        try:
            out.write_text(text, encoding="ascii")
        except OSError as error:
            raise FolderError(f"{out} cannot be written: {error.strerror}; choose another file with --out") from error


def _history(folder: Path, name: str) -> Path:
    found = _RUN.fullmatch(name)
    path = folder / "histories" / f"{int(found['number']):04d}.json" if found else None
    if path is None or not path.is_file():
        there = sorted(one.stem for one in (folder / "histories").glob("*.json"))
        known = f"its runs are {there[0]} to {there[-1]}" if there else "it holds no histories; certify again"
        raise FolderError(f"{folder} holds no run {name!r}; {known}")
    return path
