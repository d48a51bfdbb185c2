"""The matrices: requirements by vendor, faults by the exchange that they struck; each cell is a word and a link."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.certify.judged import Judged
from harness.certify.page.claims import FAMILIES
from harness.certify.page.source import Source, family_of
from harness.judge.outcome import outcome
from harness.stage.history import Run

State = Literal["passed", "failed", "waived", "loud", "unknown", "not_exercised", "not_applicable"]
_WORST_FIRST: tuple[State, ...] = ("failed", "waived", "unknown", "not_exercised", "loud", "passed", "not_applicable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: its state, the runs that it counts, and where the evidence is."""

    column: str
    state: State
    runs: int = 0
    bad: int = 0
    href: str = ""
    note: str = ""
    """Why there is no verdict; a letter that the notes under the matrix explain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: a requirement, or a kind of fault."""

    code: str
    title: str
    level: str
    source: str
    cells: tuple[Cell, ...]

    @property
    def worst(self) -> State:
        """The worst state in it."""
        return min((cell.state for cell in self.cells), key=_WORST_FIRST.index, default="not_applicable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows that belong together, under one name."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Groups of rows over named columns."""

    title: str
    columns: tuple[str, ...]
    groups: tuple[Group, ...]
    notes: tuple[tuple[str, str], ...] = ()
    """Letter and reason."""


def requirements_matrix(source: Source, anchors: Mapping[str, str]) -> Matrix:
    """Each requirement at each vendor; a cell counts the runs that could judge it there."""
    reasons: dict[str, str] = {}
    families: dict[str, list[Row]] = {}
    for judged in source.judged:
        cells = tuple(_verdict_cell(source, judged, vendor, anchors, reasons) for vendor in judged.by_vendor)
        row = Row(
            code=judged.requirement.id,
            title=judged.requirement.sentence,
            level=judged.level,
            source=judged.requirement.source,
            cells=cells,
        )
        families.setdefault(family_of(judged.requirement.id), []).append(row)
    groups = tuple(Group(title=FAMILIES.get(name, name), rows=tuple(rows)) for name, rows in families.items())
    columns = tuple(source.judged[0].by_vendor) if source.judged else ()
    notes = tuple((letter, why) for why, letter in reasons.items())
    return Matrix(title="Requirements", columns=columns, groups=groups, notes=notes)


def _verdict_cell(
    source: Source, judged: Judged, vendor: str, anchors: Mapping[str, str], reasons: dict[str, str]
) -> Cell:
    verdict = judged.by_vendor[vendor]
    if verdict.value in ("not_applicable", "unknown"):
        why = verdict.why or "it showed something to judge, and that was not enough"
        note = reasons.setdefault(why, _letter(len(reasons)))
        return Cell(column=vendor, state=verdict.value, runs=verdict.runs, note=note, href=f"#reason-{note}")
    if verdict.value == "failed":
        state: State = "waived" if source.is_waived(judged, vendor) else "failed"
        bad = len({finding.plan for finding in verdict.findings})
        href = f"#{anchors[judged.requirement.id]}"
        return Cell(column=vendor, state=state, runs=max(bad, verdict.runs), bad=bad, href=href)
    telling = source.telling_run(judged, vendor)
    href = source.places[telling.plan] if telling else f"#runs-{vendor}"
    return Cell(column=vendor, state="passed", runs=verdict.runs, href=href)


def _letter(number: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return letters[number % 26] * (number // 26 + 1)


def fault_matrices(source: Source) -> tuple[Matrix, ...]:
    """For each vendor, each kind of fault at each kind of exchange."""
    broke = {
        finding.plan
        for judged, finding in source.findings()
        if judged.level == "MUST" and not source.is_waived(judged, finding.vendor)
    }
    matrices = []
    for vendor in source.vendors:
        struck: dict[str, dict[str, list[Run]]] = {}
        for run in source.certificate.runs:
            if run.vendor == vendor and run.faults:
                struck.setdefault(" ".join(run.faults), {}).setdefault(_place(run), []).append(run)
        columns = tuple(dict.fromkeys(place for places in struck.values() for place in sorted(places)))
        rows = tuple(_fault_row(source, kind, struck[kind], columns, broke) for kind in sorted(struck))
        matrices.append(Matrix(title=vendor, columns=columns, groups=(Group(title=vendor, rows=rows),)))
    return tuple(matrices)


def _place(run: Run) -> str:
    """Job and operation: ``pull users.list``; a fault of the run as a whole strikes ``pull run``."""
    words = [word for word in run.plan.split()[2:] if not word.startswith("seed=")]
    return f"{run.job} {words[0].partition('#')[0]}"


def _fault_row(
    source: Source, kind: str, places: Mapping[str, Sequence[Run]], columns: Iterable[str], broke: set[str]
) -> Row:
    cells = tuple(_fault_cell(source, place, places.get(place, ()), broke) for place in columns)
    return Row(code=kind, title="", level="", source="", cells=cells)


def _fault_cell(source: Source, place: str, runs: Sequence[Run], broke: set[str]) -> Cell:
    by_state: dict[State, list[Run]] = {}
    for run in runs:
        by_state.setdefault(_state(run, broke), []).append(run)
    if not by_state:
        return Cell(column=place, state="not_applicable")
    state = min(by_state, key=_WORST_FIRST.index)
    shown = by_state[state]
    return Cell(column=place, state=state, runs=len(runs), bad=len(by_state[state]), href=source.places[shown[0].plan])


def _state(run: Run, broke: set[str]) -> State:
    if not run.exercised:
        return "not_exercised"
    ended = outcome(run)
    if ended in ("silent", "unexplained", "hung") or run.plan in broke:
        return "failed"
    if ended == "unknown":
        return "unknown"
    return "loud" if ended == "loud" else "passed"
