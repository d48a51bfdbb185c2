"""The requirement on batches: what failed within one is named, exactly, and only that is tried again."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.outcome import everything_said
from harness.judge.reading import act_of, after, ending
from harness.judge.requirement import POST, Requirement
from harness.judge.singles import singles
from harness.judge.verdict import Finding
from harness.stage.history import Acted, Exchange, Run

_SHOWN_KEYS = 20
"""A tally names no more keys of each kind."""


def _partly_failed(run: Run) -> tuple[Exchange, ...]:
    """The batches of which some was done and some was not."""
    return tuple(
        one
        for one in run.exchanges()
        if one.answered_us is not None and 0 < sum(item.error for item in one.items) < len(one.items)
    )


def _had_partly_failed(run: Run) -> bool:
    return bool(_partly_failed(run))


def _mistaken(run: Run) -> Iterator[Finding]:
    for whole in _partly_failed(run):
        act = act_of(run, whole)
        if act.ended in ("crashed", "hung"):
            continue
        for sentence, expected, seen in (*_sent_again(run, whole), *_misnamed(run, act, whole)):
            yield finding(run, sentence, expected=expected, seen=seen, at_us=whole.answered_us)
            return


def _sent_again(run: Run, whole: Exchange) -> Iterator[tuple[str, str, str]]:
    """What was done in the batch and asked for again."""
    done = {item.record_key for item in whole.items if not item.error and item.status is not None}
    later = (one for exchange in after(run, whole) for one in singles(exchange) if one.write)
    again = sorted({one.record_key for one in later} & done)
    if again:
        yield (
            f"It wrote {', '.join(again)} again, which the batch had done.",
            "another attempt at what failed alone",
            f"{len(again)} of the done records sent again",
        )


def _misnamed(run: Run, act: Acted, whole: Exchange) -> Iterator[tuple[str, str, str]]:
    """What failed and was not named, or was named and had not failed."""
    failed = {item.record_key for item in whole.items if item.error} - _made_good(run, whole) - _found(run, act, whole)
    named = {key for key, _ in act.named_failures}
    if act.ended == "returned":
        hidden = sorted(failed - named)
    else:
        said = everything_said(run, act)
        hidden = sorted(key for key in failed if key not in said)
    if hidden:
        yield (
            f"It did not say that {', '.join(hidden)} failed within a batch. {ending(run)}",
            f"{', '.join(sorted(failed))} named as failed",
            f"named: {', '.join(sorted(named)) or 'nothing'}",
        )
    done = {item.record_key for item in whole.items if not item.error and item.status is not None}
    if wrongly := sorted(named & done):
        yield (
            f"It named {', '.join(wrongly)} as failed, which the batch had done.",
            f"{', '.join(sorted(failed)) or 'nothing'} named as failed",
            f"named: {', '.join(sorted(named))}",
        )


def _made_good(run: Run, whole: Exchange) -> set[str]:
    """The records that a later request of the act wrote."""
    later = (one for exchange in after(run, whole) for one in singles(exchange) if one.write)
    return {one.record_key for one in later if not one.error and one.answered_us is not None}


def _found(run: Run, act: Acted, whole: Exchange) -> set[str]:
    """The records that the act looked up later, and that the vendor held in the end as it should.

    Who is refused a record because it is there already, and then finds it there, has nothing left to tell of it,
    whatever became of the others.
    """
    if act.held is None:
        return set()
    wrong = (act.held.missing, act.held.doubled, act.held.altered)
    if any(len(keys) >= _SHOWN_KEYS for keys in wrong):
        return set()  # there may be more of them than are named
    looked = {one.record_key for one in after(run, whole) if not one.write and one.status is not None and not one.error}
    return looked.difference(*wrong)


BATCHES = (
    Requirement(
        id="errors.partial-failure-named",
        sentence="after a partly failed batch exactly the failed records are named and only they are tried again",
        source=POST,
        why="A batch of which a part failed answers 200: the rest is lost without a word, or everything is done twice.",
        remedy="Read the status of each item, find its record by address or label and never by place, and keep a list "
        "of what is left.",
        needs=frozenset({"push", "batch"}),
        check=each_run(_had_partly_failed, _mistaken),
    ),
)
