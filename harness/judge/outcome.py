"""How a run ended: correct, loud, unexplained, silent or hung; unknown where the run cannot be judged."""

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import unquote_plus

from harness.judge.singles import singles
from harness.stage.history import Acted, Exchange, Run, Tally

Outcome = Literal["correct", "loud", "unexplained", "silent", "hung", "unknown"]

_WORST_FIRST: tuple[Outcome, ...] = ("silent", "unexplained", "hung", "loud", "correct")
_CUT_SHORT = ("crashed", "interrupted")
_NO_DOCUMENT = ("HtmlPage", "EmptyBody")
_NOT_OF_THE_SUBJECT = {
    "vendor_down": "VENDOR-DOWN",
    "vendor_drift": "VENDOR-DRIFT",
    "account_changed": "somebody else was at work",
    "budget_spent": "the budget ended the run",
    "credentials_refused": "the account's credentials were refused",
    "not_allowed": "the sandbox's rules ended the run",
    "unknown_host": "VENDOR-DOWN",
    "tls": "VENDOR-DOWN",
}
"""Notes of a live run that say that nobody can be judged by it, and how each is told."""


def outcome(run: Run) -> Outcome:
    """What a run is called by how its acts ended, the worst of them; an act that the plan cut short does not count.

    Correct: it returned, what it returned (or left behind) is the truth, and it named no failure. Loud: it raised, or
    named every record it did not do, with context. Unexplained: the same without context. Silent: it returned, and
    what it did not do it did not say. Hung: it did not end.
    """
    if unjudgeable(run):
        return "unknown"
    ended = (_outcome_of(run, act) for act in run.acts() if act.ended not in _CUT_SHORT)
    return min(ended, key=_WORST_FIRST.index)


def unjudgeable(run: Run) -> str:
    """Why the run proves nothing, in a few words; empty where it does prove something."""
    if run.noted() and (noted := _noted_against(run)):
        return noted
    acts = [act for act in run.acts() if act.ended not in _CUT_SHORT]
    if not acts:
        return f"no act after the crash was recorded: {run.crash_text}" if run.acts() else f"no act: {run.crash_text}"
    endless = {one.act for one in run.exchanges()} - {act.act for act in run.acts()}
    if endless:
        return f"the end of act {min(endless)} was not recorded"
    for act in acts:
        if act.ended == "real_time":
            return f"real time passed: {run.crash_text or 'an act did not end in its share of it'}"
        if act.ended == "returned" and truth(act) is None:
            return f"act {act.act} returned and nothing was counted"
    return ""


def _noted_against(run: Run) -> str:
    for note in run.noted("not_recorded"):
        return f"not recorded: {note.text}"
    for kind, words in _NOT_OF_THE_SUBJECT.items():
        for note in run.noted(kind):
            return f"{words}: {note.text}"
    for note in run.noted("escaped"):
        return f"something left the wire: {note.text}"
    for note in run.noted("real_time"):
        return f"real time passed: {note.text}"
    return ""


def truth(act: Acted) -> Tally | None:
    """What shows whether the act did its job: what a pull returned, what the vendor held after a push."""
    return act.returned if act.job == "pull" else act.held


def _outcome_of(run: Run, act: Acted) -> Outcome:
    if act.ended == "hung":
        return "hung"
    failed: Outcome = "unexplained" if missing_context(run, act) else "loud"
    if act.ended != "returned":
        return failed
    tally = truth(act)
    if tally is None or _hides(tally, {key for key, _ in act.named_failures}):
        return "silent"
    return failed if act.named_failures else "correct"


def _hides(tally: Tally, named: set[str]) -> bool:
    """Whether something is wrong that was not named."""
    wrong = {*tally.missing, *tally.doubled, *tally.altered} - named
    # Keys are cut to 20 of each kind; those beyond are wrong all the same.
    uncounted = tally.expected - tally.found > len(named)
    return bool(wrong or tally.unexpected) or (not tally.agrees and uncounted)


