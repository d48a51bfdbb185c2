"""Sound integrations, each written in a style of its own, as people outside this project would: none may be alarmed.

They share next to no code with each other, and none with the core. Here are those on requests and tenacity.
"""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urljoin, urlsplit

import requests
import tenacity

from harness.certify.subject import PushResult

log = logging.getLogger("directory_sync")

TIMEOUT = (5, 15)
PATIENCE_S = 600
ROOM = 20_000_000


class SyncFailed(Exception):
    """What was asked for was not done."""


class Moved(SyncFailed):
    """Records came or went while they were listed, so that some may be on no page."""


class TryLater(SyncFailed):
    """The vendor could not do it now."""

    def __init__(self, text, after_s=None):
        super().__init__(text)
        self.after_s = after_s


class Unclear(TryLater):
    """It may or may not have been done."""


def retry_after_s(response):
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return int(value) or None
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


_own_wait_s = tenacity.wait_random_exponential(multiplier=2, max=60)


def wait_s(state):
    """As long as we are told, and a little more so that workers part; else exponential with full jitter."""
    told_s = state.outcome.exception().after_s
    return told_s + tenacity.wait_random(0, 2)(state) if told_s else _own_wait_s(state)


def worth_waiting(error):
    return isinstance(error, TryLater) and (error.after_s or 0) <= PATIENCE_S


def give_up(state):
    """The end of all attempts. What called this one must not start over: layers of retries multiply."""
    error = state.outcome.exception()
    raise SyncFailed(f"gave up after {state.attempt_number} attempts: {error}") from error


persistently = tenacity.retry(
    retry=tenacity.retry_if_exception(worth_waiting),
    wait=wait_s,
    stop=tenacity.stop_after_attempt(6),
    before_sleep=tenacity.before_sleep_log(log, logging.WARNING),
    retry_error_callback=give_up,
)


def within_room(response):
    """The whole body, if there is room for it."""
    parts, left = [], ROOM
    for part in response.iter_content(100_000):
        parts.append(part)
        left -= len(part)
        if left < 0:
            response.close()
            raise requests.exceptions.ChunkedEncodingError(f"a body of more than {ROOM} bytes")
    return b"".join(parts)


class KeystoneToken(requests.auth.AuthBase):
    """Puts a token into each request. Several threads may use it."""

    def __init__(self, fetch):
        self.fetch, self.lock = fetch, threading.Lock()
        self.value, self.good_until_s = None, 0.0

    def __call__(self, prepared):
        prepared.headers["X-Auth-Token"] = self.get()
        return prepared

    def get(self):
        with self.lock:
            if self.value is None or time.monotonic() >= self.good_until_s:
                log.info("fetching a token, reason: %s", "expiring" if self.value else "first or rejected")
                self.value, self.good_until_s = self.fetch()
            return self.value

    def reject(self, value):
        with self.lock:
            if self.value == value:
                self.value = None


