"""A small integration that survives what can be survived: the patient without a disease.

It imports and provisions users and pages; how one request succeeds is in ``healthy_client``.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from tests.healthy_batches import MOST_AT_ONCE, HealthyBatches
from tests.healthy_client import HealthyClient, Trouble, dig, log
from tests.healthy_pages import HealthyPages, title_of

Page = tuple[str, tuple[tuple[str, str], ...]]
"""An address and its query parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """What this integration knows of one vendor's listing."""

    path: str
    rows: tuple[str, ...]
    id_field: str = "id"
    key_field: str
    query: Mapping[str, str] = field(default_factory=dict)
    next_link: tuple[str | int, ...] = ()
    next_query: str = ""
    next_header: str = ""
    next_place: str = ""
    """The parameter that names the next page's first record, which the page tells too."""
    total: tuple[str, ...] = ()
    more: str = ""
    envelope: str = ""
    in_use: str = ""
    """The field that says whether a record is in use."""
    new: Mapping[str, str] = field(default_factory=dict)
    """What every new record needs."""
    forms: bool = False
    """Whether records are written by forms, as a wiki's pages are."""
    batch: str = ""
    """Where several writes go together, at most five."""
    lookup_param: str = ""
    """The parameter that asks for a key, where it is not called as the field."""
    lookup_query: Mapping[str, str] = field(default_factory=dict)
    made: tuple[str, ...] = ()
    """Where the answer to a create holds the new id, where that is not in the envelope."""
    version: tuple[str, ...] = ()
    """Where a record at its own address tells the version that an update has to name."""
    write_headers: Mapping[str, str] = field(default_factory=dict)


APIS = {
    ("keystone", "users"): Api(
        path="/v3/users",
        rows=("users",),
        key_field="name",
        next_link=("links", "next"),
        more="truncated",
        envelope="user",
        in_use="enabled",
        new={"domain_id": "default"},
    ),
    ("roundup", "users"): Api(
        path="/rest/data/user",
        rows=("data", "collection"),
        key_field="username",
        query={"@page_size": "2", "@page_index": "1", "@fields": "username,realname,phone"},
        next_link=("data", "@links", "next", 0, "uri"),
        total=("data", "@total_size"),
        lookup_param="username:",
        lookup_query={"@fields": "username,realname,phone"},
        made=("data", "id"),
        version=("data", "@etag"),
        write_headers={"X-Requested-With": "rest", "Origin": "{base_url}"},
    ),
    ("mediawiki", "pages"): Api(
        path="/api.php",
        rows=("query", "allpages"),
        id_field="pageid",
        key_field="title",
        query={"action": "query", "list": "allpages", "aplimit": "2", "format": "json", "formatversion": "2"},
        next_query="continue",
        forms=True,
    ),
    ("kinto", "contacts"): Api(
        path="/v1/buckets/crm/collections/contacts/records",
        rows=("data",),
        key_field="id",
        query={"_sort": "id"},
        next_header="Next-Page",
        envelope="data",
        batch="/v1/batch",
    ),
    ("scim", "users"): Api(
        path="/v2/Users",
        rows=("Resources",),
        key_field="userName",
        query={"startIndex": "1", "count": "100"},
        next_place="startIndex",
        total=("totalResults",),
    ),
}


