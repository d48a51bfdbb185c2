"""The core beside its peers, in one run: every figure of the README's table, as Markdown.

    python -m tests.benchmarks.side_by_side            everything, dlt, airbyte-cdk and singer-sdk included: minutes
    python -m tests.benchmarks.side_by_side --light    without the peers that need libraries of their own

Figures are ratios, counts and shares; times of a shared machine are good for nothing else.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence

from tests.benchmarks.bench_pages import ROOT, cpu_ratio, memory_growth_mb
from tests.benchmarks.fault_matrix import from_json, right_of
from tests.benchmarks.matrix_groups import measured
from tests.benchmarks.matrix_vendor import CASES

_IMPORT = """
import time
from tests.benchmarks.bench_pages import peak_kb
began_s, before_kb = time.process_time(), peak_kb()
import harness.core
print([time.process_time() - began_s, (peak_kb() - before_kb) / 1024])
"""


def summary(rows: Mapping[str, Mapping[str, object]]) -> str:
    """For each peer: right of 25, ended with users missing or doubled and no error, called before its time."""
    lines = ["| client | right | silently wrong | too early |", "|---|---|---|---|"]
    for name, row in rows.items():
        cells = [row[case.name] for case in CASES]
        wrong = sum(str(cell).split()[0] in ("lost", "doubled") for cell in cells)
        early = sum("early" in str(cell) for cell in cells)
        lines.append(f"| {name} | {right_of(row)} of {len(CASES)} | {wrong} | {early} |")  # type: ignore[arg-type]
    return "\n".join(lines)


def light_rows() -> dict[str, dict[str, object]]:
    """The core and hand-written integrations, measured in a process of their own: its clock is the stage's."""
    command = [sys.executable, "-m", "tests.benchmarks.fault_matrix", "--group", "light"]
    told = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return {name: dict(row) for name, row in from_json(told.stdout.splitlines()[-1]).items()}


def import_cost() -> tuple[float, float]:
    """What importing ``harness.core`` costs a bare interpreter: CPU seconds, and MB of resident memory."""
    told = subprocess.run([sys.executable, "-c", _IMPORT], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    cpu_s, grown_mb = json.loads(told.stdout)
    return cpu_s, grown_mb


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.side_by_side", description="Side by side.")
    parser.add_argument("--light", action="store_true", help="only peers that need no library of their own")
    options = parser.parse_args(arguments)
    rows = light_rows()
    if not options.light:
        rows |= {name: dict(row) for name, row in measured().items()}
    print(summary(rows), flush=True)
    ratio, per_page = cpu_ratio()
    told = ", ".join(f"{client} {cost:.2f} ms" for client, cost in per_page.items())
    print(f"\nCPU of a page of 100 users: {ratio:.2f} of a plain session's loop ({told})", flush=True)
    growths_mb = (
        f"{memory_growth_mb():+.1f} MB, not in the order of their ids {memory_growth_mb(ordered=False):+.1f} MB"
    )
    print(f"resident memory from 50,000 to 500,000 users: {growths_mb}", flush=True)
    cpu_s, grown_mb = import_cost()
    print(f"import of harness.core: {cpu_s:.2f} s of CPU, {grown_mb:.0f} MB", flush=True)
    for module in ("bench_pacing", "bench_push"):
        print(flush=True)
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.{module}"], cwd=ROOT, check=True)
    return 0 if right_of(rows["harness.core"]) == len(CASES) else 1  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
