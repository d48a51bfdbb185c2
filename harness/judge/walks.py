"""Requirements on walks through a listing that the vendor does not let end as they began."""

from collections.abc import Callable, Iterator

from harness.judge.each_run import Judgement, each_run, finding
from harness.judge.outcome import outcome
from harness.judge.reading import ending, kind_of, struck
from harness.judge.requirement import PRACTICE, Requirement
from harness.judge.verdict import Finding
from harness.stage.history import Run

_LISTINGS = frozenset({"pull", "pages"})
_MOVES = {
    "RowDeleted": "Somebody deleted a record, and those behind it moved up,",
    "RowCreated": "Somebody created a record, and those behind it moved down,",
}


def _met(*kinds: str) -> Callable[[Run], bool]:
    return lambda run: bool(struck(run, *kinds))


def _taken_for_the_end(kind: str, what: str) -> Callable[[Run], Judgement]:
    def failures(run: Run) -> Iterator[Finding]:
        if outcome(run) == "silent":
            refusal = struck(run, kind)[0]
            yield finding(
                run,
                f"The vendor answered {refusal.target} with status {refusal.status}: {what}. {ending(run)}",
                expected="every record once, or a loud end",
                seen="neither",
                at_us=refusal.answered_us,
            )

    return failures


def _lost(run: Run) -> Iterator[Finding]:
    if outcome(run) != "silent":
        return
    for act in run.acts():
        if act.returned and (act.returned.missing or act.returned.doubled):
            moved = struck(run, *_MOVES)[0]
            yield finding(
                run,
                f"{_MOVES[kind_of(moved)]} before it asked for {moved.target}. {ending(run)}",
                expected="every record that was there all the time, or an error that says that the listing changed",
                seen="neither",
                at_us=moved.answered_us,
            )
            return


WALKS = (
    Requirement(
        id="pages.concurrent-change",
        sentence="rows written or deleted during the walk lose no row that was there throughout",
        source=PRACTICE,
        why="Where pages are counted, one record deleted on page 1 moves a record of page 2 onto page 1, where nobody "
        "looks again; the last page's total agrees with what came.",
        remedy="Compare the total of every page with that of the first; where it changed, list again or end loudly.",
        needs=_LISTINGS | {"moves"},
        check=each_run(_met(*_MOVES), _lost),
    ),
    Requirement(
        id="pages.cursor-expired",
        sentence="an expired cursor restarts without gap or duplicate, or fails loudly",
        source=f"{PRACTICE}; RFC 9110 s15.5.11",
        why="Cursors live for minutes: a slow walk, or one that waited out a limit, comes back to one that is gone.",
        remedy="Begin the walk anew and forget what it had, or end loudly; never take the refusal for the last page.",
        needs=_LISTINGS,
        check=each_run(_met("CursorExpired"), _taken_for_the_end("CursorExpired", "the cursor has expired")),
    ),
    Requirement(
        id="pages.ceiling-noticed",
        sentence="a hard ceiling of a listing is not taken for its end",
        source=PRACTICE,
        why="Many vendors show the first 1,000 or 10,000 results and no more; the rest is never seen by anybody.",
        remedy="Take a refused page for a failure, and list in slices (by date, by letter) below the ceiling.",
        needs=_LISTINGS,
        check=each_run(_met("Ceiling"), _taken_for_the_end("Ceiling", "so far it lists, and no further")),
    ),
)
