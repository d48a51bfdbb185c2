"""What a vendor answers now against what it answered when it was recorded, graded. Pure: two sets of answers in, drifts
out.

Values differ from account to account and from day to day and are no drift; forms are. A drift breaks where an
integration that reads the recorded form can no longer read the new one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from harness.dialects.facts import Collection, Continue, Cursor, Dialect, Header, LinkHeader, NextHeader, NextLink
from harness.stage.documents import at, parsed
from harness.stage.http1 import Reply
from harness.stage.pages import Page
from harness.stage.shapes import Shapes

Grade = Literal["breaking", "note"]
What = Literal["status", "header", "field", "type", "null", "cap", "limit", "error", "paging", "product"]
_LIMIT_HEADERS = ("ratelimit", "x-ratelimit", "x-rate-limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, and what was asked in words that hold for any account of the vendor: ``users.lookup of nobody``."""

    question: str
    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One difference. ``where`` is the question, with the status where it is of one."""

    grade: Grade
    what: What
    where: str
    sentence: str


def drifts(dialect: Dialect, recorded: Sequence[Answer], seen: Sequence[Answer]) -> tuple[Drift, ...]:
    """Every difference between the answers to questions that both have, those that break first."""
    found: list[Drift] = []
    asked = {one.question for one in seen}
    anywhere = frozenset(path for paths in _shapes_of(one.reply for one in seen).of.values() for path in paths)
    for question in dict.fromkeys(one.question for one in recorded):
        if question in asked:
            was = [one.reply for one in recorded if one.question == question]
            now = [one.reply for one in seen if one.question == question]
            found += _of_question(dialect, question, was, now, anywhere)
    found += _product([one.reply for one in recorded], [one.reply for one in seen])
    return tuple(sorted(dict.fromkeys(found), key=lambda one: one.grade))


def _of_question(
    dialect: Dialect, question: str, was: Sequence[Reply], now: Sequence[Reply], anywhere: frozenset[str]
) -> Iterator[Drift]:
    statuses = {reply.status for reply in was}
    for status in sorted({reply.status for reply in now} - statuses):
        sentence = f"was answered {_listed(map(str, statuses))} and is answered {status}"
        yield Drift(grade="breaking", what="status", where=question, sentence=sentence)
    collection = _collection(dialect, question)
    for status in sorted(statuses & {reply.status for reply in now}):
        before, after = _with_status(was, status), _with_status(now, status)
        where = f"{question} {status}"
        yield from _headers(dialect, collection, where, before, after)
        if _is_error(dialect, before[0]):
            yield from _errors(dialect, where, before, after)
        elif any(_is_error(dialect, reply) for reply in after):
            yield Drift(grade="breaking", what="error", where=where, sentence="was a success and holds an error")
            continue
        yield from _shapes(dialect, where, before, after, anywhere)
        if collection is not None and question.endswith(".list") and status == 200:
            yield from _pages(collection, where, before, after)


# -- bodies ----------------------------------------------------------------------------------------------------------


def _shapes(
    dialect: Dialect, where: str, before: Sequence[Reply], after: Sequence[Reply], anywhere: frozenset[str]
) -> Iterator[Drift]:
    """``anywhere`` are the paths of all answers: a field that stands in another answer is one that records may lack."""
    was, now, kind = _shapes_of(before), _shapes_of(after), ("", 0)
    known, here = was.of.get(kind, {}), now.of.get(kind, {})
    if known and not here:
        yield Drift(grade="breaking", what="type", where=where, sentence="was JSON and is none")
        return
    always, still = was.always(kind), now.always(kind)
    own, leads_on = _own_fields(dialect), _leads_on(dialect)
    walked, gone = ".list " in where, False
    for path, kinds in sorted(known.items()):
        parent = here.get(_parent(path), set())
        if path not in here:
            may_end = path.startswith(leads_on) and not walked
            if path in always and not path.endswith("[]") and parent & {"object", "array"} and not may_end:
                gone = True
                sentence = f"{path} is gone, which was {_listed(kinds)}"
                lost: Grade = "note" if path in anywhere else "breaking"
                yield Drift(grade=lost, what="field", where=where, sentence=sentence)
            continue
        if path in always and path not in still and not path.endswith("[]"):
            yield Drift(grade="note", what="field", where=where, sentence=f"{path} was always there and is not")
        if (strange := here[path] - kinds - {"null"}) and kinds != {"null"}:
            sentence = f"{path} was {_listed(kinds)} and is {_listed(strange)}"
            yield Drift(grade="breaking", what="type", where=where, sentence=sentence)
        if "null" in here[path] - kinds and not path.startswith(leads_on):
            grade: Grade = "breaking" if path.rpartition(".")[2] in own else "note"
            yield Drift(grade=grade, what="null", where=where, sentence=f"{path} was never null and is")
    for path in sorted(here.keys() - known.keys()):
        if "object" in known.get(_parent(path), set()):
            beside = ", beside what is gone" if gone else ""
            yield Drift(grade="note", what="field", where=where, sentence=f"{path} is new{beside}")


def _shapes_of(replies: Iterable[Reply]) -> Shapes:
    shapes = Shapes()
    for reply in replies:
        shapes.add("", 0, reply.body)
    return shapes


def _own_fields(dialect: Dialect) -> frozenset[str]:
    """Without these a record cannot be told from others."""
    return frozenset(name for one in dialect.collections for name in (one.id_field, one.key_field))


def _leads_on(dialect: Dialect) -> tuple[str, ...]:
    """Where pages lead to the next one: on the last page nothing stands there."""
    paths = [one.more for one in dialect.collections if one.more is not None]
    paths += [one.paging.path for one in dialect.collections if isinstance(one.paging, NextLink | Cursor | Continue)]
    return tuple("$" + "".join("[]" if isinstance(step, int) else f".{step}" for step in path) for path in paths)


# -- errors ----------------------------------------------------------------------------------------------------------


def _is_error(dialect: Dialect, reply: Reply) -> bool:
    in_success = dialect.errors.in_success
    return reply.status >= 400 or bool(in_success and at(parsed(reply.body), in_success) is not None)


def _errors(dialect: Dialect, where: str, before: Sequence[Reply], after: Sequence[Reply]) -> Iterator[Drift]:
    for name, path in (("code", dialect.errors.code), ("message", dialect.errors.message)):
        was = [at(parsed(reply.body), path) for reply in before]
        now = [at(parsed(reply.body), path) for reply in after]
        if None in was:
            continue
        if None in now:
            sentence = f"the error's {name} is no longer at {_spelled(path)}"
            yield Drift(grade="breaking", what="error", where=where, sentence=sentence)
        elif name == "code" and (strange := {*map(str, now)} - {*map(str, was)}):
            sentence = f"the error's code was {_listed(map(str, was))} and is {_listed(strange)}"
            yield Drift(grade="breaking", what="error", where=where, sentence=sentence)


# -- headers ---------------------------------------------------------------------------------------------------------


def _headers(
    dialect: Dialect, collection: Collection | None, where: str, before: Sequence[Reply], after: Sequence[Reply]
) -> Iterator[Drift]:
    grades = dict(_headers_that_matter(dialect, collection))
    for name, grade in grades.items():
        was, now = [reply.header(name) for reply in before], [reply.header(name) for reply in after]
        if None not in was and None in now:
            yield Drift(grade=grade, what="header", where=where, sentence=f"the header {name} is gone")
    media, seen = ({_media_type(reply) for reply in replies if reply.body} for replies in (before, after))
    for strange in sorted(seen - media) if media else ():
        sentence = f"Content-Type was {_listed(media)} and is {strange or 'not there'}"
        yield Drift(grade="note", what="header", where=where, sentence=sentence)
    for name in sorted({name.lower() for reply in after for name, _ in reply.headers}):
        if name.startswith(_LIMIT_HEADERS) and all(reply.header(name) is None for reply in before):
            yield Drift(grade="note", what="limit", where=where, sentence=f"the header {name} is new")
    for quota in dialect.limits.quota_headers:
        limits, here = ({reply.header(quota.limit) for reply in some} - {None} for some in (before, after))
        if limits and here and limits != here:
            sentence = f"{quota.limit} was {_listed(map(str, limits))} and is {_listed(map(str, here))}"
            yield Drift(grade="note", what="limit", where=where, sentence=sentence)


def _headers_that_matter(dialect: Dialect, collection: Collection | None) -> Iterator[tuple[str, Grade]]:
    """Header and how bad it is that it is gone: what a wait or a total is read from breaks, what support asks for does
    not."""
    for quota in dialect.limits.quota_headers:
        yield from ((name, "breaking") for name in (quota.limit, quota.remaining, quota.reset) if name)
    yield "Retry-After", "breaking"
    if collection is not None and isinstance(collection.total, Header):
        yield collection.total.name, "breaking"
    version = collection.writing.version if collection is not None and collection.writing is not None else None
    if version is not None and version.header:
        yield version.header, "breaking"
    if dialect.errors.request_id:
        yield dialect.errors.request_id, "note"


def _media_type(reply: Reply) -> str:
    return (reply.header("content-type") or "").partition(";")[0].strip().lower()


# -- pages -----------------------------------------------------------------------------------------------------------


def _pages(collection: Collection, where: str, before: Sequence[Reply], after: Sequence[Reply]) -> Iterator[Drift]:
    was, now = ([Page(collection, reply) for reply in replies] for replies in (before, after))
    caps = [max((len(page.rows or ()) for page in pages if page.next is not None), default=0) for pages in (was, now)]
    if all(caps) and caps[0] != caps[1]:
        sentence = f"a page held {caps[0]} records and holds {caps[1]}"
        yield Drift(grade="note", what="cap", where=where, sentence=sentence)
    most = max(len(page.rows or ()) for page in now)
    if caps[0] and not caps[1] and most >= caps[0]:
        sentence = f"a page held {caps[0]} records, and one of {most} leads nowhere"
        yield Drift(grade="note", what="cap", where=where, sentence=sentence)
    if any(page.total is not None for page in was) and all(page.total is None for page in now):
        yield Drift(grade="breaking", what="paging", where=where, sentence="the total is no longer told")
    if isinstance(collection.paging, LinkHeader | NextHeader):
        return
    for page in now:
        if collection.more is not None and at(page.document, collection.more) and page.next is None:
            sentence = f"{_spelled(collection.more)} says that there is more, and nothing leads there"
            yield Drift(grade="breaking", what="paging", where=where, sentence=sentence)


# -- words -----------------------------------------------------------------------------------------------------------


def _product(was: Sequence[Reply], now: Sequence[Reply]) -> Iterator[Drift]:
    before, after = ({reply.header("server") for reply in replies} - {None} for replies in (was, now))
    if before and after and not before & after:
        sentence = f"Server was {_listed(map(str, before))} and is {_listed(map(str, after))}"
        yield Drift(grade="note", what="product", where="every answer", sentence=sentence)


def _collection(dialect: Dialect, question: str) -> Collection | None:
    return next((one for one in dialect.collections if question.startswith(f"{one.name}.")), None)


def _with_status(replies: Iterable[Reply], status: int) -> list[Reply]:
    return [reply for reply in replies if reply.status == status]


def _parent(path: str) -> str:
    return path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]


def _spelled(path: Sequence[Any]) -> str:
    return ".".join(map(str, path)) or "the top"


def _listed(words: Iterable[str]) -> str:
    return " or ".join(sorted(set(words)))
