"""How integrations are written today, each as its library's documentation shows it: a walk through all users.

A peer takes the paging style and returns the ids it ends with. It keeps its token until 60 s before its end.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests
import tenacity
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from harness.core import Integration
from harness.dialects.credentials import ClientCredentials
from harness.dialects.facts import (
    Collection,
    Cursor,
    Dialect,
    Errors,
    Limits,
    LinkHeader,
    OAuth2,
    Offset,
    Paging,
    WaitForm,
)
from tests.benchmarks.matrix_vendor import BASE_URL, PAGE, Style

Peer = Callable[[Style], list[str]]
CLIENT, SECRET = "client-1", "s3cr3t-of-client-1"
LEEWAY_S = 60.0
_SLEEPY = frozenset({429, 500, 502, 503, 504})


class Token:
    """A token kept until ``LEEWAY_S`` before its end, as most examples do it."""

    def __init__(self, post: Callable[[str, Mapping[str, str]], Any]) -> None:
        self._post, self._value, self._until_s = post, "", 0.0

    def header(self) -> dict[str, str]:
        if time.time() >= self._until_s:
            form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
            grant = self._post(f"{BASE_URL}/token", form)
            self._value, self._until_s = grant["access_token"], time.time() + grant["expires_in"] - LEEWAY_S
        return {"Authorization": f"Bearer {self._value}"}


def walk(style: Style, get: Callable[[str], tuple[dict[str, Any], str]]) -> Iterator[str]:
    """Ids page by page; ``get`` gives the document of a URL and the address in its Link header."""
    url, offset = f"{BASE_URL}/users" + (f"?offset=0&limit={PAGE}" if style == "offset" else ""), 0
    while url:
        document, link = get(url)
        yield from (user["id"] for user in document["users"])
        if style == "link":
            url = link
        elif style == "cursor":
            cursor = document.get("next_cursor")
            url = f"{BASE_URL}/users?cursor={cursor}" if cursor else ""
        else:
            offset += PAGE
            url = f"{BASE_URL}/users?offset={offset}&limit={PAGE}" if offset < document["total"] else ""


def naive(style: Style) -> list[str]:
    """No session, no look at the status, ``.get`` wherever a key may be missing."""
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
    token = requests.post(f"{BASE_URL}/token", data=form, timeout=10).json()["access_token"]

    def get(url: str) -> tuple[dict[str, Any], str]:
        reply = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)
        document = reply.json()
        return {"users": [], "total": 0} | document, reply.links.get("next", {}).get("url", "")

    return list(walk(style, get))


def _with_session(style: Style, session: requests.Session) -> list[str]:
    token = Token(lambda url, form: _checked(session.post(url, data=form, timeout=10)).json())

    def get(url: str) -> tuple[dict[str, Any], str]:
        reply = _checked(session.get(url, headers=token.header(), timeout=10))
        return reply.json(), reply.links.get("next", {}).get("url", "")

    return list(walk(style, get))


def _checked(reply: requests.Response) -> requests.Response:
    reply.raise_for_status()
    return reply


def plain_session(style: Style) -> list[str]:
    """``requests.Session`` and ``raise_for_status``."""
    with requests.Session() as session:
        return _with_session(style, session)


def urllib3_retry(style: Style) -> list[str]:
    """urllib3's ``Retry`` on the session's adapter."""
    with requests.Session() as session:
        retry = Retry(total=5, backoff_factor=1.0, status_forcelist=_SLEEPY)
        session.mount("https://", HTTPAdapter(max_retries=retry))
        return _with_session(style, session)


def with_tenacity(style: Style) -> list[str]:
    """tenacity around the whole request, the body's parsing included."""
    again = tenacity.retry(
        wait=tenacity.wait_exponential(multiplier=1, max=60), stop=tenacity.stop_after_attempt(5), reraise=True
    )
    with requests.Session() as session:
        token = Token(again(lambda url, form: _checked(session.post(url, data=form, timeout=10)).json()))

        @again
        def get(url: str) -> tuple[dict[str, Any], str]:
            reply = _checked(session.get(url, headers=token.header(), timeout=10))
            return reply.json(), reply.links.get("next", {}).get("url", "")

        return list(walk(style, get))


PAGING: Mapping[Style, Paging] = {
    "link": LinkHeader(),
    "cursor": Cursor(path=("next_cursor",), param="cursor"),
    "offset": Offset(param="offset"),
}


def dialect(style: Style) -> Dialect:
    """The vendor as its documentation would tell it."""
    return Dialect(
        name="users",
        base_url=BASE_URL,
        signing=OAuth2(token_path="/token", client_auth="form"),
        collections=(
            Collection(
                name="users",
                path="/users",
                rows=("users",),
                paging=PAGING[style],
                query=(("limit", str(PAGE)),) if style == "offset" else (),
                total=("total",),
            ),
        ),
        limits=Limits(waits=(WaitForm(header="Retry-After"), WaitForm(header="X-RateLimit-Reset", form="epoch_s"))),
        errors=Errors(transient_codes=("temporarily_unavailable",)),
    )


def core(style: Style) -> list[str]:
    """``harness.core`` as it comes."""
    with Integration(dialect(style), credentials=ClientCredentials(CLIENT, SECRET)) as users:
        return [str(record["id"]) for record in users.pull("users")]


LIGHT: Mapping[str, Peer] = {
    "harness.core": core,
    "naive loop": naive,
    "requests Session": plain_session,
    "requests + urllib3 Retry": urllib3_retry,
    "requests + tenacity": with_tenacity,
}
"""Those that need no more than the project itself does."""
