"""The exit code of ``harness certify``: what a pipeline stops at."""

from collections.abc import Mapping
from typing import Any, Literal

Gate = Literal["certified", "no-worse"]
_CODES = {"certified": 0, "not_certified": 1, "inconclusive": 3}


def exit_code(document: Mapping[str, Any], comparison: Mapping[str, Any] | None, gate: Gate) -> int:
    """0 where the gate lets it pass, 1 not certified, 3 inconclusive.

    The gate ``no-worse`` lets everything pass that is not worse than the baseline, and nothing that is. A waiver
    without its failure passes neither gate.
    """
    if any(waiver["state"] == "needless" for waiver in document["waivers"]):
        return 1
    if gate == "no-worse" and comparison is not None:
        return int(comparison["regressed"])
    return _CODES[document["verdict"]]
