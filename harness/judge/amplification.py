"""The requirement on what trouble costs the vendor: retries add up, and do not multiply."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.reading import attempts, has, number_of, struck
from harness.judge.requirement import PRACTICE, Requirement
from harness.judge.singles import singles
from harness.judge.verdict import Finding
from harness.stage.history import Run

MOST_ATTEMPTS = 10
"""So many attempts at one thing are one layer of retries; two layers of four make sixteen."""
MOST_PER_REFUSAL = 4
"""What one refusal may cost: the same request again, a look at what became of it, a new token for each. A batch that is
refused refuses each of its records: what became of each has to be looked up."""
_REFUSALS = ("Throttled", "ServerError")


def _refused(run: Run) -> bool:
    # Several workers each do the whole job.
    return bool(struck(run, *_REFUSALS)) and run.clean_exchanges > 0 and not has(run, "Workers")


def _multiplied(run: Run) -> Iterator[Finding]:
    (_, point, _), most = attempts(run, *_REFUSALS).most_common(1)[0]
    if most > MOST_ATTEMPTS:
        yield finding(
            run,
            f"It asked for {point} {most} times, for want of one answer.",
            expected=f"at most {MOST_ATTEMPTS} attempts",
            seen=f"{most} attempts",
        )
        return
    for act in run.acts():
        sent = sum(one.act == act.act for one in run.exchanges())
        refusals = sum(len(singles(one)) for one in struck(run, *_REFUSALS) if one.act == act.act)
        allowed = run.clean_exchanges + MOST_PER_REFUSAL * refusals
        if refusals and sent > allowed:
            yield finding(
                run,
                f"It sent {number_of(sent, 'request')} where the fault-free run takes {run.clean_exchanges} and "
                f"{number_of(refusals, 'request')} were refused.",
                expected=f"at most {allowed}: those, and {MOST_PER_REFUSAL} for each refusal",
                seen=number_of(sent, "request"),
                at_us=act.ended_us,
            )
            return


AMPLIFICATION = (
    Requirement(
        id="limits.amplification",
        sentence=f"at most {MOST_ATTEMPTS} requests for each of the fault-free run, and {MOST_PER_REFUSAL} more in all "
        "for each refusal: retry layers do not multiply",
        source=PRACTICE,
        why="Three layers that try four times each send 64 requests for one, just when the vendor has no room for it.",
        remedy="Retry in one layer; whatever calls it takes its last error for final.",
        check=each_run(_refused, _multiplied),
    ),
)
