"""What a reply means in the vendor's dialect: a document, or the error that it is."""

from dataclasses import dataclass, field, replace
from typing import Any

from harness.core.documents import NotJson, at, parsed
from harness.core.errors import (
    BodyError,
    Context,
    IntegrationError,
    MalformedReply,
    RecordThrottled,
    Redirected,
    Refused,
    ServerFailed,
    Throttled,
    Unauthorized,
)
from harness.core.masking import Mask
from harness.core.transport import Outgoing, RawReply, request_id
from harness.core.waits import asked_wait_s
from harness.dialects.facts import Dialect

_QUOTED_CHARS = 200
_NOTHING = object()
_PASSING = frozenset({408, 425})
"""Not a server's failure, yet gone when asked again: it waited too long for us, or it was too early."""
_LASTING = frozenset({501, 505})
"""A server's failure, yet the same whenever asked: it does not know the method, or the version."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply that the vendor calls a success: its document and its headers, names in lower case."""

    document: Any = field(repr=False)
    headers: dict[str, str]
    context: Context

    def malformed(self, what: str) -> MalformedReply:
        """The error that this answer is after all."""
        return MalformedReply(what, self.context)


class Reader:
    """Reads replies by one dialect."""

    def __init__(self, dialect: Dialect, mask: Mask) -> None:
        self._dialect = dialect
        self._mask = mask

    def read(self, outgoing: Outgoing, reply: RawReply, *, epoch_s: float) -> Answer:
        """The answer.

        Raises:
            Throttled: By status, or by a code in the body, as the dialect says.
            RecordThrottled: The same, with the header by which the vendor limits one record.
            Unauthorized, Redirected, Refused, ServerFailed: By status.
            BodyError, Refused: A success status with an error in the body, that may pass or that will not.
            MalformedReply: No JSON under a success status.
        """
        document = _document(reply.body)
        context = self._context(outgoing, reply, document, epoch_s)
        if self._is_limit(reply.status, context.vendor_code):
            told = replace(context, first_wait_s=self._dialect.limits.unsaid_wait_s or None)
            if self._is_of_one_record(reply):
                raise RecordThrottled("the vendor refused it as too much for this record", told)
            raise Throttled("the vendor refused it as too much", told)
        if reply.status in outgoing.answers:
            return Answer(None if document is _NOTHING else document, dict(reply.headers), context)
        if not 200 <= reply.status < 300:
            raise self._failed(reply, context)
        if self._holds_error(document):
            raise self._body_error(context)
        if document is _NOTHING and reply.status != 204:
            kind = reply.headers.get("content-type", "no type")
            raise MalformedReply(f"no JSON document came but {len(reply.body)} bytes of {kind}", context)
        return Answer(None if document is _NOTHING else document, dict(reply.headers), context)

    def _is_limit(self, status: int, code: str) -> bool:
        limits = self._dialect.limits
        # A code marks a limit under any status: vendors move limits from one status to another (Docusign).
        known = {name.casefold() for name in limits.codes}
        return status == 429 or code.casefold() in known or (status == limits.status and not known)

    def _is_of_one_record(self, reply: RawReply) -> bool:
        mark = self._dialect.limits.one_record
        told = reply.headers.get(mark.header.lower(), "") if mark else ""
        return mark is not None and told.strip().casefold() == mark.value.casefold()

    def _failed(self, reply: RawReply, context: Context) -> IntegrationError:
        status = reply.status
        if status == 401:
            return Unauthorized("the vendor does not take these credentials", context)
        if 300 <= status < 400:
            place = self._mask.hide(reply.headers.get("location", "nowhere"))
            return Redirected(f"the vendor points to {place}; not followed, so that credentials stay here", context)
        if status in _PASSING or (status >= 500 and status not in _LASTING):
            return ServerFailed("the vendor failed", context)
        return Refused("the vendor refused it for good", context)

    def _holds_error(self, document: Any) -> bool:
        path = self._dialect.errors.in_success
        return bool(path) and document is not _NOTHING and bool(at(document, path))

    def _body_error(self, context: Context) -> IntegrationError:
        status = context.status
        if self._will_pass(context.vendor_code):
            return BodyError(f"an error came under status {status}", context)
        return Refused(f"the vendor refused it for good, under status {status}", context)

    def _will_pass(self, code: str) -> bool:
        """Whether an error of this code may be gone later; where nothing is known of it, it may."""
        known = self._dialect.errors.transient_codes
        if code.isdecimal():
            return not 400 <= int(code) < 500 or int(code) in (*_PASSING, 429) or code in known
        return code in known or not known

    def _context(self, outgoing: Outgoing, reply: RawReply, document: Any, epoch_s: float) -> Context:
        errors, limits = self._dialect.errors, self._dialect.limits
        told_id = request_id(reply.headers, errors.request_id)
        if reply.status < 300 and not self._holds_error(document):
            return Context(
                operation=outgoing.operation,
                status=reply.status,
                request_id=told_id,
                record_key=outgoing.record_key,
            )
        codes = (at(document, place) for place in (errors.code, ("error",)))
        code = next((code for code in codes if isinstance(code, str | int)), "")
        return Context(
            operation=outgoing.operation,
            status=reply.status,
            vendor_code=self._mask.hide(str(code))[:_QUOTED_CHARS],
            vendor_message=self._mask.hide(self._message(reply, document)),
            request_id=told_id,
            record_key=outgoing.record_key,
            retry_after_s=asked_wait_s(reply.headers, document, limits, epoch_s=epoch_s),
        )

    def _message(self, reply: RawReply, document: Any) -> str:
        """The vendor's words; the beginning of the body where they are not where they should be."""
        places = (self._dialect.errors.message, ("error_description",), ("error",), ("message",), ("detail",))
        words = (at(document, place) for place in places)
        found = next((text for text in words if isinstance(text, str) and text), None)
        if found is None and reply.status >= 300:
            found = reply.body[: 4 * _QUOTED_CHARS].decode("utf-8", "replace")
        return " ".join((found or "").split())[:_QUOTED_CHARS]


def _document(body: bytes) -> Any:
    try:
        return parsed(body)
    except NotJson:
        return _NOTHING
