"""What a run consists of: its acts and looks in order, and what the subject is given for them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from harness.certify.plan import Plan
from harness.certify.subject import Access
from harness.stage.faults.runs import Again, Crash, Interrupted
from harness.stage.faults.sources import UnusualText
from harness.stage.faults.watch import Runs, Scheduled, Step
from harness.stage.vendor_end import VendorEnd

EXPECTED_EVERY = timedelta(hours=1)
"""How often every subject is told that it should succeed."""
_IN_MEMORY = Path("/dev/shm")
_TWICE = Again | Crash | Interrupted | UnusualText
"""After these the subject runs once more."""


def steps_of(plan: Plan) -> tuple[Step, ...]:
    """The steps of a run of this plan: once, twice where the plan lets it run again, or by a schedule."""
    for injection in plan.injections:
        if isinstance(injection.fault, Scheduled):
            return injection.fault.schedule
    again = any(isinstance(injection.fault, _TWICE) for injection in plan.injections)
    return (Runs(0), Runs(0)) if again else (Runs(0),)


def outlives_processes(plan: Plan) -> bool:
    """Whether it counts what a subject keeps beyond its process, so that each step needs one of its own."""
    return any(isinstance(injection.fault, Crash | Scheduled) for injection in plan.injections)


def access_to(end: VendorEnd, folder: Path) -> Access:
    """What the subject is told in every step of the run."""
    dialect, account = end.dialect, next(iter(end.door.accounts), None)
    return Access(
        vendor=dialect.name,
        base_url=dialect.base_url,
        token_url=dialect.base_url + account.token_path if account else None,
        credentials=account.credentials if account else end.door.credentials,
        state_folder=folder,
        expected_every=EXPECTED_EVERY,
    )


@contextmanager
def kept_folder() -> Iterator[Path]:
    """An empty folder for what the subject keeps during a run; gone afterwards, whatever is in it.

    In memory where that can be: nobody waits for a disk to keep what is thrown away.
    """
    place = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="harness-state-", dir=place))
    try:
        yield folder
    finally:
        try:
            folder.rmdir()  # most keep nothing, and a walk through it costs as much as making it
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
