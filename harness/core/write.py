"""One request that writes a record, and what an answer to it may mean beside success and failure."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.core.errors import Context, FormTokenRefused, IntegrationError, KeyTaken, Refused, Spent, Stale
from harness.core.transport import Outgoing

_SAID: Mapping[type[IntegrationError], str] = {
    KeyTaken: "the vendor holds a record of this key already",
    Stale: "the record was changed by somebody else since it was read",
    FormTokenRefused: "the token in the form is no longer taken",
    Spent: "the address that was bought for this create has been used",
}


Meanings = dict[int | str, type[KeyTaken] | type[Stale] | type[FormTokenRefused]]


@dataclass(frozen=True, slots=True)
class Write:
    """A request that writes one record, and the statuses and error codes that mean something of their own here."""

    outgoing: Outgoing
    meanings: Meanings
    spent: tuple[int, str] | None = None
    """The status and the words that tell of an address that was used; None where none was bought."""

    def meaning(self, context: Context) -> IntegrationError | None:
        """What the status or the code says, success or not; None where neither has a meaning of its own."""
        if self.spent and context.status == self.spent[0] and self.spent[1] in context.vendor_message:
            return Spent(_SAID[Spent], context)
        kind = self.meanings.get(context.status or 0) or self.meanings.get(context.vendor_code)
        return None if kind is None else kind(_SAID[kind], context)

    def told(self, error: IntegrationError) -> IntegrationError:
        """The error, as what it means here."""
        return (self.meaning(error.context) if isinstance(error, Refused) else None) or error
