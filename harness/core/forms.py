"""Writes that travel as a form at one address: which parameters it holds, and what its answer says."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.core.documents import at
from harness.core.errors import Context, Refused
from harness.core.replies import Answer
from harness.core.transport import Outgoing
from harness.dialects.facts import Collection, Pairs
from harness.dialects.writing import PostForm, Writing


def formed(
    outgoing: Outgoing, collection: Collection, part: PostForm, fields: Mapping[str, Any], *, others: Pairs = ()
) -> Outgoing:
    """The request that writes these fields of the record; ``others`` name its version and hold the token.

    Raises:
        Refused: A field is no text, and a form holds nothing else.
    """
    for name, value in fields.items():
        if not isinstance(value, str):
            told = Context(operation=outgoing.operation, record_key=outgoing.record_key)
            raise Refused(f"the field {name} holds {value!r}, and the vendor takes text alone", told)
    named = {collection.key_field: outgoing.record_key, **fields}
    return replace(
        outgoing,
        document=None,
        form=(*part.told_by, *named.items(), (part.flag, "1"), *others, *part.params),
    )


def check_success(writing: Writing, answer: Answer) -> None:
    """Nothing, where the answer says that the write was done.

    Raises:
        Refused: It says another word, and no error.
    """
    success = writing.success
    if success is not None and (word := at(answer.document, success.path)) != success.word:
        raise Refused(f"the vendor did not do it: its word for that is {word!r}", answer.context)
