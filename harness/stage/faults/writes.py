"""What vendors do to a write, and to the look before it, that a client may take for something else."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal
from urllib.parse import urlencode

from harness.dialects.facts import Collection, Dialect
from harness.dialects.writing import ById, ByTitle, FormToken, MergePatch, PostForm, Writing
from harness.stage.documents import at, parsed, written
from harness.stage.faults.scene import Asks, Scene, Struck, whole
from harness.stage.history import Exchange
from harness.stage.http1 import Reply
from harness.stage.operations import query_of
from harness.stage.pages import Page
from harness.stage.titled import flat, rows_in
from harness.stage.words import renamed_within, replied
from harness.stage.writings import inside, told, version_of

_OF_NOBODY = " of nobody"


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
        collection = scene.asked.collection
        query = f"?{urlencode(collection.query)}" if collection.told_by else ""
        to = f"{scene.dialect.base_url}{collection.path}{query}"
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
        if collection.writing is not None and isinstance(finding := collection.writing.finding, ByTitle):
            return self._missing_title(scene, finding)
        return Page(collection, scene.answer()).with_rows(()).reply

    def _missing_title(self, scene: Scene, finding: ByTitle) -> Reply:
        """What the vendor says of a title that nobody has, about this one."""
        query = query_of(scene.request.target)
        pairs = query | {finding.param: f"{query[finding.param]}{_OF_NOBODY}"}
        path = scene.request.target.partition("?")[0]
        reply = scene.answer_part(replace(scene.request, target=f"{path}?{urlencode(pairs)}"))
        return replied(reply, written(renamed_within(parsed(reply.body), _OF_NOBODY, "")))


@dataclass(frozen=True, slots=True)
class ChangedMeanwhile:
    """Right after its version was read, somebody else saves the record, as it is; it has another version now.

    Where saving what is there gives no other version, they change it and change it back.
    """

    family: ClassVar[str] = "rerun"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        verb = clean.operation.rpartition(".")[2]
        if verb not in ("get", "lookup") or (writing := _collection(clean, dialect).writing) is None:
            return False
        if writing.version is None:
            return False
        if writing.answer is not None:
            return verb == "get" and clean.status == 200
        by_address = isinstance(writing.finding, ById) and isinstance(writing.changing, MergePatch)
        return (by_address or isinstance(writing.changing, PostForm)) and _found(clean, dialect)

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def strike(self, scene: Scene) -> Struck:
        reply = scene.answer()
        collection = scene.asked.collection
        assert collection is not None
        assert collection.writing is not None
        if collection.writing.answer is not None:
            self._patched_and_back(scene, collection, collection.writing, reply)
            return Struck(script=whole(scene, reply), reply=reply, passes=True)
        if isinstance(changing := collection.writing.changing, PostForm):
            self._changed_and_back(scene, collection, changing, reply)
            return Struck(script=whole(scene, reply), reply=reply, passes=True)
        record, steady = inside(collection, parsed(reply.body)), {collection.id_field, *collection.volatile}
        fields = {name: value for name, value in record.items() if isinstance(value, str) and name not in steady}
        envelope = collection.writing.envelope
        body = written({envelope: fields} if envelope else fields)
        scene.answer_part(replace(scene.request, method="PATCH", body=body))
        return Struck(script=whole(scene, reply), reply=reply, passes=True)

    def _changed_and_back(self, scene: Scene, collection: Collection, changing: PostForm, reply: Reply) -> None:
        assert collection.writing is not None
        assert isinstance(collection.writing.finding, ByTitle)
        record = flat(collection.writing, rows_in(collection.writing.finding, parsed(reply.body))[0])
        token = self._token(scene, collection.path, collection.writing.token)
        kept = {name: record[name] for name, _ in collection.writing.shown_at if name not in collection.volatile}
        for fields in ({name: f"{value} (draft)" for name, value in kept.items()}, kept):
            named = {collection.key_field: record[collection.key_field], **fields}
            pairs = [*changing.told_by, *named.items(), (changing.flag, "1"), *token, *changing.params]
            form = urlencode(pairs).encode()
            headers = (("content-type", "application/x-www-form-urlencoded"),)
            target = collection.path
            scene.answer_part(replace(scene.request, method="POST", target=target, headers=headers, body=form))

    def _token(self, scene: Scene, path: str, told: FormToken | None) -> tuple[tuple[str, str], ...]:
        if told is None:
            return ()
        given = scene.answer_part(replace(scene.request, target=f"{path}?{urlencode(told.query)}"))
        return ((told.param, str(at(parsed(given.body), told.path))),)

    def _patched_and_back(self, scene: Scene, collection: Collection, writing: Writing, reply: Reply) -> None:
        shown = told(collection, parsed(reply.body))
        name = next(one for one in sorted(dict(shown)) if one in _fields_shown(writing, reply, collection))
        origin = (("content-type", writing.content_type), *((one.lower(), value) for one, value in writing.headers))
        for value in ("saved by somebody else", shown[name]):
            shown = told(collection, parsed(scene.answer_part(scene.request).body))
            condition = ("if-match", version_of(writing, shown) or "")
            kept = tuple(pair for pair in scene.request.headers if pair[0].lower() not in dict(origin))
            carried = tuple((one, text.replace("{origin}", scene.dialect.base_url)) for one, text in origin)
            target, body = scene.request.target.partition("?")[0], written({name: value})
            headers = (*kept, *carried, condition)
            scene.answer_part(replace(scene.request, method="PATCH", target=target, headers=headers, body=body))


def _fields_shown(writing: Writing, reply: Reply, collection: Collection) -> set[str]:
    """The fields of the one record in the reply, but for its key."""
    path = (*writing.answer.path, writing.answer.fields) if writing.answer else ()
    return set(at(parsed(reply.body), path) or ()) - {collection.key_field}


def _collection(clean: Exchange, dialect: Dialect) -> Collection:
    return dialect.collection(clean.operation.partition(".")[0])


def _found(clean: Exchange, dialect: Dialect) -> bool:
    """Whether the exchange is a lookup of a record that the vendor holds."""
    if not clean.operation.endswith(".lookup") or clean.status != 200:
        return False
    collection = _collection(clean, dialect)
    if collection.writing is not None and isinstance(collection.writing.finding, ById):
        return True
    if collection.writing is not None and isinstance(finding := collection.writing.finding, ByTitle):
        return bool(rows_in(finding, parsed(clean.reply_body.encode())))
    return bool(Page(collection, Reply(200, (), clean.reply_body.encode())).rows)
