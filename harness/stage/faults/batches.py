"""A batch that is not what its 200 seems to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from harness.dialects.facts import Dialect
from harness.dialects.writing import Batch
from harness.stage.batches import Single, answered, items_of, with_answers, without_singles
from harness.stage.documents import at, parsed, put, written
from harness.stage.faults.scene import Asks, Scene, Struck, whole
from harness.stage.history import Exchange
from harness.stage.http1 import Reply
from harness.stage.operations import asked

_FEWEST_ITEMS = 2


@dataclass(frozen=True, slots=True)
class PartlyFailed:
    """Some creates of a batch, the first ones, fail one by one under the 200 of the whole; everything else is done.

    ``reversed``: the answers come in another order than the requests; each says to which request it belongs.
    """

    status: Literal[503, 409, 404, 403] = 503
    order: Literal["kept", "reversed"] = "kept"
    family: ClassVar[str] = "errors"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        creates = any(item.operation.endswith(".create") for item in clean.items)
        return creates and len(clean.items) >= _FEWEST_ITEMS

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "correct" if self.status == 503 and times == 1 else "either"

    def strike(self, scene: Scene) -> Struck:
        collection = scene.asked.collection
        assert collection is not None
        assert collection.writing is not None
        batch = collection.writing.batch
        assert batch is not None
        singles = items_of(batch, scene.request) or ()
        refused = self._refused(scene.dialect, singles)
        done = scene.answer_part(without_singles(batch, scene.request, refused))
        listed = at(parsed(done.body), batch.answers)
        if not isinstance(listed, list):
            # Not carried out as a batch at all: there is no half of it.
            return Struck(script=whole(scene, done), reply=done, passes=True)
        answers = list(listed)
        for place in refused:
            answers.insert(place, self._refusal(scene.dialect, batch, singles[place], listed[0]))
        if self.order == "reversed":
            answers.reverse()
        reply = with_answers(batch, done, answers)
        return Struck(script=whole(scene, reply), reply=reply, passes=True)

    def _refused(self, dialect: Dialect, singles: Sequence[Single]) -> tuple[int, ...]:
        """The places of those that fail: half of the batch at most, and no update, which names its record otherwise."""
        verbs = (asked(dialect, single.request).operation.rpartition(".")[2] for single in singles)
        creates = [place for place, verb in enumerate(verbs) if verb == "create"]
        return tuple(creates[: len(singles) // 2])

    def _refusal(self, dialect: Dialect, batch: Batch, single: Single, other: Mapping[str, Any]) -> dict[str, Any]:
        """How the vendor words it that one request was not carried out, in an answer shaped like another."""
        errors = dialect.errors
        body = put(put({}, errors.code, self.status), errors.message, f"{single.request.method} was not carried out")
        if self.status == errors.refused_status:
            body = parsed(errors.refused.encode())
        reply = Reply(self.status, (("Content-Type", "application/json"),), written(body))
        told_by = (batch.answer.status, batch.answer.label or batch.answer.path, batch.answer.body)
        shape = {name: other.get(name) for name in told_by}
        return answered(batch, single, reply, shape)
