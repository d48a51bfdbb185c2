"""Writes an exchange into the history: what was asked and answered, with the secrets masked."""

from functools import lru_cache

from harness.dialects.facts import Dialect
from harness.dialects.writing import Batch, ById
from harness.stage.batches import Single, answers_to, items_of, status_of
from harness.stage.documents import at, parsed
from harness.stage.door import Door, Life
from harness.stage.faults.scene import Fault, Struck, spelled
from harness.stage.history import Exchange, Headers, Item, TokenGrant, TokenUse
from harness.stage.http1 import Request
from harness.stage.operations import Asked, asked
from harness.stage.pages import Page

_KEPT_BODY_CHARS = 4096


def transcribed(
    dialect: Dialect,
    door: Door,
    request: Request,
    what: Asked,
    struck: Struck,
    *,
    act: int,
    point: str,
    sent_us: int,
    answered_us: int | None,
    thread: str,
    fault: Fault | None,
    token_used: TokenUse | None,
    granted: Life | None,
) -> Exchange:
    """The exchange as the history keeps it; bodies are cut to 4,096 characters."""
    secrets = door.secrets()
    target, leaked_target = masked(request.target, secrets)
    body, leaked_body = masked(request.body.decode("utf-8", "replace")[:_KEPT_BODY_CHARS], secrets)
    headers, leaked_headers = _masked_headers(request.headers, tuple(secrets.items()))
    reply = struck.reply
    document = parsed(reply.body) if reply else None
    failed = reply is not None and is_failure(dialect, reply.status, document) and not is_miss(what, reply.status)
    page = Page(what.collection, reply) if reply and what.lists and what.collection and not failed else None
    return Exchange(
        act=act,
        sent_us=sent_us,
        point=point,
        method=request.method,
        host=request.host,
        target=target,
        answered_us=answered_us,
        status=reply.status if reply else None,
        thread=thread,
        request_headers=headers,
        request_body=body,
        reply_headers=tuple([(_lower(name), value) for name, value in reply.headers]) if reply else (),
        reply_body=masked(reply.body.decode("utf-8", "replace")[:_KEPT_BODY_CHARS], secrets)[0] if reply else "",
        fault=spelled(fault) if fault else "",
        effect=struck.effect,
        write=what.write,
        record_key=_spelled_out(what.record_key),
        request_id=(reply.header(dialect.errors.request_id) or "") if reply and dialect.errors.request_id else "",
        vendor_message=_message(dialect, document) if failed else "",
        error=failed,
        limited=struck.limited,
        wait_until_us=struck.wait_until_us,
        credential=leaked_target or leaked_body or leaked_headers,
        token_used=token_used,
        token_granted=TokenGrant(granted.serial, granted.told_lifetime_s, granted.ends_us, granted.account)
        if granted
        else None,
        rows=len(page.rows) if page and page.rows is not None else None,
        more=page is not None and page.next is not None,
        items=_items(dialect, request, what, document),
    )


def is_failure(dialect: Dialect, status: int, document: object) -> bool:
    """Whether a reply says that it failed, by its status or in its body."""
    return status >= 400 or at(document, dialect.errors.in_success) is not None


def is_miss(what: Asked, status: int) -> bool:
    """Whether the reply says no more than that nobody holds the key that was looked up."""
    writing = what.collection.writing if what.collection else None
    finding = writing.finding if writing and what.operation.endswith(".lookup") else None
    return isinstance(finding, ById) and status == finding.miss_status


def _items(dialect: Dialect, request: Request, what: Asked, document: object) -> tuple[Item, ...]:
    """The requests within a batch; empty where it is none."""
    writing = what.collection.writing if what.collection else None
    if writing is None or writing.batch is None or not what.operation.endswith(".batch"):
        return ()
    singles, listed = items_of(writing.batch, request) or (), at(document, writing.batch.answers)
    answers = answers_to(writing.batch, singles, listed if isinstance(listed, list) else ())
    return tuple(_item(dialect, writing.batch, one, answer) for one, answer in zip(singles, answers, strict=True))


def _item(dialect: Dialect, batch: Batch, single: Single, answer: object) -> Item:
    what, status, body = asked(dialect, single.request), status_of(batch, answer), at(answer, (batch.answer.body,))
    failed = status is not None and is_failure(dialect, status, body) and not is_miss(what, status)
    return Item(
        operation=what.operation,
        record_key=_spelled_out(what.record_key),
        status=status,
        error=failed,
        vendor_message=_message(dialect, body) if failed else "",
    )


def masked(text: str, secrets: dict[str, str]) -> tuple[str, bool]:
    """The text with every secret replaced by its name in angle brackets, and whether there was any."""
    found = False
    for secret, name in secrets.items():
        if secret in text:
            text, found = text.replace(secret, f"<{name}>"), True
    return text, found


def named_in(text: str, secrets: dict[str, str]) -> tuple[str, ...]:
    """The names of the secrets that stand in the text."""
    return tuple(sorted({name for secret, name in secrets.items() if secret in text}))


_lower = lru_cache(maxsize=256)(str.lower)
"""The same names come with exchange after exchange; kept once, they are sent once with each run."""


@lru_cache(maxsize=256)
def _masked_headers(headers: Headers, secrets: tuple[tuple[str, str], ...]) -> tuple[Headers, bool]:
    together = "\n".join([value for _, value in headers])
    there = {secret: name for secret, name in secrets if secret in together}
    if not there:
        return headers, False
    pairs = [(name, *masked(value, there)) for name, value in headers]
    return tuple([(name, value) for name, value, _ in pairs]), any(found for _, _, found in pairs)


def _message(dialect: Dialect, document: object) -> str:
    message = at(document, dialect.errors.message)
    return _spelled_out(message) if isinstance(message, str) else ""


def _spelled_out(text: str) -> str:
    """Half a surrogate pair, which JSON can hold and no file can, as the escape that it came in."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
