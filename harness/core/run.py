"""One run while it goes on: what it counted, and how it ends."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import timedelta
from types import FrameType, TracebackType
from typing import Protocol, Self

from harness.core.book import End
from harness.core.database import LedgerError
from harness.core.pulse import Pulse
from harness.core.recording import Recording
from harness.core.records import State
from harness.core.usage import Usage

_LONGEST_REASON = 500


class Terminated(SystemExit):
    """SIGTERM came. Ends the process as the signal would have, after everybody has cleaned up."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)


class Keeper(Protocol):
    """Who writes the run down."""

    def begin(self, integration: str, expected_every_s: float | None) -> int: ...

    def hear(self, number: int) -> None: ...

    def end(self, number: int, integration: str, end: End) -> None: ...


class Run:
    """A run of an integration, as a context. Threads may share it."""

    def __init__(self, keeper: Keeper, integration: str, *, expected_every_s: float | None, beat_s: float) -> None:
        self.integration = integration
        self.number = 0
        """Its number in the ledger; 0 before it has begun."""
        self._keeper = keeper
        self._expected_every_s = expected_every_s
        self._pulse = Pulse(self._beat, every_s=beat_s)
        self._lock = threading.Lock()
        self._counts = Counter[str]()
        self._reasons: list[str] = []
        self._usage = Usage()
        self._process = 0
        self._open = ExitStack()

    def count(self, **records: int) -> None:
        """So many records more were ``created``, ``pulled``, or whatever the word is."""
        with self._lock:
            self._counts.update(records)

    def partial(self, reason: str) -> None:
        """Something was not done: the run does not count as a success."""
        with self._lock:
            self._reasons.append(reason)

    def used(self, usage: Usage) -> None:
        """So much was asked of the vendor."""
        with self._lock:
            self._usage += usage

    def recording(self, operation: str, *, expected_every: timedelta | None) -> AbstractContextManager[Recording]:
        """The operation as a part of this run, which ends as the whole does."""
        return nullcontext(self)

    def __enter__(self) -> Self:
        self._process = os.getpid()
        with ExitStack() as entering:
            entering.enter_context(_terminated_loudly())
            self.number = self._keeper.begin(self.integration, self._expected_every_s)
            self._pulse.start()
            self._open = entering.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if os.getpid() != self._process:
            return  # A process that was forked off in the middle leaves; the run goes on without it.
        with self._open:
            self._pulse.stop()
            try:
                self._keeper.end(self.number, self.integration, self._end(error))
            except LedgerError as unwritten:
                if error is None:
                    raise
                error.add_note(str(unwritten))

    def _end(self, error: BaseException | None) -> End:
        with self._lock:
            counts, reasons, usage = dict(self._counts), "; ".join(self._reasons), self._usage
        match error:
            case None | GeneratorExit() | SystemExit(code=None | 0):
                state: State = "partial" if reasons else "succeeded"
                return End(state=state, reason=_line(reasons), counts=counts, usage=usage)
            case KeyboardInterrupt() | Terminated():
                by = "SIGTERM" if isinstance(error, Terminated) else "Ctrl-C"
                return End(state="interrupted", reason=f"ended by {by}", counts=counts, usage=usage)
            case _:
                reason, request_id = _line(f"{type(error).__name__}: {error}"), str(getattr(error, "request_id", ""))
                return End(state="failed", reason=reason, request_id=request_id, counts=counts, usage=usage)

    def _beat(self) -> None:
        self._keeper.hear(self.number)


def _line(text: str) -> str:
    """The text in one line that fits a table."""
    return " ".join(text.split())[:_LONGEST_REASON]


@contextmanager
def _terminated_loudly() -> Iterator[None]:
    """SIGTERM raises here what lets everybody clean up; where somebody else handles it already, nothing changes."""
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is _raise_terminated:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise_terminated(number: int, frame: FrameType | None) -> None:
    raise Terminated
