"""What is asked of Roundup about its issues: listings, under its limit and into it."""

import time
from collections.abc import Callable

import requests

from tests.vendors.flows_roundup import following
from tests.vendors.process import Running, UnexpectedReply
from tests.vendors.roundup import INTERVAL_S, add_issues

TIMEOUT_S = 30
LISTING = "/rest/data/issue?@page_size=2&@page_index=1&@fields=title"


def refill(titles: tuple[str, ...]) -> Callable[[Running], None]:
    """More issues than the limit allows calls, and the limit's whole budget back."""

    def prepare(running: Running) -> None:
        add_issues(running.state, titles)
        time.sleep(INTERVAL_S)

    return prepare


def pull_issues(session: requests.Session, running: Running) -> None:
    _sign(session, running)
    url: str | None = running.origin + LISTING
    while url:
        reply = session.get(url, timeout=TIMEOUT_S)
        reply.raise_for_status()
        url = following(reply)


def pull_to_limit(session: requests.Session, running: Running) -> None:
    _sign(session, running)
    url: str | None = running.origin + LISTING
    refusals = 0
    while url:
        reply = session.get(url, timeout=TIMEOUT_S)
        if reply.status_code == 429:
            refusals += 1
            time.sleep(int(reply.headers["Retry-After"]))
            continue
        reply.raise_for_status()
        url = following(reply)
    if not refusals:
        raise UnexpectedReply("the limit was not reached; put more issues in")


def bad_password(session: requests.Session, running: Running) -> None:
    url = running.origin + LISTING
    wrong = ("admin", running.secrets["password"][::-1])
    statuses = [
        session.get(url, auth=wrong, timeout=TIMEOUT_S).status_code,
        session.get(url, timeout=TIMEOUT_S).status_code,
    ]
    if statuses != [401, 403]:
        raise UnexpectedReply(f"bad credentials answered {statuses}, not 401 and 403")


def page_too_large(session: requests.Session, running: Running) -> None:
    _sign(session, running)
    reply = session.get(f"{running.origin}/rest/data/issue?@page_size=100", timeout=TIMEOUT_S)
    if reply.status_code != 400:
        raise UnexpectedReply(f"a page size above the cap answered {reply.status_code}, not 400")


def silent_cap(session: requests.Session, running: Running) -> None:
    _sign(session, running)
    reply = session.get(f"{running.origin}/rest/data/issue?@fields=title", timeout=TIMEOUT_S)
    reply.raise_for_status()


def rows_move(session: requests.Session, running: Running) -> None:
    _sign(session, running)
    first = session.get(running.origin + LISTING, timeout=TIMEOUT_S)
    first.raise_for_status()
    gone = f"{running.origin}/rest/data/issue/{first.json()['data']['collection'][0]['id']}"
    version = session.get(gone, timeout=TIMEOUT_S).headers["ETag"]
    headers = {"If-Match": version, "X-Requested-With": "rest", "Origin": running.origin}
    session.delete(gone, headers=headers, timeout=TIMEOUT_S).raise_for_status()
    url = following(first)
    while url:
        reply = session.get(url, timeout=TIMEOUT_S)
        reply.raise_for_status()
        last, url = url, following(reply)
    number = int(last.partition("@page_index=")[2].partition("&")[0])
    for index in (number + 1, 1):
        url = running.origin + LISTING.replace("@page_index=1", f"@page_index={index}")
        session.get(url, timeout=TIMEOUT_S).raise_for_status()


def _sign(session: requests.Session, running: Running) -> None:
    session.auth = (running.secrets["username"], running.secrets["password"])
