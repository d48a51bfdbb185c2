"""Clocks that are wrong, or are put right, while a token is in use: its lifetime is a span and knows no date."""

from dataclasses import dataclass
from typing import ClassVar

from harness.dialects.facts import Dialect
from harness.stage.faults.scene import Asks, Scene, Struck, whole
from harness.stage.history import Exchange


class _WhileATokenIsInUse:
    """Begins with the exchange in which a token is given out."""

    __slots__ = ()
    family: ClassVar[str] = "token"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return clean.operation == "token"

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "correct"


def _given_out(scene: Scene, expires_in_s: int | None) -> Struck:
    """A token of that lifetime; of the recorded one where none is named."""
    reply = scene.answer() if expires_in_s is None else scene.grant(told=expires_in_s, lives_s=float(expires_in_s))
    return Struck(script=whole(scene, reply), reply=reply, passes=True)


@dataclass(frozen=True, slots=True)
class ClockSetBack(_WhileATokenIsInUse):
    """The subject's wall clock is set back; by its new time the token would live on after its end."""

    by_s: int = 3600
    expires_in_s: int = 2

    def strike(self, scene: Scene) -> Struck:
        scene.set_wall_clock(-self.by_s)
        return _given_out(scene, self.expires_in_s)


@dataclass(frozen=True, slots=True)
class ClockSetForward(_WhileATokenIsInUse):
    """The subject's wall clock is set forward; by its new time the token would have ended."""

    by_s: int = 3600

    def strike(self, scene: Scene) -> Struck:
        scene.set_wall_clock(self.by_s)
        return _given_out(scene, None)


@dataclass(frozen=True, slots=True)
class VendorClockAhead(_WhileATokenIsInUse):
    """The vendor's dates are ahead of the subject's; counted from them the token would live on after its end."""

    by_s: int = 3600
    expires_in_s: int = 2

    def strike(self, scene: Scene) -> Struck:
        scene.skew_vendor_clock(self.by_s)
        return _given_out(scene, self.expires_in_s)


@dataclass(frozen=True, slots=True)
class VendorClockBehind(_WhileATokenIsInUse):
    """The vendor's dates are behind the subject's; counted from them the token would have ended at once."""

    by_s: int = 3600

    def strike(self, scene: Scene) -> Struck:
        scene.skew_vendor_clock(-self.by_s)
        return _given_out(scene, None)
