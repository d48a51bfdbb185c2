"""25 ways in which a vendor fails, and what the core and its peers make of each, under virtual time.

    python -m tests.benchmarks.fault_matrix              the core and hand-written integrations
    python -m tests.benchmarks.fault_matrix --peers all  dlt, airbyte-cdk, singer-sdk, azure-core, httpx-retries too

``complete``: every user once; ``loud``: an error; ``lost``: an end without one, and users are missing; ``doubled``:
users came twice. ``early``: a request came before the time that the vendor had given; ``N tokens``: one for nearly each
request.
"""

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from harness.stage.patch import install
from harness.stage.play import play
from tests.benchmarks.matrix_vendor import CASES, CLEAN, HOST, PAGES, USERS, Case, Vendor

LATENCY_S = 0.2


@dataclass(frozen=True)
class Cell:
    """What one peer made of one case."""

    ended: str
    early: int
    tokens: int

    def right(self, case: Case) -> bool:
        """Whether nothing better could be asked for."""
        if self.early or self.tokens > PAGES // 2:
            return False
        return self.ended == "complete" or (self.ended == "loud" and case.right == "loud")

    def __str__(self) -> str:
        notes = [
            note
            for note, holds in (("early", self.early), (f"{self.tokens} tokens", self.tokens > PAGES // 2))
            if holds
        ]
        return " ".join((self.ended, *notes))


def tried(peer: object, case: Case) -> Cell:
    """What the peer makes of the case, in virtual time."""
    vendor = Vendor(case)
    played = play(
        lambda: peer(case.style),  # type: ignore[operator]
        answer=vendor.answer,
        resolve=HOST.__eq__,
        latency_s=LATENCY_S,
        seed=1,
        real_limit_s=120.0,
    )
    if played.ended == "raised":
        ended = "loud"
    elif played.ended != "returned":
        ended = played.ended
    else:
        ids = played.value
        ended = "doubled" if len(ids) > len(set(ids)) else "complete" if len(set(ids)) == USERS else "lost"
    return Cell(ended, vendor.early, len(vendor.tokens))


def rows_of(peers: Mapping[str, object]) -> dict[str, dict[str, Cell]]:
    """Peer -> case -> cell."""
    logging.disable(logging.CRITICAL)
    rows = {name: {case.name: tried(peer, case) for case in (CLEAN, *CASES)} for name, peer in peers.items()}
    for name, row in rows.items():
        if row[CLEAN.name].ended != "complete":
            raise RuntimeError(f"{name} does not even read a vendor that does not fail: it was set up wrongly")
    return rows


def prepared() -> None:
    """The clock and the wire are in place before the peers' libraries are imported."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    install()


def right_of(row: Mapping[str, Cell]) -> int:
    """In how many of the 25 cases nothing better could be asked for."""
    return sum(row[case.name].right(case) for case in CASES)


def table(rows: Mapping[str, Mapping[str, Cell]]) -> str:
    """Cases by peers, in Markdown; the last line counts what is right."""
    lines = [f"| fault | {' | '.join(rows)} |", "|---" * (len(rows) + 1) + "|"]
    for case in (CLEAN, *CASES):
        lines.append(f"| {case.name} | {' | '.join(str(row[case.name]) for row in rows.values())} |")
    lines.append(f"| **right of {len(CASES)}** | {' | '.join(str(right_of(row)) for row in rows.values())} |")
    return "\n".join(lines)


def from_json(text: str) -> dict[str, dict[str, Cell]]:
    return {name: {case: Cell(**cell) for case, cell in row.items()} for name, row in json.loads(text).items()}


def to_json(rows: Mapping[str, Mapping[str, Cell]]) -> str:
    return json.dumps({name: {case: asdict(cell) for case, cell in row.items()} for name, row in rows.items()})


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fault_matrix", description="The fault matrix.")
    parser.add_argument("--peers", choices=["light", "all"], default="light")
    parser.add_argument("--group", help="measure the peers of this group in this process and print them as JSON")
    options = parser.parse_args(arguments)
    if options.group:
        from tests.benchmarks.matrix_frameworks import imported
        from tests.benchmarks.matrix_groups import peers_of

        imported(options.group)
        prepared()
        print(to_json(rows_of(peers_of(options.group))))
        return 0
    prepared()
    from tests.benchmarks.matrix_peers import LIGHT

    rows = rows_of(LIGHT)
    if options.peers == "all":
        from tests.benchmarks.matrix_groups import measured

        rows |= measured()
    print(table(rows))
    return 0 if right_of(rows["harness.core"]) == len(CASES) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
