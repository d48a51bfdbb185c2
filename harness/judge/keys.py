"""Requirements on whose record is whose: keys as the vendor compares them, records out of use, looks that come late,
fields of somebody else."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.outcome import outcome, truth
from harness.judge.reading import ending, has, last_act, struck
from harness.judge.requirement import PRACTICE, Requirement
from harness.judge.singles import singles
from harness.judge.verdict import Finding
from harness.stage.history import Exchange, Run

_RECORDED_PUSHES = frozenset({"push", "recorded"})


def _had_twins(run: Run) -> bool:
    return run.job == "push" and has(run, "TwinRows")


def _took_both_twins(run: Run) -> Iterator[Finding]:
    act = last_act(run)
    if act.ended == "returned" and not act.named_failures:
        yield finding(
            run,
            "Two rows of the source had one key as the vendor compares keys, and it took both without a word.",
            expected="a refusal that names the key",
            seen="done",
            at_us=act.ended_us,
        )


def _had_a_returner(run: Run) -> bool:
    return run.job == "push" and has(run, "Returner")


def _left_out_of_use(run: Run) -> Iterator[Finding]:
    if outcome(run) == "silent":
        yield finding(
            run,
            f"The source listed a record that the vendor held out of use. {ending(run)}",
            expected="the record in use again, or its name among the failures",
            seen="neither",
            at_us=last_act(run).ended_us,
        )


def _looked_too_early(run: Run) -> bool:
    return run.job == "push" and bool(struck(run, "LaggingLookup"))


def _created_another(run: Run) -> Iterator[Finding]:
    tally = truth(last_act(run))
    if outcome(run) == "silent" and tally is not None and (tally.doubled or tally.unexpected):
        behind = struck(run, "LaggingLookup")[0]
        yield finding(
            run,
            f"A lookup did not find {behind.record_key} yet, which was there. {ending(run)}",
            expected="no record more, or a loud end",
            seen="the vendor's records differ from what it said",
            at_us=behind.answered_us,
        )


def _is_update(exchange: Exchange) -> bool:
    return exchange.write and exchange.operation.endswith(".update")


def _shared_a_record(run: Run) -> bool:
    return run.job == "push" and (has(run, "KeptByHand") or bool(struck(run, "ChangedMeanwhile")))


def _wrote_over_it(run: Run) -> Iterator[Finding]:
    tally = truth(last_act(run))
    altered = frozenset(tally.altered) if tally is not None else frozenset()
    updated = {one.record_key for sent in run.exchanges() for one in singles(sent) if _is_update(one)}
    if outcome(run) == "silent" and altered & updated:
        yield finding(
            run,
            f"Somebody else had written into a record that it updated. {ending(run)}",
            expected="its own fields written, and all others as they were",
            seen="the vendor's records differ from that",
            at_us=last_act(run).ended_us,
        )


KEYS = (
    Requirement(
        id="rerun.key-as-vendor",
        sentence="natural keys compare as the vendor compares them; two source rows with one key are refused",
        source=PRACTICE,
        why="Two rows of one key overwrite each other at each run, until somebody sorts the source.",
        remedy="Bring keys into the vendor's form (case, outer space, unicode), and refuse a source with two equal.",
        needs=_RECORDED_PUSHES,
        check=each_run(_had_twins, _took_both_twins),
    ),
    Requirement(
        id="rerun.inactive-matched",
        sentence="a deactivated record that holds the key is re-enabled or reported, not duplicated",
        source=PRACTICE,
        why="Who comes back finds the old account locked, or a second one without anything that belonged to the first.",
        remedy="Look among the records out of use too, and put the one that holds the key into use again, or name it.",
        needs=_RECORDED_PUSHES | {"activation"},
        check=each_run(_had_a_returner, _left_out_of_use),
    ),
    Requirement(
        id="rerun.read-lag-safe",
        sentence="a lookup that lags behind a create causes no second create",
        source=PRACTICE,
        why="Search indexes and replicas are seconds behind: what was created just now is not found, and made again.",
        remedy="Where the vendor says that the key is taken, look again, later, and never invent another key.",
        needs=_RECORDED_PUSHES,
        check=each_run(_looked_too_early, _created_another),
    ),
    Requirement(
        id="rerun.foreign-fields-kept",
        sentence="an update never blanks fields it does not own; 412 re-reads",
        source="RFC 9110 s13.1.1; RFC 7396",
        why="What people keep by hand beside the integration is gone after its next run, and nobody has a copy.",
        remedy="Send changed fields alone, for the state that was read (If-Match); after 412 read the record again.",
        needs=_RECORDED_PUSHES,
        check=each_run(_shared_a_record, _wrote_over_it),
    ),
)
