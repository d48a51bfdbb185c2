"""What others do to the records of a listing while the subject walks through it, where pages or places are counted."""

from dataclasses import dataclass
from typing import ClassVar

from harness.dialects.facts import Collection, Dialect, Offset
from harness.stage.faults.scene import Asks, Scene, Struck, whole
from harness.stage.history import Exchange
from harness.stage.pages import rows_move


class _RowsMove:
    """Between two pages the vendor holds other records, and its total says another number."""

    __slots__ = ()
    family: ClassVar[str] = "pages"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        name, _, verb = clean.operation.partition(".")
        return verb == "list" and not clean.point.endswith("#1") and self._tells(dialect.collection(name))

    def _tells(self, collection: Collection) -> bool:
        return rows_move(collection) and collection.total is not None

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        # To read the listing once more is as right as to say that it changed.
        return "either"

    def strike(self, scene: Scene) -> Struck:
        self.written_by_others(scene)
        reply = scene.answer()
        return Struck(script=whole(scene, reply), reply=reply, passes=True)

    def written_by_others(self, scene: Scene) -> None:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class RowDeleted(_RowsMove):
    """Before this page is shown, somebody else deletes a record of an earlier one: all rows behind it move up, and the
    first of this page is on no later page."""

    def written_by_others(self, scene: Scene) -> None:
        scene.others_delete()


@dataclass(frozen=True, slots=True)
class RowCreated(_RowsMove):
    """Before this page is shown, somebody else creates a record that belongs on an earlier one: all rows behind it move
    down, and the last of the page before is on this one too."""

    def _tells(self, collection: Collection) -> bool:
        # Where pages have numbers, new records were only seen to come last.
        return super(RowCreated, self)._tells(collection) and isinstance(collection.paging, Offset)

    def written_by_others(self, scene: Scene) -> None:
        scene.others_create()
