"""What a request asks of the vendor, read with the vendor's own dialect: the meaning by which exchanges are
addressed."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from harness.dialects.facts import Collection, Dialect
from harness.dialects.writing import PostForm
from harness.stage.documents import at, parsed
from harness.stage.forms import fields_in, verb_in
from harness.stage.http1 import Request
from harness.stage.sale import sale_of
from harness.stage.writings import bought_at, inside, looked_up, verb_for_one

TOKEN = "token"
OTHER = "other"
READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation such as ``users.create``, and the record that it is about where it is about one."""

    operation: str
    collection: Collection | None = None
    record_key: str = ""
    record_id: str = ""
    write: bool = False

    @property
    def lists(self) -> bool:
        """Whether a page of a listing was asked for."""
        return self.operation.endswith(".list")


def query_of(target: str) -> dict[str, str]:
    """The query parameters of a target; of a repeated one the last."""
    return dict(_pairs(target))


@lru_cache(maxsize=1024)
def _pairs(target: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(urlsplit(target).query, keep_blank_values=True))


@lru_cache(maxsize=1024)
def _path(target: str) -> str:
    return unquote(urlsplit(target).path)


def asked(dialect: Dialect, request: Request) -> Asked:
    """What the request asks for. What the dialect has no word for is ``other``."""
    path, sale = _path(request.target), sale_of(dialect)
    if sale is not None and path == sale.token_path and request.method == "POST":
        return Asked(TOKEN)
    for collection in dialect.collections:
        batch = collection.writing.batch if collection.writing else None
        if batch is not None and request.method == "POST" and path == batch.path:
            return Asked(f"{collection.name}.batch", collection, write=True)
        if path.rstrip("/") == collection.path.rstrip("/"):
            found = _of_the_whole(collection, request)
            if found is not None:
                return found
        elif path.startswith(collection.path.rstrip("/") + "/"):
            record_id = path.removeprefix(collection.path.rstrip("/") + "/")
            return _of_one(collection, request, record_id)
    return Asked(OTHER, write=request.method not in READS)


def _of_the_whole(collection: Collection, request: Request) -> Asked | None:
    writing = collection.writing
    if request.method == "POST" and writing is not None and isinstance(writing.creating, PostForm):
        done, named = verb_in(writing, request), fields_in(writing, request).get(collection.key_field, "")
        return Asked(f"{collection.name}.{done}", collection, named, write=True) if done else None
    if request.method == "POST" and writing is not None:
        return Asked(f"{collection.name}.create", collection, key_in(collection, parsed(request.body)), write=True)
    if request.method != "GET":
        return None
    query = query_of(request.target)
    token = writing.token if writing is not None else None
    if token is not None and all(query.get(name) == value for name, value in token.query):
        return Asked(f"{collection.name}.form_token", collection)
    if writing is not None and (key := looked_up(writing, query)) is not None:
        return Asked(f"{collection.name}.lookup", collection, key)
    if any(query.get(name) != value for name, value in collection.query if name in collection.told_by):
        return None
    return Asked(f"{collection.name}.list", collection)


def _of_one(collection: Collection, request: Request, record_id: str) -> Asked:
    if request.method == "POST" and (token := bought_at(collection.writing, record_id)) is not None:
        if not token:
            # What it gives is an address; no record is another.
            return Asked(f"{collection.name}.once", collection)
        return Asked(f"{collection.name}.create", collection, key_in(collection, parsed(request.body)), write=True)
    verb = verb_for_one(collection.writing, request)
    return Asked(f"{collection.name}.{verb}", collection, record_id, record_id, write=request.method not in READS)


def key_in(collection: Collection, document: Any) -> str:
    """The natural key of the one record in a document, with or without its envelope; empty where there is none."""
    key = at(inside(collection, document), (collection.key_field,))
    return key if isinstance(key, str) else ""
