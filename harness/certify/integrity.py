"""Whether a certificate's folder, and the recordings behind it, are still what they were when it was issued.

``SHA256SUMS`` is in the format of ``sha256sum``, so ``sha256sum --check SHA256SUMS`` says the same without us.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.certify.folder import MANIFEST, OWN_NAMES, FolderError

_NOT_LISTED = frozenset({MANIFEST, ".lock"})
_LINE = re.compile(r"(?P<digest>[0-9a-f]{64}) [ *](?P<name>.+)")


def write_manifest(folder: Path) -> None:
    """List the SHA-256 of every file of the certificate in the folder; to be written last."""
    own = [name for name in sorted(_files(folder)) if name.partition("/")[0] in OWN_NAMES]
    lines = [f"{_digest(folder / name)}  {name}\n" for name in own]
    (folder / MANIFEST).write_text("".join(lines), encoding="utf-8")


def changes(folder: Path) -> tuple[str, ...]:
    """One sentence for each file that is changed, missing or new since the certificate was issued.

    Raises:
        FolderError: The folder has no list of its files, or one that cannot be read.
    """
    listed, there = _manifest(folder), _files(folder)
    told = []
    for name in sorted(listed.keys() | there):
        if name not in there:
            told.append(f"{_shown(name)} is missing.")
        elif name not in listed:
            told.append(f"{_shown(name)} was added since the certificate was issued.")
        elif _digest(folder / name) != listed[name]:
            told.append(f"{_shown(name)} has changed since the certificate was issued.")
    return tuple(told)


def changed_recordings(document: Mapping[str, Any], cassettes: Path) -> tuple[str, ...]:
    """One sentence for each recording in ``cassettes`` that is another than the certificate names.

    Recordings that are not at hand are passed over: the certificate stands on its histories.
    """
    recordings = {one["path"]: one["sha256"] for vendor in document["vendors"] for one in vendor["recordings"]}
    told = []
    for name, digest in sorted(recordings.items()):
        # Recordings of the user's own vendor lie in the folder itself, shipped ones in a folder for each vendor.
        at_hand = next((one for one in (cassettes / name, cassettes / Path(name).name) if one.is_file()), None)
        if at_hand is not None and _digest(at_hand) != digest:
            told.append(f"The recording {_shown(name)} is another now: the evidence has changed since.")
    return tuple(told)


def _manifest(folder: Path) -> dict[str, str]:
    path = folder / MANIFEST
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise FolderError(f"{folder} holds no {MANIFEST}: it was not written to its end; certify again") from None
    except (OSError, ValueError) as error:
        raise FolderError(f"{path} cannot be read ({error}); certify again, or take a whole copy") from None
    listed = {}
    for number, line in enumerate(lines, start=1):
        found = _LINE.fullmatch(line)
        if found is None:
            raise FolderError(f"line {number} of {path} is no digest and name; certify again, or take a whole copy")
        listed[found["name"]] = found["digest"]
    return listed


def _files(folder: Path) -> set[str]:
    return {
        name
        for path in folder.rglob("*")
        if path.is_file() and (name := path.relative_to(folder).as_posix()) not in _NOT_LISTED
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shown(name: str) -> str:
    return name if name.isprintable() else ascii(name)
