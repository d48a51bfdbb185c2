"""Imports the subject's module once the calendar is set, and what cannot bear that with the real one."""

import importlib
from types import ModuleType, TracebackType

from harness.stage.patch import installed, real_calendar


def imported(name: str) -> ModuleType:
    """The module. A library of its that derives classes of another metaclass from ``date`` (pydantic 1 does) is
    imported with the real calendar first, and is on the virtual one behind that all the same.

    Raises:
        BaseException: Whatever the module raises.
    """
    tried: set[str] = set()
    while True:
        try:
            return importlib.import_module(name)
        except TypeError as error:
            library = _where(error.__traceback__)
            if "metaclass conflict" not in str(error) or library in tried or not installed():
                raise
            tried.add(library)
            with real_calendar():
                importlib.import_module(library)


def _where(trace: TracebackType | None) -> str:
    """The module whose body was carried out when it was raised."""
    name = ""
    while trace is not None:
        name, trace = str(trace.tb_frame.f_globals.get("__name__", "")), trace.tb_next
    return name
