"""What is asked of MediaWiki's action API, by nobody in particular: its anonymous token is the same for everybody."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests

from tests.vendors.mediawiki import EDITS
from tests.vendors.process import Running, UnexpectedReply

TIMEOUT_S = 60
ANONYMOUS = "+\\"
_FORMAT = {"format": "json", "formatversion": "2"}
_LOOKUP = {"action": "query", "prop": "revisions", "rvprop": "ids|timestamp|content", "rvslots": "main", **_FORMAT}
Play = Callable[[requests.Session, Running], None]


# -- reading ---------------------------------------------------------------------------------------------------------


def pull_pages(session: requests.Session, running: Running) -> None:
    pull_pages_of(2)(session, running)


def pull_pages_of(size: int) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        listing = {"action": "query", "list": "allpages", "aplimit": str(size), **_FORMAT}
        more: dict[str, str] = {}
        while True:
            page = session.get(_api(running), params={**listing, **more}, timeout=TIMEOUT_S).json()
            if "continue" not in page:
                return
            more = page["continue"]

    return play


def contents(titles: Sequence[str]) -> Play:
    """The text of every page that is there at first, in one question."""
    return lambda session, running: _none_missing(_look_up(session, running, "|".join([*titles, "Main Page"])))


def lookup_of(title: str) -> Play:
    """A page; in other case; with a small first letter; with underscores and space around it; one that is not there."""

    def play(session: requests.Session, running: Running) -> None:
        spellings = (title, title.upper(), title[0].lower() + title[1:], f" _{title.replace(' ', '__')} ", "Nobody/1")
        for spelling in spellings:
            _look_up(session, running, spelling)

    return play


def form_token(session: requests.Session, running: Running) -> None:
    """The token that every edit needs, as it is given to whoever has not signed in."""
    asked = {"action": "query", "meta": "tokens", **_FORMAT}
    reply = session.get(_api(running), params=asked, timeout=TIMEOUT_S).json()
    if reply["query"]["tokens"]["csrftoken"] != ANONYMOUS:
        raise UnexpectedReply(f"the token of somebody who has not signed in is {reply}")


def missing_item(session: requests.Session, running: Running) -> None:
    _look_up(session, running, "Contact/1|Nobody")


def invalid_item(session: requests.Session, running: Running) -> None:
    _look_up(session, running, "Contact/1|Bad[title")


def refused(session: requests.Session, running: Running) -> None:
    form = {"action": "delete", "title": "Contact/1", "token": ANONYMOUS, **_FORMAT}
    _expect("permissiondenied", session.post(_api(running), data=form, timeout=TIMEOUT_S))
    asserted = {"action": "query", "titles": "Contact/1", "assert": "user", **_FORMAT}
    _expect("assertuserfailed", session.get(_api(running), params=asserted, timeout=TIMEOUT_S))


# -- writing ---------------------------------------------------------------------------------------------------------


def bad_token(session: requests.Session, running: Running) -> None:
    _expect("badtoken", _create(session, running, "Contact/1", token="0123456789abcdef0123456789abcdef00000000+\\"))


def duplicate_of(title: str) -> Play:
    """Creates of a title that is taken, in its own spelling and in another; and of one that no page can have."""

    def play(session: requests.Session, running: Running) -> None:
        _expect("articleexists", _create(session, running, title))
        _expect("articleexists", _create(session, running, title, text="Other words."))
        _expect("articleexists", _create(session, running, f" {title[0].lower()}{title[1:].replace(' ', '_')} "))
        _expect("invalidtitle", _create(session, running, "Bad[title"))

    return play


def push_pages(pages: Sequence[Mapping[str, str]]) -> Play:
    """Each page looked up, and created where it is missing."""

    def play(session: requests.Session, running: Running) -> None:
        for page in pages:
            if "missing" in _only(_look_up(session, running, page["title"])):
                _done(_create(session, running, page["title"], text=page["text"]))

    return play


def update_of(title: str, text: str) -> Play:
    """A page changed from the revision that was read; the same again; one changed that is not there."""

    def play(session: requests.Session, running: Running) -> None:
        base = _revision(_look_up(session, running, title))
        told = _done(_change(session, running, title, text, base))
        if told["oldrevid"] != base:
            raise UnexpectedReply(f"an edit of revision {base} says that it followed {told['oldrevid']}")
        _look_up(session, running, title)
        if not _done(_change(session, running, title, text, told["newrevid"])).get("nochange"):
            raise UnexpectedReply("the same text once more was not called no change")
        _expect("missingtitle", _change(session, running, "Nobody/1", text, base))

    return play


def conflict_over(title: str) -> Play:
    """A page that two have read and both change: the second is refused, unless it says what is there already."""

    def play(session: requests.Session, running: Running) -> None:
        base = _revision(_look_up(session, running, title))
        _done(_change(session, running, title, "The first was faster.", base))
        _expect("editconflict", _change(session, running, title, "The second knows nothing of it.", base))
        _done(_change(session, running, title, "The first was faster.", base))
        now = _revision(_look_up(session, running, title))
        _done(_change(session, running, title, "The second has read what the first wrote.", now))

    return play


def saved(titles: Sequence[str]) -> Play:
    """Pages written without a word about whether they are there."""

    def play(session: requests.Session, running: Running) -> None:
        for title in titles:
            _done(_edit(session, running, title=title, text=f"{title} was saved."))

    return play


def not_done(session: requests.Session, running: Running) -> None:
    """An edit that the wiki does not do until a question is answered, and the page that it did not make."""
    reply = _create(session, running, "Asked/1").json()
    if "error" in reply or reply["edit"]["result"] != "Failure":
        raise UnexpectedReply(f"an edit without an answer to the captcha was answered {reply}")
    _look_up(session, running, "Asked/1")


def rate_limited(session: requests.Session, running: Running) -> None:
    for number in range(1, EDITS + 1):
        _done(_create(session, running, f"Order/{number}"))
    _expect("ratelimited", _create(session, running, f"Order/{EDITS + 1}"))


def read_only(session: requests.Session, running: Running) -> None:
    _expect("readonly", _create(session, running, "Order/9"))
    _look_up(session, running, "Contact/1")


# -- requests and what is made of the answers ------------------------------------------------------------------------


def _api(running: Running) -> str:
    return f"{running.origin}/api.php"


def _look_up(session: requests.Session, running: Running, titles: str) -> list[dict[str, Any]]:
    reply = session.get(_api(running), params={**_LOOKUP, "titles": titles}, timeout=TIMEOUT_S)
    pages: list[dict[str, Any]] = reply.json()["query"]["pages"]
    return pages


def _create(
    session: requests.Session, running: Running, title: str, *, text: str = "", token: str = ANONYMOUS
) -> requests.Response:
    return _edit(session, running, title=title, text=text or f"About {title}.", createonly="1", token=token)


def _change(session: requests.Session, running: Running, title: str, text: str, base: int) -> requests.Response:
    return _edit(session, running, title=title, text=text, nocreate="1", baserevid=str(base))


def _edit(session: requests.Session, running: Running, **fields: str) -> requests.Response:
    form = {"action": "edit", **fields, "token": fields.get("token", ANONYMOUS), **_FORMAT}
    return session.post(_api(running), data=form, timeout=TIMEOUT_S)


def _only(pages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    if len(pages) != 1:
        raise UnexpectedReply(f"one title was asked for, {len(pages)} pages came")
    return pages[0]


def _none_missing(pages: Sequence[dict[str, Any]]) -> None:
    if absent := [page["title"] for page in pages if "missing" in page]:
        raise UnexpectedReply(f"pages are missing: {', '.join(absent)}")


def _revision(pages: Sequence[dict[str, Any]]) -> int:
    return int(_only(pages)["revisions"][0]["revid"])


def _done(reply: requests.Response) -> dict[str, Any]:
    edit: dict[str, Any] = reply.json().get("edit", {})
    if reply.status_code != 200 or edit.get("result") != "Success":
        raise UnexpectedReply(f"an edit was not done: {reply.text}")
    return edit


def _expect(code: str, reply: requests.Response) -> None:
    seen = reply.json().get("error", {}).get("code")
    if reply.status_code != 200 or seen != code:
        raise UnexpectedReply(f"MediaWiki answered {reply.status_code} {seen}, not 200 {code}")
