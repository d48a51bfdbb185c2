"""A vendor of 2,000 users in 20 pages that fails in one of 25 ways, and says what a client made of it.

It speaks OAuth2 client credentials and pages by a Link header, by a cursor, or by offset and limit. It counts tokens,
and requests that came more than 10 ms before the time that it had given.
"""

import json
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from harness.stage.http1 import EOF, RESET, Reply, Request, Script, head_and_body, render
from harness.stage.play import START, World

USERS, PAGE = 2_000, 100
PAGES = USERS // PAGE
HOST = "users.test"
BASE_URL = f"https://{HOST}"
STRUCK = 10
"""The page, counted from 0, at which faults of pages and bodies strike."""
EARLY_US = 10_000

Style = Literal["link", "cursor", "offset"]
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Visit:
    """One request for a page, as a fault sees it."""

    vendor: "Vendor"
    start: int
    """The place of the first user asked for."""
    number: int
    """Of all requests for pages, from 1."""
    attempt: int
    """Of the requests for this page, from 1."""
    now_us: int

    @property
    def page(self) -> int:
        return self.start // PAGE

    @property
    def first_at_struck(self) -> bool:
        return self.page == STRUCK and self.attempt == 1

    def users(self) -> list[dict[str, Any]]:
        return [user(number) for number in range(self.start, min(self.start + PAGE, USERS))]

    def shown(self, users: list[dict[str, Any]], *, leads_on: bool = True) -> tuple[Headers, dict[str, Any]]:
        """Headers and document of a page that shows these users."""
        document: dict[str, Any] = {"users": users, "total": USERS}
        following = self.start + PAGE
        headers: Headers = ()
        if leads_on and following < USERS and self.vendor.style == "link":
            headers = (("Link", f'<{BASE_URL}/users?page={following // PAGE}>; rel="next"'),)
        if self.vendor.style == "cursor":
            document["next_cursor"] = f"c{following}" if leads_on and following < USERS else None
        return headers, document

    def whole(self, users: list[dict[str, Any]] | None = None, *, leads_on: bool = True) -> Reply:
        headers, document = self.shown(self.users() if users is None else users, leads_on=leads_on)
        return Reply(200, (*headers, ("Content-Type", "application/json")), json.dumps(document).encode())


Strike = Callable[[Visit], Script | None]
"""What comes back instead; None: the page."""


@dataclass(frozen=True)
class Case:
    """One fault. ``complete``: every user once is right; ``loud``: nothing shows the rest, so an error is right too."""

    name: str
    strike: Strike
    style: Style = "link"
    right: Literal["complete", "loud"] = "complete"
    lifetime_s: float = 3600.0
    token_refusal: Reply | None = None
    """What the token endpoint answers at first."""


@dataclass
class Vendor:
    """Answers one client."""

    case: Case
    tokens: dict[str, int] = field(default_factory=dict)
    """Token -> when it ends, in microseconds."""
    revoked: set[str] = field(default_factory=set)
    legal_us: dict[str, int] = field(default_factory=dict)
    """Path -> the moment before which it asked not to be called again."""
    early: int = 0
    visits: Counter[int] = field(default_factory=Counter)
    refusals: int = 0
    window_ends_us: int = 0

    @property
    def style(self) -> Style:
        return self.case.style

    def answer(self, request: Request, world: World) -> Script:
        path = urlsplit(request.target).path
        if world.now_us < self.legal_us.get(path, 0) - EARLY_US:
            self.early += 1
        reply = self._token(world) if path == "/token" else self._page(request, world)
        return reply if isinstance(reply, tuple) else (render(reply, request.method),)

    def wait(self, path: str, until_us: int) -> None:
        self.legal_us[path] = max(self.legal_us.get(path, 0), until_us)

    def _token(self, world: World) -> Reply:
        if self.case.token_refusal is not None and not self.refusals:
            self.refusals = 1
            asked = self.case.token_refusal.header("retry-after")
            self.wait("/token", world.now_us + int(asked or 0) * 1_000_000)
            return self.case.token_refusal
        token = f"token-{len(self.tokens) + 1}"
        self.tokens[token] = world.now_us + round(self.case.lifetime_s * 1e6)
        return told(200, {"access_token": token, "token_type": "Bearer", "expires_in": int(self.case.lifetime_s)})

    def _page(self, request: Request, world: World) -> Reply | Script:
        token = (request.header("authorization") or "").removeprefix("Bearer ")
        query = dict(parse_qsl(urlsplit(request.target).query))
        start = self._start(query)
        self.visits[start] += 1
        visit = Visit(self, start, sum(self.visits.values()), self.visits[start], world.now_us)
        if self.case.name.startswith("a1") and visit.first_at_struck:
            self.revoked.add(token)
        if token in self.revoked or self.tokens.get(token, 0) < world.now_us:
            return told(401, {"error": {"code": "invalid_token", "message": "The token is not valid."}})
        return self.case.strike(visit) or visit.whole()

    def _start(self, query: dict[str, str]) -> int:
        match self.style:
            case "link":
                return int(query.get("page", "0")) * PAGE
            case "cursor":
                return int(query.get("cursor", "c0").removeprefix("c") or 0)
            case "offset":
                return int(query.get("offset", "0"))


def user(number: int) -> dict[str, Any]:
    return {"id": f"u{number:05d}", "name": f"user {number}", "mail": f"user{number}@example.org"}


def told(status: int, document: Any, headers: Headers = ()) -> Reply:
    return Reply(status, (("Content-Type", "application/json"), *headers), json.dumps(document).encode())