class OnRequests:
    """requests with tenacity; stops at the first record that it cannot bring over."""

    def open(self, access):
        self.access = access
        self.host = urlsplit(access.base_url).netloc
        self.http = requests.Session()
        self.http.trust_env = False
        self.no_token = ""
        self.free_at_s = 0.0
        self.latest = {}
        self.sign = {
            "keystone": lambda: KeystoneToken(self.fetch_token),
            "roundup": lambda: (access.credentials.username, access.credentials.password),
            "mediawiki": lambda: None,
        }[access.vendor]()

    def close(self):
        self.http.close()

    def await_turn(self):
        """Returns when no limit that any thread met still holds."""
        while (left_s := self.free_at_s - time.monotonic()) > 0:
            if left_s > PATIENCE_S:
                raise SyncFailed(f"the rate limit holds for {left_s:.0f} s more")
            time.sleep(left_s)

    def hold(self, seconds):
        self.free_at_s = max(self.free_at_s, time.monotonic() + (seconds or 0))

    # -- one request -------------------------------------------------------------------------------------------------

    def call(self, method, url, about="", auth=None, **options):
        """The document of a success. Anything else is raised with all that the vendor's support would ask for."""
        where = f"{method} {url} {about}".rstrip()
        if auth is None:
            self.await_turn()
        try:
            response = self.http.request(
                method, url, auth=auth or self.sign, timeout=TIMEOUT, allow_redirects=False, stream=True, **options
            )
            response._content = within_room(response)
        except requests.RequestException as error:
            raise Unclear(f"{where}: {type(error).__name__}") from error
        request_id = response.headers.get("X-Openstack-Request-Id") or response.headers.get("X-Request-Id")
        told = f"{where}: HTTP {response.status_code}, request {request_id}: {' '.join(response.text[:300].split())}"
        status = response.status_code
        if status == 429 and auth is None:
            self.hold(retry_after_s(response))
        if status == 401 and isinstance(self.sign, KeystoneToken) and auth is None:
            self.sign.reject(response.request.headers["X-Auth-Token"])
            raise TokenRejected(told)
        if status == 429:
            raise TryLater(f"rate limit hit: {told}", retry_after_s(response))
        if status >= 500:
            raise Unclear(told, retry_after_s(response))
        if status == 409:
            raise Conflict(told)
        if not response.ok or response.is_redirect:
            raise SyncFailed(told)
        try:
            document = response.json()
        except ValueError:
            raise Unclear(f"no JSON: {told}") from None
        code = document["error"].get("code") if "error" in document else None
        if code in ("permissiondenied", "assertuserfailed"):
            raise SyncFailed(told)
        if "error" in document:
            raise Unclear(("rate limit hit: " if code == "ratelimited" else "") + told)
        return document

    def signed_call(self, *args, **options):
        try:
            return self.call(*args, **options)
        except TokenRejected as error:
            log.warning("token rejected, trying once more with a new one: %s", error)
            return self.call(*args, **options)

    @persistently
    def get(self, url, rows_at, about=""):
        document = self.signed_call("GET", url, about)
        try:
            rows = rows_at(document)
            complete = all(row["id" if "id" in row else "pageid"] for row in rows)
        except (KeyError, TypeError) as error:
            raise Unclear(f"GET {url}: not a page of records: {error!r}") from error
        if not complete:
            raise Unclear(f"GET {url}: a record without an id")
        return rows, document

    def fetch_token(self):
        if self.no_token:
            raise NoToken(self.no_token)
        try:
            return self.ask_for_token()
        except SyncFailed as error:
            self.no_token = str(error)
            raise NoToken(self.no_token) from error

    @persistently
    def ask_for_token(self):
        asked_s = time.monotonic()
        answer = self.call(
            "POST",
            self.access.token_url,
            auth=(self.access.credentials.client_id, self.access.credentials.client_secret),
            data={"grant_type": "client_credentials"},
        )
        try:
            lifetime_s = float(answer.get("expires_in") or "inf")
            return answer["access_token"], asked_s + lifetime_s - min(60, lifetime_s * 0.15)
        except (KeyError, ValueError) as error:
            raise TryLater(f"POST {self.access.token_url}: not a token: {error!r}") from error

    # -- import ------------------------------------------------------------------------------------------------------

    def pull(self, collection):
        for _ in range(3):
            try:
                rows = {row.get("id") or row["pageid"]: row for page in self.pages(collection) for row in page}
                break
            except Moved as moved:
                log.warning("%s are listed again: %s", collection, moved)
        else:
            raise SyncFailed(f"{collection} changed during each of three listings")
        self.compare_with_before(f"{collection} listed", len(rows))
        return list(rows.values())

    def compare_with_before(self, what, count):
        before, self.latest[what] = self.latest.get(what, 0), count
        if before and not count:
            raise SyncFailed(f"no {what}, and {before} the last time")

    def pages(self, collection):
        first, rows_at, next_of = {
            "keystone": ("/v3/users", lambda page: page["users"], self.next_user_page),
            "roundup": (
                "/rest/data/user?@page_size=2&@page_index=1&@fields=username,realname,phone",
                lambda page: page["data"]["collection"],
                lambda page: next((link["uri"] for link in page["data"]["@links"].get("next", ())), None),
            ),
            "mediawiki": (PAGES, lambda page: page["query"]["allpages"], next_wiki_page),
        }[self.access.vendor]
        url, seen, ids, totals = urljoin(self.access.base_url, first), set(), set(), set()
        while url:
            if urlsplit(url).netloc != self.host:
                raise SyncFailed(f"{collection} continue at a foreign host: {url}")
            if url in seen:
                raise SyncFailed(f"{collection} lead back to {url}")
            seen.add(url)
            rows, document = self.get(url, rows_at)
            totals.add(document.get("data", {}).get("@total_size"))
            if len(totals) > 1:
                raise Moved(f"totals {totals}")
            ids.update(row.get("id") for row in rows)
            yield rows
            url = next_of(document)
            url = url and urljoin(self.access.base_url, url)
        total = document.get("data", {}).get("@total_size")
        if total is not None and total != len(ids):
            raise SyncFailed(f"{collection}: {len(ids)} came, and the vendor has {total}")

    @staticmethod
    def next_user_page(page):
        following = page["links"]["next"]
        if page.get("truncated") and not following:
            raise SyncFailed(f"users are truncated after {page['links']['self']}")
        return following

    # -- export ------------------------------------------------------------------------------------------------------

    def push(self, collection, records):
        self.compare_with_before(f"{collection} to bring over", len(records))
        refuse_twins(records)
        for record in records:
            self.bring_over(record)
        return PushResult()

    @persistently
    def bring_over(self, record):
        """Looks before each attempt, so that an attempt whose end is unclear may be repeated."""
        name, url = record["name"], urljoin(self.access.base_url, "/v3/users")
        found, _ = self.get(f"{url}?{urlencode({'name': name})}", users, name)
        if not found:
            try:
                self.signed_call("POST", url, name, json={"user": {"domain_id": "default", **record}})["user"]["id"]
            except Conflict as error:
                raise TryLater(f"somebody else was faster: {error}") from error
            except KeyError as error:
                raise Unclear(f"POST {url} {name}: the answer shows no user") from error
            return
        differing = {key: value for key, value in {"enabled": True, **record}.items() if found[0].get(key) != value}
        if differing:
            self.signed_call("PATCH", f"{url}/{found[0]['id']}", name, json={"user": differing})