class Healthy(HealthyBatches, HealthyPages, HealthyClient):
    """Every record once, or loudly not; every write once, or loudly not."""

    most_pages = 10_000

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        return self._listed(collection)

    def _listed(self, collection: str) -> list[Any]:
        api = APIS[self.access.vendor, collection]
        rows: list[Any] = []
        known: set[Any] = set()
        documents: list[dict[str, Any]] = []
        for document in self._pages(api):
            documents.append(document)
            self._check_unchanged(api, documents)
            page = self._rows(api, document)
            ids = {row.get(api.id_field) for row in page}
            self._check_progress(api, known, ids)
            known |= ids
            rows += page
        rows = self._unique(api, rows)
        self._check_complete(api, documents[-1], rows)
        self._check_not_emptied(f"{collection} listed", len(rows))
        return rows

    def push(self, collection: str, records: Sequence[Mapping[str, Any]]) -> None:
        api = APIS[self.access.vendor, collection]
        self._check_not_emptied(f"{collection} to be pushed", len(records))
        self._check_keys([self._key(api, record) for record in records])
        if api.batch:
            for begin in range(0, len(records), MOST_AT_ONCE):
                self._provision_together(api, records[begin : begin + MOST_AT_ONCE])
            return
        for record in records:
            self._provision(api, record)

    def _key(self, api: Api, record: Mapping[str, Any]) -> str:
        """The record's key as the vendors here compare it."""
        key = record[api.key_field].strip()
        return title_of(key) if api.forms else key

    def _check_keys(self, keys: list[str]) -> None:
        twins = sorted({key for key in keys if keys.count(key) > 1})
        if twins:
            raise ValueError(f"several rows of the source have one key: {', '.join(twins)}")

    def _check_not_emptied(self, what: str, found: int) -> None:
        """Nothing, where something was before, may be a mistake of whoever gave it; the next time it is believed."""
        before, self._counts[what] = self._counts.get(what, 0), found
        if before and not found:
            raise Trouble(f"there are no {what}, where {before} were before; run again if that is right")

    def retire(self, collection: str, keep: Collection[str]) -> None:
        api = APIS[self.access.vendor, collection]
        in_use = [row for row in self._listed(collection) if row[api.in_use]]
        leaving = [row for row in in_use if row[api.key_field] not in keep]
        self._check_share(len(leaving), len(in_use))
        for row in leaving:
            self._update(api, row, {api.key_field: row[api.key_field], api.in_use: False})

    def _check_share(self, leaving: int, in_use: int) -> None:
        if leaving > 0.2 * in_use:
            raise ValueError(f"{leaving} of {in_use} records are not in the source; it must have come up short")

    # -- pages ---------------------------------------------------------------------------------------------------------

    def _pages(self, api: Api) -> Iterator[dict[str, Any]]:
        page: Page | None = (self.access.base_url + api.path, tuple(api.query.items()))
        seen: set[Page] = set()
        while page is not None and self._is_new(page, seen):
            seen.add(page)
            url, query = page
            document = self._ask("GET", url, params=query, check=partial(self._rows, api))
            yield document
            page = self._next_page(api, document)

    def _is_new(self, page: Page, seen: set[Page]) -> bool:
        if page in seen or len(seen) >= self.most_pages:
            raise self._doubt(f"the listing leads back to {page}, or has no end; {len(seen)} pages were read")
        return True

    def _next_page(self, api: Api, document: dict[str, Any]) -> Page | None:
        if api.next_query:
            more = document.get(api.next_query)
            return (self.access.base_url + api.path, tuple({**api.query, **more}.items())) if more else None
        if api.next_place:
            place = document[api.next_place] + len(self._rows(api, document))
            query = {**api.query, api.next_place: place}
            more = self._rows(api, document) and place <= dig(document, api.total)
            return (self.access.base_url + api.path, tuple(query.items())) if more else None
        reply, *_ = self._seen.answer
        link = reply.headers.get(api.next_header) if api.next_header else dig(document, api.next_link)
        if not link:
            return None
        self._check_home(link)
        return link, ()

    def _check_home(self, link: str) -> None:
        if urlsplit(link)[:2] != urlsplit(self.access.base_url)[:2]:
            raise self._doubt(f"the next page is on another host, {urlsplit(link).netloc!r}; no token is sent there")

    def _rows(self, api: Api, document: dict[str, Any]) -> list[Any]:
        """The records of one page; ValueError where one is null or lacks its id or its name."""
        rows = dig(document, api.rows)
        if not isinstance(rows, list):
            raise ValueError(f"no list of records at {'.'.join(api.rows)}")
        if not all(dig(row, (name,)) is not None for row in rows for name in (api.id_field, api.key_field)):
            raise ValueError("a record is null, or lacks its id or its name")
        return rows

    def _check_progress(self, api: Api, known: set[Any], ids: set[Any]) -> None:
        if ids and ids <= known:
            raise self._doubt(f"a page of {api.path} shows nothing but records that earlier pages had")

    def _check_unchanged(self, api: Api, documents: Sequence[dict[str, Any]]) -> None:
        first, last = (dig(document, api.total) for document in (documents[0], documents[-1]))
        if api.total and first != last:
            raise self._doubt(f"{api.path} changed meanwhile: it told of {first} records, and of {last} now")

    def _unique(self, api: Api, rows: list[Any]) -> list[Any]:
        return list({row[api.id_field]: row for row in rows}.values())

    def _check_complete(self, api: Api, last: dict[str, Any], rows: list[Any]) -> None:
        if api.more and last.get(api.more):
            raise self._doubt(f"{api.path} says that there is more but not where; {len(rows)} records so far")
        if api.total and dig(last, api.total) != len(rows):
            raise self._doubt(f"{api.path} promised {dig(last, api.total)} records and gave {len(rows)}")

    def _doubt(self, text: str) -> Trouble:
        """Answers that are well and do not fit together; the last of them is the one to ask the vendor about."""
        return Trouble(f"{text}; last answer: {self._context(*self._seen.answer)}")

    # -- writes --------------------------------------------------------------------------------------------------------

    def _provision(self, api: Api, record: Mapping[str, Any]) -> None:
        held = self._look_up(api, record[api.key_field])
        if held is None:
            self._create(api, record)
        else:
            self._update(api, held, record)

    def _look_up(self, api: Api, key: str) -> dict[str, Any] | None:
        url = self.access.base_url + api.path
        if api.forms:
            return self._page(url, key)
        query = {api.lookup_param or api.key_field: key, **api.lookup_query}
        found = self._ask("GET", url, params=query, key=key, check=partial(self._rows, api))
        return next((row for row in self._rows(api, found) if row[api.key_field] == key), None)

    def _create(self, api: Api, record: Mapping[str, Any]) -> None:
        for attempt in range(self.tries):
            try:
                return self._post(api, record)
            except Trouble as trouble:
                if self._too_long(trouble) or not (trouble.maybe_done or trouble.status == 409):
                    raise
                if trouble.maybe_done:
                    self._pause(trouble, attempt)
                held = self._after_lost_answer(api, record, trouble)
                if held is not None:
                    return self._update(api, held, record)
                if trouble.status == 409 or attempt + 1 == self.tries:
                    raise
                log.info("the vendor does not hold it, so it is sent again record=%s", record[api.key_field])
        return None

    def _post(self, api: Api, record: Mapping[str, Any]) -> None:
        def created(document: dict[str, Any]) -> None:
            if not dig(document, api.made or (api.envelope, api.id_field)):
                raise ValueError("the answer holds no created record")

        if api.forms:
            return self._create_page(self.access.base_url + api.path, record)
        body, url = self._wrapped(api, {**api.new, **record}), self.access.base_url + api.path
        self._ask("POST", url, json=body, key=record[api.key_field], check=created, **self._writing(api))
        return None

    def _wrapped(self, api: Api, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {api.envelope: fields} if api.envelope else dict(fields)

    def _writing(self, api: Api, **conditions: str) -> dict[str, Any]:
        told = {name: value.replace("{base_url}", self.access.base_url) for name, value in api.write_headers.items()}
        headers = {**told, **conditions}
        return {"headers": headers} if headers else {}

    def _after_lost_answer(self, api: Api, record: Mapping[str, Any], lost: Trouble) -> dict[str, Any] | None:
        """The record as the vendor holds it; None where it holds none."""
        return self._look_up(api, record[api.key_field])

    def _update(self, api: Api, held: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        if api.forms:
            return self._change_page(self.access.base_url + api.path, held, record)
        wanted = self._wanted(api, held, record)
        changed = {name: value for name, value in wanted.items() if name in held and held[name] != value}
        if changed and api.version:
            self._update_as_read(api, held, record)
        elif changed:
            url = f"{self.access.base_url}{api.path}/{held[api.id_field]}"
            self._ask("PATCH", url, json={api.envelope: changed}, key=record[api.key_field])
        return None

    def _update_as_read(self, api: Api, held: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        """What the record differs in when its version is read; read again where somebody was faster."""
        for attempt in range(self.tries):
            try:
                return self._update_once(api, held, record)
            except Trouble as trouble:
                if trouble.status != 412 or attempt + 1 == self.tries:
                    raise
                self._pause(trouble, attempt)
        raise AssertionError("the last try returns or raises")

    def _update_once(self, api: Api, held: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        url, key = f"{self.access.base_url}{api.path}/{held[api.id_field]}", record[api.key_field]
        read = self._ask("GET", url, params=api.lookup_query, key=key, check=partial(self._version, api))
        now = read["data"]["attributes"]
        changed = {name: value for name, value in record.items() if now.get(name) != value}
        if changed:
            named = self._writing(api, **{"If-Match": self._version(api, read)})
            self._ask("PATCH", url, json=changed, key=key, **named)

    def _version(self, api: Api, document: dict[str, Any]) -> str:
        """What the record's version is; ValueError where the document tells none."""
        version = dig(document, api.version)
        if not isinstance(version, str) or not isinstance(dig(document, ("data", "attributes")), dict):
            raise ValueError("the answer holds no record with a version")
        return version

    def _wanted(self, api: Api, held: Mapping[str, Any], record: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the source lists is in use, unless it says otherwise."""
        return {api.in_use: True, **record} if api.in_use else record


class HealthyReader(Healthy):
    """Imports only: it does not know how records are written to SCIM."""

    push = None
    retire = None
