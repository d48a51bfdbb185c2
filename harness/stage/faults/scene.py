"""What a fault sees of the exchange it strikes, and what it makes of it."""

import re
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, NoReturn, Protocol

from harness.dialects.facts import Dialect
from harness.stage.door import Door
from harness.stage.history import Exchange
from harness.stage.http1 import Reply, Request, Script, render
from harness.stage.operations import Asked
from harness.stage.pages import Page

Asks = Literal["correct", "loud", "either"]
FOREIGN_HOST = "elsewhere.test"
"""A host that belongs to nobody the subject knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """The fate of one exchange."""

    script: Script
    reply: Reply | None = None
    """The reply that arrives whole; None where none does."""
    effect: bool = True
    """Whether the vendor did what it was asked."""
    passes: bool = False
    """Whether the exchange served its purpose, so that the next one belongs to the next point."""
    limited: bool = False
    wait_until_us: int | None = None


class Scene(Protocol):
    """One exchange, before its fate is decided."""

    @property
    def dialect(self) -> Dialect: ...

    @property
    def request(self) -> Request: ...

    @property
    def asked(self) -> Asked: ...

    @property
    def door(self) -> Door: ...

    @property
    def now_us(self) -> int:
        """When the request arrived."""
        ...

    @property
    def answered_us(self) -> int:
        """When the reply will reach the subject, if nothing holds it up."""
        ...

    def answer(self) -> Reply:
        """Let the vendor do what it is asked, and take its clean reply."""
        ...

    def answer_part(self, request: Request) -> Reply:
        """Let the vendor do a part of what it is asked: this request in place of the subject's."""
        ...

    def grant(self, *, told: Any, lives_s: float | None = None) -> Reply:
        """Let the vendor give out a token whose ``expires_in`` reads ``told``; None leaves the field out.

        ``lives_s`` is how long it really lives, as recorded where not given.
        """
        ...

    def others_delete(self) -> None:
        """Before the vendor answers, somebody else deletes the record that it lists first.

        Raises:
            NotRecorded: Nothing shows what the vendor would list then.
        """
        ...

    def others_create(self) -> None:
        """Before the vendor answers, somebody else creates a record that it lists first.

        Raises:
            NotRecorded: Nothing shows what the vendor would list then.
        """
        ...

    def previous_page(self) -> Page | None:
        """The page that the subject was shown last."""
        ...

    def carry_over(self, rows: tuple[Any, ...]) -> None:
        """These records come first on the next page."""
        ...

    def epoch_s(self, at_us: int) -> float:
        """A moment of the run as seconds since 1970, by the vendor's clock."""
        ...

    def crash(self) -> NoReturn:
        """The subject's process dies here."""
        ...

    def skew_vendor_clock(self, by_s: int) -> None:
        """From here on the vendor's dates are so far ahead of the subject's."""
        ...

    def set_wall_clock(self, by_s: int) -> None:
        """The subject's wall clock is set by so much when it sends its next request."""
        ...

    def stop(self) -> None:
        """The subject is told to stop here."""
        ...


class Fault(Protocol):
    """A small frozen value that decides the fate of one exchange."""

    family: ClassVar[str]

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        """Whether the vendor could do this at that exchange of a fault-free run, and leaves a signal of it."""
        ...

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        """What a sound integration makes of it, struck so many times in a row; None: for ever."""
        ...

    def strike(self, scene: Scene) -> Struck:
        """Decide the fate of the exchange."""
        ...


def whole(scene: Scene, reply: Reply) -> Script:
    """The reply as it goes over an unharmed wire."""
    return (render(reply, scene.request.method),)


def spelled(fault: object) -> str:
    """The fault as a plan spells it: its kind, and what differs from the kind's own defaults."""
    parts = []
    for item in fields(fault):  # type: ignore[arg-type]
        value = getattr(fault, item.name)
        if value != item.default:
            parts.append(f"{item.name}={value!r}")
    return f"{type(fault).__name__}({','.join(parts)})"


def safe(clean: Exchange) -> bool:
    """Whether the exchange may be repeated without a thought: it changes no record and gives out no token."""
    return not clean.write and clean.operation != "token"


def named(fault: object) -> str:
    """The fault as a test id: letters, digits, dots and dashes only."""
    words = re.sub(r"(?<!^)(?=[A-Z])", "-", type(fault).__name__).lower()
    told = [str(getattr(fault, item.name)) for item in fields(fault) if getattr(fault, item.name) != item.default]  # type: ignore[arg-type]
    return ".".join([words, *(re.sub(r"[^a-z0-9-]+", "-", part.lower()) for part in told)])