def refuse_twins(records):
    """Keystone trims names: two that differ in that alone are one user."""
    seen = set()
    for record in records:
        name = record["name"].strip()
        if name in seen:
            raise SyncFailed(f"the source has two rows for {name}")
        seen.add(name)


class NoToken(SyncFailed):
    """Nobody gets anything now."""


class TokenRejected(SyncFailed):
    """The vendor does not take the token (any more)."""


class Conflict(SyncFailed):
    """The vendor has one of that name."""


PAGES = "/api.php?action=query&list=allpages&aplimit=2&format=json&formatversion=2"


def users(page):
    return page["users"]


def next_wiki_page(page):
    more = page.get("continue")
    return more and f"{PAGES}&{urlencode(more)}"


class InThreads(OnRequests):
    """Brings three records over at a time, and names those that it could not."""

    def push(self, collection, records):
        self.compare_with_before(f"{collection} to bring over", len(records))
        refuse_twins(records)
        with ThreadPoolExecutor(3, "push") as pool:
            return PushResult({name: text for name, text in pool.map(self.attempted, records) if text})

    def attempted(self, record):
        try:
            self.bring_over(record)
        except NoToken:
            raise
        except SyncFailed as error:
            log.error("%s was not brought over: %s", record["name"], error)
            return record["name"], str(error)
        return record["name"], ""
