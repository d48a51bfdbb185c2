"""Writes that travel as a form: what is done to which record stands in the parameters."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from harness.dialects.writing import PostForm, Writing
from harness.stage.http1 import Request


def form_of(request: Request) -> dict[str, str]:
    """The parameters in the request's body; of a repeated one the last."""
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def verb_in(writing: Writing, request: Request) -> str | None:
    """``create`` or ``update``; None where the request is no write of one record. What does not say whether the record
    is there counts as an update."""
    creating, form = writing.creating, form_of(request)
    if not isinstance(creating, PostForm) or urlsplit(request.target).query or not _has(form, dict(creating.told_by)):
        return None
    return "create" if creating.flag in form else "update"


def fields_in(writing: Writing, request: Request) -> dict[str, str]:
    """The fields of the record in the form."""
    own = set[str]()
    for part in (writing.creating, writing.changing):
        if isinstance(part, PostForm):
            own |= {part.flag, *(name for name, _ in (*part.told_by, *part.params))}
    if writing.version is not None:
        own.add(writing.version.param)
    if writing.token is not None:
        own.add(writing.token.param)
    return {name: value for name, value in form_of(request).items() if name not in own}


def _has(form: Mapping[str, str], pairs: Mapping[str, str]) -> bool:
    return all(form.get(name) == value for name, value in pairs.items())
