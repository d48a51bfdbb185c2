"""What vendors do when it is too much, each in its own status, header, unit and body."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import ClassVar, Literal

from harness.dialects.facts import Dialect, WaitForm
from harness.stage.faults.scene import Asks, Scene, Struck, whole
from harness.stage.history import Exchange
from harness.stage.http1 import Reply

Form = Literal[
    "seconds",
    "http_date",
    "iso8601",
    "delta_ms",
    "delta_s",
    "epoch_s",
    "epoch_ms",
    "ratelimit",
    "absent",
    "zero",
    "negative",
    "garbage",
    "huge",
]
_FORMS_OF = {
    "retry_after": ("seconds", "http_date", "zero", "negative", "garbage", "huge"),
    "delta_s": ("delta_s",),
    "delta_ms": ("delta_ms",),
    "epoch_s": ("epoch_s",),
    "epoch_ms": ("epoch_ms",),
    "ratelimit": ("ratelimit",),
    "iso8601": ("iso8601",),
}
_SURVIVABLE_WAIT_S = 60
_HUGE_S = 86_400
_SURVIVABLE_STORM = 3


@dataclass(frozen=True, slots=True)
class Throttled:
    """The vendor refuses the request as too much, and says (or does not say) when to come again."""

    retry_after_s: int = 30
    form: Form = "seconds"
    family: ClassVar[str] = "limits"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return self.form == "absent" or self._wait_form(dialect) is not None

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        if times is None:
            return "loud"
        if self.form == "huge" or self.retry_after_s > _SURVIVABLE_WAIT_S or times > _SURVIVABLE_STORM:
            return "either"
        return "correct"

    def strike(self, scene: Scene) -> Struck:
        limits = scene.dialect.limits
        value, until_us = self._told(scene)
        wait_form = self._wait_form(scene.dialect)
        headers = limits.headers
        if value is not None and wait_form is not None:
            headers = (*headers, (wait_form.header, value))
        # str.format would trip over the braces of a JSON body.
        body = limits.body.replace("{wait_s}", str(_HUGE_S if self.form == "huge" else self.retry_after_s))
        reply = scene.door.stamped(Reply(limits.status, headers, body.encode()))
        return Struck(script=whole(scene, reply), reply=reply, effect=False, limited=True, wait_until_us=until_us)

    def _wait_form(self, dialect: Dialect) -> WaitForm | None:
        return next((wait for wait in dialect.limits.waits if self.form in _FORMS_OF[wait.form]), None)

    def _told(self, scene: Scene) -> tuple[str | None, int | None]:
        """The header's value, and the moment it names; None where nobody could read a moment from it."""
        until_us = scene.answered_us + self.retry_after_s * 1_000_000
        whole_s = int(scene.epoch_s(until_us))
        named_us = until_us - round((scene.epoch_s(until_us) - whole_s) * 1e6)
        named = datetime.fromtimestamp(whole_s, UTC)
        match self.form:
            case "seconds" | "delta_s":
                return str(self.retry_after_s), until_us
            case "delta_ms":
                return str(self.retry_after_s * 1000), until_us
            case "http_date":
                return format_datetime(named, usegmt=True), named_us
            case "iso8601":
                return named.isoformat().replace("+00:00", "Z"), named_us
            case "epoch_s":
                return str(whole_s), named_us
            case "epoch_ms":
                return str(whole_s * 1000), named_us
            case "ratelimit":
                return f'"default";r=0;t={self.retry_after_s}', until_us
            case "huge":
                return str(_HUGE_S), scene.answered_us + _HUGE_S * 1_000_000
            case "zero":
                return "0", None
            case "negative":
                return "-5", None
            case "garbage":
                return "soon", None
            case "absent":
                return None, None


@dataclass(frozen=True, slots=True)
class RecordThrottled:
    """The vendor has taken too many writes of this one record, and says that the limit is its alone."""

    retry_after_s: int = _HUGE_S
    family: ClassVar[str] = "limits"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        if dialect.limits.one_record is None or not clean.operation.endswith(".update"):
            return False
        return Throttled(self.retry_after_s).fits(clean, dialect)

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return Throttled(self.retry_after_s).asks(clean, times)

    def strike(self, scene: Scene) -> Struck:
        refusal, mark = Throttled(self.retry_after_s).strike(scene), scene.dialect.limits.one_record
        assert refusal.reply is not None
        assert mark is not None, "the fault fits no other vendor"
        reply = replace(refusal.reply, headers=(*refusal.reply.headers, (mark.header, mark.value)))
        return replace(refusal, reply=reply, script=whole(scene, reply))


@dataclass(frozen=True, slots=True)
class QuotaTaken:
    """Another app has used the account's quota: a refusal, though the headers say that some is left."""

    retry_after_s: int = 30
    left: int = 7
    family: ClassVar[str] = "limits"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return bool(dialect.limits.quota_headers) and Throttled(self.retry_after_s).fits(clean, dialect)

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return Throttled(self.retry_after_s).asks(clean, times)

    def strike(self, scene: Scene) -> Struck:
        refusal = Throttled(self.retry_after_s).strike(scene)
        assert refusal.reply is not None
        told = {quota.remaining.lower() for quota in scene.dialect.limits.quota_headers}
        others = tuple((name, value) for name, value in refusal.reply.headers if name.lower() not in told)
        left = tuple((quota.remaining, str(self.left)) for quota in scene.dialect.limits.quota_headers)
        reply = replace(refusal.reply, headers=(*others, *left))
        return replace(refusal, reply=reply, script=whole(scene, reply))


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A refusal for good that looks like a limit to whoever reads the status alone."""

    family: ClassVar[str] = "limits"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return clean.operation != "token"

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def strike(self, scene: Scene) -> Struck:
        errors = scene.dialect.errors
        refusal = Reply(errors.refused_status, (("Content-Type", "application/json"),), errors.refused.encode())
        reply = scene.door.stamped(refusal)
        return Struck(script=whole(scene, reply), reply=reply, effect=False)
