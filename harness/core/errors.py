"""What can go wrong with a vendor, as one tree. Each error says whether the request may have happened.

IntegrationError
├── NotSent               the request did not reach the vendor
│   ├── LeadsElsewhere    it would have gone to another host, so it was not sent
│   └── Unsendable        it cannot be sent as things are configured here
├── Refused               the vendor will not do it, whoever asks again
│   ├── Unauthorized      it does not take the token, or the user
│   │   └── CredentialsRejected   the token endpoint does not take the client
│   ├── KeyTaken          it holds a record of this key already
│   └── Redirected        it points to another address
├── Throttled             it was too much: not done, to be asked again later
│   └── RecordThrottled   it was too much for this record alone: all others may be written
├── Stale                 the record was changed since it was read: not done, to be read again
├── FormTokenRefused      the token in the form is no longer taken: not done, to be sent with another
├── Spent                 the address for one create was used before: done before or not, nobody knows
├── ServerFailed          a 5xx: done or not, nobody knows
├── Unanswered            no whole answer came: done or not, nobody knows
├── BodyError             an error under a status of success
├── MalformedReply        something came that is not what was asked for
│   ├── Oversized         it is larger than is read here
│   ├── Incomplete        a listing holds less than the vendor said
│   │   └── ListingChanged    it changed while it was read, each time that it was
│   └── PageLoop          a listing leads back to where it was
├── SourceRefused         the records to be pushed cannot be told apart, lack their key, or are too few
│   └── MassRetirementRefused   too many of the vendor's records would go out of use
├── TokensUnusable        the store that tokens are kept in cannot be read or locked
├── JournalUnusable       the file that remembers what is left to write cannot be read or written
├── FailuresUnread        records were not written, and nobody has read which
└── RetriesExhausted      tried as often, or as long, as allowed; the last error is its ``__cause__``
    └── WaitTooLong       the vendor asked for a longer wait than is slept here
        └── DeadlineReached   the next wait, or the next request, would not end by the call's deadline
"""

from dataclasses import dataclass, fields, replace
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What support asks for first. Holds no secret."""

    operation: str = ""
    """``users.list``, ``users.create``, ``token``."""
    status: int | None = None
    vendor_code: str = ""
    vendor_message: str = ""
    request_id: str = ""
    record_key: str = ""
    retry_after_s: float | None = None
    """What the vendor asked to wait, in seconds from its answer; None where it asked for nothing that can be read."""
    first_wait_s: float | None = None
    """What the vendor's page asks to wait first where its answer names no time; None where it asks for nothing."""

    def __str__(self) -> str:
        told = ((item.name, getattr(self, item.name)) for item in fields(self) if item.name != "operation")
        return " ".join(f"{name}={_quoted(value)}" for name, value in told if value not in (None, ""))


class IntegrationError(Exception):
    """An integration did not get what it asked for. One line that can be read; never a secret."""

    can_succeed_later: bool = False
    """Whether the same request may succeed when it is sent again."""
    may_have_happened: bool = False
    """Whether the vendor may have done what it was asked all the same."""
    tries_at_most: int | None = None
    """How often the request is worth sending in all; None: as often as the retry policy allows."""

    def __init__(self, what: str, context: Context | None = None) -> None:
        super().__init__(what, context)
        self.what = what
        self.context = context or Context()

    def __str__(self) -> str:
        # What libraries and vendors say may break lines; a log's reader and grep need one.
        what = " ".join(self.what.split())
        head = f"{self.context.operation}: {what}" if self.context.operation else what
        facts = str(self.context)
        return f"{head} [{facts}]" if facts else head

    def within(self, context: Context) -> Self:
        """The same error, with the facts of ``context``."""
        return type(self)(self.what, context)

    @property
    def operation(self) -> str:
        """What was asked for: ``users.create``."""
        return self.context.operation

    @property
    def status(self) -> int | None:
        """The reply's status; None where no reply came."""
        return self.context.status

    @property
    def vendor_code(self) -> str:
        """The error's code in the vendor's words."""
        return self.context.vendor_code

    @property
    def vendor_message(self) -> str:
        """The error's text in the vendor's words."""
        return self.context.vendor_message

    @property
    def request_id(self) -> str:
        """The vendor's name for the request."""
        return self.context.request_id

    @property
    def record_key(self) -> str:
        """The natural key of the record that the request was about."""
        return self.context.record_key

    @property
    def retry_after_s(self) -> float | None:
        """What the vendor asked to wait."""
        return self.context.retry_after_s


