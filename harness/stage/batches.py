"""A batch of requests as the vendor's dialect tells it: taken apart into single requests, answered item by item."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from harness.dialects.writing import Batch
from harness.stage.documents import at, parsed, put, written
from harness.stage.http1 import Reply, Request


@dataclass(frozen=True, slots=True)
class Single:
    """One request of a batch: as it would come alone, and the words by which its answer is told apart."""

    request: Request
    path: str
    """As the batch has it."""
    label: str = ""


def items_of(batch: Batch, request: Request) -> tuple[Single, ...] | None:
    """The requests in a batch; None where it is no batch that can be read."""
    listed = at(parsed(request.body), batch.requests)
    if not isinstance(listed, list) or not listed:
        return None
    items = [_item(batch, request, one) for one in listed]
    return None if None in items else tuple(item for item in items if item is not None)


def _item(batch: Batch, whole: Request, told: Any) -> Single | None:
    names = batch.request
    method, path = at(told, (names.method,)), at(told, (names.path,))
    if not isinstance(method, str) or not isinstance(path, str):
        return None
    named = at(told, (names.headers,)) if names.headers else None
    headers = {str(name).lower(): str(value) for name, value in (named or {}).items()}
    if names.version and (version := at(told, (names.version,))):
        headers["if-match"] = str(version)
    body = at(told, (names.body,))
    target = path if path.startswith(batch.root + "/") else batch.root + path
    single = Request(
        method, target, tuple(headers.items()), b"" if body is None else written(body), whole.host, whole.tls
    )
    return Single(single, path, str(at(told, (names.label,)) or "") if names.label else "")


def with_answers(batch: Batch, reply: Reply, answers: Sequence[Any]) -> Reply:
    """The batch's reply with other answers."""
    body = written(put(parsed(reply.body), batch.answers, list(answers)))
    headers = tuple(
        (name, str(len(body)) if name.lower() == "content-length" else value) for name, value in reply.headers
    )
    return Reply(reply.status, headers, body)


def without_singles(batch: Batch, request: Request, places: Collection[int]) -> Request:
    """The batch without the requests at those places, counted from 0."""
    document = parsed(request.body)
    kept = [one for place, one in enumerate(at(document, batch.requests)) if place not in places]
    return replace(request, body=written(put(document, batch.requests, kept)))


def answers_to(batch: Batch, items: Sequence[Single], answers: Sequence[Any]) -> tuple[Any, ...]:
    """The answer to each item, by its label or its path; None where there is none. Of one path, the first."""
    left = list(answers)
    found = []
    for item in items:
        own = next((one for one in left if _belongs(batch, item, one)), None)
        if own is not None:
            left.remove(own)
        found.append(own)
    return tuple(found)


def _belongs(batch: Batch, item: Single, answer: Any) -> bool:
    names = batch.answer
    if names.label:
        return bool(item.label) and at(answer, (names.label,)) == item.label
    said = at(answer, (names.path,))
    return isinstance(said, str) and unquote(urlsplit(said).path) in (
        unquote(item.path),
        unquote(item.request.target),
    )


def status_of(batch: Batch, answer: Any) -> int | None:
    """The status of one answer, number or text; None where it has none."""
    told = at(answer, (batch.answer.status,))
    return int(told) if isinstance(told, int) or (isinstance(told, str) and told.isdecimal()) else None


def shapes_of(batch: Batch, request: Request, answers: Sequence[Any]) -> dict[tuple[str, int], Any]:
    """The first recorded answer to each method and of each status; recorded batches answer in order."""
    shapes: dict[tuple[str, int], Any] = {}
    for item, one in zip(items_of(batch, request) or (), answers, strict=True):
        shapes.setdefault((item.request.method, status_of(batch, one) or 0), one)
    return shapes


def shape_for(batch: Batch, shapes: Mapping[tuple[str, int], Any], method: str, status: int) -> Any:
    """A recorded answer of that method and status; else of that status, else of that method where both are successes.

    Some tell a success in a batch by another status than alone: 200 for a 204.
    """
    if (method, status) in shapes:
        return shapes[method, status]
    of_status = [one for (_, recorded), one in shapes.items() if recorded == status]
    done = [one for (by, recorded), one in shapes.items() if by == method and recorded < 300]
    return next(iter(of_status + (done if status < 300 else [])), None)


def answered(batch: Batch, item: Single, reply: Reply, shape: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one item, of the same members as a recorded one."""
    names = batch.answer
    answer = {name: value for name, value in shape.items() if name != names.label}
    if reply.status >= 300:
        answer[names.status] = str(reply.status) if isinstance(shape.get(names.status), str) else reply.status
    if names.path in shape:
        answer[names.path] = _place(item, reply, str(shape[names.path]))
    if names.method:
        answer[names.method] = item.request.method
    if names.label and item.label:
        answer[names.label] = item.label
    if names.headers in shape:
        answer[names.headers] = dict(reply.headers)
    if names.version in shape:
        answer[names.version] = reply.header("etag")
    document = parsed(reply.body)
    if names.body in shape and document is not None:
        answer[names.body] = document
    return answer


def _place(item: Single, reply: Reply, shown: str) -> str:
    """The path that was asked for, or the record's address where recorded answers show that."""
    address = urlsplit(shown)
    if not address.netloc:
        return item.path
    told = reply.header("location") if reply.status < 300 else None
    return told or f"{address.scheme}://{address.netloc}{item.request.target}"


def steady(batch: Batch, document: Any) -> Any:
    """A batch's document without what differs from one reading to the next: the headers within its answers."""
    answers = at(document, batch.answers)
    if not isinstance(answers, list) or not batch.answer.headers:
        return document
    bare = [{name: value for name, value in one.items() if name != batch.answer.headers} for one in answers]
    return put(document, batch.answers, bare)
