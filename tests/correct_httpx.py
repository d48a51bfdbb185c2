"""A sound integration on httpx: signing is an ``httpx.Auth``, every wait is taken from a budget."""

import base64
import logging
import random
import ssl
import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

logger = logging.getLogger(__name__)
TLS = ssl.create_default_context()
LARGEST = 8 << 20


class VendorError(RuntimeError):
    """The vendor did not do it. ``passes`` tells whether it may do it later, ``after`` when that is."""

    def __init__(self, message, *, status=None, passes=False, after=None):
        super().__init__(message)
        self.status, self.passes, self.after = status, passes, after


class SignInError(VendorError):
    """No token is to be had; nothing else can be done."""


class Credentials(httpx.Auth):
    """OAuth2 client credentials; one retry with a fresh token when one is rejected."""

    def __init__(self, buy, turn):
        self._buy, self._turn = buy, turn
        self._lock = threading.Lock()
        self._token, self._stale_at = None, 0.0

    def auth_flow(self, request):
        token = self._current()
        while self._turn():
            token = self._current()
        request.headers["X-Auth-Token"] = token
        response = yield request
        if response.status_code == 401:
            logger.warning("token rejected with 401 by %s %s", request.method, request.url)
            request.headers["X-Auth-Token"] = self._current(rejected=token)
            yield request

    def _current(self, rejected=None):
        with self._lock:
            if self._token is None or self._token == rejected or time.monotonic() >= self._stale_at:
                why = "initial" if self._token is None else "rejected" if self._token == rejected else "expired"
                self._token, asked, lifetime = self._buy()
                self._stale_at = asked + 0.8 * lifetime
                logger.info("new token (%s), lifetime %s", why, lifetime)
            return self._token


class Budget:
    """At most seven attempts in at most ten minutes."""

    def __init__(self):
        self.left, self.ends = 6, time.monotonic() + 600

    def wait_for(self, error):
        """Sleeps until the next attempt, or raises the error when there should be none."""
        self.left -= 1
        if not error.passes:
            raise error
        if self.left < 0:
            # No passing error any more: whoever waits for this one too would multiply the attempts.
            raise VendorError(f"given up: {error}", status=error.status) from error
        backoff = 2.0 ** (6 - self.left) / 2
        pause = error.after + random.random() if error.after else backoff * random.uniform(0.75, 1.25)
        if time.monotonic() + pause > self.ends:
            raise VendorError(f"no time left to wait {pause:.0f} s: {error}", status=error.status) from error
        logger.warning("retrying in %.1f s: %s", pause, error)
        time.sleep(pause)


def _parts(response):
    """The parts of a body that is not larger than this integration can use."""
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > LARGEST:
            response.close()
            raise httpx.DecodingError(f"more than {LARGEST} bytes")
        yield part


def _after(response):
    value = response.headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(float(value), 0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0)
    except ValueError:
        return None


