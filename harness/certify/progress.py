"""Tells how far the certification is: a bar on a terminal, plain lines elsewhere."""

import sys
from types import TracebackType

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from harness.certify.session import Session


class Progress:
    """A pytest plugin that counts scenarios and runs as they end."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._console = Console(file=sys.stderr)
        self._bar = Bar(
            TextColumn("certifying"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("scenarios, {task.fields[runs]} runs"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("scenarios", total=None, runs=0)
        self._module, self._total, self._ended = "", 0, 0

    def __enter__(self) -> "Progress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """From here on the whole is known."""
        self._total = len(session.items)
        self._bar.update(self._task, total=self._total)

    def pytest_runtest_logfinish(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """One scenario more."""
        self._ended += 1
        runs = len(self._session.campaign.runs)
        self._bar.update(self._task, completed=self._ended, runs=runs)
        module = nodeid.partition("::")[0].rpartition("/")[2].removesuffix(".py").replace("_", " ")
        if not self._console.is_terminal and (module != self._module or self._ended == self._total):
            if self._module or self._ended == self._total:
                print(
                    f"{self._module or module}: {self._ended} of {self._total} scenarios, {runs} runs", file=sys.stderr
                )
            self._module = module