class NotSent(IntegrationError):
    """The request did not reach the vendor: no connection."""

    can_succeed_later = True


class Unsendable(NotSent):
    """The request cannot be sent as things are configured here: an address, a certificate, a proxy."""

    can_succeed_later = False


class LeadsElsewhere(NotSent):
    """The request would have gone to another host than the vendor's, credentials and all."""

    can_succeed_later = False


class Refused(IntegrationError):
    """The vendor will not do it. It did not happen, and asking again changes nothing."""


class Unauthorized(Refused):
    """The vendor does not take the token, or the user."""


class CredentialsRejected(Unauthorized):
    """The token endpoint does not take the client (RFC 6749 s5.2)."""


class KeyTaken(Refused):
    """The vendor holds a record of this natural key already. Nothing was created."""


class Redirected(Refused):
    """The vendor points to another address. Not followed: credentials stay, and a POST stays a POST."""


class Throttled(IntegrationError):
    """It was too much. It did not happen; ``retry_after_s`` says when to come again, where the vendor said so."""

    can_succeed_later = True


class RecordThrottled(Throttled):
    """It was too much for one record. It did not happen; nothing else has to wait."""


class Stale(IntegrationError):
    """The record was changed by somebody else since it was read. It did not happen; read the record again first."""

    can_succeed_later = True


class FormTokenRefused(IntegrationError):
    """The token against forged requests is no longer taken. It did not happen; a new one is worth one more try."""

    can_succeed_later = True
    tries_at_most = 2


class Spent(IntegrationError):
    """The address was good for one create and has been used. This time it did not happen; the time before it may."""

    can_succeed_later = True
    may_have_happened = True


class ServerFailed(IntegrationError):
    """A 5xx. It may have happened."""

    can_succeed_later = True
    may_have_happened = True


class Unanswered(IntegrationError):
    """A timeout or a broken connection. It may have happened."""

    can_succeed_later = True
    may_have_happened = True


class BodyError(IntegrationError):
    """An error under a status of success, of a kind that may pass. It may have happened."""

    can_succeed_later = True
    may_have_happened = True


class MalformedReply(IntegrationError):
    """Something came that is not what was asked for: no JSON, no record, HTML. It may have happened."""

    can_succeed_later = True
    may_have_happened = True


class Oversized(MalformedReply):
    """The reply is larger than this integration reads."""

    can_succeed_later = False


class Incomplete(MalformedReply):
    """A listing holds less than the vendor said."""

    tries_at_most = 3


class ListingChanged(Incomplete):
    """Records came or went while a listing was read whose pages, or places, are counted: some may be on no page."""

    can_succeed_later = False


class PageLoop(MalformedReply):
    """A listing leads back to where it was, or on and on without a new record."""

    tries_at_most = 3


class SourceRefused(IntegrationError):
    """The records to be pushed are malformed, lack their natural key, share one, or are too few."""


class MassRetirementRefused(SourceRefused):
    """So many of the vendor's records are not in the source that the source is more likely wrong. Nothing happened."""


class TokensUnusable(IntegrationError):
    """The store that tokens are kept in cannot be read or locked, or others may read it. Nothing was sent."""


class JournalUnusable(IntegrationError):
    """The file that remembers what is left to write cannot be read or written."""


class FailuresUnread(IntegrationError):
    """Records were not written, and nobody has read which."""


class RetriesExhausted(IntegrationError):
    """Tried as often, or as long, as the policy allows. The last error is its ``__cause__``, its facts are ours."""

    can_succeed_later = True

    def __init__(self, what: str, context: Context | None = None, *, happened: bool = False) -> None:
        super().__init__(what, context)
        self.may_have_happened = happened

    def within(self, context: Context) -> Self:
        """The same error, with the facts of ``context``."""
        return type(self)(self.what, context, happened=self.may_have_happened)


class WaitTooLong(RetriesExhausted):
    """The vendor asked for a longer wait than is slept here. The text says when to run again."""


class DeadlineReached(WaitTooLong):
    """The call has to be over before the next wait, or the next request, would be. The text says when to run again."""


def about(error: IntegrationError, *, operation: str = "", record_key: str = "") -> IntegrationError:
    """The error, telling what it is about where it does not yet."""
    context = error.context
    full = replace(context, operation=context.operation or operation, record_key=context.record_key or record_key)
    if full == context:
        return error
    told = error.within(full)
    told.__cause__ = error.__cause__
    return told


def _quoted(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return repr(text) if " " in text or not text.isprintable() else text
