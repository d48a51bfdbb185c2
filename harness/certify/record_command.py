"""What ``harness record`` does: every way in which it ends is one sentence and an exit code."""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from harness.certify.command import mistakes_told
from harness.certify.dialect_loading import load_dialect
from harness.certify.flow_recording import FlowFailed, recording, run_recorded
from harness.certify.plain import plain
from harness.certify.session import UsageError


def record(
    command: Sequence[str],
    *,
    vendor: str,
    flow: str,
    base_url: str,
    out: Path,
    sandbox: Path,
    present: Literal["kept", "replaced"],
    product: str,
    dialect: str | None,
    max_requests: int | None,
    per_second: float | None,
) -> int:
    """Record what the command asks; 0 where the cassette is written, 1 where the command did not do its part."""
    # A pipeline that is cancelled: as after Ctrl-C, the command is ended and nothing is written.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with mistakes_told(so="nothing was recorded"), _interruption_told():
            loaded = load_dialect(dialect, folder=Path.cwd()) if dialect else None
            with recording(
                vendor,
                flow,
                base_url=base_url,
                out=out,
                sandbox=sandbox,
                present=present,
                product=product,
                dialect=loaded,
                max_requests=max_requests,
                per_second=per_second,
            ) as recorder:
                run_recorded(command, recorder)
    except FlowFailed as failed:
        print(f"Not recorded: {plain(str(failed), most=500)}.", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)
    exchanges = recorder.exchanges
    print(f"{out / vendor / flow}.yaml holds {len(exchanges)} requests and their answers, without secrets.")
    if all(one.status in (401, 403) for one in exchanges):
        print("Every answer is a refusal (401 or 403): unless the flow is to show that, check the credentials.")
    return 0


@contextmanager
def _interruption_told() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise UsageError("interrupted before the flow's end; nothing was written, record it again") from None
