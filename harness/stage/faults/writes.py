"""What vendors do to a write, and to the look before it, that a client may take for something else."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from harness.dialects.facts import Collection, Dialect
from harness.dialects.writing import ById, MergePatch
from harness.stage.documents import parsed, written
from harness.stage.faults.scene import Asks, Scene, Struck, whole
from harness.stage.history import Exchange
from harness.stage.http1 import Reply
from harness.stage.pages import Page
from harness.stage.writings import inside


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


@dataclass(frozen=True, slots=True)
class LaggingLookup:
    """A lookup does not find yet what the vendor holds: it reads from a copy, or an index, that is behind."""

    family: ClassVar[str] = "rerun"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return _found(clean, dialect)

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def strike(self, scene: Scene) -> Struck:
        reply = self._miss(scene)
        return Struck(script=whole(scene, reply), reply=reply)

    def _miss(self, scene: Scene) -> Reply:
        collection = scene.asked.collection
        assert collection is not None
        if collection.writing is not None and isinstance(collection.writing.finding, ById):
            return scene.answer_part(replace(scene.request, target=f"{scene.request.target}-of-nobody"))
        return Page(collection, scene.answer()).with_rows(()).reply


@dataclass(frozen=True, slots=True)
class ChangedMeanwhile:
    """Right after the lookup, somebody else saves the record, as it is; it has another version now."""

    family: ClassVar[str] = "rerun"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        if not _found(clean, dialect) or (writing := _collection(clean, dialect).writing) is None:
            return False
        by_address = isinstance(writing.finding, ById) and isinstance(writing.changing, MergePatch)
        return by_address and writing.version is not None

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def strike(self, scene: Scene) -> Struck:
        reply = scene.answer()
        collection = scene.asked.collection
        assert collection is not None
        assert collection.writing is not None
        record, steady = inside(collection, parsed(reply.body)), {collection.id_field, *collection.volatile}
        fields = {name: value for name, value in record.items() if isinstance(value, str) and name not in steady}
        envelope = collection.writing.envelope
        body = written({envelope: fields} if envelope else fields)
        scene.answer_part(replace(scene.request, method="PATCH", body=body))
        return Struck(script=whole(scene, reply), reply=reply, passes=True)


def _collection(clean: Exchange, dialect: Dialect) -> Collection:
    return dialect.collection(clean.operation.partition(".")[0])


def _found(clean: Exchange, dialect: Dialect) -> bool:
    """Whether the exchange is a lookup of a record that the vendor holds."""
    if not clean.operation.endswith(".lookup") or clean.status != 200:
        return False
    collection = _collection(clean, dialect)
    if collection.writing is not None and isinstance(collection.writing.finding, ById):
        return True
    return bool(Page(collection, Reply(200, (), clean.reply_body.encode())).rows)
