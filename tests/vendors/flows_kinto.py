"""What is asked of Kinto. The contact's id is its natural key, so a lookup is a GET of its address."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests

from tests.vendors.kinto import ACCOUNT, RECORDS, STRANGER
from tests.vendors.process import Running, UnexpectedReply

Play = Callable[[requests.Session, Running], None]
Fields = Mapping[str, str]

TIMEOUT_S = 30
NEW_ALONE = {"If-None-Match": "*"}


def pull_contacts(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    _walk(session, f"{running.origin}{RECORDS}?_sort=id")


def silent_cap(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    first = _expect(200, session.get(f"{running.origin}{RECORDS}?_limit=100&_sort=id", timeout=TIMEOUT_S))
    _expect(200, session.get(first.headers["Next-Page"], timeout=TIMEOUT_S))


def bad_password(session: requests.Session, running: Running) -> None:
    url = f"{running.origin}{RECORDS}?_sort=id"
    _expect(401, session.get(url, auth=(ACCOUNT, running.secrets["password"][::-1]), timeout=TIMEOUT_S))
    _expect(401, session.get(url, timeout=TIMEOUT_S))


def forbidden(session: requests.Session, running: Running) -> None:
    session.auth = (STRANGER, running.secrets["stranger_password"])
    _expect(403, session.get(f"{running.origin}{RECORDS}?_sort=id", timeout=TIMEOUT_S))
    _expect(403, _create(session, running, {"id": "not-allowed", "name": "Nobody"}))


def lookup_of(contact: str) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign_in(session, running)
        _expect(200, session.get(_one(running, contact), timeout=TIMEOUT_S))
        _expect(404, session.get(_one(running, contact.upper()), timeout=TIMEOUT_S))
        _expect(404, session.get(_one(running, "nobody-at-all"), timeout=TIMEOUT_S))

    return play


def taken_of(contact: str) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign_in(session, running)
        _expect(412, _create(session, running, {"id": contact, "name": "Somebody Else"}))
        posted = {"data": {"id": contact, "name": "Somebody Else"}}
        _expect(200, session.post(f"{running.origin}{RECORDS}", json=posted, timeout=TIMEOUT_S))
        _expect(200, session.get(_one(running, contact), timeout=TIMEOUT_S))

    return play


def update_of(contact: str, changes: Fields) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign_in(session, running)
        held = _expect(200, session.get(_one(running, contact), timeout=TIMEOUT_S))
        _expect(200, _patch(session, running, contact, changes, version=held.headers["ETag"]))
        _expect(200, session.get(_one(running, contact), timeout=TIMEOUT_S))
        _expect(404, _patch(session, running, "nobody-at-all", changes))

    return play


def stale_update(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    held = _expect(200, session.get(_one(running, "bruno-silva"), timeout=TIMEOUT_S)).headers["ETag"]
    theirs = _expect(200, _patch(session, running, "bruno-silva", {"phone": "+43 1 5550199"}, version=held))
    ours = {"email": "b.silva@example.org"}
    _expect(412, _patch(session, running, "bruno-silva", ours, version=held))
    whole = {"data": {"name": "Bruno Silva", **ours}}
    _expect(412, session.put(_one(running, "bruno-silva"), json=whole, headers={"If-Match": held}, timeout=TIMEOUT_S))
    _expect(200, _patch(session, running, "bruno-silva", ours, version=theirs.headers["ETag"]))
    _expect(200, session.get(_one(running, "bruno-silva"), timeout=TIMEOUT_S))


def replaced(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    whole = {"data": {"name": "Chidi Novak-Okafor"}}
    _expect(200, session.put(_one(running, "chidi-novak"), json=whole, timeout=TIMEOUT_S))
    _expect(200, session.get(_one(running, "chidi-novak"), timeout=TIMEOUT_S))


def delete_then_list(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    _expect(200, session.delete(_one(running, "farah-novak"), timeout=TIMEOUT_S))
    _expect(404, session.delete(_one(running, "farah-novak"), timeout=TIMEOUT_S))
    _expect(404, session.get(_one(running, "farah-novak"), timeout=TIMEOUT_S))
    _walk(session, f"{running.origin}{RECORDS}?_sort=id")


def push_contacts(new: Sequence[Fields]) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign_in(session, running)
        for contact in new:
            if session.get(_one(running, contact["id"]), timeout=TIMEOUT_S).status_code == 404:
                _expect(201, _create(session, running, contact))

    return play


def create_other_case(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    _expect(201, _create(session, running, {"id": "Ines-Ferreira", "name": "Another Ines"}))
    _expect(200, session.get(_one(running, "Ines-Ferreira"), timeout=TIMEOUT_S))
    _expect(200, session.get(_one(running, "ines-ferreira"), timeout=TIMEOUT_S))


def invalid_key(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    _expect(
        400, session.put(_one(running, "no%20id"), json={"data": {"name": "x"}}, headers=NEW_ALONE, timeout=TIMEOUT_S)
    )


def batch_mixed(taken: str, new: Sequence[Fields], changed: str) -> Play:
    """One request that is carried out after another that fails, and so on: each has a status of its own."""

    def play(session: requests.Session, running: Running) -> None:
        _sign_in(session, running)
        held = _expect(200, session.get(_one(running, changed), timeout=TIMEOUT_S)).headers["ETag"]
        stale = {"If-Match": '"1700000000000"'}
        items = [
            _item("PUT", taken, {"id": taken, "name": "Somebody Else"}, NEW_ALONE),
            *(_item("PUT", one["id"], one, NEW_ALONE) for one in new),
            _item("PATCH", "nobody-at-all", {"name": "Nobody"}),
            _item("PATCH", changed, {"name": "Came Too Late"}, stale),
            _item("PATCH", changed, {"name": "In Time"}, {"If-Match": held}),
        ]
        told = _expect(200, _batch(session, running, items)).json()["responses"]
        if [one["status"] for one in told] != [412, *(201 for _ in new), 404, 412, 200]:
            raise UnexpectedReply(f"the batch answered {told}")
        for contact in (*(one["id"] for one in new), changed):
            _expect(200, session.get(_one(running, contact), timeout=TIMEOUT_S))

    return play


def batch_too_large(most: int) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign_in(session, running)
        items = [_item("PUT", f"crowd-{number}", {"name": "Crowd"}, NEW_ALONE) for number in range(most + 1)]
        _expect(400, _batch(session, running, items))
        _expect(404, session.get(_one(running, "crowd-0"), timeout=TIMEOUT_S))

    return play


def _sign_in(session: requests.Session, running: Running) -> None:
    session.auth = (ACCOUNT, running.secrets["password"])


def _walk(session: requests.Session, first: str) -> None:
    url: str | None = first
    while url:
        url = _expect(200, session.get(url, timeout=TIMEOUT_S)).headers.get("Next-Page")


def _one(running: Running, contact: str) -> str:
    return f"{running.origin}{RECORDS}/{contact}"


def _create(session: requests.Session, running: Running, contact: Fields) -> requests.Response:
    url = _one(running, contact["id"])
    return session.put(url, json={"data": dict(contact)}, headers=NEW_ALONE, timeout=TIMEOUT_S)


def _patch(
    session: requests.Session, running: Running, contact: str, changes: Fields, *, version: str = ""
) -> requests.Response:
    headers = {"If-Match": version} if version else {}
    return session.patch(_one(running, contact), json={"data": dict(changes)}, headers=headers, timeout=TIMEOUT_S)


def _item(method: str, contact: str, fields: Fields, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    told = {"headers": dict(headers)} if headers else {}
    return {"method": method, "path": f"{RECORDS}/{contact}", "body": {"data": dict(fields)}, **told}


def _batch(session: requests.Session, running: Running, items: Sequence[Mapping[str, Any]]) -> requests.Response:
    return session.post(f"{running.origin}/v1/batch", json={"requests": list(items)}, timeout=TIMEOUT_S)


def _expect(status: int, reply: requests.Response) -> requests.Response:
    if reply.status_code != status:
        raise UnexpectedReply(
            f"{reply.request.method} {reply.url} answered {reply.status_code}, not {status}: {reply.text}"
        )
    return reply
