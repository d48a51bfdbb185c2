"""A success status, and no success."""

from dataclasses import dataclass
from typing import ClassVar

from harness.dialects.facts import Dialect
from harness.stage.faults.scene import Asks, Scene, Struck, whole
from harness.stage.history import Exchange
from harness.stage.http1 import Reply
from harness.stage.pages import Page

_LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>"


class _InPlaceOfAnAnswer:
    """A 200 whose body is something else than what was asked for."""

    __slots__ = ()
    family: ClassVar[str] = "errors"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return True

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def body(self, dialect: Dialect) -> tuple[str, bytes]:
        raise NotImplementedError

    def strike(self, scene: Scene) -> Struck:
        kind, body = self.body(scene.dialect)
        reply = scene.door.stamped(Reply(200, (("Content-Type", kind),), body))
        return Struck(script=whole(scene, reply), reply=reply, effect=False)


@dataclass(frozen=True, slots=True)
class ErrorBody(_InPlaceOfAnAnswer):
    """Status 200, and an error in the body, as the vendor words its errors."""

    def body(self, dialect: Dialect) -> tuple[str, bytes]:
        return "application/json", dialect.errors.in_success_body.encode()


@dataclass(frozen=True, slots=True)
class HtmlPage(_InPlaceOfAnAnswer):
    """Status 200, and a sign-in page for people."""

    def body(self, dialect: Dialect) -> tuple[str, bytes]:
        return "text/html; charset=utf-8", _LOGIN_PAGE


@dataclass(frozen=True, slots=True)
class EmptyBody(_InPlaceOfAnAnswer):
    """Status 200, and nothing."""

    def body(self, dialect: Dialect) -> tuple[str, bytes]:
        return "application/json", b""


@dataclass(frozen=True, slots=True)
class NullRecord:
    """A page on which the last record is null."""

    family: ClassVar[str] = "errors"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return clean.operation.endswith(".list") and bool(clean.rows)

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def strike(self, scene: Scene) -> Struck:
        assert scene.asked.collection is not None
        page = Page(scene.asked.collection, scene.answer())
        reply = page.with_rows((*(page.rows or ())[:-1], None)).reply
        return Struck(script=whole(scene, reply), reply=reply)
