"""What is asked of scim2-server: users by index and by cursor, looked up, written one by one and in bulk."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests

from tests.vendors.process import Running, UnexpectedReply
from tests.vendors.scim import USER

Play = Callable[[requests.Session, Running], None]

TIMEOUT_S = 30
COUNT = "100"
_MEDIA_TYPE = {"Content-Type": "application/scim+json"}
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def pull_users(session: requests.Session, running: Running) -> None:
    _sign(session, running)
    shown, total = 0, 1
    while shown < total:
        page = _page(session, running, {"count": COUNT, "startIndex": str(shown + 1)})
        shown, total = shown + len(page["Resources"]), page["totalResults"]


def pull_by_cursor(session: requests.Session, running: Running) -> None:
    _sign(session, running)
    cursor = ""
    while True:
        page = _page(session, running, {"count": COUNT, "cursor": cursor})
        if "nextCursor" not in page:
            return
        cursor = page["nextCursor"]


def bad_cursor(session: requests.Session, running: Running) -> None:
    _sign(session, running)
    _expect(400, session.get(_users(running), params={"count": COUNT, "cursor": "made-up"}, timeout=TIMEOUT_S))


def places_and_sizes(session: requests.Session, running: Running) -> None:
    _sign(session, running)
    for query in (
        {},
        {"count": "2"},
        {"count": "0"},
        {"startIndex": "0", "count": "2"},
        {"startIndex": "2", "count": "2"},
        {"startIndex": "3"},
        {"startIndex": "999", "count": COUNT},
    ):
        _page(session, running, query)


def lookup_of(name: str) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        for asked in (name, name.upper(), name[:-1], 'nobody "at" all'):
            _found(session, running, asked)
        for asked in (name, "nobody"):
            _page(session, running, {"count": COUNT, "filter": _named(asked), "startIndex": "1"})

    return play


def bad_filter(session: requests.Session, running: Running) -> None:
    _sign(session, running)
    _expect(400, session.get(_users(running), params={"filter": "userName eqs x"}, timeout=TIMEOUT_S))


def bad_token(session: requests.Session, running: Running) -> None:
    wrong = {"Authorization": f"Bearer {running.secrets['token'][::-1]}"}
    _expect(401, session.get(_users(running), headers=wrong, timeout=TIMEOUT_S))
    _expect(401, session.get(_users(running), timeout=TIMEOUT_S))


def get_of(name: str) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        _get(session, running, _found(session, running, name)[0]["id"])
        _expect(404, session.get(f"{_users(running)}/{'0' * 32}", timeout=TIMEOUT_S))

    return play


def update_of(name: str, changes: Mapping[str, object]) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        user = _found(session, running, name)[0]
        _expect(204, _patch(session, running, user["id"], changes, version=user["meta"]["version"]))
        _expect(412, _patch(session, running, user["id"], changes, version=user["meta"]["version"]))
        after = _get(session, running, user["id"])
        _expect(204, _patch(session, running, user["id"], changes, version=after["meta"]["version"]))
        _expect(404, _patch(session, running, "0" * 32, changes))

    return play


def set_active_of(name: str, *, active: bool) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        user = _found(session, running, name)[0]
        _expect(204, _patch(session, running, user["id"], {"active": active}))
        _found(session, running, name)
        _expect(409, _create(session, running, {"userName": name}))

    return play


def push_users(new: Sequence[Mapping[str, str]]) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        for fields in new:
            if not _found(session, running, fields["userName"]):
                _expect(201, _create(session, running, fields))

    return play


def duplicate_of(name: str) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        _expect(409, _create(session, running, {"userName": name}))
        _expect(409, _create(session, running, {"userName": name.upper()}))
        _expect(400, _create(session, running, {"displayName": "Nameless"}))

    return play


def bulk_of(taken: str, *new: str) -> Play:
    """A taken and new names, two updates of the taken user, the second stale, and one of nobody; then one too many."""

    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        user = _found(session, running, taken)[0]
        update = {"method": "PATCH", "path": f"/Users/{user['id']}", "version": user["meta"]["version"]}
        operations = [
            *(_post(label, name) for label, name in zip(("taken", "new", "newer"), (taken, *new), strict=False)),
            update | {"bulkId": "update", "data": _patch_of({"displayName": "Renamed"})},
            update | {"bulkId": "stale", "data": _patch_of({"displayName": "Too late"})},
            {"method": "PATCH", "path": f"/Users/{'0' * 32}", "data": _patch_of({"active": False})},
        ]
        statuses = [one["status"] for one in _expect(200, _bulk(session, running, operations)).json()["Operations"]]
        if statuses != ["409", *(["201"] * len(new)), "200", "412", "404"]:
            raise UnexpectedReply(f"the bulk operations ended with {statuses}")
        _expect(413, _bulk(session, running, [_post("more", taken), *operations]))
        for name in (taken, *new):
            _found(session, running, name)

    return play


def delete_of(name: str) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign(session, running)
        url = f"{_users(running)}/{_found(session, running, name)[0]['id']}"
        _expect(204, session.delete(url, timeout=TIMEOUT_S))
        _expect(404, session.delete(url, timeout=TIMEOUT_S))
        _found(session, running, name)

    return play


def rows_move(session: requests.Session, running: Running) -> None:
    _sign(session, running)
    first = _page(session, running, {"count": COUNT, "startIndex": "1"})
    gone = first["Resources"][0]["id"]
    _expect(204, session.delete(f"{_users(running)}/{gone}", timeout=TIMEOUT_S))
    for place in (4, 13, 1):
        _page(session, running, {"count": COUNT, "startIndex": str(place)})


def _users(running: Running) -> str:
    return f"{running.origin}/v2/Users"


def _sign(session: requests.Session, running: Running) -> None:
    session.headers["Authorization"] = f"Bearer {running.secrets['token']}"


def _page(session: requests.Session, running: Running, query: Mapping[str, str]) -> Any:
    return _expect(200, session.get(_users(running), params=query, timeout=TIMEOUT_S)).json()


def _found(session: requests.Session, running: Running, name: str) -> list[dict[str, Any]]:
    page = _page(session, running, {"filter": _named(name)})
    users: list[dict[str, Any]] = page["Resources"]
    return users


def _named(name: str) -> str:
    return f"userName eq {json.dumps(name)}"


def _get(session: requests.Session, running: Running, user: str) -> Any:
    return _expect(200, session.get(f"{_users(running)}/{user}", timeout=TIMEOUT_S)).json()


def _user(fields: Mapping[str, object]) -> dict[str, object]:
    return {"schemas": [USER], **fields}


def _create(session: requests.Session, running: Running, fields: Mapping[str, object]) -> requests.Response:
    return session.post(_users(running), data=json.dumps(_user(fields)), headers=_MEDIA_TYPE, timeout=TIMEOUT_S)


def _patch_of(changes: Mapping[str, object]) -> dict[str, object]:
    return {"schemas": [_PATCH], "Operations": [{"op": "replace", "value": dict(changes)}]}


def _patch(
    session: requests.Session, running: Running, user: str, changes: Mapping[str, object], *, version: str = ""
) -> requests.Response:
    headers = _MEDIA_TYPE | ({"If-Match": version} if version else {})
    body = json.dumps(_patch_of(changes))
    return session.patch(f"{_users(running)}/{user}", data=body, headers=headers, timeout=TIMEOUT_S)


def _post(label: str, name: str) -> dict[str, object]:
    return {"method": "POST", "path": "/Users", "bulkId": label, "data": _user({"userName": name})}


def _bulk(session: requests.Session, running: Running, operations: Sequence[object]) -> requests.Response:
    body = json.dumps({"schemas": [_BULK], "Operations": list(operations)})
    return session.post(f"{running.origin}/v2/Bulk", data=body, headers=_MEDIA_TYPE, timeout=TIMEOUT_S)


def _expect(status: int, reply: requests.Response) -> requests.Response:
    if reply.status_code != status:
        raise UnexpectedReply(
            f"{reply.request.method} {reply.url} answered {reply.status_code}, not {status}: {reply.text}"
        )
    return reply
