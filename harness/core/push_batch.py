"""Several records written together. What the vendor did is not done again: only what failed is tried another time."""

from collections.abc import Iterator, Sequence

from harness.core.errors import IntegrationError, RetriesExhausted, about
from harness.core.provision import Done, Provision
from harness.core.retry import Retries
from harness.core.write import Write
from harness.core.writes import Writes


class PushBatch:
    """Records that fit into one batch of the vendor's, and what became of each so far."""

    def __init__(self, writes: Writes, retries: Retries, provisions: Sequence[Provision]) -> None:
        self._writes = writes
        self._retries = retries
        self._provisions = provisions
        self._became: dict[str, Done | IntegrationError] = {}
        self._passing: dict[str, IntegrationError] = {}
        """What records that are still to be written ended with last."""

    def outcomes(self) -> Iterator[tuple[str, Done | IntegrationError]]:
        """What became of each record, in their order."""
        try:
            self._retries.run(self._attempt)
        except IntegrationError as given_up:
            for one in self._open():
                self._became[one.key] = self._given_up(one, given_up)
        for one in self._provisions:
            yield one.key, self._became[one.key]

    def _open(self) -> list[Provision]:
        return [one for one in self._provisions if one.key not in self._became]

    def _attempt(self) -> None:
        """Write what is not written yet.

        Raises:
            IntegrationError: Of what went wrong and may pass, what asks for the longest wait.
        """
        self._passing.clear()
        due = [(one, write) for one in self._open() if (write := self._due(one)) is not None]
        while due:
            due = [
                (one, write)
                for one, error in self._sent(due)
                if self._is_left(one, error) and (write := self._due(one)) is not None
            ]
        if self._passing:
            raise max(self._passing.values(), key=lambda error: error.retry_after_s or 0.0)

    def _due(self, one: Provision) -> Write | None:
        """The record's next write; None where it needs none, or cannot be looked up."""
        try:
            write = one.next_write()
        except IntegrationError as error:
            self._note(one, error)
            return None
        if write is None:
            self._became[one.key] = one.done
        return write

    def _sent(self, due: Sequence[tuple[Provision, Write]]) -> Iterator[tuple[Provision, IntegrationError | None]]:
        """Each record with the error that its write ended with; a single one is sent by itself."""
        try:
            if len(due) == 1:
                self._writes.send(due[0][1])
                errors: Sequence[IntegrationError | None] = (None,)
            else:
                errors = self._writes.send_together([write for _, write in due])
        except IntegrationError as whole:
            errors = [about(whole, record_key=one.key) for one, _ in due]
        yield from ((one, error) for (one, _), error in zip(due, errors, strict=True))

    def _is_left(self, one: Provision, error: IntegrationError | None) -> bool:
        """Whether the record has another write to be sent at once: its key was taken, and by whom is known now."""
        if error is None:
            self._became[one.key] = one.done
            return False
        try:
            one.failed(error)
        except IntegrationError as told:
            self._note(one, told)
            return False
        return True

    def _note(self, one: Provision, error: IntegrationError) -> None:
        if error.can_succeed_later:
            self._passing[one.key] = error
        else:
            self._became[one.key] = error

    def _given_up(self, one: Provision, given_up: IntegrationError) -> IntegrationError:
        """The end of all tries, told of one record by what it ended with itself."""
        last = self._passing.get(one.key)
        if last is None or not isinstance(given_up, RetriesExhausted):
            return about(given_up, record_key=one.key)
        told = given_up.within(about(last, record_key=one.key).context)
        told.__cause__ = last
        return told
