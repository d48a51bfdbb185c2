"""What vendors do to listings: shorten, repeat, loop, forget to lead on, disagree with their own total."""

from dataclasses import dataclass
from typing import Any, ClassVar

from harness.dialects.facts import (
    Collection,
    Continue,
    Cursor,
    Dialect,
    LinkHeader,
    Marker,
    NextHeader,
    NextLink,
    Offset,
    PageNumber,
)
from harness.stage.faults.scene import FOREIGN_HOST, Asks, Scene, Struck, whole
from harness.stage.history import Exchange
from harness.stage.http1 import Reply
from harness.stage.operations import query_of
from harness.stage.pages import Page, at_host, is_address


class _OfAListing:
    """A page is shown that is not what it should be."""

    __slots__ = ()
    family: ClassVar[str] = "pages"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return clean.operation.endswith(".list") and clean.more

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "correct"

    def strike(self, scene: Scene) -> Struck:
        assert scene.asked.collection is not None
        page = self.ruined(scene, Page(scene.asked.collection, scene.answer()))
        return Struck(script=whole(scene, page.reply), reply=page.reply, passes=True)

    def ruined(self, scene: Scene, page: Page) -> Page:
        raise NotImplementedError


def _listed(clean: Exchange, dialect: Dialect) -> Collection:
    return dialect.collection(clean.operation.partition(".")[0])


def _leads_on(clean: Exchange, dialect: Dialect) -> bool:
    """Whether something in the reply leads to the next page, and not the subject's own reckoning."""
    return not isinstance(_listed(clean, dialect).paging, PageNumber | Offset | Marker)


def _is_later_page(clean: Exchange) -> bool:
    return clean.operation.endswith(".list") and not clean.point.endswith("#1")


@dataclass(frozen=True, slots=True)
class ShortPage(_OfAListing):
    """A page holds fewer records than its size; the rest comes on the next one."""

    keep_rows: int = 1

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return super(ShortPage, self).fits(clean, dialect) and (clean.rows or 0) > self.keep_rows

    def ruined(self, scene: Scene, page: Page) -> Page:
        rows = page.rows or ()
        if page.next is None:
            return page
        if not isinstance(page.collection.paging, Offset | Marker):
            # There the next page begins after what was shown, so nothing needs to be held back.
            scene.carry_over(rows[self.keep_rows :])
        return page.with_rows(rows[: self.keep_rows])


@dataclass(frozen=True, slots=True)
class EmptyPage(_OfAListing):
    """A page holds no record at all and leads on."""

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return super(EmptyPage, self).fits(clean, dialect) and _leads_on(clean, dialect)

    def ruined(self, scene: Scene, page: Page) -> Page:
        if page.next is None:
            return page
        scene.carry_over(page.rows or ())
        return page.with_rows(())


@dataclass(frozen=True, slots=True)
class OverlappingPage(_OfAListing):
    """The last record of a page stands on the next page too."""

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        # One record more on a page moves all that follow, where the subject counts them.
        fits = super(OverlappingPage, self).fits(clean, dialect)
        return fits and not isinstance(_listed(clean, dialect).paging, Offset)

    def ruined(self, scene: Scene, page: Page) -> Page:
        scene.carry_over((page.rows or ())[-1:])
        return page


@dataclass(frozen=True, slots=True)
class DroppedNext(_OfAListing):
    """The page that should lead on does not, while a total or a flag still promises more."""

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        if not super(DroppedNext, self).fits(clean, dialect) or not _leads_on(clean, dialect):
            return False
        collection = _listed(clean, dialect)
        return collection.total is not None or collection.more is not None

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def ruined(self, scene: Scene, page: Page) -> Page:
        return page.without_next()


@dataclass(frozen=True, slots=True)
class TotalDisagrees(_OfAListing):
    """The vendor says that there are more records than it ever shows."""

    by_rows: int = 3

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        if not clean.operation.endswith(".list"):
            return False
        return _listed(clean, dialect).total is not None

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def ruined(self, scene: Scene, page: Page) -> Page:
        return page if page.total is None else page.with_total(page.total + self.by_rows)


@dataclass(frozen=True, slots=True)
class RepeatedPage(_OfAListing):
    """The page before is served again."""

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        if not _is_later_page(clean) or isinstance(_listed(clean, dialect).paging, PageNumber):
            return False
        # Who counts records counts these too, so that others are missing: only a total tells.
        collection = _listed(clean, dialect)
        return not isinstance(collection.paging, Offset) or collection.total is not None

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def strike(self, scene: Scene) -> Struck:
        page = scene.previous_page()
        assert page is not None, "a later page has one before it"
        return Struck(script=whole(scene, page.reply), reply=page.reply, effect=False)


@dataclass(frozen=True, slots=True)
class CursorLoop(_OfAListing):
    """The page leads to itself."""

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return super(CursorLoop, self).fits(clean, dialect) and _is_later_page(clean) and _leads_on(clean, dialect)

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def strike(self, scene: Scene) -> Struck:
        assert scene.asked.collection is not None
        page = Page(scene.asked.collection, scene.answer())
        page = page.with_next(self._itself(scene, page))
        return Struck(script=whole(scene, page.reply), reply=page.reply)

    def _itself(self, scene: Scene, page: Page) -> Any:
        query = query_of(scene.request.target)
        match page.collection.paging:
            case Cursor(param=param):
                return query.get(param)
            case Continue():
                return {name: query[name] for name in page.next if name in query}
            case NextLink() | LinkHeader() | NextHeader() | PageNumber() | Offset() | Marker():
                return scene.dialect.base_url + scene.request.target


@dataclass(frozen=True, slots=True)
class ForeignNext(_OfAListing):
    """The next link names somebody else's host."""

    family: ClassVar[str] = "token"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        if not super(ForeignNext, self).fits(clean, dialect):
            return False
        return isinstance(_listed(clean, dialect).paging, NextLink | LinkHeader | NextHeader)

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def ruined(self, scene: Scene, page: Page) -> Page:
        following = page.next
        return page.with_next(at_host(following, FOREIGN_HOST)) if is_address(following) else page


@dataclass(frozen=True, slots=True)
class Redirected:
    """The vendor sends the request on to somebody else's host (RFC 9110 s15.4.8)."""

    family: ClassVar[str] = "token"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return True

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def strike(self, scene: Scene) -> Struck:
        to = f"https://{FOREIGN_HOST}{scene.request.target}"
        reply = scene.door.stamped(Reply(307, (("Location", to),), b""))
        return Struck(script=whole(scene, reply), reply=reply, effect=False)
