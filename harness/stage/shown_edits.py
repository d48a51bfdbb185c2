"""What recordings show of edits that travel as a form, where the answer is 200 whatever became of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.dialects.facts import Collection
from harness.dialects.writing import PostForm
from harness.stage.forms import fields_in, form_of
from harness.stage.samples import Sample
from harness.stage.title_spelling import BAD_IN_TITLES
from harness.stage.writings import inside


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEdits:
    """The first exchange of each kind."""

    by_code: Mapping[tuple[str, str], Sample]
    """By verb and the error's code: refusals, and with an empty code what was done to a record that was there, or made
    one."""
    saved_new: Sample | None
    """An edit that does not say whether there is a record, and made one."""
    unchanged: Sample | None
    """An edit that says what is there already."""
    forged: Mapping[tuple[str, str], Sample]
    """By verb and name of the parameter: refused for another value of it."""
    bad_key: Mapping[str, Sample]
    """By verb: refused for a key that no record can have."""


def shown_edits(collection: Collection, samples: Iterable[Sample]) -> ShownEdits | None:
    """What the recorded edits show; None where records do not travel as a form."""
    writing = collection.writing
    if writing is None or not isinstance(writing.creating, PostForm) or writing.version is None:
        return None
    by_code: dict[tuple[str, str], Sample] = {}
    forged: dict[tuple[str, str], Sample] = {}
    bad_key: dict[str, Sample] = {}
    saved_new, unchanged = None, None
    for sample in samples:
        if sample.verb not in ("create", "update"):
            continue
        told = inside(collection, sample.document) if sample.ok else {}
        form, token = form_of(sample.request), writing.token
        wrong = [name for name, value in writing.creating.params if form.get(name) != value]
        if sample.ok and writing.version.told_as not in told:
            unchanged = unchanged or sample
        elif sample.ok and sample.verb == "update" and not told[writing.version.told_before_as]:
            saved_new = saved_new or sample
        elif token is not None and sample.code == token.refused_code:
            forged.setdefault((sample.verb, token.param), sample)
        elif wrong:
            forged.setdefault((sample.verb, wrong[0]), sample)
        elif BAD_IN_TITLES in fields_in(writing, sample.request).get(collection.key_field, ""):
            bad_key.setdefault(sample.verb, sample)
        else:
            by_code.setdefault((sample.verb, sample.code), sample)
    return ShownEdits(by_code=by_code, saved_new=saved_new, unchanged=unchanged, forged=forged, bad_key=bad_key)
