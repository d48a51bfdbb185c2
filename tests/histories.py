"""Literal histories: runs as a stage would write them down, in a few words each. Times are seconds of the run."""

import logging
import re
from typing import Any

from harness.judge.requirements import CATALOGUE
from harness.judge.verdict import Verdict, judge
from harness.stage.history import Acted, Event, Exchange, Logged, Noted, Run, Tally, TokenGrant, TokenUse

LATENCY_S = 0.2
ALL_THERE = Tally(3, 3)
ONE_MISSING = Tally(3, 2, missing=("carol",))


def judged(requirement: str, *runs: Run) -> Verdict:
    """What the requirement of that id says of the runs."""
    return judge(next(one.check for one in CATALOGUE if one.id == requirement), runs)


def us(at_s: float) -> int:
    """Seconds as whole microseconds."""
    return round(at_s * 1_000_000)


def exchange(point: str, at_s: float, *, latency_s: float = LATENCY_S, **facts: Any) -> Exchange:
    """A clean GET of the point, answered with 200 after 0.2 s unless the facts say otherwise."""
    clean = {
        "act": 1,
        "method": "GET",
        "host": "keystone.test",
        "target": f"/v3/users?page={point.partition('#')[2]}",
        "status": 200,
        "answered_us": us(at_s + latency_s),
        "credential": True,
    }
    return Exchange(point=point, sent_us=us(at_s), **{**clean, **facts})


def unanswered(point: str, at_s: float, fault: str, **facts: Any) -> Exchange:
    """An exchange whose reply never came whole."""
    return exchange(point, at_s, fault=fault, **{"status": None, "answered_us": None, **facts})


def refused(point: str, at_s: float, status: int, **facts: Any) -> Exchange:
    """An exchange that the vendor answered with an error."""
    return exchange(point, at_s, status=status, **{"error": True, "effect": False, **facts})


def limited(point: str, at_s: float, *, wait_s: float | None = 30, status: int = 429, **facts: Any) -> Exchange:
    """A refusal as too much; ``wait_s`` counts from its answer."""
    until_us = None if wait_s is None else us(at_s + LATENCY_S + wait_s)
    facts = {"fault": "Throttled()", "wait_until_us": until_us, **facts}
    return refused(point, at_s, status, limited=True, **facts)


def token(at_s: float, serial: int = 1, *, lifetime_s: float = 20, told_s: Any = ..., **facts: Any) -> Exchange:
    """A token given out."""
    told = lifetime_s if told_s is ... else told_s
    asked = {"method": "POST", "target": "/v3/OS-OAUTH2/token", "request_body": "grant_type=client_credentials"}
    grant = TokenGrant(serial, told, us(at_s + lifetime_s))
    return exchange(f"token#{serial}", at_s, token_granted=grant, **{**asked, **facts})


def no_token(at_s: float, status: int = 401, **facts: Any) -> Exchange:
    """A token refused."""
    asked = {"method": "POST", "target": "/v3/OS-OAUTH2/token", "request_body": "grant_type=client_credentials"}
    return refused("token#1", at_s, status, **{**asked, **facts})


def use(serial: int = 1, *, issued_s: float = 0, told_s: float | None = 20, alive: bool = True) -> TokenUse:
    """The token in a request."""
    return TokenUse(serial, us(issued_s), None if told_s is None else us(issued_s + told_s), alive)


def create(key: str, at_s: float, **facts: Any) -> Exchange:
    """A record written."""
    asked = {"method": "POST", "target": "/v3/users", "request_body": key, "write": True, "record_key": key}
    return exchange("users.create#1", at_s, **{"status": 201, **asked, **facts})


def lookup(key: str, at_s: float, **facts: Any) -> Exchange:
    """A record looked up."""
    return exchange("users.lookup#1", at_s, target=f"/v3/users?name={key}", record_key=key, **facts)


def logged(text: str, at_s: float, level: int = logging.INFO, **facts: Any) -> Logged:
    """A log record."""
    return Logged(**{"act": 1, "at_us": us(at_s), "level": level, "logger": "sync", "message": text, **facts})


def noted(kind: str, text: str = "") -> Noted:
    """What the stage saw."""
    return Noted(act=1, at_us=0, kind=kind, text=text)


def ended(job: str = "pull", how: str = "returned", at_s: float = 100, *, act: int = 1, **facts: Any) -> Acted:
    """The end of an act: returned with every record there, unless the facts say otherwise."""
    there = {"pull": {"returned": ALL_THERE}, "push": {"held": ALL_THERE}}[job] if how == "returned" else {}
    return Acted(**{"act": act, "job": job, "began_us": 0, "ended_us": us(at_s), "ended": how, **there, **facts})


def raised(text: str = "VendorError: it failed", **facts: Any) -> Acted:
    """The end of an act by an exception."""
    return ended(how="raised", error=text, **facts)


def run(plan: str, *events: Event, asks: str = "correct", **facts: Any) -> Run:
    """A run of that plan; it ended correct unless the events say otherwise."""
    vendor, job = plan.split()[:2]
    if not any(isinstance(event, Acted) for event in events):
        events = (*events, ended(job))
    kinds = tuple(re.findall(r":([A-Za-z]+)\(", plan))
    return Run(vendor=vendor, against="replay", plan=plan, job=job, asks=asks, faults=kinds, events=events, **facts)
