"""A place between two pages of a listing, from which another process goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from harness.core.pages import PageAddress, origin
from harness.core.seen import Id
from harness.dialects.facts import Collection

IDS_CARRIED = 100
"""So many ids of the last page are carried on: a record that the next page shows again is known by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a walk stands, and what of it must be known to go on.

    Every page before it was shown. Completeness is checked over both walks: ``records`` counts the records before.
    That each record comes once is checked against the last page before the position and all pages after it.
    """

    collection: str
    page: PageAddress
    records: int
    most_told: int
    """The largest total that the vendor told so far; 0 where it told none."""
    last_ids: tuple[Id, ...]

    def as_json(self) -> dict[str, Any]:
        """The position as a small JSON document, without the vendor's host."""
        parts = urlsplit(self.page.url)
        return {
            "collection": self.collection,
            "page": parts.path + (f"?{parts.query}" if parts.query else ""),
            "params": [list(pair) for pair in self.page.params],
            "records": self.records,
            "total": self.most_told,
            "last_ids": list(self.last_ids),
        }


def position_in(told: Mapping[str, Any], collection: Collection, url: str) -> Position:
    """The position that ``as_json`` told, for the collection at ``url``.

    Raises:
        ValueError: It is none, or belongs to another collection.
    """
    try:
        position = Position(
            collection=told["collection"],
            page=PageAddress(
                urljoin(url, told["page"]), tuple((str(name), str(value)) for name, value in told["params"])
            ),
            records=int(told["records"]),
            most_told=int(told["total"]),
            last_ids=tuple(told["last_ids"]),
        )
        belongs = position.collection == collection.name and origin(position.page.url) == origin(url)
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError(f"this is no position of a listing: {str(told)[:200]}; give one that a pull told") from error
    if not belongs:
        raise ValueError(f"this position is not one of {collection.name} here: {str(told)[:200]}")
    return position
