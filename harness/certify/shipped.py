"""Where the shipped scenarios and cassettes are: in a checkout beside the package, in a wheel inside it."""

from pathlib import Path

import harness


def shipped(name: str) -> Path:
    """The folder ``scenarios`` or ``cassettes``, in a wheel, an editable install and a checkout alike.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    package = Path(harness.__file__).resolve().parent
    for folder in (package / "_shipped" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"this installation lacks its {name}; install integration-harness again")
