"""Requirements on secrets: they go to the vendor alone, and are written nowhere."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.reading import struck
from harness.judge.requirement import Requirement
from harness.judge.verdict import Finding
from harness.stage.history import Run


def _led_away(run: Run) -> bool:
    """Whether another host was offered, or asked."""
    return bool(struck(run, "ForeignNext", "Redirected")) or any(one.foreign for one in run.exchanges())


def _gone_abroad(run: Run) -> Iterator[Finding]:
    for one in run.exchanges():
        if one.foreign and one.credential:
            yield finding(
                run,
                f"It sent its credentials to {one.host}.",
                expected="no credential at another host than the vendor's",
                seen=f"{one.method} {one.host}{one.target} with a credential",
                at_us=one.sent_us,
            )
            return


def _used_secrets(run: Run) -> bool:
    return any(one.credential or one.token_granted or one.token_used for one in run.exchanges())


def _leaked(run: Run) -> Iterator[Finding]:
    for record in run.logged():
        if record.leaks:
            names = ", ".join(record.leaks)
            yield finding(
                run,
                f"It logged its {names}.",
                expected="no secret in a log record",
                seen=f"{names} in a record of {record.logger}",
                at_us=record.at_us,
            )
            return
    for act in run.acts():
        if act.leaks:
            names = ", ".join(act.leaks)
            yield finding(
                run,
                f"It showed its {names} in its error, its result or its output.",
                expected="no secret in an error, a result or the output",
                seen=names,
                at_us=act.ended_us,
            )
            return


EXPOSURE = (
    Requirement(
        id="token.stays-home",
        sentence="no credential, in whichever header, is sent to another host (foreign next link, redirect)",
        source="RFC 9110 s15.4",
        why="Whoever controls a next link or a redirect is handed a token that opens the customer's account.",
        remedy="Compare scheme and host of every link with the vendor's before following it, and follow no redirect to "
        "another host: HTTP libraries take off Authorization at most, never a header of the vendor's own.",
        needs=frozenset({"signed"}),
        check=each_run(_led_away, _gone_abroad),
    ),
    Requirement(
        id="token.never-leaks",
        sentence="no secret in a log record, an exception, a result or the output",
        source="RFC 6750 s5.3",
        why="Logs are read, shipped and kept by many more people than may hold the secret.",
        remedy="Mask secrets where texts are made; put no header and no token reply into a log or an exception.",
        needs=frozenset({"signed"}),
        check=each_run(_used_secrets, _leaked),
    ),
)
