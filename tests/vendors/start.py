"""Starts a vendor as the recordings know it, and stops it.

    python -m tests.vendors.start keystone --state /tmp/vendors --port 9200
    python -m tests.vendors.start keystone --state /tmp/vendors --stop

Prints, as JSON, where it is and what to sign in with. These are sandbox secrets, made anew at each start.
"""

import argparse
import dataclasses
import json
import shutil
import sys
from pathlib import Path

from tests.vendors.flows import SERIES
from tests.vendors.process import NotPossible, free_port, stop


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.vendors.start", description="Start or stop a vendor.")
    parser.add_argument("vendor", choices=[series.folder for series in SERIES])
    parser.add_argument("--state", type=Path, required=True, help="folder for what is installed and for its state")
    parser.add_argument("--port", type=int, help="on loopback; a free one if not given")
    parser.add_argument("--stop", action="store_true", help="end the one that was started there")
    options = parser.parse_args(arguments)
    series = next(one for one in SERIES if one.folder == options.vendor)
    state = options.state.resolve() / series.folder
    was_running = stop(state, series.dialect.name)
    if options.stop:
        print(f"{series.folder} {'is stopped' if was_running else 'was not running'}")
        return 0
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    try:
        running = series.start(state, options.port or free_port())
    except NotPossible as exc:
        print(f"{series.folder} cannot run here: {exc}", file=sys.stderr)
        return 1
    told = dataclasses.asdict(running)
    print(
        json.dumps({name: str(value) if isinstance(value, Path) else value for name, value in told.items()}, indent=2)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
