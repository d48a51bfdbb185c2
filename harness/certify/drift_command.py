"""What ``harness drift`` does: from the options to the check, its report, and an exit code."""

import signal
import sys
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from harness.certify.account_options import live_access
from harness.certify.command import mistakes_told
from harness.certify.dialect_loading import load_dialect
from harness.certify.drift_check import check
from harness.certify.drift_report import as_json, keep, print_checked, read_checks
from harness.certify.evidence import evidence_for
from harness.certify.session import UsageError
from harness.certify.shipped import shipped
from harness.stage.recordings import load_folder


def drift(
    vendor: str,
    *,
    cassettes: Path | None,
    dialect: str | None,
    out: Path,
    form: Literal["table", "json"],
    **account: Any,
) -> int:
    """Check, keep the result in ``out``, print it; 1 where a drift breaks, 0 otherwise."""
    # A pipeline that is cancelled: as after Ctrl-C, the account is left clean.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with mistakes_told(so="nothing was compared"):
            if dialect and cassettes is None:
                raise UsageError("--dialect needs --cassettes DIR, the folder with that vendor's recordings")
            loaded = load_dialect(dialect, folder=Path.cwd()) if dialect else None
            read_checks(out)
            access = live_access(vendor, **account, dialect=loaded)
            folder = cassettes or shipped("cassettes")
            recordings = load_folder(folder if loaded else folder / vendor)
            evidence = evidence_for(access.dialect, recordings)
            checked = check(access, evidence, recordings)
            keep(checked, out)
    finally:
        signal.signal(signal.SIGTERM, before)
    if form == "json":
        print(as_json(checked))
    else:
        print_checked(checked, Console(highlight=False))
    for left in checked.left_behind:
        print(f"{left} is left in the account; remove it with harness sandbox clean {vendor}", file=sys.stderr)
    return 1 if checked.result == "breaking" else 0
