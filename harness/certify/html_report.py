"""What pytest-html's ``report.html`` holds: links to the evidence instead of the evidence, and versions only."""

import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

from pytest_html import extras  # type: ignore[import-untyped]

from harness.certify.certificate_document import history_place
from harness.certify.plain import plain
from harness.judge.verdict import Finding
from harness.stage.history import Run

TITLE = "The scenarios behind the certificate"
_PACKAGES = ("integration-harness", "pytest", "pytest-html", "vcrpy")
_MOST_TOLD = 20


def evidence_links(all_plans: Iterable[str], shown: Sequence[Run]) -> list[dict[str, Any]]:
    """A link to the history of each run shown, numbered as the certificate numbers them.

    ``all_plans`` are the texts of all plans, in the order played.
    """
    wanted = {run.plan for run in shown}
    numbers = (number for number, plan in enumerate(all_plans, start=1) if plan in wanted)
    files = [history_place(number) for number in numbers]
    return [extras.url(file, name=f"run {file.rpartition('/')[2].removesuffix('.json')}") for file in files]


def environment() -> dict[str, Any]:
    """The environment table: Python, platform and packages; nothing else of this machine, and no variable of a CI."""
    packages = {name: version(name) for name in _PACKAGES}
    system = f"{platform.system()} {platform.machine()}"
    return {"Python": platform.python_version(), "Platform": system, "Packages": packages}


def told(findings: Sequence[Finding]) -> str:
    """The first findings with their plans, each cut to a readable length."""
    lines = [f"{finding.plan}\n    {plain(finding.sentence)}" for finding in findings[:_MOST_TOLD]]
    more = len(findings) - _MOST_TOLD
    return "\n".join([*lines, *([f"and {more} more"] if more > 0 else [])])
