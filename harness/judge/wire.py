"""Requirements on connections: what breaks on its way is asked again where that does no harm."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.outcome import outcome
from harness.judge.reading import ending, planned, struck, survived
from harness.judge.requirement import Requirement
from harness.judge.verdict import Finding
from harness.stage.history import Exchange, Run

_BROKEN = ("HangUp", "Cut", "CutSilently", "Garbage", "Stalled", "ServerError")


def _broken_reads(run: Run) -> tuple[Exchange, ...]:
    return tuple(one for one in struck(run, *_BROKEN) if not one.write and one.operation != "token")


def _broke_once(run: Run) -> bool:
    once = all(fault.times == 1 for fault in planned(run, *_BROKEN))
    return once and run.asks == "correct" and bool(_broken_reads(run))


def _not_survived(run: Run) -> Iterator[Finding]:
    broken = _broken_reads(run)
    if not survived(run, broken):
        yield finding(
            run,
            f"The answer to {broken[0].method} {broken[0].target} broke once. {ending(run)}",
            expected="the same request again, and a correct end",
            seen="the run ended otherwise",
            at_us=broken[0].sent_us,
        )


def _closed(run: Run) -> bool:
    return bool(struck(run, "StaleConnection"))


def _trusted_connection(run: Run) -> Iterator[Finding]:
    if outcome(run) not in ("correct", "silent"):
        closed = struck(run, "StaleConnection")[0]
        yield finding(
            run,
            f"The vendor closed the connection after {closed.method} {closed.target}. {ending(run)}",
            expected="the next request on a new connection",
            seen="the run ended otherwise",
            at_us=closed.answered_us,
        )


WIRE = (
    Requirement(
        id="wire.broken-reply-survived",
        sentence="a reset, cut, stalled or garbled answer, or a 5xx, to a safe request is retried and survived",
        source="RFC 9110 s9.2.2",
        why="Over a night of requests some connection breaks; whoever dies of the first one never finishes.",
        remedy="Let the retry cover connecting, reading the body and parsing it, not only the status line.",
        check=each_run(_broke_once, _not_survived),
    ),
    Requirement(
        id="wire.stale-connection",
        sentence="a keep-alive connection closed by the vendor is replaced",
        source="RFC 9112 s9.3.1",
        why="Vendors close idle connections between two requests; the next one fails although nothing is wrong.",
        remedy="Use a pool that looks whether a connection was dropped, and send again on a new one.",
        check=each_run(_closed, _trusted_connection),
    ),
)
