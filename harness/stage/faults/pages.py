"""What vendors do to listings: shorten, repeat, loop, forget to lead on, disagree with their own total."""

from dataclasses import dataclass
from typing import Any, ClassVar

from harness.dialects.facts import Continue, Cursor, Dialect, LinkHeader, NextLink, PageNumber
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


def _paging(clean: Exchange, dialect: Dialect) -> Any:
    return dialect.collection(clean.operation.partition(".")[0]).paging


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
        scene.carry_over(rows[self.keep_rows :])
        return page.with_rows(rows[: self.keep_rows])


@dataclass(frozen=True, slots=True)
class EmptyPage(_OfAListing):
    """A page holds no record at all and leads on."""

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        counted = clean.operation.endswith(".list") and isinstance(_paging(clean, dialect), PageNumber)
        return super(EmptyPage, self).fits(clean, dialect) and not counted

    def ruined(self, scene: Scene, page: Page) -> Page:
        if page.next is None:
            return page
        scene.carry_over(page.rows or ())
        return page.with_rows(())


@dataclass(frozen=True, slots=True)
class OverlappingPage(_OfAListing):
    """The last record of a page stands on the next page too."""

    def ruined(self, scene: Scene, page: Page) -> Page:
        scene.carry_over((page.rows or ())[-1:])
        return page


@dataclass(frozen=True, slots=True)
class DroppedNext(_OfAListing):
    """The page that should lead on does not, while a total or a flag still promises more."""

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        if not super(DroppedNext, self).fits(clean, dialect) or isinstance(_paging(clean, dialect), PageNumber):
            return False
        collection = dialect.collection(clean.operation.partition(".")[0])
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
        return dialect.collection(clean.operation.partition(".")[0]).total is not None

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def ruined(self, scene: Scene, page: Page) -> Page:
        return page if page.total is None else page.with_total(page.total + self.by_rows)


@dataclass(frozen=True, slots=True)
class RepeatedPage(_OfAListing):
    """The page before is served again."""

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        later = not clean.point.endswith("#1")
        return clean.operation.endswith(".list") and later and not isinstance(_paging(clean, dialect), PageNumber)

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
        later = not clean.point.endswith("#1")
        paging = _paging(clean, dialect) if clean.operation.endswith(".list") else None
        return super(CursorLoop, self).fits(clean, dialect) and later and not isinstance(paging, PageNumber)

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
            case NextLink() | LinkHeader() | PageNumber():
                return scene.dialect.base_url + scene.request.target


@dataclass(frozen=True, slots=True)
class ForeignNext(_OfAListing):
    """The next link names somebody else's host."""

    family: ClassVar[str] = "token"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        by_address = clean.operation.endswith(".list") and isinstance(_paging(clean, dialect), NextLink | LinkHeader)
        return super(ForeignNext, self).fits(clean, dialect) and by_address

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
