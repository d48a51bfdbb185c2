"""The vendor's end of the wire: finds out what is asked, lets the planned fault strike, writes down what happened."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, NoReturn, Protocol
from urllib.parse import urlsplit

from harness.dialects.facts import Dialect
from harness.stage.door import RECORDED, Door, Life
from harness.stage.faults.scene import FOREIGN_HOST, Fault, Struck
from harness.stage.history import Event, Noted
from harness.stage.http1 import End, HeaderLines, Pause, Reply, Request, Script, render
from harness.stage.injections import Injections
from harness.stage.known_keys import KnownKeys
from harness.stage.operations import TOKEN, Asked, asked
from harness.stage.pages import Page
from harness.stage.sale import SOLD
from harness.stage.transcript import transcribed
from harness.stage.vendor import NotRecorded, Shared

_OF_THE_CONNECTION = frozenset({"connection", "content-length", "date", "keep-alive", "transfer-encoding"})


class _CrashHere(Exception):
    """The planned crash, on its way from the fault to the vendor's end."""


class World(Protocol):
    """The run as the wire sees it."""

    @property
    def now_us(self) -> int: ...

    def thread_name(self) -> str: ...

    def kill(self, reason: Any) -> NoReturn: ...

    def stop(self) -> None: ...

    def set_wall_clock(self, by_s: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """A request as it arrived."""

    request: Request
    at_us: int
    """In the act's time."""
    thread: str


@dataclass(slots=True)
class VendorEnd:
    """Answers every request of one run, through all its acts."""

    dialect: Dialect
    door: Door
    injections: Injections
    began: datetime
    latency_us: int
    most_exchanges: int
    """A subject that sends more than this in one act does not end by itself: the run is hung."""
    lag_us: Callable[[], int] = lambda: 0
    """Real time that the vendor took for its last answer, in microseconds."""
    events: list[Event] = field(default_factory=list)
    act: int = 1
    act_began_us: int = 0
    carried: tuple[Any, ...] = ()
    shown: Page | None = None
    spoiled: bool = False
    """Whether the vendor is out of reach, so that the run proves nothing and is over."""
    keys: KnownKeys = field(default_factory=KnownKeys)
    emptied: bool = False
    """Whether the vendor lists nothing any more."""
    skew_s: int = 0
    """How far the vendor's clock is ahead of the run's."""
    clock_to_be_set_by_s: int = 0
    """What the subject's wall clock is set by at the next request."""
    places: dict[str, str] = field(default_factory=dict)
    """Folders of this machine that the subject was told of -> what stands for them in the history."""
    heard: list[Heard] = field(default_factory=list)
    """What was asked since this list was emptied."""
    outage: Fault | None = None
    """Strikes every exchange of this act that no injection strikes."""
    dies: Callable[[World], NoReturn] | None = None
    """What becomes of the process at the planned crash; None: nothing of it goes on, though it cleans up."""
    _sent: int = 0

    def begin_act(self, *, act: int, at_us: int, outage: Fault | None = None) -> None:
        """A new process of the subject: points count from one, what was held back is forgotten."""
        self.act, self.act_began_us, self.carried, self.shown, self._sent = act, at_us, (), None, 0
        self.outage = outage
        self.injections.begin_again()

    def on_stage(self, host: str) -> bool:
        """Whether anybody answers at that host."""
        return host in (urlsplit(self.dialect.base_url).hostname, FOREIGN_HOST)

    def now_us(self, world: World) -> int:
        """The moment in the run's time, which goes on through its acts."""
        return self.act_began_us + world.now_us

    def note(self, kind: str, text: str, at_us: int) -> None:
        """Write down what is no exchange."""
        self.events.append(Noted(act=self.act, at_us=at_us, kind=kind, text=text))

    def answer(self, request: Request, world: World) -> Script:
        """What comes back over the wire."""
        now_us = self.now_us(world)
        self.heard.append(Heard(request, world.now_us, world.thread_name()))
        self._sent += 1
        if self._sent > self.most_exchanges:
            self.note("endless", f"more than {self.most_exchanges} requests in one run", now_us)
            world.kill("hung")
        if self._elsewhere(request):
            return self._foreign(request, now_us, world)
        if self.clock_to_be_set_by_s:
            world.set_wall_clock(self.clock_to_be_set_by_s)
            self.note("clock_set", f"by {self.clock_to_be_set_by_s} s", now_us)
            self.clock_to_be_set_by_s = 0
        what = self.keys.named(asked(self.dialect, self.door.at_the_recorded_endpoint(request)))
        point = self.injections.point(what.operation)
        scene = _Exchange(self, request, what, now_us)
        token_used = self.door.token_used(request, now_us)
        fault = self.injections.strike(what.operation) or self.outage
        crashed = False
        try:
            struck = fault.strike(scene) if fault else scene.unharmed()
        except NotRecorded as missing:
            self.note(missing.kind, str(missing), now_us)
            if missing.final:
                self.spoiled = True
                world.kill("crashed")
            struck = Struck(script=(End.EOF,), effect=False)
        except _CrashHere:
            struck, crashed = Struck(script=(), effect=scene.answered), True
        if scene.answered and (lag_us := self.lag_us()):
            struck = replace(struck, script=(Pause(lag_us / 1e6), *struck.script))
        if struck.passes:
            self.injections.passes(what.operation)
        if what.collection and what.collection.writing and struck.reply and struck.passes:
            self.keys.learn(what.collection, struck.reply)
        if what.lists and what.collection and struck.reply and struck.passes:
            self.shown = Page(what.collection, struck.reply)
            # What was held back is shown now; a reply that was ruined leaves it to the next.
            self.carried = scene.carried
        self.events.append(
            transcribed(
                self.dialect,
                self.door,
                request,
                what,
                struck,
                act=self.act,
                point=point,
                sent_us=now_us,
                answered_us=self._answered_us(now_us, struck),
                thread=world.thread_name(),
                fault=fault,
                token_used=token_used,
                granted=scene.granted,
            )
        )
        if crashed:
            self.note("crash", point, now_us)
            if self.dies is not None:
                self.dies(world)
            world.kill("crashed")
        if scene.stopped:
            self.note("stop", point, now_us)
            world.stop()
        return struck.script

    def _elsewhere(self, request: Request) -> bool:
        """Whether it went to somebody else: another host or port, or in clear where the vendor has TLS."""
        home = urlsplit(self.dialect.base_url)
        default = ":443" if home.scheme == "https" else ":80"
        named = request.host.lower().removesuffix(default)
        return named != home.netloc.removesuffix(default) or request.tls != (home.scheme == "https")

    def _answered_us(self, now_us: int, struck: Struck) -> int | None:
        if struck.reply is None:
            return None
        held_us = sum(round(item.seconds * 1e6) for item in struck.script if isinstance(item, Pause))
        return now_us + self.latency_us + held_us

    def _foreign(self, request: Request, now_us: int, world: World) -> Script:
        reply = Reply(404, (("Content-Type", "text/plain"),), b"nobody here knows you\n")
        struck = Struck(script=(render(reply, request.method),), reply=reply, effect=False)
        exchange = transcribed(
            self.dialect,
            self.door,
            request,
            Asked("foreign"),
            struck,
            act=self.act,
            point=self.injections.point("foreign"),
            sent_us=now_us,
            answered_us=now_us + self.latency_us,
            thread=world.thread_name(),
            fault=None,
            token_used=None,
            granted=None,
        )
        self.events.append(replace(exchange, foreign=True))
        return struck.script


@dataclass(slots=True)
class _Exchange:
    """The scene of one exchange: what a fault may see and do."""

    end: VendorEnd
    request: Request
    asked: Asked
    now_us: int
    granted: Life | None = None
    answered: bool = False
    stopped: bool = False
    carried: tuple[Any, ...] = ()

    @property
    def dialect(self) -> Dialect:
        return self.end.dialect

    @property
    def door(self) -> Door:
        return self.end.door

    @property
    def answered_us(self) -> int:
        return self.now_us + self.end.latency_us

    def epoch_s(self, at_us: int) -> float:
        return self.end.began.timestamp() + self.end.skew_s + at_us / 1e6

    def unharmed(self) -> Struck:
        """The exchange as it is without a fault."""
        reply = self.answer()
        refused = reply.status == 401
        return Struck(script=(render(reply, self.request.method),), reply=reply, effect=not refused, passes=not refused)

    def answer(self) -> Reply:
        return self._taken(self.request, told=RECORDED, lives_s=None)

    def answer_part(self, request: Request) -> Reply:
        return self._taken(request, told=RECORDED, lives_s=None)

    def grant(self, *, told: Any, lives_s: float | None = None) -> Reply:
        return self._taken(self.request, told=told, lives_s=lives_s)

    def others_delete(self) -> None:
        self._shared().others_delete()

    def others_create(self) -> None:
        self._shared().others_create()

    def _shared(self) -> Shared:
        if not isinstance(vendor := self.end.door.vendor, Shared):
            raise NotRecorded(f"{self.request.method} {self.request.target} after somebody else has written")
        return vendor

    def previous_page(self) -> Page | None:
        return self.end.shown

    def carry_over(self, rows: tuple[Any, ...]) -> None:
        self.carried = rows

    def crash(self) -> NoReturn:
        raise _CrashHere

    def stop(self) -> None:
        self.stopped = True

    def skew_vendor_clock(self, by_s: int) -> None:
        self.end.skew_s = by_s

    def set_wall_clock(self, by_s: int) -> None:
        self.end.clock_to_be_set_by_s = by_s

    def _taken(self, request: Request, *, told: Any, lives_s: float | None) -> Reply:
        reply = self.door.handle(request, self.now_us)
        self.answered = True
        sold = self.asked.operation == TOKEN and reply.status in SOLD
        recorded_s = self.door.recorded_lifetime_s(reply) if sold else None
        date = _http_date(int(self.epoch_s(self.answered_us)))
        reply = self.door.stamped(Reply(reply.status, (*_of_the_message(reply.headers), ("Date", date)), reply.body))
        if sold:
            reply, self.granted = self.door.grant(
                reply,
                self.now_us,
                now_s=self.epoch_s(self.answered_us),
                recorded_s=recorded_s,
                account=self.door.account_of(request),
                told=told,
                lives_s=lives_s,
            )
        if self.asked.lists and self.asked.collection and reply.status == 200:
            reply = self._as_it_lists_now(Page(self.asked.collection, reply))
        return reply

    def _as_it_lists_now(self, page: Page) -> Reply:
        if page.rows is None:
            return page.reply
        if self.end.emptied:
            return page.emptied().reply
        return page.with_rows((*self.end.carried, *page.rows)).reply if self.end.carried else page.reply


@lru_cache(maxsize=1024)
def _of_the_message(headers: HeaderLines) -> HeaderLines:
    """The headers without those that only say how the recorded connection went on; recorded ones come again."""
    return tuple((name, value) for name, value in headers if name.lower() not in _OF_THE_CONNECTION)


@lru_cache(maxsize=4096)
def _http_date(epoch_s: int) -> str:
    """The moment as the ``Date`` header tells it; every run goes through the same ones."""
    return format_datetime(datetime.fromtimestamp(epoch_s, UTC), usegmt=True)


Answer = Callable[[Request, World], Script]
