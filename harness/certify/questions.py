"""What recordings asked, put again to a sandbox account: in words and with ids that hold for any account."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode, urlsplit

from harness.certify.evidence import request_of
from harness.dialects.facts import Collection, Dialect, Offset, PageNumber
from harness.dialects.writing import ByTitle
from harness.stage.account import Account, Record
from harness.stage.documents import at, parsed
from harness.stage.drift import Answer
from harness.stage.http1 import Reply, Request
from harness.stage.operations import TOKEN, Asked, asked
from harness.stage.pages import Page, is_address
from harness.stage.recordings import Recording
from harness.stage.titled import rows_in
from harness.stage.writings import code_in, refuses_as_taken

LIST = "list"
NEW, TAKEN = "create of a new record", "create of a taken key"
FOUND, MISSING = "of a record", "of nobody"
_REFUSED = (401, 403, 429)
_TELLING = 3
"""Shorter keys stand in targets by chance."""


@dataclass(slots=True)
class Recorded:
    """What recordings hold, by question."""

    dialect: Dialect
    answers: list[Answer] = field(default_factory=list)
    literal: dict[str, Request] = field(default_factory=dict)
    """Questions that are put again just as they were recorded."""
    keys: set[str] = field(default_factory=set)
    """Natural keys and ids of the records that were listed."""
    left_out: dict[str, str] = field(default_factory=dict)
    """What is not asked again, and why."""

    @classmethod
    def of(cls, dialect: Dialect, recordings: Sequence[Recording]) -> "Recorded":
        """Every exchange of the recordings under its question."""
        recorded = cls(dialect)
        exchanges = [one for recording in recordings for one in recording.exchanges]
        pairs = [(request_of(one), Reply(one.status, one.reply_headers, one.reply_body)) for one in exchanges]
        answered = {request.target.partition("?")[0] for request, reply in pairs if reply.status == 200}
        led_to: set[str] = set()
        for request, reply in pairs:
            recorded._take(request, reply, answered=answered, led_to=led_to)
        return recorded

    @property
    def questions(self) -> frozenset[str]:
        """All that was asked."""
        return frozenset(one.question for one in self.answers)

    def _take(self, request: Request, reply: Reply, *, answered: set[str], led_to: set[str]) -> None:
        what = asked(self.dialect, request)
        path = request.target.partition("?")[0]
        if reply.status in _REFUSED or reply.status >= 500:
            self.left_out[f"{request.method} {path} {reply.status}"] = (
                "the account is only ever asked with its own right credentials, and within its limits"
            )
            return
        question = self._question(request, reply, what, led_to)
        if question is None:
            self.left_out[f"{request.method} {path} {reply.status}"] = (
                "what changes a record that others hold, or depends on ids of the recorded account, is not repeated"
            )
            return
        self.answers.append(Answer(question=question, reply=reply))
        if question == TOKEN or question.startswith(("GET ", "HEAD ")):
            if reply.status == 404 and path in answered:
                self.left_out[question] = "the recorded record was there before; another account may hold it still"
                return
            self.literal.setdefault(question, request)

    def _question(self, request: Request, reply: Reply, what: Asked, led_to: set[str]) -> str | None:
        collection = what.collection
        if what.operation == TOKEN:
            return TOKEN if reply.status == 200 else None
        if collection is not None and collection == self.dialect.collections[0]:
            verb = what.operation.removeprefix(f"{collection.name}.")
            if verb == LIST and reply.status == 200:
                follows = _follows(request, led_to)
                led_to |= _leads_to(collection, reply)
                self._note_keys(collection, reply)
                if follows or _is_first(collection, request):
                    return what.operation
            elif verb == "lookup":
                return f"{what.operation} {FOUND if _finds(collection, reply) else MISSING}"
            elif verb == "get" and reply.status == 200:
                return f"{what.operation} {FOUND}"
            elif verb == "create" and (told := _created(self.dialect, collection, reply)):
                return f"{collection.name}.{told}"
        if request.method not in ("GET", "HEAD") or _follows(request, led_to):
            return None
        return f"{request.method} {request.target}"

    def _note_keys(self, collection: Collection, reply: Reply) -> None:
        for row in Page(collection, reply).rows or ():
            self.keys |= {str(row.get(name)) for name in (collection.id_field, collection.key_field)}


def creates(question: str) -> bool:
    """Whether it can be put only by creating a record."""
    return question.endswith((NEW, TAKEN))


def put_again(recorded: Recorded, account: Account, *, records: Sequence[Record]) -> Iterator[Answer]:
    """Put every question that changes nothing; ``records`` is what the account lists.

    Raises:
        Trouble: The account cannot be asked.
        Changed: The vendor answers otherwise than its dialect says.
    """
    collection, held = account.collection, next(iter(records), None)
    here = {str(record.get(name)) for record in records for name in (collection.id_field, collection.key_field)}
    for question, request in recorded.literal.items():
        target = unquote_plus(request.target)
        if any(key in target for key in recorded.keys - here if len(key) >= _TELLING):
            recorded.left_out[question] = "it asks for a record that this account does not hold"
            continue
        yield Answer(question=question, reply=account.live.handle(request))
    told: list[Answer] = []
    if f"{collection.name}.lookup {FOUND}" in recorded.questions and held is not None:
        account.held(str(held[collection.key_field]), _asking(account, f"{collection.name}.lookup {FOUND}", told))
    if f"{collection.name}.lookup {MISSING}" in recorded.questions:
        nobody = f"nobody-{secrets.token_hex(6)}"
        account.held(nobody, _asking(account, f"{collection.name}.lookup {MISSING}", told))
    yield from told
    if f"{collection.name}.get {FOUND}" in recorded.questions and held is not None:
        asking = urlencode(collection.writing.asking) if collection.writing else ""
        target = f"{collection.path}/{quote(str(held[collection.id_field]), safe='')}{asking and f'?{asking}'}"
        host = urlsplit(account.live.dialect.base_url).netloc
        request = Request("GET", target, (("accept", "application/json"),), b"", host, tls=True)
        yield Answer(question=f"{collection.name}.get {FOUND}", reply=account.live.handle(request))


def listed(account: Account, answers: list[Answer]) -> tuple[Record, ...]:
    """The account's listing from its first page to its last; each page is added to ``answers`` as it comes.

    Raises:
        Trouble: The account cannot be asked.
        Changed: It is no listing as the dialect tells it; the pages up to there are in ``answers``.
    """
    return account.records(_asking(account, f"{account.collection.name}.{LIST}", answers))


def created(account: Account, key: str, fields: Mapping[str, Any]) -> tuple[Answer, ...]:
    """What the vendor answers to a new record of that key, and to the same once more.

    Raises:
        Trouble: The account cannot be asked.
    """
    answers: list[Answer] = []
    for what in (NEW, TAKEN):
        account.create(key, dict(fields), _asking(account, f"{account.collection.name}.{what}", answers))
    return tuple(answers)


def _asking(account: Account, question: str, answers: list[Answer]) -> Any:
    def ask(request: Request) -> Reply:
        reply = account.live.handle(request)
        answers.append(Answer(question=question, reply=reply))
        return reply

    return ask


def _is_first(collection: Collection, request: Request) -> bool:
    """Whether it is the listing itself, at whichever place where places are counted."""
    query = set(parse_qsl(urlsplit(request.target).query, keep_blank_values=True))
    if isinstance(collection.paging, Offset | PageNumber):
        query = {pair for pair in query if pair[0] != collection.paging.param}
    return query == set(collection.query)


def _leads_to(collection: Collection, reply: Reply) -> set[str]:
    """The targets, and the query parameters, that the page names for the next one."""
    following = Page(collection, reply).next
    if isinstance(following, dict):
        return {urlencode([(name, str(value))]) for name, value in following.items()}
    if is_address(following):
        split = urlsplit(following)
        return {split.path + (f"?{split.query}" if split.query else "")}
    param = getattr(collection.paging, "param", "")
    return {urlencode([(param, str(following))])} if param and following not in (None, "worked out") else set()


def _follows(request: Request, led_to: Iterable[str]) -> bool:
    pairs = parse_qsl(urlsplit(request.target).query, keep_blank_values=True)
    return request.target in led_to or any(urlencode([pair]) in led_to for pair in pairs if pair[1])


def _created(dialect: Dialect, collection: Collection, reply: Reply) -> str:
    """Which of the questions about a create the reply answers; empty where it is none of them."""
    code = code_in(dialect, parsed(reply.body))
    if collection.writing and code and refuses_as_taken(collection.writing, reply.status, code):
        return TAKEN
    return NEW if reply.status in (200, 201) and not code else ""


def _finds(collection: Collection, reply: Reply) -> bool:
    if collection.writing and isinstance(finding := collection.writing.finding, ByTitle):
        return bool(rows_in(finding, parsed(reply.body)))
    rows = Page(collection, reply).rows
    envelope = collection.writing.envelope if collection.writing else ""
    return bool(rows) or (rows is None and reply.status == 200 and at(parsed(reply.body), (envelope,)) is not None)
