"""One line that turns the core's log into JSON."""

import logging
import sys
import time
from typing import TextIO

from harness.core.journal import LOGGER

_FIELDS = ("asctime", "levelname", "name", "message")


class _JsonLines(logging.StreamHandler[TextIO]):
    """What ``log_json`` adds."""


def log_json(stream: TextIO | None = None, *, level: int = logging.INFO) -> logging.Handler:
    """From here on the core's log is JSON: one object a line, with every field of the record by its name.

    ``time`` (UTC, whatever the machine's zone), ``level``, ``logger`` and ``message``, and what the record carries:
    ``event``, ``operation``, ``status``, ``request_id``, ``record_key``, ``wait_s`` (seconds), ``reason``. Goes to
    ``stream``, standard error where left out, and no longer to the root logger's handlers as well; asked twice for one
    stream, it writes each line there once. Returns the handler, to be removed or added elsewhere.
    """
    from pythonjsonlogger.json import JsonFormatter

    names = {"asctime": "time", "levelname": "level", "name": "logger"}
    handler = _JsonLines(stream or sys.stderr)
    formatter = JsonFormatter(_FIELDS, rename_fields=names)
    formatter.converter = time.gmtime
    formatter.default_time_format, formatter.default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ"
    handler.setFormatter(formatter)
    for older in LOGGER.handlers[:]:
        if isinstance(older, _JsonLines) and older.stream is handler.stream:
            LOGGER.removeHandler(older)
    LOGGER.addHandler(handler)
    LOGGER.setLevel(level)
    LOGGER.propagate = False
    return handler