# -- context -----------------------------------------------------------------------------------------------------------


def missing_context(run: Run, act: Acted) -> tuple[str, ...]:
    """What an operator would need to diagnose the failed act and can find neither in its error nor in the run's log.

    The context of a failure is the request id, status and record key of the exchange that caused it. The cause is the
    last failing exchange that no later one of the same operation and record made good; of a failure that was named,
    the last failing exchange about that record. A cause without a usable answer has no status: there the text must
    name the record, or else the host, the path or the collection. Where no exchange failed, the subject drew its own
    conclusion, and any message will do.
    """
    said = everything_said(run, act)
    wanting = [part for cause in causes(run, act) for part in _wanting(cause, said)]
    wanting += [f"a reason for {key}" for key, reason in act.named_failures if not reason.strip()]
    if act.ended != "returned" and not _cause(run, act) and not _has_message(act.error):
        wanting.append("a message")
    return tuple(dict.fromkeys(wanting))


def causes(run: Run, act: Acted) -> tuple[Exchange, ...]:
    """The exchanges that the failures of the act came from."""
    found = [_last_failing(run, act, key) for key, _ in act.named_failures]
    if act.ended != "returned":
        found.append(_cause(run, act))
    return tuple(cause for cause in found if cause is not None)


def failing(exchange: Exchange) -> bool:
    """Whether the exchange brought no usable answer."""
    return exchange.error or exchange.limited or exchange.answered_us is None or _no_document(exchange)


def _no_document(exchange: Exchange) -> bool:
    return exchange.fault.startswith(_NO_DOCUMENT)


def _cause(run: Run, act: Acted) -> Exchange | None:
    alone = (one for exchange in run.exchanges() if exchange.act == act.act for one in singles(exchange))
    latest = {(one.operation, one.record_key): one for one in alone}
    failed = [one for one in latest.values() if failing(one)]
    return max(failed, key=lambda one: one.sent_us, default=None)


def _last_failing(run: Run, act: Acted, key: str) -> Exchange | None:
    alone = (one for exchange in run.exchanges() if exchange.act == act.act for one in singles(exchange))
    about = [one for one in alone if one.record_key == key and failing(one)]
    return about[-1] if about else None


def everything_said(run: Run, act: Acted) -> str:
    """Everything the subject said of the act: its error, the reasons it named; and the run's log."""
    parts = [act.error, *(text for failure in act.named_failures for text in failure)]
    for record in run.logged():
        parts += [record.message, *(text for pair in record.fields for text in pair)]
    said = "\n".join(parts)
    return f"{said}\n{unquote_plus(said)}"


def _wanting(cause: Exchange, said: str) -> Iterator[str]:
    if cause.answered_us is None or _no_document(cause):
        wanted = [cause.record_key] if cause.record_key else _places(cause)
        if not any(word in said for word in wanted):
            yield f"record {cause.record_key}" if cause.record_key else f"which request ({cause.method} {cause.target})"
        return
    if not _tells_status(cause, said):
        yield f"status {cause.status}"
    if cause.request_id not in said:
        yield f"request id {cause.request_id}"
    if cause.record_key not in said:
        yield f"record {cause.record_key}"


def _places(cause: Exchange) -> list[str]:
    places = (cause.host, cause.target.partition("?")[0], cause.operation.partition(".")[0], cause.request_id)
    return [place for place in places if place]


def _tells_status(cause: Exchange, said: str) -> bool:
    """Whether the status is there as a word of its own; of an error under a success, the vendor's words will do."""
    if re.search(rf"(?<![0-9a-f]){cause.status}(?![0-9a-f])", said):
        return True
    return (cause.status or 0) < 400 and bool(cause.vendor_message) and cause.vendor_message in said


def _has_message(error: str) -> bool:
    """Whether any of the errors says more than its class."""
    return any(line.partition(": ")[2].strip() for line in error.splitlines())
