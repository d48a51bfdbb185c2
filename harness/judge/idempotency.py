"""errors.idempotency-key-stable: what tells the vendor that a write is the one it has seen already."""

from collections.abc import Iterator

from harness.judge.each_run import each_run, finding
from harness.judge.reading import repeats
from harness.judge.requirement import Requirement
from harness.judge.verdict import Finding
from harness.stage.history import Exchange, Run

_HEADER = "idempotency-key"


def _key(exchange: Exchange) -> str:
    return dict(exchange.request_headers).get(_HEADER, "")


def _writes(run: Run) -> tuple[Exchange, ...]:
    return tuple(one for one in run.exchanges() if one.write)


def _wrote(run: Run) -> bool:
    return run.job == "push" and any(_key(one) for one in _writes(run))


def _keys_that_do_not_hold(run: Run) -> Iterator[Finding]:
    first: dict[str, Exchange] = {}
    for write in _writes(run):
        earlier = first.setdefault(_key(write), write)
        if _key(write) and write not in (earlier, *repeats(run, earlier)):
            yield finding(
                run,
                f"It sent {write.method} {write.target} under the Idempotency-Key of another request.",
                expected="a key of its own for each operation, and the same bytes under it",
                seen=f"the key of {earlier.method} {earlier.target}, which had another body or address",
                at_us=write.sent_us,
            )
            return
        renamed = [one for one in repeats(run, write) if write.answered_us is None and _key(one) != _key(write)]
        if renamed:
            yield finding(
                run,
                f"It sent {write.method} {write.target} again after a lost answer, under another Idempotency-Key.",
                expected="the key of the first attempt",
                seen="another key" if _key(renamed[0]) else "no key",
                at_us=renamed[0].sent_us,
            )
            return


IDEMPOTENCY = (
    Requirement(
        id="errors.idempotency-key-stable",
        sentence="one key and byte-equal body per operation, never reused for another",
        source="draft-ietf-httpapi-idempotency-key-header-07 s2",
        why="A new key for each attempt makes two payments; one key for two payments makes one, or a refusal.",
        remedy="Draw the key once for each operation, before its first attempt, and keep it with the bytes sent.",
        needs=frozenset({"push", "idempotency"}),
        check=each_run(_wrote, _keys_that_do_not_hold),
    ),
)
