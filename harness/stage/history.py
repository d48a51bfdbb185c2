"""The history of one run: everything that happened, once, in order, never changed. Checkers read nothing else.

Times are whole microseconds of virtual time since the run began.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Headers = tuple[tuple[str, str], ...]
"""Names in lower case, in the order sent."""

Ended = Literal["returned", "raised", "crashed", "interrupted", "hung", "exited", "real_time"]
"""How an act ended: ``crashed`` by the plan; ``interrupted``: it raised after the plan had told it to stop; ``exited``
by ending the interpreter; ``real_time``: it could not be judged."""


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """A token that the vendor gave out in this exchange."""

    serial: int
    told_lifetime_s: float | None
    """What ``expires_in`` said, where it could be read as a number of seconds."""
    ends_us: int
    """When the vendor will stop to take it, if nothing happens before."""
    account: int = 1
    """Whose client asked for it."""


@dataclass(frozen=True, slots=True)
class TokenUse:
    """The token that a request carried, as the vendor knew it when the request arrived."""

    serial: int
    """0: the vendor never gave this one out."""
    issued_us: int
    told_ends_us: int | None
    """When it ends by what the subject was told."""
    alive: bool
    account: int = 1
    """Whose token it is; more than one account takes part only where the plan has a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One request within a batch, and how the vendor answered it."""

    operation: str
    """What it asks for: ``contacts.create``."""
    record_key: str
    status: int | None = None
    """None where the batch's answer does not mention it, or did not arrive."""
    error: bool = False
    vendor_message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what became of it."""

    act: int
    sent_us: int
    point: str
    """Where in the fault-free run this belongs: ``users.list#2``. A repeated attempt has the point of the first."""
    method: str
    host: str
    target: str
    answered_us: int | None = None
    """When the reply's last byte was due; None where no whole reply was sent."""
    status: int | None = None
    thread: str = "main"
    request_headers: Headers = ()
    """Credentials are masked: ``<token 1>``, ``<client secret>``."""
    request_body: str = ""
    reply_headers: Headers = ()
    reply_body: str = ""
    fault: str = ""
    """The fault that struck, as the plan spells it; empty for a clean exchange."""
    effect: bool = True
    """Whether the vendor did what it was asked."""
    write: bool = False
    record_key: str = ""
    """The natural key that the request is about, where it is about one record."""
    request_id: str = ""
    vendor_message: str = ""
    error: bool = False
    """Whether the reply says that it failed, by its status or in its body."""
    limited: bool = False
    """Whether the vendor refused it as too much."""
    wait_until_us: int | None = None
    """The moment before which the vendor asked not to be called again; None where it named none that can be read."""
    credential: bool = False
    """Whether any credential of the subject was in the request, in whichever header, query or body."""
    foreign: bool = False
    """Whether the host belongs to somebody else than the vendor."""
    token_used: TokenUse | None = None
    token_granted: TokenGrant | None = None
    rows: int | None = None
    """How many records a listing's reply held."""
    more: bool = False
    """Whether a listing's reply led to another page."""
    items: tuple[Item, ...] = ()
    """The requests within a batch, in the order of the requests."""

    @property
    def operation(self) -> str:
        """What was asked for: ``token``, ``users.list``, ``users.create``."""
        return self.point.partition("#")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A log record that the subject, or a library of its, wrote."""

    act: int
    at_us: int
    level: int
    logger: str
    message: str
    fields: tuple[tuple[str, str], ...] = ()
    """What was passed as ``extra``."""
    leaks: tuple[str, ...] = ()
    """Names of the secrets found in it: ``client secret``, ``token 1``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """A thread of the subject slept."""

    act: int
    at_us: int
    seconds: float
    thread: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something that the stage saw and that is no exchange.

    Kinds: ``not_recorded`` (the vendor has no answer: the run proves nothing), ``vendor_down``, ``vendor_drift``,
    ``account_changed``, ``budget_spent`` (so does a run whose live account is the reason), ``refused_host``,
    ``escaped`` (a subprocess or a fork left the wire), ``real_time``, ``crash``, ``stop`` (the plan told the subject to
    stop), ``clock_set`` (the plan set its wall clock), ``emptied`` (nothing is left from here on), ``account`` (from
    here on the subject of that account acts), ``left_running`` (threads that outlived the act), ``left_behind`` (a
    record that could not be removed from a live account).
    """

    act: int
    at_us: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Records held against records that should be held, by natural key; keys are cut to 20 of each kind."""

    expected: int
    found: int
    missing: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    """Records whose content differs from the vendor's in a field that does not change by itself."""
    retired: int = 0
    """How many records that were in use are out of use, or gone, where the subject was asked to retire some."""

    @property
    def agrees(self) -> bool:
        """Whether every record is there once, as it should be, and no other."""
        return not (self.missing or self.doubled or self.unexpected or self.altered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """The subject was asked once to do its job, and how that ended."""

    act: int
    job: Literal["pull", "push"]
    began_us: int
    ended_us: int
    ended: Ended
    error: str = ""
    """Class and text of what it raised, causes included."""
    returned: Tally | None = None
    """What ``pull`` returned against what the vendor holds; None where it did not return."""
    named_failures: tuple[tuple[str, str], ...] = ()
    """Keys and reasons that ``push`` said it could not do."""
    held: Tally | None = None
    """What the vendor held after a ``push``, against what was asked for."""
    leaks: tuple[str, ...] = ()
    """Names of the secrets found in the error's text, in the result or in what was printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Somebody looked after the integration: a new process of it was asked how it stands, or to check itself."""

    act: int
    """The act before."""
    at_us: int
    asked: Literal["status", "staleness"]
    ended: Ended
    error: str = ""
    """Class and text of what it raised, causes included."""
    said: tuple[tuple[str, str], ...] = ()
    """The status it told, name by name."""
    state: str = ""
    """How it says the last run ended."""
    success_us: int | None = None
    """When it says the last success ended; None where it tells of none."""
    unreadable: str = ""
    """What of the status is no moment, or no status."""
    alerts: tuple[str, ...] = ()
    """What it told the alert's channel."""
    channel: Literal["takes", "fails"] = "takes"
    """What the channel made of it."""
    expected_every_us: int = 0
    """How often it was told that it should succeed."""
    leaks: tuple[str, ...] = ()
    """Names of the secrets found in any of it."""


Event = Exchange | Logged | Waited | Noted | Acted | Looked


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One plan carried out: what was planned, and the history of it."""

    vendor: str
    against: Literal["replay", "simulator", "live"]
    plan: str
    job: Literal["pull", "push"]
    asks: Literal["correct", "loud", "either"]
    """What a sound integration makes of this plan: *loud* where the fault cannot be survived."""
    faults: tuple[str, ...] = ()
    """The kinds of fault that were planned: ``Throttled``."""
    events: tuple[Event, ...] = field(default=(), repr=False)
    not_fired: tuple[str, ...] = ()
    """Injections that never struck; any makes the run *not exercised*."""
    virtual_s: float = 0.0
    crash_text: str = ""
    """What is known of a worker that died with the run in it."""
    began_epoch_s: int = 0
    """When the run began by the vendor's clock, in seconds since 1970."""
    clean_exchanges: int = 0
    """How many exchanges one act of the fault-free run takes; 0 where that is not known."""

    _by_kind: Mapping[type[Event], tuple[Any, ...]] = field(init=False, repr=False, compare=False)
    """The events of each kind in order: checkers ask for them some hundred times."""

    def __post_init__(self) -> None:
        by_kind: dict[type[Event], list[Event]] = {}
        for event in self.events:
            by_kind.setdefault(type(event), []).append(event)
        object.__setattr__(self, "_by_kind", {kind: tuple(events) for kind, events in by_kind.items()})

    @property
    def exercised(self) -> bool:
        """Whether every planned fault struck."""
        return not self.not_fired

    def exchanges(self, operation: str = "") -> tuple[Exchange, ...]:
        """The exchanges in order; of one operation (``users.list``) where one is named."""
        exchanges: tuple[Exchange, ...] = self._by_kind.get(Exchange, ())
        return tuple(one for one in exchanges if one.operation == operation) if operation else exchanges

    def acts(self) -> tuple[Acted, ...]:
        """How each act ended, in order."""
        return self._by_kind.get(Acted, ())

    def logged(self) -> tuple[Logged, ...]:
        """The log records in order."""
        return self._by_kind.get(Logged, ())

    def looks(self, asked: Literal["status", "staleness"]) -> tuple[Looked, ...]:
        """When somebody looked after the integration, in order."""
        return tuple(one for one in self._by_kind.get(Looked, ()) if one.asked == asked)

    def noted(self, kind: str = "") -> tuple[Noted, ...]:
        """What the stage noted in order; of one kind where one is named."""
        noted: tuple[Noted, ...] = self._by_kind.get(Noted, ())
        return tuple(one for one in noted if one.kind == kind) if kind else noted
