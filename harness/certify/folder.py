"""The certificate's folder: made, locked while it is written, never mixed with anything else."""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from harness.certify.certificate import Certificate
from harness.certify.certificate_document import history_places
from harness.stage.history import Run

MANIFEST = "SHA256SUMS"
HISTORY_SCHEMA = "harness.history/1"
OWN_NAMES = frozenset(
    {
        *("certificate.json", "certificate.html", "comparison.json", "report.html", "junit.xml", "histories"),
        *(MANIFEST, ".lock"),
    }
)


class FolderError(Exception):
    """The folder cannot take a certificate; the message is one sentence that says why and what to do."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder is ours while this holds; an older certificate in it may be overwritten, nothing else.

    A folder that was not there and into which nothing came is gone again afterwards.

    Raises:
        FolderError: It holds something else, somebody is writing to it, or it cannot be made.
    """
    there_before = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted(entry.name for entry in folder.iterdir() if entry.name not in OWN_NAMES)
        if others:
            raise FolderError(
                f"{folder} holds {others[0]}, which is no part of a certificate; choose an empty folder with --out"
            )
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise FolderError(
            f"{folder} cannot be used as the certificate's folder: {error.strerror}; choose another with --out"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderError(
                f"{folder} is in use by another certification; wait for it or choose another with --out"
            ) from None
        try:
            yield
        finally:
            (folder / ".lock").unlink(missing_ok=True)
            if not there_before and not any(folder.iterdir()):
                folder.rmdir()


def publish(finished: Path, folder: Path) -> None:
    """Put a finished certificate in the place of whatever certificate the folder held."""
    for name in OWN_NAMES - {".lock"}:
        target = folder / name
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
        if (finished / name).exists():
            shutil.move(finished / name, target)


def write_histories(folder: Path, certificate: Certificate) -> None:
    """One file for each run, named as the certificate names it."""
    (folder / "histories").mkdir(exist_ok=True)
    places = history_places(certificate.runs)
    for run in certificate.runs:
        (folder / places[run.plan]).write_text(_history(run), encoding="utf-8")


def _history(run: Run) -> str:
    """The run's document with one event a line, so that two histories can be compared by eye."""
    document = history_document(run)
    lines = ",\n".join(json.dumps(event) for event in document.pop("events"))
    return f'{json.dumps(document)[:-1]}, "events": [\n{lines}\n]}}\n'


def history_document(run: Run) -> dict[str, Any]:
    """The run as JSON: every event with its kind, in order."""
    events = [{"event": type(event).__name__, **_fields(event)} for event in run.events]
    return {"schema": HISTORY_SCHEMA, **_fields(run), "events": events}


def _fields(frozen: Any) -> dict[str, Any]:
    """Field by field; ``dataclasses.asdict`` copies each value, at four times the cost."""
    values = ((one.name, getattr(frozen, one.name)) for one in fields(frozen) if one.init)
    return {name: _plain(value) for name, value in values}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and value and is_dataclass(value[0]):
        return [_fields(one) for one in value]
    return _fields(value) if is_dataclass(value) else value
