"""A comparison for people: on a terminal, and in Markdown."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from harness.certify.comparison import CHANGES
from harness.certify.plain import in_markdown, plain

_MOST = {"worse": 100, "better": 20, "new": 20, "gone": 20}
_COLOURS = {"worse": "red", "better": "green", "new": "default", "gone": "yellow"}


def told(comparison: Mapping[str, Any]) -> str:
    """The comparison in one sentence."""
    changes = [*comparison["requirements"], *comparison["faults"]]
    if not changes:
        return "Nothing changed since the older certificate."
    counts = ", ".join(f"{sum(one['change'] == change for one in changes)} {change}" for change in CHANGES)
    ends = "This is a regression." if comparison["regressed"] else "Nothing is worse."
    return f"Since the older certificate: {counts}. {ends}"


def print_comparison(comparison: Mapping[str, Any]) -> None:
    """Print every change on standard output, the worse first; of each kind a readable number."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"\n[bold {'red' if comparison['regressed'] else 'green'}]{told(comparison)}[/]")
    for one in comparison["conditions"]:
        console.print(escape(plain(f"  {_condition(one)}")))
    for change in CHANGES:
        lines = list(_lines(comparison, change))
        for line in lines[: _MOST[change]]:
            console.print(f"  [{_COLOURS[change]}]{change:6}[/] {escape(plain(line, most=1000))}")
        if len(lines) > _MOST[change]:
            console.print(f"  and {len(lines) - _MOST[change]} more {change}")


def comparison_markdown(comparison: Mapping[str, Any]) -> str:
    """The comparison as Markdown, for a comment on a pull request; every recorded text in it is escaped."""
    return "\n".join(_markdown(comparison)) + "\n"


def _markdown(comparison: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"### {in_markdown(comparison['subject'])}: {in_markdown(told(comparison))}", "")
    yield from (f"- {in_markdown(_condition(one))}" for one in comparison["conditions"])
    changes = [*comparison["requirements"], *comparison["faults"]]
    if changes:
        yield from ("", "| change | what | before | now |", "| --- | --- | --- | --- |")
    for change in CHANGES:
        rows = [one for one in changes if one["change"] == change]
        for one in rows[: _MOST[change]]:
            word = f"**{change}**" if change == "worse" else change
            yield f"| {word} | {in_markdown(_what(one))} | {_shown(one['old'])} | {_shown(one['new'])} |"
        if len(rows) > _MOST[change]:
            yield f"| {change} | and {len(rows) - _MOST[change]} more | | |"


def _lines(comparison: Mapping[str, Any], change: str) -> Iterator[str]:
    for one in (*comparison["requirements"], *comparison["faults"]):
        if one["change"] == change:
            yield f"{_what(one)}: {_shown(one['old'])} -> {_shown(one['new'])}"


def _what(change: Mapping[str, Any]) -> str:
    return f"{change['requirement']} on {change['vendor']}" if "requirement" in change else str(change["plan"])


def _shown(value: str) -> str:
    return value.replace("_", " ") or "absent"


def _condition(one: Mapping[str, Any]) -> str:
    return f"made differently: {one['what']} was {one['old']}, is {one['new']}"
