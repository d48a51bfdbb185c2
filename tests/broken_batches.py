"""Subjects that take a batch for one success, or for one failure: each with exactly one disease."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.broken_clients import BrokenWriter


class BelievesTheBatch(BrokenWriter):
    """Takes the 200 of a batch for the success of everything in it."""

    # That a record was changed meanwhile is one of the things that an item says, and not the whole.
    fails = frozenset({"errors.partial-failure-named", "outcome.honest", "rerun.foreign-fields-kept"})

    def _left(self, api: Any, records: Any, writes: Any, answers: Any) -> list[Mapping[str, Any]]:
        return []


class FindsAnswersByTheirPlace(BrokenWriter):
    """Takes the third answer of a batch for that to the third request."""

    # Where the answers come in another order it calls what failed done, and what was done failed.
    fails = frozenset({"errors.partial-failure-named", "outcome.honest"})

    def _sent_together(self, api: Any, writes: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        return dict(zip(writes, super()._sent_together(api, writes).values(), strict=False))


class SendsTheWholeBatchAgain(BrokenWriter):
    """Sends everything again when a part of a batch failed."""

    fails = frozenset({"errors.partial-failure-named"})

    def _left(
        self, api: Any, records: Sequence[Mapping[str, Any]], writes: Any, answers: Any
    ) -> list[Mapping[str, Any]]:
        left = super()._left(api, records, writes, answers)
        self.again = bool(left)
        return list(records) if left else []

    def _at_address(self, api: Any, key: str, path: str) -> dict[str, Any] | None:
        held = super()._at_address(api, key, path)
        # What it finds is older than what it is about to write, it thinks.
        return {**held, "name": None} if held and getattr(self, "again", False) else held
