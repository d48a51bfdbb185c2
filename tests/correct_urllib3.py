"""A sound integration on urllib3 alone: its own ``Retry`` says when and how long, each attempt is signed anew."""

import json
import logging
import threading
import time
from collections import Counter
from io import BytesIO
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError, ResponseError
from urllib3.util import Retry, Url, parse_url

LOG = logging.getLogger("sync.urllib3")
TLS = urllib3.util.create_urllib3_context()
TLS.load_default_certs()

RETRY = Retry(
    total=5,
    redirect=False,
    status_forcelist=(429, 500, 502, 503, 504),
    backoff_factor=0.5,
    backoff_jitter=1.0,
    backoff_max=60,
)
LONGEST_WAIT_S = 900
LARGEST_BODY = 2**24
LISTINGS = {
    "keystone": "/v3/users",
    "roundup": "/rest/data/user?@page_size=2&@page_index=1&@fields=username,realname,phone",
    "mediawiki": "/api.php?action=query&list=allpages&aplimit=2&format=json&formatversion=2",
}


class ApiError(Exception):
    """A refusal for good, or the end of all attempts."""


class NoToken(Exception):
    """Whatever is left to do cannot be done."""


class NameTaken(ApiError):
    """409: the vendor has it."""


class _Spoiled(Exception):
    """A reply that is none of a success, under whatever status."""


class Token:
    __slots__ = ("text", "until")

    def __init__(self, text, until):
        self.text, self.until = text, until


