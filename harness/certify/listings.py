"""What the listing commands print: vendors, requirements, one requirement explained."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.certify.command import mistakes_told
from harness.certify.families import FAMILIES, NOTES
from harness.certify.session import Options, read_evidence, selected_requirements
from harness.judge.requirements import CATALOGUE


def _console() -> Console:
    return Console(soft_wrap=False, highlight=False)


def print_vendors() -> None:
    """The recorded vendors, and which family of scenarios each can show."""
    console = _console()
    with mistakes_told():
        evidence = read_evidence(Options())
    table = Table(title="Recorded vendors", title_justify="left")
    for heading in ("vendor", "product", "recorded", "recordings", "signs by", "collection"):
        table.add_column(heading)
    for name, one in evidence.items():
        table.add_row(
            name,
            one.pull.product or one.dialect.product,
            one.pull.recorded_at[:10],
            str(len(one.recordings)),
            type(one.dialect.signing).__name__,
            one.collection.name,
        )
    console.print(table)
    families = Table(title="What each vendor can show", title_justify="left")
    families.add_column("scenarios")
    for name in evidence:
        families.add_column(name)
    for family in FAMILIES:
        cells, empty = dict(family.expected), dict(family.empty)
        families.add_row(
            f"{family.scenarios}\n[dim]{escape(family.sentence)}[/dim]",
            *(cells.get(name) or f"[dim]- {escape(empty[name])}[/dim]" for name in evidence),
        )
    console.print(families)
    for note in NOTES:
        console.print(f"- {note}")


def print_requirements() -> None:
    """Every requirement with its level and sentence."""
    table = Table(title=f"{len(CATALOGUE)} requirements", title_justify="left")
    table.add_column("id", no_wrap=True)
    table.add_column("core")
    table.add_column("yours")
    table.add_column("what holds")
    for requirement in CATALOGUE:
        table.add_row(
            requirement.id,
            requirement.level_for(core=True),
            requirement.level_for(core=False),
            escape(requirement.sentence),
        )
    _console().print(table)


def print_requirement(name: str) -> None:
    """What the requirement says, why, where it comes from, and what to do when it fails."""
    with mistakes_told():
        requirement = selected_requirements((name,))[0]
    console = _console()
    console.print(
        f"[bold]{requirement.id}[/bold]  {requirement.level_for(core=False)} "
        f"({requirement.level_for(core=True)} for the core)"
    )
    for heading, text in (
        ("What", requirement.sentence),
        ("Why", requirement.why),
        ("Source", requirement.source),
        ("Remedy", requirement.remedy),
    ):
        console.print(f"\n[bold]{heading}[/bold]\n{escape(text)}")
