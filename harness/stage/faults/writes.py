"""What vendors do to a write, and to the look before it, that a client may take for something else."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from harness.dialects.facts import Dialect
from harness.stage.faults.scene import Asks, Scene, Struck, whole
from harness.stage.history import Exchange
from harness.stage.http1 import Reply


@dataclass(frozen=True, slots=True)
class RedirectedWrite:
    """The vendor does nothing and points to its own listing: most clients go there with a GET (RFC 9110 s15.4.2)."""

    status: Literal[301, 302, 303] = 302
    family: ClassVar[str] = "errors"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return clean.write and clean.method == "POST"

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def strike(self, scene: Scene) -> Struck:
        assert scene.asked.collection is not None
        to = f"{scene.dialect.base_url}{scene.asked.collection.path}"
        reply = scene.door.stamped(Reply(self.status, (("Location", to),), b""))
        return Struck(script=whole(scene, reply), reply=reply, effect=False)