class OnUrllib3:
    """One PoolManager; tokens under a lock; urllib3's Retry, stepped by hand because a token may end while it waits."""

    def open(self, access):
        self.vendor, self.access = access.vendor, access
        self.origin = parse_url(access.base_url)
        self.pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=3, read=10), retries=False, maxsize=4, ssl_context=TLS
        )
        self.limited_until = 0.0
        self.before = dict.fromkeys(("pull", "push"), 0)
        self.token_lock = threading.Lock()
        self.token = None

    def close(self):
        self.pool.clear()

    # -- signing

    def headers(self):
        if self.vendor == "keystone":
            return {"X-Auth-Token": self.usable_token().text}
        if self.vendor == "roundup":
            login = self.access.credentials
            return urllib3.make_headers(basic_auth=f"{login.username}:{login.password}")
        return {}

    def usable_token(self, instead_of=None):
        with self.token_lock:
            old = self.token
            if old is None or old.text == instead_of or time.monotonic() > old.until:
                self.token = self.ask_for_token()
                reason = "first token" if old is None else "401" if instead_of else "token expiring"
                LOG.info("token refresh: %s", reason)
            return self.token

    def ask_for_token(self):
        client = self.access.credentials
        begun = [0.0]

        def send():
            begun[0] = time.monotonic()
            answer = self.pool.request_encode_body(
                "POST",
                self.access.token_url,
                fields={"grant_type": "client_credentials"},
                encode_multipart=False,
                headers=urllib3.make_headers(basic_auth=f"{client.client_id}:{client.client_secret}"),
                preload_content=False,
            )
            return whole(answer)

        try:
            answer = self.stubborn("POST", self.access.token_url, send, lambda document: document["access_token"])
        except ApiError as error:
            raise NoToken(str(error)) from error
        life = float(answer.get("expires_in") or 0) or float("inf")
        return Token(answer["access_token"], begun[0] + life - max(life * 0.12, 0.05))

    # -- one exchange

    def request(self, method, url, document=None, subject=""):
        """Sends once, and once more with a new token where the first was not taken."""
        headers = self.headers_when_free()
        body = json.dumps(document) if document else None
        typed = {"Content-Type": "application/json"} if document else {}
        response = whole(self.pool.request(method, url, body=body, headers=headers | typed, preload_content=False))
        if response.status == 401 and "X-Auth-Token" in headers:
            LOG.warning("token was rejected: %s", describe(method, url, response, subject))
            headers["X-Auth-Token"] = self.usable_token(instead_of=headers["X-Auth-Token"]).text
            response = whole(self.pool.request(method, url, body=body, headers=headers | typed, preload_content=False))
        if response.status == 429:
            told = retry_after(response) or 0
            self.limited_until = max(self.limited_until, time.monotonic() + told)
        return response

    def headers_when_free(self):
        """What signs a request that is sent now, when no limit that any thread met still holds."""
        while True:
            while (left := self.limited_until - time.monotonic()) > 0:
                if left > LONGEST_WAIT_S:
                    raise ApiError(f"the vendor's limit holds for {left:.0f} s more")
                time.sleep(left)
            headers = self.headers()
            if self.limited_until <= time.monotonic():
                return headers

    def stubborn(self, method, url, send, check, subject=""):
        """The checked document of a reply, after as many attempts as ``RETRY`` allows."""
        retry = RETRY
        while True:
            response = problem = None
            try:
                response = send()
                return self.document(method, url, response, check, subject)
            except HTTPError as error:
                problem = error
                LOG.warning("%s %s %s broke: %r", method, url, subject, error)
            except _Spoiled as spoiled:
                problem = ResponseError(str(spoiled))
                LOG.warning("%s", spoiled)
            try:
                retry = retry.increment(method, url, error=None, response=response, _pool=None)
            except MaxRetryError as error:
                raise ApiError(f"{method} {url} {subject} failed {len(retry.history) + 1} times: {problem}") from error
            self.pause(retry, response, problem)

    @staticmethod
    def pause(retry, response, problem):
        told = None if response is None else retry_after(response)
        if told and told > LONGEST_WAIT_S:
            raise ApiError(f"told to wait {told:.0f} s, which is too long: {problem}")
        time.sleep(told or retry.get_backoff_time() or 0.3)

    def document(self, method, url, response, check, subject):
        text = describe(method, url, response, subject)
        if response.status == 409:
            raise NameTaken(text)
        if response.status in RETRY.status_forcelist:
            raise _Spoiled(f"limit reached, {text}" if response.status == 429 else text)
        if response.status >= 300:
            raise ApiError(text)
        try:
            document = response.json()
            error = document.get("error")
            if not error:
                check(document)
                return document
        except (ValueError, LookupError, TypeError, AttributeError) as wrong:
            raise _Spoiled(f"not what was asked for ({wrong!r}), {text}") from wrong
        code = error.get("code") if isinstance(error, dict) else error
        if code == "ratelimited":
            raise _Spoiled(f"limit reached, {text}")
        if isinstance(code, str) and code not in ("readonly", "maxlag"):
            raise ApiError(text)
        raise _Spoiled(text)

    def get(self, url, rows, subject=""):
        def check(document):
            for row in rows(document):
                row.get("id") or row["pageid"]

        return self.stubborn("GET", url, lambda: self.request("GET", url, subject=subject), check, subject)

    # -- the two jobs

    def pull(self, collection):
        rows = {
            "keystone": lambda page: page["users"],
            "roundup": lambda page: page["data"]["collection"],
            "mediawiki": lambda page: page["query"]["allpages"],
        }[self.vendor]
        following = getattr(self, f"_after_{self.vendor}_page")
        found, visited, path, most = {}, [], LISTINGS[self.vendor], 0
        while path:
            if path in visited:
                raise ApiError(f"{collection}: page {path} leads to itself over {len(visited)} pages")
            visited.append(path)
            page = self.get(self.absolute(path), rows)
            for row in rows(page):
                found.setdefault(row.get("id") or row["pageid"], row)
            path, most = following(page, len(found)), max(most, page.get("data", {}).get("@total_size", 0))
        if len(found) < most:
            raise ApiError(f"{collection}: there were {most} at a time, and {len(found)} were shown")
        self.warn_if_gone("pull", collection, len(found))
        return list(found.values())

    def warn_if_gone(self, job, collection, count):
        if self.before[job] and not count:
            LOG.warning("%s: nothing to %s where %d %s were before", collection, job, self.before[job], collection)
        self.before[job] = count

    def absolute(self, path):
        return Url(self.origin.scheme, None, self.origin.host, self.origin.port).url + path

    def relative(self, link):
        url = parse_url(link)
        if (url.scheme, url.netloc) != (self.origin.scheme, self.origin.netloc):
            raise ApiError(f"next page at a foreign host: {link}")
        return url.request_uri

    def _after_keystone_page(self, page, count):
        link = page["links"]["next"]
        if link is None and page.get("truncated"):
            raise ApiError(f"users truncated at {count}, and no link to the next page")
        return link and self.relative(link)

    def _after_roundup_page(self, page, count):
        links, total = page["data"]["@links"], page["data"]["@total_size"]
        if "next" in links:
            return self.relative(links["next"][0]["uri"])
        if count < total:
            raise ApiError(f"users: {total} promised, {count} shown")
        return None

    def _after_mediawiki_page(self, page, count):
        return "continue" in page and f"{LISTINGS['mediawiki']}&{urlencode(page['continue'])}"

    def push(self, collection, records):
        problems = {}
        self.warn_if_gone("push", collection, len(records))
        if repeated := [name for name, rows in Counter(row["name"].strip() for row in records).items() if rows > 1]:
            raise ApiError(f"{collection} listed more than once: {repeated}")
        for record in records:
            try:
                self.upsert(record)
            except ApiError as error:
                LOG.error("user %s not pushed: %s", record["name"], error)
                problems[record["name"]] = error
        if problems:
            raise ExceptionGroup(f"{len(problems)} users not pushed", list(problems.values()))

    def upsert(self, record):
        """Every attempt begins with a look, so that it does not matter what became of the one before."""
        name, url = record["name"], self.absolute("/v3/users")
        where = f"{url}?{urlencode({'name': name})}"

        def attempt():
            users = self.get(where, lambda page: page["users"], name)["users"]
            if not users:
                return self.request("POST", url, {"user": record | {"domain_id": "default"}}, name)
            wanted = record | {"enabled": True}
            changed = {field: value for field, value in wanted.items() if users[0].get(field) != value}
            return self.request("PATCH", f"{url}/{users[0]['id']}", {"user": changed}, name) if changed else None

        def attempt_or_done():
            return attempt() or urllib3.HTTPResponse(b'{"user": {"id": "unchanged"}}', status=200)

        try:
            self.stubborn("POST", url, attempt_or_done, lambda document: document["user"]["id"], name)
        except NameTaken as error:
            LOG.warning("it is there after all, looking again: %s", error)
            self.stubborn("POST", url, attempt_or_done, lambda document: document["user"]["id"], name)


def whole(response):
    """The same response with its body read, as far as bodies go."""
    body = bytearray()
    for part in response.stream(2**18):
        body += part
        if len(body) > LARGEST_BODY:
            response.close()
            raise ResponseError(f"a body of more than {LARGEST_BODY} bytes")
    response.release_conn()
    return urllib3.HTTPResponse(BytesIO(body), response.headers, response.status, decode_content=False)


def retry_after(response):
    try:
        return RETRY.get_retry_after(response)
    except InvalidHeader:
        LOG.warning("Retry-After %r makes no sense", response.headers["Retry-After"])
        return None


def describe(method, url, response, subject):
    request_id = response.headers.get("X-Openstack-Request-Id", response.headers.get("X-Request-Id", "unknown"))
    body = response.data[:400].decode("utf-8", "replace")
    return f"{method} {url} {subject}: status {response.status}, request id {request_id}, body {body}"
