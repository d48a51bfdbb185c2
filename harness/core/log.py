"""One line that turns the core's log into JSON."""

import logging
import sys
import time
from typing import TextIO

from harness.core.journal import LOGGER

_FIELDS = ("asctime", "levelname", "name", "message")


def log_json(stream: TextIO | None = None, *, level: int = logging.INFO) -> logging.Handler:
    """From here on the core's log is JSON: one object a line, with every field of the record by its name.

    ``time`` (UTC, whatever the machine's zone), ``level``, ``logger`` and ``message``, and what the record carries:
    ``event``, ``operation``, ``status``, ``request_id``, ``record_key``, ``wait_s`` (seconds), ``reason``. Goes to
    ``stream``, standard error where left out, and no longer to the root logger's handlers as well. Returns the
    handler, to be removed or added elsewhere.
    """
    from pythonjsonlogger.json import JsonFormatter

    names = {"asctime": "time", "levelname": "level", "name": "logger"}
    handler = logging.StreamHandler(stream or sys.stderr)
    formatter = JsonFormatter(_FIELDS, rename_fields=names)
    formatter.converter = time.gmtime
    formatter.default_time_format, formatter.default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ"
    handler.setFormatter(formatter)
    LOGGER.addHandler(handler)
    LOGGER.setLevel(level)
    LOGGER.propagate = False
    return handler
