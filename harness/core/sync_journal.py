"""A file that holds what is left to write, so that after a crash neither the vendor is listed nor what is done is
looked up again."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

from harness.core.errors import JournalUnusable
from harness.core.sync import Changes, Create, Update


class SyncJournal:
    """One line for each create and update that is planned, then one for each that is done. Threads may share it.

    It saves requests and is believed no further: a change whose second line a crash cut off is looked up at the vendor
    like any other. It holds the records themselves, so only its owner may read it.
    """

    def __init__(self, path: Path, changes: Changes) -> None:
        """Write the plan down.

        Raises:
            JournalUnusable: The file cannot be written; what was there before is there still.
        """
        self._path = path
        self._lock = Lock()
        with _usable(path):
            self._file = _begun(path, changes)

    def done(self, key: str) -> None:
        """Remember that the record of this key is written.

        Raises:
            JournalUnusable: The file cannot be written any more. The record is written all the same.
        """
        with self._lock, _usable(self._path):
            _write(self._file, [{"done": key}])

    def close(self) -> None:
        """Let go of the file; what is left in it can be resumed."""
        with suppress(OSError):  # what a full disk did not take would have saved requests, no more
            self._file.close()


def _begun(path: Path, changes: Changes) -> TextIO:
    """The file with the plan in it. It comes to its place once it is whole: half a plan would pass for all that is
    left."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)  # of a process that died at it
    file = os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
    try:
        _write(file, map(_planned, changes.listed))
        os.fsync(file.fileno())
        os.replace(new, path)
    except OSError:
        with suppress(OSError):
            file.close()
        new.unlink()
        raise
    return file


def _write(file: TextIO, lines: Iterable[Mapping[str, Any]]) -> None:
    file.writelines(json.dumps(line) + "\n" for line in lines)
    file.flush()


def unfinished(path: str | Path) -> Changes | None:
    """The creates and updates that a run which died left undone, to be applied; None where there are none.

    Deactivations are left out: who has left is judged by a fresh look at the source.

    Raises:
        JournalUnusable: The file cannot be read, or is no journal.
    """
    path = Path(path)
    if not path.exists():
        return None
    planned: dict[str, Create | Update] = {}
    with _usable(path):
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            if not line.endswith("\n"):
                break  # what a crash cut off
            match json.loads(line):
                case {"create": str(key), "record": dict(record)}:
                    planned[key] = Create(key, record)
                case {"update": str(key), "record": dict(record), "was": dict(was)}:
                    planned[key] = Update(key, record, was)
                case {"done": str(key)}:
                    planned.pop(key, None)
                case _:
                    raise ValueError(f"it holds the line {line.strip()[:80]!r}")
    left = tuple(planned.values())
    creates = tuple(change for change in left if isinstance(change, Create))
    updates = tuple(change for change in left if isinstance(change, Update))
    return Changes(creates=creates, updates=updates) if left else None


def _planned(change: Create | Update) -> dict[str, Any]:
    match change:
        case Create(key=key, record=record):
            return {"create": key, "record": record}
        case Update(key=key, record=record, was=was):
            return {"update": key, "record": record, "was": was}


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise JournalUnusable(f"the journal {path} cannot be used: {error}; name another file, or none") from error
