"""What vendors do to tokens: take them back, cut them short, leave their lifetime unsaid."""

from dataclasses import dataclass
from typing import ClassVar

from harness.dialects.facts import Dialect, OAuth2, Unsigned
from harness.stage.faults.scene import Asks, Scene, Struck, whole
from harness.stage.history import Exchange
from harness.stage.http1 import Reply
from harness.stage.sale import sale_of, says_text


class _AtTheTokenEndpoint:
    __slots__ = ()
    family: ClassVar[str] = "token"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return clean.operation == "token"

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "correct"


def _given_out(scene: Scene, *, told: object, lives_s: float | None = None) -> Struck:
    reply = scene.grant(told=told, lives_s=lives_s)
    return Struck(script=whole(scene, reply), reply=reply, passes=True)


@dataclass(frozen=True, slots=True)
class Revoked:
    """Every token given out so far stops to be taken; the vendor says 401 to a token believed good."""

    family: ClassVar[str] = "token"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return sale_of(dialect) is not None and clean.operation != "token"

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "correct" if times == 1 else "loud" if times is None else "either"

    def strike(self, scene: Scene) -> Struck:
        scene.door.revoke_all()
        reply = scene.door.stamped(scene.door.unauthorized())
        return Struck(script=whole(scene, reply), reply=reply, effect=False)


@dataclass(frozen=True, slots=True)
class ShortLived(_AtTheTokenEndpoint):
    """The token lives so short that it ends in the middle of the run, and says so."""

    expires_in_s: int = 1

    def strike(self, scene: Scene) -> Struck:
        return _given_out(scene, told=self.expires_in_s, lives_s=float(self.expires_in_s))


@dataclass(frozen=True, slots=True)
class LifetimeUnsaid(_AtTheTokenEndpoint):
    """``expires_in`` is missing; RFC 6749 s5.1 only recommends it."""

    def strike(self, scene: Scene) -> Struck:
        return _given_out(scene, told=None)


@dataclass(frozen=True, slots=True)
class LifetimeAsText(_AtTheTokenEndpoint):
    """``expires_in`` is a string of digits."""

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        sale = sale_of(dialect)
        return clean.operation == "token" and sale is not None and says_text(sale)

    def strike(self, scene: Scene) -> Struck:
        return _given_out(scene, told="20", lives_s=20.0)


@dataclass(frozen=True, slots=True)
class LifetimeZero(_AtTheTokenEndpoint):
    """``expires_in`` is 0 and the token is good all the same."""

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "either"

    def strike(self, scene: Scene) -> Struck:
        return _given_out(scene, told=0, lives_s=20.0)


@dataclass(frozen=True, slots=True)
class CredentialsRejected:
    """The vendor no longer knows the client (RFC 6749 s5.2), the user or the key (RFC 9110 s15.5.2)."""

    family: ClassVar[str] = "token"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        if sale_of(dialect) is not None:
            return clean.operation == "token"
        return not isinstance(dialect.signing, Unsigned)

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def strike(self, scene: Scene) -> Struck:
        of_a_client = scene.asked.operation == "token"
        reply = scene.door.stamped(scene.door.bad_client() if of_a_client else scene.door.unauthorized())
        return Struck(script=whole(scene, reply), reply=reply, effect=False)


@dataclass(frozen=True, slots=True)
class InsufficientScope:
    """The token is good and its scope does not suffice (RFC 6750 s3.1): 403, or 401 at some vendors."""

    status: int = 403
    family: ClassVar[str] = "token"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return isinstance(dialect.signing, OAuth2) and clean.operation != "token"

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def strike(self, scene: Scene) -> Struck:
        challenge = ("WWW-Authenticate", 'Bearer error="insufficient_scope"')
        headers = (("Content-Type", "application/json"), challenge)
        reply = scene.door.stamped(Reply(self.status, headers, scene.dialect.errors.refused.encode()))
        return Struck(script=whole(scene, reply), reply=reply, effect=False)