def limited(visit: Visit, *, until_us: int, headers: Headers) -> Script:
    visit.vendor.wait("/users", until_us)
    document = {"error": {"code": "rate_limited", "message": "Too many requests."}}
    return (render(told(429, document, headers), "GET"),)


def instead(reply: Reply) -> Script:
    return (render(reply, "GET"),)


def epoch_s(at_us: int) -> float:
    return START.timestamp() + at_us / 1e6


def http_date(epoch: float) -> str:
    return format_datetime(datetime.fromtimestamp(epoch, UTC), usegmt=True)


# -- faults ----------------------------------------------------------------------------------------------------------


def nothing(visit: Visit) -> None:
    return None


def each_fifth(visit: Visit) -> Script | None:
    if visit.number % 5:
        return None
    return limited(visit, until_us=visit.now_us + 1_000_000, headers=(("Retry-After", "1"),))


def _in_window(visit: Visit, headers_until: Callable[[int], Headers]) -> Script | None:
    if visit.page == 5 and visit.attempt == 1:
        visit.vendor.window_ends_us = visit.now_us + 3_000_000
    ends_us = visit.vendor.window_ends_us
    if visit.now_us >= ends_us:
        return None
    return limited(visit, until_us=ends_us, headers=headers_until(ends_us))


def window_in_seconds(visit: Visit) -> Script | None:
    return _in_window(visit, lambda ends: (("Retry-After", str(math.ceil((ends - visit.now_us) / 1e6))),))


def window_as_date(visit: Visit) -> Script | None:
    return _in_window(visit, lambda ends: (("Retry-After", http_date(math.ceil(epoch_s(ends)))),))


def window_as_reset(visit: Visit) -> Script | None:
    return _in_window(
        visit,
        lambda ends: (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", str(math.ceil(epoch_s(ends))))),
    )


ERROR = {"success": False, "error": {"code": "temporarily_unavailable", "message": "Try again."}}


def error_body(visit: Visit) -> Script | None:
    return instead(told(200, ERROR)) if visit.first_at_struck else None


def error_body_with_list(visit: Visit) -> Script | None:
    return instead(told(200, {**ERROR, "users": []})) if visit.first_at_struck else None


def error_body_for_ever(visit: Visit) -> Script | None:
    return instead(told(200, {**ERROR, "users": []})) if visit.page == STRUCK else None


def short_page(visit: Visit) -> Script | None:
    return instead(visit.whole(visit.users()[:60])) if visit.start == STRUCK * PAGE else None


def no_next(visit: Visit) -> Script | None:
    return instead(visit.whole(leads_on=False)) if visit.page == STRUCK else None


def empty_page(visit: Visit) -> Script | None:
    return instead(visit.whole([])) if visit.page == STRUCK else None


def cut_body(visit: Visit) -> Script | None:
    head, body = head_and_body(visit.whole(), "GET")
    return (head + body[: len(body) // 2], EOF) if visit.first_at_struck else None


def cut_json(visit: Visit) -> Script | None:
    whole = visit.whole()
    cut = Reply(200, whole.headers, whole.body[: len(whole.body) // 2])
    return instead(cut) if visit.first_at_struck else None


def html(visit: Visit) -> Script | None:
    page = Reply(200, (("Content-Type", "text/html"),), b"<html><body>Maintenance</body></html>")
    return instead(page) if visit.first_at_struck else None


def reset(visit: Visit) -> Script | None:
    head, body = head_and_body(visit.whole(), "GET")
    return (head + body[: len(body) // 2], RESET) if visit.first_at_struck else None


def server_error(visit: Visit) -> Script | None:
    return instead(told(503, {"error": {"code": "unavailable"}})) if visit.first_at_struck else None


def duplicates(visit: Visit) -> Script | None:
    if visit.page != STRUCK:
        return None
    before = [user(number) for number in range(visit.start - 5, visit.start)]
    return instead(visit.whole([*before, *visit.users()]))


TOO_MANY = told(429, {"error": "too_many_requests"}, (("Retry-After", "3"),))
UNAVAILABLE = told(503, {"error": "temporarily_unavailable"})

CLEAN = Case("none", nothing)
CASES = (
    Case("a1 token revoked early", nothing),
    Case("a2 token of 2 s", nothing, lifetime_s=2.0),
    Case("a3 token endpoint 429", nothing, token_refusal=TOO_MANY),
    Case("a4 token endpoint 503", nothing, token_refusal=UNAVAILABLE),
    Case("b1 each 5th 429, 1 s", each_fifth),
    Case("b2 429 for 3 s", window_in_seconds),
    Case("b3 Retry-After as date", window_as_date),
    Case("b4 X-RateLimit-Reset only", window_as_reset),
    Case("c1 200 + error, no list", error_body),
    Case("c2 200 + error, empty list", error_body_with_list),
    Case("c3 the same for ever", error_body_for_ever, right="loud"),
    Case("c4 = c2, cursor", error_body_with_list, "cursor"),
    Case("c5 = c2, offset", error_body_with_list, "offset"),
    Case("c6 = c1, cursor", error_body, "cursor"),
    Case("d1 short page", short_page, right="loud"),
    Case("d1 short page, offset", short_page, "offset", right="loud"),
    Case("d2 next link missing", no_next, right="loud"),
    Case("d2 cursor null early", no_next, "cursor", right="loud"),
    Case("d3 body below its length", cut_body),
    Case("d4 cut JSON", cut_json),
    Case("d5 empty page, offset", empty_page, "offset", right="loud"),
    Case("d6 HTML with 200", html),
    Case("e reset in the body", reset),
    Case("f 503 once", server_error),
    Case("g duplicates", duplicates),
)
"""The 25 faults."""
