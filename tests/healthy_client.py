"""How one request of the healthy subject succeeds: token, retries, and what counts as an answer.

Written without a line of ``harness.core``. Every concern is one small method, so that a subject
with exactly one disease overrides exactly one of them.
"""

import logging
import random
import re
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

from harness.certify.subject import Access
from harness.dialects.credentials import Basic, Bearer, ClientCredentials
from tests.healthy_connection import BROKEN, Connection, Connections, Reply, is_dropped

log = logging.getLogger("healthy")


MEANT = {"articleexists": 409, "editconflict": 412}
"""The status that a code under 200 would have elsewhere."""


class Trouble(Exception):
    """A request, or an answer, that is not what was asked for."""

    status = 0
    """Of the answer; 0 where none came."""
    passes = False
    """Whether the same request may succeed later."""
    maybe_done = False
    """Whether the vendor may have done what it was asked."""
    limited = False
    told_s: float | None = None
    """What the vendor asked to wait."""

    def __init__(self, text: str, **facts: Any) -> None:
        super().__init__(text)
        self.__dict__.update(facts)


def dig(document: Any, path: Iterable[str | int]) -> Any:
    """What lies at the path; None where something else is on the way."""
    for step in path:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document


class HealthyClient:
    """Gets answers from a vendor, or says with context why there is none. Threads may share it."""

    tries = 6
    longest_wait_s = 300.0
    timeout_s: tuple[float, float] | None = (10.0, 30.0)

    def open(self, access: Access) -> None:
        self.access = access
        self._connections = Connections(timeout_s=self.timeout_s)
        self._seen = threading.local()
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._held = ""
        self._ends_s: float | None = None
        self._lifetime_s = 0.0
        self._rejected = False
        self._not_before_s = 0.0

    def close(self) -> None:
        self._connections.close()

    # -- token ---------------------------------------------------------------------------------------------------------

    def _token(self) -> str:
        with self._lock:
            if reason := self._why_fetch():
                self._fetch_token(reason)
            return self._held

    def _why_fetch(self) -> str:
        if not self._held:
            return "rejected" if self._rejected else "first"
        if self._ends_s is not None and time.monotonic() >= self._ends_s - self._margin_s(self._lifetime_s):
            return "expiring"
        return ""

    def _margin_s(self, lifetime_s: float) -> float:
        return 1.25 * min(60.0, 0.1 * lifetime_s)  # a quarter above the rule, so that a slow connect does no harm

    def _fetch_token(self, reason: str) -> None:
        def issued(document: dict[str, Any]) -> None:
            if not isinstance(document.get("access_token"), str) or not document["access_token"]:
                raise ValueError("the answer holds no access_token")

        def fetch() -> tuple[float, dict[str, Any]]:
            asked_s = time.monotonic()
            client = (self.access.credentials.client_id, self.access.credentials.client_secret)
            form = {"grant_type": "client_credentials"}
            return asked_s, self._answer("POST", self.access.token_url, check=issued, data=form, auth=client)

        asked_s, document = self._retrying(fetch, pause=self._token_pause)
        self._held, self._rejected = document["access_token"], False
        # A token without a lifetime that can be read serves until it is rejected.
        self._lifetime_s = self._told_lifetime_s(document.get("expires_in"))
        self._ends_s = asked_s + self._lifetime_s if self._lifetime_s > 0 else None
        self._log_refresh(reason)

    def _told_lifetime_s(self, told: Any) -> float:
        return float(told) if re.fullmatch(r"\d+(\.\d+)?", str(told)) else 0.0

    def _token_pause(self, trouble: Trouble, attempt: int) -> None:
        time.sleep(self._wait_s(trouble, attempt))

    def _reject(self, token: str) -> None:
        with self._lock:
            if self._held == token:
                self._held, self._rejected = "", True

    # -- requests ------------------------------------------------------------------------------------------------------

    def _ask(self, method: str, url: str, **request: Any) -> dict[str, Any]:
        """One answer of the API, whatever it takes within bounds; only a POST that may be done is not repeated."""
        return self._retrying(lambda: self._recovering(method, url, **request), repeatable=method != "POST")

    def _retrying(self, act: Callable[[], Any], *, repeatable: bool = True, pause: Any = None) -> Any:
        for attempt in range(self.tries):
            try:
                return act()
            except Trouble as trouble:
                last = attempt + 1 == self.tries or self._too_long(trouble)
                if last or not trouble.passes or (trouble.maybe_done and not repeatable):
                    log.error("gave up after %d of %d tries: %s", attempt + 1, self.tries, trouble)
                    # What was given up once is not tried again by whoever asked for it: retries do not multiply.
                    trouble.passes, trouble.maybe_done = False, trouble.maybe_done and not repeatable
                    raise
                (pause or self._pause)(trouble, attempt)
        raise AssertionError("the last try returns or raises")

    def _recovering(self, method: str, url: str, **request: Any) -> dict[str, Any]:
        signed, token = self._signature()
        try:
            return self._answer(method, url, **signed, **request)
        except Trouble as trouble:
            if trouble.status != 401 or not token:
                raise
            self._reject(token)
            signed, token = self._signature()
            return self._answer(method, url, **signed, **request)

    def _signature(self) -> tuple[dict[str, Any], str]:
        """The request's credentials, and the token among them; every attempt asks anew, for a wait may outlive it."""
        while True:
            if wait_s := self._held_back_s():
                time.sleep(wait_s)
            match self.access.credentials:
                case ClientCredentials():
                    token = self._token()
                    signed = {"headers": {"X-Auth-Token": token}}, token
                case Basic(username, password):
                    signed = {"auth": (username, password)}, ""
                case Bearer(given):
                    signed = {"headers": {"Authorization": f"Bearer {given}"}}, ""
                case _:
                    signed = {}, ""
            if not self._held_back_s():
                return signed

    def _held_back_s(self) -> float:
        """How long a limit that any thread met still lasts."""
        left_s = self._not_before_s - time.monotonic()
        return left_s if left_s > 1e-6 else 0.0  # less is what adding floats leaves over

    def _pause(self, trouble: Trouble, attempt: int) -> None:
        wait_s = self._wait_s(trouble, attempt)
        if trouble.limited:  # the other threads wait as well
            self._not_before_s = max(self._not_before_s, time.monotonic() + wait_s)
        time.sleep(wait_s)

    def _wait_s(self, trouble: Trouble, attempt: int) -> float:
        if trouble.told_s is not None and trouble.told_s > 0:
            return trouble.told_s + random.uniform(0, 1)
        return 2**attempt * random.uniform(1, 1.25)

    def _too_long(self, trouble: Trouble) -> bool:
        return trouble.told_s is not None and trouble.told_s > self.longest_wait_s

    def _answer(self, method: str, url: str, *, check: Any = None, key: str = "", **request: Any) -> dict[str, Any]:
        """The document that answers; ``check`` raises ValueError where it is not what was asked for."""
        try:
            reply = self._transmit(method, url, **request)
        except BROKEN as error:
            raise self._broken(f"{error!r}: {method} {url} record={key}") from error
        document = None
        with suppress(ValueError):
            document = reply.json()
        self._seen.answer = reply, document, key
        self._check_answer(reply, document, key)
        try:
            if check:
                check(document)
        except ValueError as error:
            context = self._context(reply, document, key)
            raise self._broken(f"{error}: {context}", status=reply.status_code) from error
        return document

    def _transmit(self, method: str, url: str, **request: Any) -> Reply:
        kept = self._connections.kept(url)
        if is_dropped(kept):
            self._replace(kept)
        return self._connections.send(method, url, **request)

    def _replace(self, dropped: Connection) -> None:
        """The vendor has closed the connection; the next request opens it again."""
        dropped.close()

    # -- answers -------------------------------------------------------------------------------------------------------

    def _check_answer(self, reply: Reply, document: Any, key: str) -> None:
        status = reply.status_code
        if self._is_limit(reply, document):
            context, told_s = self._context(reply, document, key), self._told_s(reply)
            self._log_limit(context, told_s)
            raise Trouble(f"limited: {context}", status=status, passes=True, limited=True, told_s=told_s)
        if status >= 300:
            context, told_s = self._context(reply, document, key), self._told_s(reply)
            self._log_trouble(context)
            lost, passes = status >= 500, self._passes(status)
            raise Trouble(f"refused: {context}", status=status, passes=passes, maybe_done=lost, told_s=told_s)
        if not isinstance(document, dict):
            raise self._broken(f"no JSON document: {self._context(reply, document, key)}", status=status)
        if (code := self._body_error(document)) is not None:
            context = self._context(reply, document, key)
            self._log_trouble(context)
            passes, status = self._passes(code), MEANT.get(code, status)
            raise Trouble(f"error in the body: {context}", status=status, passes=passes, maybe_done=passes)

    def _is_limit(self, reply: Reply, document: Any) -> bool:
        return reply.status_code == 429 or dig(document, ("error", "code")) in (429, "ratelimited")

    def _passes(self, code: Any) -> bool:
        """Whether what has this status, or this code in its body, may succeed later."""
        if isinstance(code, int):
            return code >= 500
        return code in ("readonly", "maxlag") or str(code).startswith("internal_api_error")

    def _told_s(self, reply: Reply) -> float | None:
        """The wait that the vendor asked for, in seconds from now; None where it asked for none that can be read."""
        told = reply.headers.get("Retry-After", "").strip()
        if not told:
            return None
        if re.fullmatch(r"\d+(\.\d+)?", told):
            return float(told)
        with suppress(ValueError):
            return parsedate_to_datetime(told).timestamp() - time.time()
        return None

    def _body_error(self, document: dict[str, Any]) -> Any:
        """The code of an error under a status of success; None where there is no error."""
        error = document.get("error")
        if error is None:
            return None
        codes = [dig(error, (name,)) for name in ("code", "status")]
        return next((code for code in [*codes, error] if code is not None), None)

    def _broken(self, text: str, *, status: int = 0) -> Trouble:
        self._log_trouble(self._masked(text))
        return Trouble(f"no usable answer: {self._masked(text)}", status=status, passes=True, maybe_done=True)

    def _context(self, reply: Reply, document: Any, key: str) -> str:
        """What support asks for. Never the body of a success: it may hold a token."""
        error = dig(document, ("error",))
        told = [dig(error, (name,)) for name in ("message", "info", "msg")] + [
            dig(document, ("error_description",)),
            dig(document, ("message",)),
            dig(document, ("detail",)),
        ]
        message = next((text for text in [*told, error] if text is not None), None)
        if message is None and reply.status_code >= 400:
            message = reply.text[:200]
        ids = [value for name, value in reply.headers.items() if name.lower().endswith("request-id")]
        where = f"{reply.request.method} {reply.request.url} status={reply.status_code} request_id={','.join(ids)}"
        return self._masked(f"{where} record={key} message={message}")

    def _masked(self, text: str) -> str:
        credentials = self.access.credentials
        given = (getattr(credentials, name, "") for name in ("client_secret", "password", "token"))
        for secret in (self._held, *given):
            text = text.replace(secret, "***") if secret else text
        return text

    # -- log -----------------------------------------------------------------------------------------------------------

    def _log_refresh(self, reason: str) -> None:
        level = logging.WARNING if reason == "rejected" else logging.INFO
        log.log(level, "token fetched reason=%s lifetime_s=%s", reason, self._lifetime_s or "unknown")

    def _log_limit(self, context: str, told_s: float | None) -> None:
        log.warning("limit hit told_s=%s %s", told_s, context)

    def _log_trouble(self, context: str) -> None:
        log.warning("failed %s", context)
