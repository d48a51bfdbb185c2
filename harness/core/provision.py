"""One record on its way to the vendor: looked up, written where it differs, looked up again where that is in doubt."""

import json
import uuid
from collections.abc import Mapping
from typing import Any, Literal

from harness.core.errors import IntegrationError, KeyTaken, Spent, Stale
from harness.core.lookups import Held
from harness.core.write import Write
from harness.core.writes import Writes
from harness.dialects.writing import PostForm, Writing

Done = Literal["created", "updated", "unchanged"]


class Provision:
    """What is known of one record so far. Whoever sends its writes tells it what became of them."""

    def __init__(self, writes: Writes, writing: Writing, key: str, record: Mapping[str, Any]) -> None:
        self.key = key
        self.done: Done = "unchanged"
        self._writes = writes
        self._writing = writing
        self._record = record
        self._looked = False
        self._find = writes.lookups.look_up
        self._held: Held | None = None
        self._operation_keys: dict[str, str] = {}
        self._address = ""
        self._unclear = False
        """Whether a create was sent to the address of which nobody knows what became."""

    def next_write(self) -> Write | None:
        """The write that is due; None where the vendor holds the record as it should be.

        Raises:
            IntegrationError: The record could not be looked up.
        """
        if not self._looked:
            self._look()
        return self._create() if self._held is None else self._update(self._held)

    def failed(self, error: IntegrationError) -> None:
        """Take note of what the last write ended with.

        Raises:
            IntegrationError: This one, unless it only says that the key is taken, and by whom was found out.
        """
        self._find = self._writes.lookups.confirm
        if isinstance(error, KeyTaken):
            # Somebody was faster, or an earlier answer was lost: what the vendor holds decides.
            self._look()
            self.done = "unchanged"
            self._address = ""
            if self._held is not None:
                return
        if isinstance(error, Spent) and not self._unclear:
            # Its time was over, or a refused create had used it up: another one is as good.
            self._address = ""
        # A create of unknown outcome is sent again to the same address alone, where it cannot happen twice.
        self._unclear |= error.may_have_happened and self._held is None and not isinstance(error, Spent)
        # Done or not, as read or not: the vendor knows, and is asked before anything is sent again.
        self._looked = not (error.may_have_happened or isinstance(error, Stale | Spent))
        raise error

    def attempt(self) -> Done:
        """Write the record, each write once.

        Raises:
            IntegrationError: It could not be written, or nobody knows.
        """
        while (write := self.next_write()) is not None:
            try:
                self._writes.send(write)
            except IntegrationError as error:
                self.failed(error)
            else:
                break
        return self.done

    def _look(self) -> None:
        self._held = self._find(self.key)
        self._looked = True

    def _create(self) -> Write | None:
        self.done = "created"
        operation_key = self._operation_key("create", self._record)
        self._address = self._address or self._writes.buy(self.key)
        return self._writes.creating(self.key, self._record, operation_key=operation_key, address=self._address)

    def _update(self, held: Held) -> Write | None:
        now = held.record
        changes = {name: value for name, value in self._wanted(now).items() if self._differs(name, value, now)}
        if not changes:
            return None
        if self.done == "unchanged":
            self.done = "updated"
        operation_key = self._operation_key("update", changes)
        return self._writes.updating(self.key, held, changes, operation_key=operation_key)

    def _differs(self, name: str, value: Any, now: Mapping[str, Any]) -> bool:
        # A form names the record by its key; that the vendor spells it otherwise is no change.
        if isinstance(self._writing.changing, PostForm) and name == self._writes.key_field:
            return False
        return name not in now or bool(now[name] != value)

    def _wanted(self, now: Mapping[str, Any]) -> Mapping[str, Any]:
        """The record as it is to be: in use, where it is not and the source does not say otherwise."""
        activation = self._writing.activation
        if activation is None or now.get(activation.field) != activation.inactive:
            return self._record
        return {activation.field: activation.active, **self._record}

    def _operation_key(self, verb: str, fields: Mapping[str, Any]) -> str:
        """One for each write, the same for each attempt at it: another body is another write."""
        if self._writing.idempotency_header is None:
            return ""
        return self._operation_keys.setdefault(json.dumps([verb, fields], sort_keys=True), str(uuid.uuid4()))


class Amendment(Provision):
    """A record that is changed where it is there, and left out where it is not."""

    def _create(self) -> Write | None:
        return None
