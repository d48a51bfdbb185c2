"""Requirements on errors: seen under any status, told with context, not repeated in vain, looked up when in doubt."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.outcome import causes, everything_said, missing_context, outcome, truth
from harness.judge.reading import (
    act_of,
    after,
    ending,
    has,
    kind_of,
    made_good,
    number_of,
    rejected,
    repeats,
    same_request,
    struck,
)
from harness.judge.requirement import POST, Requirement
from harness.judge.singles import singles
from harness.judge.verdict import Finding
from harness.stage.history import Acted, Exchange, Run

_FALSE_SUCCESSES = ("ErrorBody", "HtmlPage", "EmptyBody")
_CONFLICT = 409
_BEGINNING = 60


# -- seen --------------------------------------------------------------------------------------------------------------


def _had_false_success(run: Run) -> bool:
    return bool(struck(run, *_FALSE_SUCCESSES))


def _believed(run: Run) -> Iterator[Finding]:
    for lie in struck(run, *_FALSE_SUCCESSES):
        # What was asked again and answered then was not believed; what is hidden after that is outcome.honest's matter.
        if outcome(run) == "silent" and not made_good(run, lie):
            said = lie.vendor_message or ("an empty body" if kind_of(lie) == "EmptyBody" else "a page for people")
            yield finding(
                run,
                f"It took {said!r} under status {lie.status} for a success. {ending(run)}",
                expected="another attempt, or a loud end",
                seen=f"{lie.method} {lie.target} was not asked again",
                at_us=lie.answered_us,
            )
            return


def _had_null_record(run: Run) -> bool:
    return bool(struck(run, "NullRecord"))


def _stored_null(run: Run) -> Iterator[Finding]:
    for lie in struck(run, "NullRecord"):
        if outcome(run) == "silent" and not made_good(run, lie):
            yield finding(
                run,
                f"It went on over a null where a record should be. {ending(run)}",
                expected="another attempt, or a loud end",
                seen=f"{lie.method} {lie.target} was not asked again",
                at_us=lie.answered_us,
            )
            return


# -- told --------------------------------------------------------------------------------------------------------------


def _failed(run: Run) -> bool:
    return outcome(run) in ("loud", "unexplained")


def _without_context(run: Run) -> Iterator[Finding]:
    for act in run.acts():
        if act.ended in ("raised", "exited") or act.named_failures:
            wanting = (*missing_context(run, act), *_untold_messages(run, act))
            if wanting:
                yield finding(
                    run,
                    f"{ending(run)} Neither the error nor the log told {', '.join(wanting)}.",
                    expected="record key, status, vendor message and request id in the error or in the log",
                    seen=f"no {', no '.join(wanting)}",
                    at_us=act.ended_us,
                )
                return


def _untold_messages(run: Run, act: Acted) -> tuple[str, ...]:
    """What the vendor said of the failures and nobody was told, by its beginning: logs may cut or escape the rest."""
    said = everything_said(run, act)
    begun = (cause.vendor_message.strip().partition("\n")[0][:_BEGINNING] for cause in causes(run, act))
    return tuple(dict.fromkeys(f"vendor message {text!r}" for text in begun if text not in said))


# -- not repeated ------------------------------------------------------------------------------------------------------


def _permanent(run: Run) -> tuple[Exchange, ...]:
    conflicts = (one for one in run.exchanges() if one.write and one.status == _CONFLICT)
    lacking = (one for one in struck(run, "InsufficientScope") if not rejected(one))
    return (*struck(run, "Forbidden"), *lacking, *conflicts)


def _had_permanent(run: Run) -> bool:
    # What one of two processes at once was refused, the other may ask for the first time.
    return bool(_permanent(run)) and not has(run, "Overlap")


def _repeated_in_vain(run: Run) -> Iterator[Finding]:
    for refusal in _permanent(run):
        again = tuple(one for one in repeats(run, refusal) if not _was_told_otherwise(run, refusal, one))
        if again:
            yield finding(
                run,
                f"It sent {refusal.method} {refusal.target} again after status {refusal.status}, which does not pass.",
                expected="one attempt",
                seen=number_of(len(again) + 1, "attempt"),
                at_us=again[0].sent_us,
            )
            return


def _was_told_otherwise(run: Run, refusal: Exchange, again: Exchange) -> bool:
    """Whether the vendor refused a name as taken, and told by a look that lags behind that nobody holds it."""
    return refusal.status == _CONFLICT and any(
        kind_of(one) == "LaggingLookup" and one.record_key == refusal.record_key and one.sent_us < again.sent_us
        for one in after(run, refusal)
    )


# -- looked up ---------------------------------------------------------------------------------------------------------


def _lost(run: Run) -> tuple[Exchange, ...]:
    """Writes that may not be repeated without a thought (RFC 9110 s9.2.2) and whose answer did not arrive."""
    return tuple(
        one
        for one in run.exchanges()
        if one.write
        and one.method == "POST"
        and one.answered_us is None
        and kind_of(one) not in ("", "Crash", "Interrupted")
    )


def _had_lost_answer(run: Run) -> bool:
    return bool(_lost(run))


def _guessed(run: Run) -> Iterator[Finding]:
    for write in _lost(run):
        blind = _blind_repeat(run, write)
        if blind:
            yield finding(
                run,
                f"It sent {write.method} {write.target} again after its answer was lost, and did not look first.",
                expected="a look at the vendor's records, or the same Idempotency-Key",
                seen="the same write again",
                at_us=blind.sent_us,
            )
            return
        if outcome(run) == "silent" and any(_concerns(act_of(run, write), one.record_key) for one in singles(write)):
            yield finding(
                run,
                f"It guessed what became of {write.record_key or write.target}, whose answer was lost. {ending(run)}",
                expected="a look at the vendor's records, or a loud end",
                seen="the vendor's records differ from what it said",
                at_us=write.sent_us,
            )
            return


def _blind_repeat(run: Run, write: Exchange) -> Exchange | None:
    """The same write sent again, with no look at its collection in between, and no key that makes it safe."""
    collection = write.operation.partition(".")[0]
    for one in after(run, write):
        if not one.write and one.operation.partition(".")[0] == collection:
            return None
        if same_request(one, write):
            key = _idempotency_key(write)
            return None if key and key == _idempotency_key(one) else one
    return None


def _idempotency_key(write: Exchange) -> str:
    return dict(write.request_headers).get("idempotency-key", "")


def _concerns(act: Acted, key: str) -> bool:
    """Whether what is wrong after the act is, or may be, the record of that key."""
    tally = truth(act)
    return tally is not None and (key in {*tally.missing, *tally.doubled, *tally.altered} or bool(tally.unexpected))


ERRORS = (
    Requirement(
        id="errors.body-error-seen",
        sentence="a success status with an error body is never taken for success",
        source=POST,
        why="An error under status 200 has no records in it: the import ends early or empty, and says done.",
        remedy="Look for the vendor's error in every body, and for the key under which the records must be.",
        check=each_run(_had_false_success, _believed),
    ),
    Requirement(
        id="errors.null-record-seen",
        sentence="a null or malformed record is never stored as a record",
        source=POST,
        why="A null that is stored, or stepped over, is a record lost without a word.",
        remedy="Check each record for its id and its natural key before it is used, and fail loudly on what has none.",
        needs=frozenset({"pull", "pages"}),
        check=each_run(_had_null_record, _stored_null),
    ),
    Requirement(
        id="errors.context-logged",
        sentence="every failure tells the record, status, vendor message and request id",
        source=POST,
        why="Without the request id the vendor's support cannot help; without the record nobody knows what to repair.",
        remedy="Put method, address, status, request id, vendor message and record key into every error.",
        check=each_run(_failed, _without_context),
    ),
    Requirement(
        id="errors.permanent-not-retried",
        sentence="what cannot succeed is not repeated",
        source="RFC 9110 s15.5.4",
        why="Repeated refusals delay the alarm, use up the limit, and look like an attack.",
        remedy="Retry what may pass (limits, 5xx, broken answers), and nothing else.",
        check=each_run(_had_permanent, _repeated_in_vain),
    ),
    Requirement(
        id="errors.lost-answer-reconciled",
        sentence="after a write whose answer was lost the truth is looked up, not guessed",
        source="RFC 9110 s9.2.2",
        why="A create that is sent again makes a second record; one that is believed done may never have happened.",
        remedy="After a lost answer look the record up by its natural key, and create it only if it is not there.",
        needs=frozenset({"push"}),
        check=each_run(_had_lost_answer, _guessed),
    ),
)
