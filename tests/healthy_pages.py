"""How the healthy subject writes the pages of a wiki: forms at one address, and a 200 whatever became of them."""

from collections.abc import Mapping
from typing import Any

from tests.healthy_client import MEANT, HealthyClient, Trouble, dig

LOOKUP = {"action": "query", "prop": "revisions", "rvprop": "ids|timestamp|content", "rvslots": "main"}
FORMAT = {"format": "json", "formatversion": "2"}
EDIT = {"action": "edit", "token": "+\\", **FORMAT}
STALE = MEANT["editconflict"]


def title_of(text: str) -> str:
    """The title as the wiki spells it."""
    title = " ".join(text.replace("_", " ").split())
    return title[:1].upper() + title[1:]


class HealthyPages(HealthyClient):
    """Creates only what nobody has created, and changes only the revision that it has read."""

    def _page(self, url: str, title: str) -> dict[str, Any] | None:
        """The page as a record; None where there is none."""

        def one(document: dict[str, Any]) -> None:
            pages = dig(document, ("query", "pages"))
            if not isinstance(pages, list) or len(pages) != 1 or not dig(pages[0], ("title",)):
                raise ValueError(f"not one page for the title {title}")
            if not pages[0].keys() & {"missing", "invalid", "revisions"}:
                raise ValueError("a page without a text")

        asked = {**LOOKUP, **FORMAT, "titles": title}
        (page,) = dig(self._ask("GET", url, params=asked, key=title, check=one), ("query", "pages"))
        if "revisions" not in page:
            return None
        revision = page["revisions"][0]
        text = dig(revision, ("slots", "main", "content"))
        return {"pageid": page["pageid"], "title": title, "text": text, "revision": revision["revid"]}

    def _create_page(self, url: str, record: Mapping[str, Any]) -> None:
        self._edit(url, {**record, "createonly": "1"})

    def _change_page(self, url: str, held: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        """The page's text as it is listed; what somebody else wrote meanwhile is read before anything is sent again."""
        page: Mapping[str, Any] | None = held
        for attempt in range(self.tries):
            if page is None or page["text"] == record["text"]:
                return
            try:
                self._edit(url, {**record, "nocreate": "1", "baserevid": str(page["revision"])})
            except Trouble as trouble:
                last = attempt + 1 == self.tries or self._too_long(trouble)
                if last or not (trouble.maybe_done or trouble.status == STALE):
                    raise
                if trouble.maybe_done:
                    self._pause(trouble, attempt)
            else:
                return
            page = self._page(url, record["title"])

    def _edit(self, url: str, fields: Mapping[str, str]) -> None:
        def done(document: dict[str, Any]) -> None:
            if dig(document, ("edit", "result")) != "Success":
                raise ValueError("the answer does not say Success")

        self._ask("POST", url, data={**EDIT, **fields}, key=fields["title"], check=done)
