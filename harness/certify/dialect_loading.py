"""Finds the user's own dialect by its name."""

import importlib
import re
import sys
from pathlib import Path

from harness.dialects import Dialect

_SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


class DialectError(Exception):
    """There is no such dialect; the message is one sentence that says what to do."""


def load_dialect(name: str, *, folder: Path) -> Dialect:
    """The dialect ``module:NAME``; ``folder`` is searched for the module first.

    Raises:
        DialectError: There is no such module or name, what is there is no dialect, or it is named in a way that no
            plan can be written with.
    """
    module_name, _, attribute = name.partition(":")
    if not attribute:
        raise DialectError(f"the dialect {name!r} is not of the form module:NAME")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module(module_name)
    except BaseException as error:  # a module may raise anything, SystemExit included
        raise DialectError(f"the dialect {name!r} cannot be imported: {type(error).__name__}: {error}") from error
    dialect = getattr(module, attribute, None)
    if not isinstance(dialect, Dialect):
        what = "nothing" if dialect is None else f"a {type(dialect).__name__}"
        raise DialectError(f"{name!r} is {what}; make it a harness.dialects.Dialect")
    if not dialect.collections:
        raise DialectError(f"the dialect {name!r} has no collection; name at least the one that is pulled")
    for given in (dialect.name, *(collection.name for collection in dialect.collections)):
        # They become parts of plans, of file names and of pytest's ids, which end up in HTML.
        if not _SAFE_NAME.fullmatch(given):
            raise DialectError(f"the dialect {name!r} uses the name {given!r}; write it with a-z, 0-9, . _ and -")
    return dialect
