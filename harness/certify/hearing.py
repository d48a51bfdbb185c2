"""What the subject says while it acts: the log records it writes, and what it prints."""

import contextlib
import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from harness.certify.tallies import worded
from harness.stage.history import Logged
from harness.stage.transcript import masked, named_in
from harness.stage.vendor_end import VendorEnd

_KEPT_PRINT_BYTES = 65_536
_OWN_LOG_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def told(error: BaseException) -> str:
    """Class and text of the error, of what is grouped in it and of everything that caused it, the outermost first."""
    lines: list[str] = []
    seen: set[int] = set()
    waiting = [error]
    while waiting and len(lines) < 10:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        lines.append(f"{type(link).__name__}: {worded(link)}")
        waiting += link.exceptions if isinstance(link, BaseExceptionGroup) else ()
        if (cause := link.__cause__ or link.__context__) is not None:
            waiting.append(cause)
    return "\n".join(lines)


class _Kept(io.RawIOBase):
    """Takes any bytes, and keeps no more of them than the scan for secrets needs."""

    def __init__(self) -> None:
        self.kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, some: Any, /) -> int:
        part = bytes(some)
        self.kept += part[: _KEPT_PRINT_BYTES - len(self.kept)]
        return len(part)


class Printed(io.TextIOWrapper):
    """What the subject prints, as text or through ``buffer``; it cannot be closed."""

    def __init__(self) -> None:
        self._raw = _Kept()
        super().__init__(self._raw, encoding="utf-8", errors="backslashreplace", write_through=True)  # type: ignore[arg-type]

    def close(self) -> None:
        """Nothing: what a subject's clean-up closes is not its own."""

    def text(self) -> str:
        """All that is kept."""
        return self._raw.kept.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _LogTap:
    """Writes log records into the history, as an operator at level INFO would see them."""

    end: VendorEnd
    now_us: Callable[[], int]

    def keep(self, record: logging.LogRecord) -> None:
        """Keep the record; a record that cannot be formatted is the subject's own trouble and says so."""
        if record.levelno < logging.INFO:
            return
        try:
            message = record.getMessage()
        except Exception as error:  # a wrong format string must not end the run
            message = f"{worded(record.msg)} could not be formatted: {worded(error)}"
        message = worded(message)
        if record.exc_info and record.exc_info[1]:
            message += "\n" + told(record.exc_info[1])
        secrets = self.end.door.disguises()
        hidden = secrets | self.end.places
        extra = [(worded(name), worded(value)) for name, value in vars(record).items() if name not in _OWN_LOG_FIELDS]
        self.end.events.append(
            Logged(
                act=self.end.act,
                at_us=self.now_us(),
                level=int(record.levelno),
                logger=worded(record.name),
                message=masked(message, hidden)[0],
                fields=tuple((name, masked(value, hidden)[0]) for name, value in extra),
                leaks=named_in(" ".join([message, *(value for _, value in extra)]), secrets),
            )
        )


@contextlib.contextmanager
def logs_into(end: VendorEnd, now_us: Callable[[], int]) -> Iterator[None]:
    """Hear every record on its way to the handlers: an application sets those up anew when it starts."""
    root, hand_on = logging.getLogger(), logging.Logger.callHandlers
    tap, level, kept = _LogTap(end, now_us), root.level, root.handlers[:]

    def heard(self: logging.Logger, record: logging.LogRecord) -> None:
        tap.keep(record)
        hand_on(self, record)

    root.handlers[:] = [logging.NullHandler()]
    root.setLevel(logging.INFO)
    logging.Logger.callHandlers = heard  # type: ignore[method-assign]
    try:
        yield
    finally:
        logging.Logger.callHandlers = hand_on  # type: ignore[method-assign]
        root.setLevel(level)
        root.handlers[:] = kept
