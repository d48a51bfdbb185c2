"""What checkers read off a history: what was planned, what struck, what was asked again, how it ended in words."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.judge.outcome import failing, outcome, truth
from harness.stage.history import Acted, Exchange, Logged, Run, Tally

_INJECTION = re.compile(r"(?P<point>\S+#\d+):(?P<kind>[A-Za-z]+)\([^()]*\)(?:x(?P<times>\*|\d+))?")
_SHOWN_KEYS = 3


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault as the plan has it."""

    point: str
    kind: str
    times: int | None
    """None: for ever."""


def planned(run: Run, *kinds: str) -> tuple[Planned, ...]:
    """The faults of the run's plan; of those kinds where any are named."""
    faults = (
        Planned(part["point"], part["kind"], None if part["times"] == "*" else int(part["times"] or 1))
        for part in _INJECTION.finditer(run.plan)
    )
    return tuple(fault for fault in faults if not kinds or fault.kind in kinds)


def for_ever(run: Run, *kinds: str) -> bool:
    """Whether the plan has a fault of those kinds that never ends."""
    return any(fault.times is None for fault in planned(run, *kinds))


def has(run: Run, *kinds: str) -> bool:
    """Whether a fault of those kinds was planned."""
    return any(kind in run.faults for kind in kinds)


def kind_of(exchange: Exchange) -> str:
    """The kind of fault that struck the exchange; empty for a clean one."""
    return exchange.fault.partition("(")[0]


def struck(run: Run, *kinds: str) -> tuple[Exchange, ...]:
    """The exchanges that a fault of those kinds struck."""
    return tuple(exchange for exchange in run.exchanges() if exchange.fault and kind_of(exchange) in kinds)


def attempts(run: Run, *kinds: str) -> Counter[tuple[int, str, str]]:
    """How often faults of those kinds struck each act's attempts at one thing: its point and its record.

    Who names the record that it gave up and goes on to the next does not retry.
    """
    return Counter((one.act, one.point, one.record_key) for one in struck(run, *kinds))


# -- exchanges ---------------------------------------------------------------------------------------------------------


def after(run: Run, exchange: Exchange) -> tuple[Exchange, ...]:
    """The exchanges of the same act that came later."""
    exchanges = run.exchanges()
    place = next(number for number, one in enumerate(exchanges) if one is exchange)
    return tuple(one for one in exchanges[place + 1 :] if one.act == exchange.act)


def same_request(one: Exchange, other: Exchange) -> bool:
    """Whether the vendor was asked the same; credentials may differ."""
    return (one.method, one.host, one.target, one.request_body) == (
        other.method,
        other.host,
        other.target,
        other.request_body,
    )


def repeats(run: Run, exchange: Exchange) -> tuple[Exchange, ...]:
    """The later exchanges of the same act that ask the same."""
    return tuple(one for one in after(run, exchange) if same_request(one, exchange))


def made_good(run: Run, exchange: Exchange) -> bool:
    """Whether the same was asked again and answered."""
    return any(not failing(one) and not one.fault for one in repeats(run, exchange))


def survived(run: Run, faults: Iterable[Exchange]) -> bool:
    """Whether the run got over the exchanges that were struck.

    A run that is silent for another reason has survived them if each was asked again and answered: what it hides then
    is another requirement's matter.
    """
    ended = outcome(run)
    return ended == "correct" or (ended == "silent" and all(made_good(run, one) for one in faults))


def tokens(run: Run, act: int) -> tuple[Exchange, ...]:
    """The exchanges of the act that asked for a token."""
    return tuple(exchange for exchange in run.exchanges("token") if exchange.act == act)


def grants(run: Run, act: int) -> tuple[Exchange, ...]:
    """The exchanges of the act in which a token arrived."""
    return tuple(one for one in tokens(run, act) if one.token_granted and one.answered_us is not None)


def rejected(exchange: Exchange) -> bool:
    """Whether the vendor did not take the token in the request."""
    return exchange.status == 401 and exchange.token_used is not None


def rejected_tokens(run: Run, act: int) -> frozenset[int]:
    """The serial numbers of the tokens that the vendor did not take in the act."""
    return frozenset(
        one.token_used.serial for one in run.exchanges() if one.act == act and one.token_used and rejected(one)
    )


def act_of(run: Run, exchange: Exchange) -> Acted:
    """The act that the exchange is of."""
    return next(act for act in run.acts() if act.act == exchange.act)


def last_act(run: Run) -> Acted:
    """The act in which the run ended."""
    return run.acts()[-1]


# -- the log -----------------------------------------------------------------------------------------------------------


def text_of(record: Logged) -> str:
    """A log record's message and fields, in lower case."""
    pairs = (f"{name}={value}" for name, value in record.fields)
    return " ".join((record.message, *pairs)).casefold()


def logged_between(run: Run, act: int, from_us: int, to_us: int) -> Iterator[Logged]:
    """The act's log records of a span of time, both ends included."""
    return (record for record in run.logged() if record.act == act and from_us <= record.at_us <= to_us)


# -- words -------------------------------------------------------------------------------------------------------------


def seconds(us: int) -> str:
    """A span as a person would say it: ``29.8 s``."""
    return f"{us / 1e6:.3f}".rstrip("0").rstrip(".") + " s"


def number_of(count: int, thing: str) -> str:
    """``1 token call``, ``2 token calls``."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def ending(run: Run) -> str:
    """How the run ended, in one sentence."""
    act, ended = last_act(run), outcome(run)
    if ended == "correct":
        return "It returned, and everything was there once."
    if ended == "hung":
        return "It did not end."
    if ended == "silent":
        return _silence(next((one for one in run.acts() if _is_silent(one)), act))
    failed = next((one for one in run.acts() if one.ended in ("raised", "exited")), act)
    if failed.ended == "exited":
        return "It ended the interpreter."
    if failed.ended == "raised":
        return f"It raised {failed.error.partition(chr(10))[0][:200]}."
    return f"It named {number_of(len(failed.named_failures), 'record')} as not done."


def _is_silent(act: Acted) -> bool:
    tally = truth(act)
    return act.ended == "returned" and tally is not None and not tally.agrees


def _silence(act: Acted) -> str:
    tally = truth(act)
    if tally is None:
        return "It said done."
    if act.job == "pull":
        return f"It returned {_counted(tally)} and said done{_wrong(tally)}."
    return f"It said done, and the vendor held {_counted(tally)}{_wrong(tally)}."


def _counted(tally: Tally) -> str:
    return f"{tally.found} of {number_of(tally.expected, 'record')}"


def _wrong(tally: Tally) -> str:
    """What was wrong, in half a sentence."""
    kinds = (
        ("without", tally.missing),
        ("more than once", tally.doubled),
        ("not the vendor's", tally.unexpected),
        ("changed", tally.altered),
    )
    parts = [f"{word}: {', '.join(keys[:_SHOWN_KEYS])}" for word, keys in kinds if keys]
    return f" ({'; '.join(parts)})" if parts else ""
