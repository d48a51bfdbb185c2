"""Refusals that look like an answer: the end of a listing, or a record that is not there."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from harness.dialects.facts import Dialect
from harness.dialects.writing import ById
from harness.stage.documents import put, written
from harness.stage.faults.scene import Asks, Scene, Struck, whole
from harness.stage.history import Exchange
from harness.stage.http1 import Reply


class _Refused:
    """Nothing is done, and the vendor says why in its own form."""

    __slots__ = ()
    family: ClassVar[str] = "pages"
    said: ClassVar[str]

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return clean.operation.endswith(".list") and not clean.point.endswith("#1")

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def refusal(self, scene: Scene, status: int) -> Struck:
        errors = scene.dialect.errors
        document = put(put({}, errors.code, status), errors.message, self.said)
        reply = scene.door.stamped(Reply(status, (("Content-Type", "application/json"),), written(document)))
        return Struck(script=whole(scene, reply), reply=reply, effect=False)


@dataclass(frozen=True, slots=True)
class CursorExpired(_Refused):
    """What led to this page is too old: 410, or 400 at some vendors."""

    status: Literal[410, 400] = 410
    said: ClassVar[str] = "The cursor has expired."

    def strike(self, scene: Scene) -> Struck:
        return self.refusal(scene, self.status)


@dataclass(frozen=True, slots=True)
class Ceiling(_Refused):
    """The vendor lists no further than this, though there is more: 422, or 400 at some vendors."""

    status: Literal[422, 400] = 422
    said: ClassVar[str] = "Only the first 1000 results are available."

    def strike(self, scene: Scene) -> Struck:
        return self.refusal(scene, self.status)


@dataclass(frozen=True, slots=True)
class NotFoundForWant(_Refused):
    """A 404 for want of rights: who may not see a thing is not told that it is there (RFC 9110 s15.5.4)."""

    family: ClassVar[str] = "errors"
    said: ClassVar[str] = "Not Found"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        if not clean.operation.endswith(".lookup"):
            return False
        # Where a record is looked up at its address, 404 is how the vendor says that it is free.
        writing = dialect.collection(clean.operation.partition(".")[0]).writing
        return writing is not None and not isinstance(writing.finding, ById)

    def strike(self, scene: Scene) -> Struck:
        return self.refusal(scene, 404)
