"""What is asked of Roundup about its users: listed, looked up, created by name or once only, changed, retired."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import requests

from tests.vendors.process import Running, UnexpectedReply

Play = Callable[[requests.Session, Running], None]
Fields = Mapping[str, str]

TIMEOUT_S = 30
USERS = "/rest/data/user"
SHOWN = "@fields=username,realname,phone"
NOBODY = "9999"


def pull_users(page_size: int) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        url: str | None = f"{running.origin}{USERS}?@page_size={page_size}&@page_index=1&{SHOWN}"
        while url:
            url = following(_expect(200, session.get(url, timeout=TIMEOUT_S)))

    return play


def bad_password(session: requests.Session, running: Running) -> None:
    url = f"{running.origin}{USERS}?@page_size=2&@page_index=1&{SHOWN}"
    _expect(401, session.get(url, auth=("admin", running.secrets["password"][::-1]), timeout=TIMEOUT_S))
    _expect(403, session.get(url, timeout=TIMEOUT_S))


def page_too_large(session: requests.Session, running: Running) -> None:
    _sign(session, running)
    url = f"{running.origin}{USERS}?@page_size=100&@page_index=1&{SHOWN}"
    _expect(400, session.get(url, timeout=TIMEOUT_S))


def lookup_of(name: str, page_size: int) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        for asked in (name, name.upper(), name[:-1], "nobody.at.all"):
            _found(session, running, asked)
        for asked in (name, "nobody.at.all"):
            paged = f"@page_size={page_size}&@page_index=1&{SHOWN}&username:={asked}"
            _expect(200, session.get(f"{running.origin}{USERS}?{paged}", timeout=TIMEOUT_S))

    return play


def get_of(name: str) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        _get(session, running, _found(session, running, name)[0]["id"])
        _expect(404, session.get(_one(running, NOBODY), timeout=TIMEOUT_S))

    return play


def from_nowhere(session: requests.Session, running: Running) -> None:
    """A write that does not say where it comes from."""
    _sign(session, running)
    url = f"{running.origin}{USERS}"
    _expect(400, session.post(url, json={"username": "from.nowhere"}, timeout=TIMEOUT_S))
    _found(session, running, "from.nowhere")


def update_of(name: str, changes: Fields, more: Fields) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        user = _found(session, running, name)[0]["id"]
        held = _version(session, running, user)
        _expect(200, _patch(session, running, user, changes, version=held))
        _expect(412, _patch(session, running, user, changes, version=held))
        _expect(412, _patch(session, running, user, changes))
        held = _version(session, running, user)
        _expect(200, _patch(session, running, user, changes, version=held))
        _expect(200, _patch(session, running, user, {**changes, **more}, version=held))
        _get(session, running, user)
        _expect(404, _patch(session, running, NOBODY, changes, version=held))

    return play


def push_users(new: Sequence[Fields]) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        for fields in new:
            if not _found(session, running, fields["username"]):
                _expect(201, _post(session, running, f"{running.origin}{USERS}", fields))

    return play


def push_users_once(new: Sequence[Fields]) -> Play:
    """As ``push_users``, each by an address that is good for one create."""

    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        for fields in new:
            if not _found(session, running, fields["username"]):
                _expect(201, _post(session, running, _bought(session, running), fields))
        _found(session, running, new[-1]["username"])

    return play


def once_only(new: Fields, taken: str) -> Play:
    """Two addresses that are good for one create each, and what becomes of a second."""

    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        address = _bought(session, running)
        _expect(201, _post(session, running, address, new))
        _expect(400, _post(session, running, address, new))
        another = {**new, "username": f"{new['username']}.too"}
        _expect(400, _post(session, running, address, another))
        address = _bought(session, running)
        _expect(409, _post(session, running, address, {"username": taken}))
        _expect(400, _post(session, running, address, another))
        for name in (new["username"], another["username"]):
            _found(session, running, name)

    return play


def duplicate_of(name: str) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        url = f"{running.origin}{USERS}"
        _expect(409, _post(session, running, url, {"username": name}))
        _expect(409, _post(session, running, url, {"username": f"{name} "}))
        _expect(400, _post(session, running, url, {"realname": "Nameless"}))

    return play


def invalid_name(session: requests.Session, running: Running) -> None:
    _sign(session, running)
    _expect(409, _post(session, running, f"{running.origin}{USERS}", {"username": "zoë.müller"}))
    _found(session, running, "zoë.müller")


def create_other_case(name: str) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        _expect(201, _post(session, running, f"{running.origin}{USERS}", {"username": name.title()}))
        for one in (name.title(), name):
            _found(session, running, one)

    return play


def following(reply: requests.Response) -> str | None:
    """The address of the next page."""
    links = reply.json()["data"]["@links"].get("next")
    return links[0]["uri"] if links else None


def _sign(session: requests.Session, running: Running) -> None:
    session.auth = (running.secrets["username"], running.secrets["password"])


def _found(session: requests.Session, running: Running, name: str) -> list[dict[str, Any]]:
    url = f"{running.origin}{USERS}?username:={quote(name)}&{SHOWN}"
    found: list[dict[str, Any]] = _expect(200, session.get(url, timeout=TIMEOUT_S)).json()["data"]["collection"]
    return found


def _one(running: Running, user: str) -> str:
    return f"{running.origin}{USERS}/{user}"


def _get(session: requests.Session, running: Running, user: str) -> requests.Response:
    return _expect(200, session.get(f"{_one(running, user)}?{SHOWN}", timeout=TIMEOUT_S))


def _version(session: requests.Session, running: Running, user: str) -> str:
    held: str = _get(session, running, user).json()["data"]["@etag"]
    return held


def _writing(running: Running) -> dict[str, str]:
    return {"X-Requested-With": "rest", "Origin": running.origin}


def _post(session: requests.Session, running: Running, url: str, fields: Mapping[str, object]) -> requests.Response:
    return session.post(url, json=dict(fields), headers=_writing(running), timeout=TIMEOUT_S)


def _bought(session: requests.Session, running: Running) -> str:
    """An address that is good for one create."""
    address: str = _expect(200, _post(session, running, f"{running.origin}{USERS}/@poe", {})).json()["data"]["link"]
    return address


def _patch(
    session: requests.Session, running: Running, user: str, changes: Fields, *, version: str = ""
) -> requests.Response:
    headers = _writing(running) | ({"If-Match": version} if version else {})
    return session.patch(_one(running, user), json=dict(changes), headers=headers, timeout=TIMEOUT_S)


def _expect(status: int, reply: requests.Response) -> requests.Response:
    if reply.status_code != status:
        raise UnexpectedReply(
            f"{reply.request.method} {reply.url} answered {reply.status_code}, not {status}: {reply.text}"
        )
    return reply
