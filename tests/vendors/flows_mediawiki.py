"""What is asked of MediaWiki's action API, by nobody in particular: its anonymous token is the same for everybody."""

import requests

from tests.vendors.mediawiki import EDITS
from tests.vendors.process import Running, UnexpectedReply

TIMEOUT_S = 60
ANONYMOUS = "+\\"
_FORMAT = {"format": "json", "formatversion": "2"}


def pull_pages(session: requests.Session, running: Running) -> None:
    listing = {"action": "query", "list": "allpages", "aplimit": "2", **_FORMAT}
    more: dict[str, str] = {}
    while True:
        page = session.get(_api(running), params={**listing, **more}, timeout=TIMEOUT_S).json()
        if "continue" not in page:
            return
        more = page["continue"]


def missing_item(session: requests.Session, running: Running) -> None:
    _ask(session, running, titles="Contact/1|Nobody")


def invalid_item(session: requests.Session, running: Running) -> None:
    _ask(session, running, titles="Contact/1|Bad[title")


def bad_token(session: requests.Session, running: Running) -> None:
    reply = _edit(session, running, title="Contact/1", token="0123456789abcdef0123456789abcdef00000000+\\")
    _expect("badtoken", reply)


def refused(session: requests.Session, running: Running) -> None:
    form = {"action": "delete", "title": "Contact/1", "token": ANONYMOUS, **_FORMAT}
    _expect("permissiondenied", session.post(_api(running), data=form, timeout=TIMEOUT_S))
    _expect("assertuserfailed", _ask(session, running, titles="Contact/1", **{"assert": "user"}))


def rate_limited(session: requests.Session, running: Running) -> None:
    for number in range(1, EDITS + 1):
        reply = _edit(session, running, title=f"Order/{number}", token=ANONYMOUS)
        if reply.json().get("edit", {}).get("result") != "Success":
            raise UnexpectedReply(f"edit {number} was refused: {reply.text}")
    _expect("ratelimited", _edit(session, running, title=f"Order/{EDITS + 1}", token=ANONYMOUS))


def read_only(session: requests.Session, running: Running) -> None:
    _expect("readonly", _edit(session, running, title="Order/9", token=ANONYMOUS))
    _ask(session, running, titles="Contact/1")


def _api(running: Running) -> str:
    return f"{running.origin}/api.php"


def _ask(session: requests.Session, running: Running, **params: str) -> requests.Response:
    return session.get(_api(running), params={"action": "query", **_FORMAT, **params}, timeout=TIMEOUT_S)


def _edit(session: requests.Session, running: Running, *, title: str, token: str) -> requests.Response:
    form = {"action": "edit", "title": title, "text": f"About {title}.", "createonly": "1", "token": token, **_FORMAT}
    return session.post(_api(running), data=form, timeout=TIMEOUT_S)


def _expect(code: str, reply: requests.Response) -> None:
    seen = reply.json().get("error", {}).get("code")
    if reply.status_code != 200 or seen != code:
        raise UnexpectedReply(f"MediaWiki answered {reply.status_code} {seen}, not 200 {code}")