class OnHttpx:
    """Imports and exports through one httpx.Client."""

    def open(self, access):
        self._vendor = access.vendor
        self._access = access
        self._base = httpx.URL(access.base_url)
        self._shut_until = 0.0
        self._had_some = set()
        auth = None
        if access.vendor == "keystone":
            auth = Credentials(self._buy_token, self._turn)
        elif access.vendor == "roundup":
            auth = httpx.BasicAuth(access.credentials.username, access.credentials.password)
        self._client = httpx.Client(
            base_url=access.base_url, auth=auth, timeout=httpx.Timeout(12, connect=5), verify=TLS
        )
        self._tokens = httpx.Client(timeout=10, verify=TLS)

    def close(self):
        self._client.close()
        self._tokens.close()

    def _buy_token(self):
        credentials = self._access.credentials
        pair = base64.b64encode(f"{credentials.client_id}:{credentials.client_secret}".encode()).decode()
        budget = Budget()
        while True:
            asked = time.monotonic()
            try:
                grant = self._json(
                    self._tokens,
                    self._tokens.build_request(
                        "POST",
                        self._access.token_url,
                        data={"grant_type": "client_credentials"},
                        headers={"Authorization": f"Basic {pair}"},
                    ),
                )
                if not isinstance(grant.get("access_token"), str):
                    raise VendorError("the token endpoint gave no access_token", passes=True)
                return grant["access_token"], asked, float(grant.get("expires_in") or 3600)
            except VendorError as error:
                try:
                    budget.wait_for(error)
                except VendorError as last:
                    raise SignInError(f"no token: {last}") from last

    def _turn(self):
        """Sleeps until no limit that any thread met still holds; whether there was one."""
        waited = False
        while (left := self._shut_until - time.monotonic()) > 0:
            if left > 600:
                raise VendorError(f"the vendor's rate limit holds for {left:.0f} s more")
            time.sleep(left)
            waited = True
        return waited

    def _json(self, client, request, subject=""):
        """The document of a good answer."""
        if client is self._client:
            self._turn()
        try:
            response = client.send(request, stream=True)
            response._content = b"".join(_parts(response))
        except httpx.TransportError as error:
            raise VendorError(f"{request.method} {request.url} {subject}: {error!r}", passes=True) from error
        except httpx.DecodingError as error:
            raise VendorError(f"{request.method} {request.url} {subject}: unreadable: {error}", passes=True) from error
        status = response.status_code
        about = f"{request.method} {request.url} {subject} -> {status} {dict(_of_interest(response))} {response.text!r}"
        if status == 429 and client is self._client:
            self._shut_until = max(self._shut_until, time.monotonic() + (_after(response) or 0))
        if status in (429, 502, 503, 504, 500):
            reason = "throttled" if status == 429 else "vendor trouble"
            raise VendorError(f"{reason}: {about}", status=status, passes=True, after=_after(response))
        if not response.is_success:
            raise VendorError(about, status=status)
        try:
            document = response.json()
            failure = document.get("error")
        except (ValueError, AttributeError):
            raise VendorError(f"not a JSON object: {about}", status=status, passes=True) from None
        if failure:
            code = failure.get("code") if isinstance(failure, dict) else failure
            kind = "rate limited: " if code == "ratelimited" else "an error in a success: "
            lasting = isinstance(code, str) and code not in ("ratelimited", "readonly", "maxlag")
            raise VendorError(kind + about, status=status, passes=not lasting)
        return document

    def _get(self, url, check, subject=""):
        budget = Budget()
        while True:
            try:
                document = self._json(self._client, self._client.build_request("GET", url), subject)
                if problem := check(document):
                    raise VendorError(f"GET {url}: {problem}", passes=True)
                return document
            except VendorError as error:
                budget.wait_for(error)

    # import

    def pull(self, collection):
        walk = {"keystone": self._users, "roundup": self._accounts, "mediawiki": self._wiki_pages}[self._vendor]
        count = 0
        for row in walk():
            count += 1
            yield row
        self._wonder(f"{collection} at the vendor", count)

    def _wonder(self, what, count):
        if count:
            self._had_some.add(what)
        elif what in self._had_some:
            logger.warning("there are no %s any more", what)

    def _follow(self, url, rows_of, next_of):
        """Yields each row that was not seen yet, and in the end the last document and the number of rows."""
        been, ids = set(), set()
        while url is not None:
            url = self._base.join(url)
            if url.host != self._base.host or url in been:
                raise VendorError(f"the next page would be {url}, which is foreign or was read before")
            been.add(url)
            document = self._get(url, lambda page: _malformed(rows_of, page))
            for row in rows_of(document):
                identity = row.get("id", row.get("pageid"))
                if identity not in ids:
                    ids.add(identity)
                    yield row
            url = next_of(document, ids)

    def _users(self):
        def next_of(page, ids):
            if page.get("truncated") and not page["links"].get("next"):
                raise VendorError(f"Keystone said truncated, and named no next page, after {len(ids)} users")
            return page["links"].get("next")

        return self._follow("/v3/users", lambda page: page["users"], next_of)

    def _accounts(self):
        totals = []

        def next_of(page, ids):
            totals.append(page["data"]["@total_size"])
            if totals[-1] != totals[0]:
                raise VendorError(f"users came or went meanwhile, by the totals {totals}")
            links = page["data"]["@links"].get("next")
            if not links and page["data"]["@total_size"] != len(ids):
                raise VendorError(f"{len(ids)} users of {page['data']['@total_size']}")
            return links[0]["uri"] if links else None

        start = "/rest/data/user?@page_size=2&@page_index=1&@fields=username,realname,phone"
        return self._follow(start, lambda page: page["data"]["collection"], next_of)

    def _wiki_pages(self):
        query = {"action": "query", "list": "allpages", "aplimit": "2", "format": "json", "formatversion": "2"}

        def next_of(page, ids):
            return httpx.URL("/api.php", params=query | page["continue"]) if "continue" in page else None

        return self._follow(httpx.URL("/api.php", params=query), lambda page: page["query"]["allpages"], next_of)

    # export

    def push(self, collection, records):
        failed = {}
        self._wonder(f"{collection} in the source", len(records))
        if len({record["name"].strip() for record in records}) < len(records):
            raise VendorError(f"some of {len(records)} rows share a name")
        for record in records:
            try:
                self._bring(record)
            except SignInError:
                raise
            except VendorError as error:
                failed[record["name"]] = str(error)
        if failed:
            raise VendorError(f"{len(failed)} of {len(records)} users failed: {failed}")

    def _bring(self, record):
        name, budget = record["name"], Budget()
        while True:
            page = self._get(
                httpx.URL("/v3/users", params={"name": name}),
                lambda document: _malformed(_users_of, document),
                name,
            )
            theirs = next(iter(page["users"]), None)
            whole = {"enabled": True} | record
            wanted = {key: value for key, value in whole.items() if theirs is None or theirs.get(key) != value}
            if theirs is not None and not wanted:
                return
            if theirs is None:
                request = self._client.build_request(
                    "POST", "/v3/users", json={"user": {**wanted, "domain_id": "default"}}
                )
            else:
                request = self._client.build_request("PATCH", f"/v3/users/{theirs['id']}", json={"user": wanted})
            try:
                if self._json(self._client, request, name).get("user"):
                    return
                raise VendorError(f"{request.method} {request.url} {name} answered without a user", passes=True)
            except VendorError as error:
                error.passes = error.passes or error.status == 409
                budget.wait_for(error)


def _users_of(page):
    return page["users"]


def _of_interest(response):
    return (
        (name, response.headers[name])
        for name in ("x-openstack-request-id", "x-request-id")
        if name in response.headers
    )


def _malformed(rows_of, page):
    try:
        rows = rows_of(page)
    except (KeyError, TypeError) as error:
        return f"no records in it ({error!r})"
    if not isinstance(rows, list):
        return "its records are no list"
    wrong = [row for row in rows if not isinstance(row, dict) or not (row.get("id") or row.get("pageid"))]
    return f"{len(wrong)} records are none" if wrong else ""
