"""A plan: which faults, at which exchanges, how often. Prints as one line and parses back."""

import ast
import re
from dataclasses import dataclass, fields
from typing import Literal, get_args

from harness.stage.faults import KINDS, Fault
from harness.stage.injections import Injection

Job = Literal["pull", "push"]

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
_INJECTION = re.compile(
    r"(?P<point>[a-z0-9_.-]+#[1-9]\d*):(?P<kind>[A-Za-z]+)\((?P<args>[^()]*)\)(?:x(?P<times>\*|[1-9]\d*))?"
)
_KIND_NAMED = {kind.__name__: kind for kind in KINDS}


class PlanError(ValueError):
    """A line that is no plan; the message says where and what would be one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: ``keystone push users.create#3:Throttled(retry_after_s=30)x2``; without injections, the fault-free
    run."""

    vendor: str
    job: Job
    injections: tuple[Injection, ...] = ()
    seed: int | None = None
    """Where runs differ by chance alone: the seed of this one."""

    def __str__(self) -> str:
        seed = () if self.seed is None else (f"seed={self.seed}",)
        return " ".join((self.vendor, self.job, *seed, *map(str, self.injections)))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of fault in it."""
        return tuple(type(injection.fault).__name__ for injection in self.injections)


def parse(text: str) -> Plan:
    """The plan that the line spells.

    Raises:
        PlanError: The line is no plan.
    """
    words = text.split()
    if len(words) < 2 or not _NAME.fullmatch(words[0]) or words[1] not in get_args(Job):
        raise PlanError(f"the plan {text!r} does not begin with a vendor and a job, as in 'keystone pull'")
    seed, rest = None, words[2:]
    if rest and (found := re.fullmatch(r"seed=(\d+)", rest[0])):
        seed, rest = int(found[1]), rest[1:]
    job: Job = "push" if words[1] == "push" else "pull"
    return Plan(words[0], job, tuple(_injection(word) for word in rest), seed)


def _injection(word: str) -> Injection:
    found = _INJECTION.fullmatch(word)
    if found is None:
        raise PlanError(
            f"the plan's part {word!r} is no injection; write it as users.list#2:Throttled(retry_after_s=30)x3"
        )
    kind = _KIND_NAMED.get(found["kind"])
    if kind is None:
        raise PlanError(f"the plan names the fault {found['kind']!r}; known are {', '.join(sorted(_KIND_NAMED))}")
    times = found["times"]
    return Injection(found["point"], _fault(kind, found["args"]), None if times == "*" else int(times or 1))


def _fault(kind: type[Fault], args: str) -> Fault:
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    given: dict[str, object] = {}
    for part in filter(None, args.split(",")):
        name, equals, value = part.partition("=")
        if not equals or name not in known:
            names = ", ".join(known) or "none"
            raise PlanError(f"{kind.__name__} has no parameter {name!r}; it has {names}")
        try:
            given[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            raise PlanError(f"{kind.__name__}'s {name} is {value!r}, which is no number, text or truth value") from None
        if type(given[name]) is not type(known[name].default):
            wanted = type(known[name].default).__name__
            raise PlanError(f"{kind.__name__}'s {name} is {value}; it takes a value of type {wanted}")
        _check_choice(kind, name, given[name])
    return kind(**given)


def _check_choice(kind: type[Fault], name: str, value: object) -> None:
    choices = get_args(kind.__annotations__.get(name))
    if choices and value not in choices:
        raise PlanError(f"{kind.__name__}'s {name} is {value!r}; it is one of {', '.join(map(str, choices))}")
    if isinstance(value, int) and not isinstance(value, bool) and value < 0:
        raise PlanError(f"{kind.__name__}'s {name} is {value}; it cannot be negative")
