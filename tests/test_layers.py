"""Who may import whom; lint-imports holds the arrows between our own packages, this the rest."""

import ast
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "harness").rglob("*.py"))
FOUNDATIONS = {"vcr": 1, "yaml": 1, "freezegun": 1, "click": 5, "jinja2": 1, "sqlalchemy": 4, "tenacity": 1}
"""How many modules inside harness may import each library. Click is the commands' and their errors'."""


def imported(path, *, anywhere):
    """The top-level names that a module imports, inside functions too where ``anywhere``."""
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree) if anywhere else tree.body
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def tops(path, *, anywhere=True):
    return {name.partition(".")[0] for name in imported(path, anywhere=anywhere)}


@pytest.mark.parametrize(("library", "most"), FOUNDATIONS.items())
def test_each_library_has_its_place(library, most):
    importers = [str(path.relative_to(ROOT)) for path in MODULES if library in tops(path)]

    assert 1 <= len(importers) <= most, importers


def test_only_the_reference_subject_and_the_commands_for_operators_import_the_core():
    importers = [
        path.relative_to(ROOT / "harness").as_posix()
        for path in MODULES
        if any(name.startswith("harness.core") for name in imported(path, anywhere=True))
        and "core" not in path.relative_to(ROOT / "harness").parts
    ]

    assert importers == ["certify/reference.py", "cli_runs.py"]


LEDGER = {"SQLAlchemy", "click", "python-json-logger", "rich"}
"""What a deployed core keeps and shows its ledger and its log with; imported only by who does so."""
IMPORTED_AS = {"pythonjsonlogger": "python-json-logger", "sqlalchemy": "SQLAlchemy"}
OF_EXTRAS = {"apprise", "prometheus_client"}
"""Imported only where they are used, and where they are missing a sentence says so."""


def test_the_core_needs_requests_with_its_urllib3_and_tenacity_and_what_its_ledger_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {requirement.partition(">")[0] for requirement in project["dependencies"]}
    third_party = set().union(*(tops(path) for path in MODULES if "core" in path.parts))
    third_party -= {"harness", *OF_EXTRAS, *(name for name, library in IMPORTED_AS.items() if library in needed)}

    assert needed == {"requests", "tenacity", "urllib3"} | LEDGER
    assert {name for name in third_party if name not in sys.stdlib_module_names} <= needed


def test_the_dialects_need_the_standard_library_alone():
    for path in MODULES:
        if "dialects" in path.parts:
            assert {name for name in tops(path) if name not in sys.stdlib_module_names} <= {"harness"}


def test_the_top_level_holds_what_the_layout_names():
    assert {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - {
        "dist",
        "build",
        "certificate",
    } == {
        "README.md",
        "cassettes",
        "harness",
        "pyproject.toml",
        "scenarios",
        "tests",
    }
