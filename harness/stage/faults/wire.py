"""What happens to a connection: it ends, breaks, stalls, lies about its length."""

from dataclasses import dataclass
from typing import ClassVar

from harness.dialects.facts import Dialect
from harness.stage.documents import put, written
from harness.stage.faults.scene import Asks, Scene, Struck, safe, whole
from harness.stage.history import Exchange
from harness.stage.http1 import End, Idle, Pause, Reply, head_and_body


class _BrokenReply:
    """The reply does not arrive as it was meant; a safe request is simply sent again (RFC 9110 s9.2.2)."""

    __slots__ = ()
    family: ClassVar[str] = "wire"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return True

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        if clean.write:
            # Whoever looks after each lost answer finds that it was done, and ends correct.
            return "either"
        return "loud" if times is None else "correct" if safe(clean) and times <= 3 else "either"


@dataclass(frozen=True, slots=True)
class HangUp(_BrokenReply):
    """The vendor resets the connection instead of answering, before or after it did what it was asked."""

    after_effect: bool = False

    def strike(self, scene: Scene) -> Struck:
        if self.after_effect:
            scene.answer()
        return Struck(script=(End.RESET,), effect=self.after_effect)


@dataclass(frozen=True, slots=True)
class Cut(_BrokenReply):
    """The connection ends in the middle of the body; the length in the head tells."""

    keep_bytes: int = 40

    def strike(self, scene: Scene) -> Struck:
        head, body = head_and_body(scene.answer(), scene.request.method)
        return Struck(script=(head + body[: min(self.keep_bytes, len(body) // 2)], End.EOF))


@dataclass(frozen=True, slots=True)
class CutSilently(_BrokenReply):
    """Half the body arrives, under a head that gives no length."""

    def strike(self, scene: Scene) -> Struck:
        head, body = head_and_body(scene.answer(), scene.request.method)
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
        return Struck(script=(b"\r\n".join(lines) + body[: len(body) // 2], End.EOF))


@dataclass(frozen=True, slots=True)
class Stalled(_BrokenReply):
    """The vendor takes the request and never answers."""

    def strike(self, scene: Scene) -> Struck:
        scene.answer()
        return Struck(script=())


@dataclass(frozen=True, slots=True)
class Garbage(_BrokenReply):
    """What arrives is not HTTP."""

    def strike(self, scene: Scene) -> Struck:
        scene.answer()
        return Struck(script=(b"\x00\xff\x13 no http\r\n\r\n", End.EOF))


@dataclass(frozen=True, slots=True)
class Slow:
    """The answer takes its time, and is right."""

    seconds: int = 5
    family: ClassVar[str] = "wire"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return True

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "correct"

    def strike(self, scene: Scene) -> Struck:
        reply = scene.answer()
        return Struck(script=(Pause(self.seconds), *whole(scene, reply)), reply=reply, passes=True)


@dataclass(frozen=True, slots=True)
class ServerError(_BrokenReply):
    """The vendor fails with a 5xx before it does anything."""

    status: int = 503

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        # Without effect a write may be sent again too, but its sender cannot know that: either end is right.
        return "loud" if times is None else "either" if clean.write or times > 3 else "correct"

    def strike(self, scene: Scene) -> Struck:
        errors = scene.dialect.errors
        document = put(put({}, errors.code, self.status), errors.message, "The service is temporarily unavailable.")
        reply = Reply(self.status, (("Content-Type", "application/json"),), written(document))
        reply = scene.door.stamped(reply)
        return Struck(script=whole(scene, reply), reply=reply, effect=False)


@dataclass(frozen=True, slots=True)
class StaleConnection:
    """The vendor closes the kept connection right after a good answer: the next request meets a stale one."""

    family: ClassVar[str] = "wire"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return clean.operation != "token"

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "correct"

    def strike(self, scene: Scene) -> Struck:
        reply = scene.answer()
        return Struck(script=(*whole(scene, reply), Idle(0.0)), reply=reply, passes=True)
