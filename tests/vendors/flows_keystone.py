"""What is asked of Keystone. Each flow buys its own token, so each can be replayed alone."""

import time
from collections.abc import Callable, Mapping

import requests

from tests.vendors.keystone import TOKEN_LIFETIME_S
from tests.vendors.process import Running, UnexpectedReply

Play = Callable[[requests.Session, Running], None]

TIMEOUT_S = 30


def token(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    _sign_in(session, running)


def bad_credentials(session: requests.Session, running: Running) -> None:
    wrong = (running.secrets["client_id"], running.secrets["client_secret"][::-1])
    _expect(401, session.post(_token_url(running), auth=wrong, data=_GRANT, timeout=TIMEOUT_S))
    made_up = {"X-Auth-Token": "made-up-token"}
    _expect(401, session.get(_users(running), headers=made_up, timeout=TIMEOUT_S))
    _expect(401, session.get(_users(running), timeout=TIMEOUT_S))


def pull_users(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    url = _users(running)
    while url:
        url = _expect(200, session.get(url, timeout=TIMEOUT_S)).json()["links"]["next"]


def token_expires_in_pull(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    url, page = _users(running), 0
    while url:
        page += 1
        if page == 4:
            time.sleep(TOKEN_LIFETIME_S + 1)
            _expect(401, session.get(url, timeout=TIMEOUT_S))
            _sign_in(session, running)
        url = _expect(200, session.get(url, timeout=TIMEOUT_S)).json()["links"]["next"]


def forbidden(session: requests.Session, running: Running) -> None:
    _sign_in(session, running, pair="reader_client")
    _expect(403, session.get(_users(running), timeout=TIMEOUT_S))
    _expect(403, _create(session, running, {"name": "not.allowed"}))


def page_size(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    for limit in (2, 99):
        page = _expect(200, session.get(_users(running), params={"limit": limit}, timeout=TIMEOUT_S)).json()
        _expect(200, session.get(page["links"]["next"], timeout=TIMEOUT_S))


def lookup_of(name: str) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign_in(session, running)
        for asked in (name, name.upper(), name[:-1], "nobody.at-all"):
            _found(session, running, asked)

    return play


lookup = lookup_of("daria.tanaka")


def get_user(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    user = _found(session, running, "bruno.silva")[0]
    _expect(200, session.get(f"{_users(running)}/{user['id']}", timeout=TIMEOUT_S))
    _expect(404, session.get(f"{_users(running)}/{'0' * 32}", timeout=TIMEOUT_S))


def update_of(name: str, changes: Mapping[str, object]) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign_in(session, running)
        user = _found(session, running, name)[0]
        _expect(200, _patch(session, running, user["id"], changes))
        _found(session, running, name)
        _expect(404, _patch(session, running, "0" * 32, changes))

    return play


update_user = update_of("goran.moreau", {"email": "g.moreau@example.org", "description": "Moved to Zürich"})


def disable_user(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    user = _found(session, running, "emre.lindqvist")[0]
    _expect(200, _patch(session, running, user["id"], {"enabled": False}))
    _found(session, running, "emre.lindqvist")
    _expect(409, _create(session, running, {"name": "emre.lindqvist"}))


def enable_user(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    user = _found(session, running, "emre.lindqvist")[0]
    _expect(200, _patch(session, running, user["id"], {"enabled": True}))
    _found(session, running, "emre.lindqvist")


def delete_then_list(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    user = _found(session, running, "farah.okafor")[0]
    url = f"{_users(running)}/{user['id']}"
    _expect(204, session.delete(url, timeout=TIMEOUT_S))
    _expect(404, session.delete(url, timeout=TIMEOUT_S))
    _found(session, running, "farah.okafor")
    page: str | None = _users(running)
    while page:
        page = _expect(200, session.get(page, timeout=TIMEOUT_S)).json()["links"]["next"]


def push_users(new: tuple[Mapping[str, str], ...]) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign_in(session, running)
        for fields in new:
            if not _found(session, running, fields["name"]):
                _expect(201, _create(session, running, fields))

    return play


def duplicate_of(name: str) -> Play:
    def play(session: requests.Session, running: Running) -> None:
        _sign_in(session, running)
        _expect(409, _create(session, running, {"name": name}))

    return play


def duplicate_create(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    _expect(409, _create(session, running, {"name": "jonas.weber", "email": "another@example.org"}))
    _expect(409, _create(session, running, {"name": "jonas.weber "}))
    _expect(400, _create(session, running, {"email": "nameless@example.org"}))


def create_other_case(session: requests.Session, running: Running) -> None:
    _sign_in(session, running)
    _expect(201, _create(session, running, {"name": "Jonas.Weber"}))
    _found(session, running, "Jonas.Weber")
    _found(session, running, "jonas.weber")


_GRANT = {"grant_type": "client_credentials"}


def _token_url(running: Running) -> str:
    return f"{running.origin}/v3/OS-OAUTH2/token"


def _users(running: Running) -> str:
    return f"{running.origin}/v3/users"


def _sign_in(session: requests.Session, running: Running, *, pair: str = "client") -> None:
    signed = (running.secrets[f"{pair}_id"], running.secrets[f"{pair}_secret"])
    headers = {"X-Auth-Token": None}  # the old token has no business at the token endpoint
    reply = session.post(_token_url(running), auth=signed, data=_GRANT, headers=headers, timeout=TIMEOUT_S)
    session.headers["X-Auth-Token"] = _expect(200, reply).json()["access_token"]


def _found(session: requests.Session, running: Running, name: str) -> list[dict[str, str]]:
    users: list[dict[str, str]] = _expect(
        200, session.get(_users(running), params={"name": name}, timeout=TIMEOUT_S)
    ).json()["users"]
    return users


def _create(session: requests.Session, running: Running, fields: Mapping[str, object]) -> requests.Response:
    return session.post(_users(running), json={"user": {**fields, "domain_id": "default"}}, timeout=TIMEOUT_S)


def _patch(session: requests.Session, running: Running, user: str, fields: Mapping[str, object]) -> requests.Response:
    return session.patch(f"{_users(running)}/{user}", json={"user": dict(fields)}, timeout=TIMEOUT_S)


def _expect(status: int, reply: requests.Response) -> requests.Response:
    if reply.status_code != status:
        raise UnexpectedReply(
            f"{reply.request.method} {reply.url} answered {reply.status_code}, not {status}: {reply.text}"
        )
    return reply
