"""What a request to a collection that takes writes means, read with the dialect's facts."""

import re
from collections.abc import Mapping
from typing import Any

from harness.dialects.facts import Collection, Dialect
from harness.dialects.writing import (
    ByFilter,
    ById,
    ByParam,
    ByTitle,
    Finding,
    PatchOp,
    PostForm,
    PostOnce,
    PutNew,
    Writing,
)
from harness.stage.documents import at, parsed
from harness.stage.forms import fields_in
from harness.stage.http1 import Request


def looked_up(writing: Writing, query: Mapping[str, str]) -> str | None:
    """The natural key that a query asks for; None where it asks for something else."""
    findings = (writing.finding, writing.confirming)
    return next((key for one in findings if one and (key := _asked_for(one, query)) is not None), None)


def _asked_for(finding: Finding, query: Mapping[str, str]) -> str | None:
    match finding:
        case ByParam(param=param):
            return query.get(param)
        case ByFilter(param=param, text=text):
            before, _, behind = text.partition("{key}")
            asked = query.get(param, "")
            if not (asked.startswith(before) and asked.endswith(behind)):
                return None
            key = parsed(asked[len(before) : len(asked) - len(behind)].encode())
            return key if isinstance(key, str) else None
        case ByTitle(param=param):
            told = ((name, value) for name, value in finding.query if name in finding.told_by)
            return query.get(param) if all(query.get(name) == value for name, value in told) else None
        case ById():
            return None


def bought_at(writing: Writing | None, rest: str) -> str | None:
    """What is at an address below the collection's: empty where addresses for one create are bought, the rest of such
    an address where a record is created once; None where it is neither."""
    creating = writing.creating if writing else None
    if not isinstance(creating, PostOnce):
        return None
    if rest == creating.buying:
        return ""
    before, _, token = rest.partition("/")
    return token if before == creating.buying and token else None


def verb_for_one(writing: Writing | None, request: Request) -> str:
    """What is done to the one record at the request's address."""
    if request.method in ("GET", "HEAD"):
        return "lookup" if writing is not None and isinstance(writing.finding, ById) else "get"
    if request.method == "PUT" and writing is not None and isinstance(writing.creating, PutNew):
        return "create" if request.header("if-none-match") == "*" else "update"
    return {"PATCH": "update", "PUT": "update", "DELETE": "delete"}.get(request.method, "act")


def inside(collection: Collection, document: Any) -> Any:
    """The one record in a document, out of its envelope."""
    writing = collection.writing
    return at(document, (writing.envelope,)) if writing and writing.envelope else document


def told(collection: Collection, document: Any) -> Any:
    """The one record that an answer shows: its fields beside its id, however the answer has them."""
    answer = collection.writing.answer if collection.writing else None
    if answer is None:
        return inside(collection, document)
    record = at(document, answer.path)
    if not isinstance(record, dict):
        return None
    fields = record.get(answer.fields)
    beside = {name: value for name, value in record.items() if name not in (answer.fields, answer.changed)}
    return {**beside, **fields} if isinstance(fields, dict) else beside


def lacks_header(writing: Writing, request: Request) -> bool:
    """Whether the request has not every header that writes carry."""
    return any(request.header(name.lower()) is None for name, _ in writing.headers)


def misnamed(writing: Writing, key: str) -> bool:
    """Whether the text can be no natural key at the vendor."""
    key = key.strip() if writing.keys.outer_space == "ignored" else key
    return bool(writing.keys.form) and re.fullmatch(writing.keys.form, key) is None


def sent_fields(collection: Collection, request: Request) -> Any:
    """The fields of the record that the request writes; None where it holds none."""
    writing = collection.writing
    if writing is not None and isinstance(writing.creating, PostForm):
        return fields_in(writing, request)
    document = parsed(request.body)
    if request.method == "PATCH" and writing is not None and isinstance(writing.changing, PatchOp):
        return _replaced(document)
    return inside(collection, document)


def _replaced(document: Any) -> dict[str, Any] | None:
    """The fields that a SCIM patch replaces (RFC 7644 s3.5.2.3); None where it does anything else."""
    operations = at(document, ("Operations",))
    if not isinstance(operations, list):
        return None
    fields: dict[str, Any] = {}
    for operation in operations:
        value, path = at(operation, ("value",)), at(operation, ("path",))
        if str(at(operation, ("op",))).casefold() != "replace":
            return None
        if isinstance(path, str):
            fields[path] = value
        elif isinstance(value, dict):
            fields |= value
        else:
            return None
    return fields


def code_in(dialect: Dialect, document: Any) -> str:
    """The code of the error that a document tells, under whichever status; empty where it tells none."""
    if at(document, dialect.errors.in_success) is None:
        return ""
    return str(at(document, dialect.errors.code) or "")


def refuses_as_taken(writing: Writing, status: int, code: str) -> bool:
    """Whether the answer to a create says that its key is held already."""
    return status == writing.duplicate.status and code == (writing.duplicate.code or code)


def version_of(writing: Writing, record: Mapping[str, Any]) -> str | None:
    """The value of ``If-Match`` for this state of the record; None where the record does not hold it."""
    if writing.version is None or not writing.version.path:
        return None
    told = at(record, writing.version.path)
    return None if told is None else writing.version.form.replace("{version}", str(told))
