"""How a listing leads from page to page, one stateless paginator for each paging of the dialects."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from harness.core.addresses import home
from harness.core.documents import at
from harness.core.errors import LeadsElsewhere
from harness.core.replies import Answer
from harness.dialects.facts import (
    Collection,
    Continue,
    Cursor,
    LinkHeader,
    Marker,
    NextHeader,
    NextLink,
    Offset,
    PageNumber,
    Pairs,
)

_LINK = re.compile(r"<([^>]*)>([^<]*)")
_NEXT = re.compile(r';\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\s*(?:$|[;,]))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PageAddress:
    """Where a page is."""

    url: str
    params: Pairs = ()
    mark: int = field(init=False, compare=False, repr=False)
    """A number for what the page is; the same for two addresses of one page."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "mark", hash(self.identity))

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for two addresses of one page, in whichever order their parameters stand."""
        place, _, query = self.url.partition("#")[0].partition("?")
        return (*_place(place), tuple(sorted([*parse_qsl(query, keep_blank_values=True), *self.params])))


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: those that a credential may be sent to."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or {"http": 80, "https": 443}.get(scheme)


@lru_cache(maxsize=128)
def _place(url: str) -> tuple[tuple[str, str, int | None], str]:
    """Origin and path: the same for all pages of most listings."""
    return origin(url), urlsplit(url).path


def first_page(collection: Collection, url: str, query: Pairs = ()) -> PageAddress:
    """The first page of the collection at ``url``, narrowed by ``query``."""
    params = dict(collection.query) | dict(query)
    if isinstance(collection.paging, PageNumber | Offset):
        params[collection.paging.param] = str(collection.paging.first)
    return PageAddress(url, tuple(params.items()))


def rows_move(collection: Collection) -> bool:
    """Whether records that come or go move those of later pages: their pages, or their places, are counted."""
    match collection.paging:
        case PageNumber() | Offset():
            return True
        case NextLink(number_param=param):
            return bool(param)
        case _:
            return False


def next_page(
    collection: Collection, page: PageAddress, answer: Answer, *, rows: Sequence[Mapping[str, Any]], missing: int | None
) -> PageAddress | None:
    """The page after ``page``; None where the vendor leads no further.

    ``rows`` are the page's records, ``missing`` is how many more the vendor's total still promises.

    Raises:
        LeadsElsewhere: The next page is on another host, and no credential goes there.
        MalformedReply: What should lead on cannot be read.
    """
    match collection.paging:
        case NextLink(path=path):
            return _by_link(page, answer, at(answer.document, path))
        case LinkHeader():
            return _by_link(page, answer, _next_link(answer.headers.get("link", "")))
        case NextHeader(header=header):
            return _by_link(page, answer, answer.headers.get(header.lower(), "").strip())
        case Cursor(path=path, param=param):
            return _with(page, {param: _cursor(answer, at(answer.document, path))})
        case Continue(path=path):
            return _with(page, _continuation(answer, at(answer.document, path)))
        case PageNumber(param=param, size_param=size_param, first=first):
            if missing and int(dict(page.params)[param]) == first:
                page = _of_the_size_served(page, size_param, len(rows))
            return _further(page, param, 1) if rows and missing != 0 else None
        case Offset(param=param):
            # By what came, not by what was asked for: the vendor may serve less.
            return _further(page, param, len(rows)) if rows and missing != 0 else None
        case Marker(param=param):
            leads_on = missing != 0 if collection.more is None else bool(at(answer.document, collection.more))
            return _with(page, {param: str(rows[-1][collection.id_field])}) if rows and leads_on else None


def _of_the_size_served(page: PageAddress, size_param: str, served: int) -> PageAddress:
    """The page, asked for in the size that the vendor really serves.

    Some reckon where a page begins from the size asked for, and serve less: what lies between is on no page then.
    """
    params = dict(page.params)
    if not params.get(size_param, "").isdecimal() or not 0 < served < int(params[size_param]):
        return page
    return PageAddress(page.url, tuple((params | {size_param: str(served)}).items()))


def _further(page: PageAddress, param: str, by: int) -> PageAddress | None:
    # A short page proves nothing; one without records is the end, and so is the total reached.
    return _with(page, {param: str(int(dict(page.params)[param]) + by)})


def _by_link(page: PageAddress, answer: Answer, link: Any) -> PageAddress | None:
    if not link:
        return None
    if not isinstance(link, str):
        raise answer.malformed("what should lead to the next page is no address")
    here = home(page.url)
    if here and link.startswith(f"{here}/"):
        return PageAddress(link)
    try:
        url = urljoin(page.url, link)
        stays = origin(url) == origin(page.url)
    except ValueError as error:
        raise answer.malformed("what should lead to the next page is no address") from error
    if not stays:
        scheme, host, port = origin(url)
        raise LeadsElsewhere(
            f"the next page is at {scheme}://{host}:{port}; no credential is sent there", answer.context
        )
    return PageAddress(url)


def _next_link(header: str) -> str:
    """The address of ``rel="next"`` in a ``Link`` header, commas within addresses included (RFC 8288 s3)."""
    return next((found[1] for found in _LINK.finditer(header) if _NEXT.search(found[2])), "")


def _cursor(answer: Answer, cursor: Any) -> str:
    if cursor is None or cursor == "" or cursor is False:
        return ""
    if isinstance(cursor, str | int):
        return str(cursor)
    raise answer.malformed("the cursor of the next page is neither a text nor a number")


def _continuation(answer: Answer, more: Any) -> dict[str, str]:
    if not more:
        return {}
    if isinstance(more, dict) and all(isinstance(value, str | int) for value in more.values()):
        return {name: str(value) for name, value in more.items()}
    raise answer.malformed("what should continue the listing are no query parameters")


def _with(page: PageAddress, params: dict[str, str]) -> PageAddress | None:
    if not any(params.values()):
        return None
    return PageAddress(page.url, tuple((dict(page.params) | params).items()))
