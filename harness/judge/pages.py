"""Requirements on listings: every record once, whatever the vendor does to its pages."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.outcome import outcome
from harness.judge.reading import ending, number_of, struck
from harness.judge.requirement import POST, PRACTICE, Requirement
from harness.judge.verdict import Finding
from harness.stage.history import Run

_SHORT = ("ShortPage", "EmptyPage")
_HARMLESS = frozenset({*_SHORT, "Again", "Crash", "Workers"})
_BROKEN_OFF = ("DroppedNext", "TotalDisagrees")
_ROUND = ("CursorLoop", "RepeatedPage")
_TWICE = ("OverlappingPage", "RepeatedPage")
_LISTED = frozenset({"pull", "pages"})


def _undisturbed(run: Run) -> bool:
    """Whether the vendor showed every record, on however many pages, and failed at nothing."""
    return run.job == "pull" and _HARMLESS.issuperset(run.faults)


def _incomplete(run: Run) -> Iterator[Finding]:
    if outcome(run) != "correct":
        yield finding(run, ending(run), expected="every record once", seen="something else")


def _broke_off(run: Run) -> bool:
    return bool(struck(run, *_BROKEN_OFF))


def _unnoticed(run: Run) -> Iterator[Finding]:
    if outcome(run) == "silent":
        yield finding(
            run,
            f"The vendor had promised more. {ending(run)}",
            expected="a loud end, or every record",
            seen="done, with records missing",
            at_us=struck(run, *_BROKEN_OFF)[0].answered_us,
        )


def _went_round(run: Run) -> bool:
    return bool(struck(run, *_ROUND))


def _lost_in_circles(run: Run) -> Iterator[Finding]:
    loop = struck(run, *_ROUND)[0]
    missing = [act for act in run.acts() if act.returned and act.returned.missing]
    if outcome(run) == "hung":
        yield finding(
            run,
            f"It went round in circles from {loop.target} on.",
            expected="an end, and a loud one",
            seen=f"{len(run.exchanges(loop.operation))} pages asked for, and no end",
            at_us=loop.answered_us,
        )
    elif outcome(run) == "silent" and missing:
        yield finding(
            run,
            f"It took a page that it had read before for the end. {ending(run)}",
            expected="a loud end, or every record",
            seen="done, with records missing",
            at_us=loop.answered_us,
        )


def _shown_twice(run: Run) -> bool:
    return bool(struck(run, *_TWICE))


def _doubled(run: Run) -> Iterator[Finding]:
    for act in run.acts():
        if act.returned and act.returned.doubled:
            keys = ", ".join(act.returned.doubled[:3])
            yield finding(
                run,
                f"It returned {keys} more than once.",
                expected="each record once, however often pages show it",
                seen=f"{len(act.returned.doubled)} doubled",
                at_us=act.ended_us,
            )


def _short(run: Run) -> bool:
    return bool(struck(run, *_SHORT))


def _stopped_short(run: Run) -> Iterator[Finding]:
    if outcome(run) != "correct":
        page = struck(run, *_SHORT)[0]
        yield finding(
            run,
            f"It was shown a page with {number_of(page.rows or 0, 'record')} that led on. {ending(run)}",
            expected="the pages after it, and every record",
            seen="the run ended otherwise",
            at_us=page.answered_us,
        )


PAGES = (
    Requirement(
        id="pages.complete",
        sentence="every record of the vendor is returned exactly once",
        source=POST,
        why="The first page alone looks like success, until somebody asks for customer number 101.",
        remedy="Follow what leads to the next page until nothing does, and count what came.",
        needs=_LISTED,
        check=each_run(_undisturbed, _incomplete),
    ),
    Requirement(
        id="pages.truncation-seen",
        sentence="rows missing against what the vendor said are noticed loudly",
        source=PRACTICE,
        why="A listing that breaks off makes whatever compares against it delete the rest.",
        remedy="At the end compare the number of different ids with the total, and the last page with its flag.",
        needs=_LISTED | {"promise"},
        check=each_run(_broke_off, _unnoticed),
    ),
    Requirement(
        id="pages.loops-end",
        sentence="a repeated page or cursor ends loudly",
        source=PRACTICE,
        why="A cursor that leads to itself fills the disk, or runs into the limit, all night long.",
        remedy="Remember the addresses and the ids seen, and raise when a page brings none that is new.",
        needs=_LISTED,
        check=each_run(_went_round, _lost_in_circles),
    ),
    Requirement(
        id="pages.duplicates-merged",
        sentence="a record shown on two pages is returned once",
        source=PRACTICE,
        why="Rows move between pages while somebody writes; each one shown twice becomes two customers.",
        remedy="Keep records by their id, not in a list.",
        needs=_LISTED,
        check=each_run(_shown_twice, _doubled),
    ),
    Requirement(
        id="pages.short-page-continued",
        sentence="a page smaller than asked for, or empty with a next link, is not taken for the last",
        source=POST,
        why="Vendors filter after paging, so that any page may be short; who stops there loses the rest.",
        remedy="Stop where the vendor names no next page, never at a page that is not full.",
        needs=_LISTED,
        check=each_run(_short, _stopped_short),
    ),
)
