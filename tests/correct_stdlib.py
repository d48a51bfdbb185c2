"""A sound integration on http.client: one kept connection for each thread, and nothing but the standard library."""

import base64
import http.client
import json
import logging
import random
import ssl
import threading
import time
from email.utils import mktime_tz, parsedate_tz
from itertools import pairwise
from urllib.parse import urlencode, urlsplit

_logger = logging.getLogger("stdlib_sync")
_tls = ssl.create_default_context()
_MOST_BYTES = 10_000_000


class Failure(Exception):
    """It could not be done, and trying again is of no use."""


class Outage(Exception):
    """It could not be done this time; ``wait`` is what the vendor asked for, in seconds."""

    def __init__(self, text, wait=None):
        super().__init__(text)
        self.wait = wait


class Exhausted(Failure):
    """It could not be done this time, nor the times after."""


def attempts(what):
    """Calls ``what`` until it does not raise an Outage, six times at most: 1, 2, 4, 8, 16 s apart and a bit."""
    for number in range(6):
        try:
            return what()
        except Outage as outage:
            if number == 5 or (outage.wait or 0) > 300:
                raise Exhausted(f"attempt {number + 1} was the last: {outage}") from outage
            pause = (outage.wait or 2**number) + random.random()
            _logger.warning("attempt %d: %s; next in %.1f s", number + 1, outage, pause)
            time.sleep(pause)
    raise AssertionError("the sixth attempt returns or raises")


class Answer:
    """What came over the wire, read to its end."""

    def __init__(self, asked, response):
        self.asked, self.status, self.headers = asked, response.status, response.headers
        self.body = response.read(_MOST_BYTES + 1)
        if len(self.body) > _MOST_BYTES:
            raise http.client.HTTPException(f"more than {_MOST_BYTES} bytes")

    def __str__(self):
        request_id = self.headers["X-Openstack-Request-Id"] or self.headers["X-Request-Id"]
        return f"{self.asked}: {self.status} [{request_id}] {self.body[:500].decode(errors='replace')}"

    def asked_to_wait(self):
        text = self.headers["Retry-After"] or ""
        if text.isascii() and text.isdigit():
            return int(text)
        date = parsedate_tz(text)
        return max(0, mktime_tz(date) - time.time()) if date else None

    def document(self):
        """What the body holds, if it is what a success looks like."""
        if self.status == 429:
            raise Outage(f"rate limited, {self}", self.asked_to_wait())
        if self.status >= 500:
            raise Outage(str(self), self.asked_to_wait())
        if self.status >= 300:
            raise Failure(str(self))
        try:
            document = json.loads(self.body)
        except ValueError:
            raise Outage(f"no JSON, {self}") from None
        if not isinstance(document, dict):
            raise Outage(f"no object, {self}")
        if "error" in document:
            code = document["error"].get("code")
            if code in ("permissiondenied", "assertuserfailed"):
                raise Failure(str(self))
            raise Outage(f"rate limited, {self}" if code == "ratelimited" else f"an error under 200, {self}")
        return document


class OnHttpClient:
    """One kept connection for each thread, made anew whenever it broke."""

    def open(self, access):
        self.access = access
        self.host = urlsplit(access.base_url).netloc
        self.of_thread = threading.local()
        self.connections = []
        self.closed_until = 0.0
        self.lately = []
        self.token, self.token_ends, self.token_lock = "", 0.0, threading.Lock()

    def close(self):
        for connection in self.connections:
            connection.close()

    def send(self, method, target, headers, body=None, about=""):
        asked = " ".join(filter(None, (method, f"https://{self.host}{target}", about)))
        connection = getattr(self.of_thread, "connection", None)
        if connection is None:
            connection = self.of_thread.connection = http.client.HTTPSConnection(self.host, timeout=12, context=_tls)
            self.connections.append(connection)
        try:
            connection.request(method, target, body, headers)
            return Answer(asked, connection.getresponse())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Outage(f"{asked}: {type(error).__name__} {error}") from error

    def signed(self, method, target, document=None, about=""):
        """One answer. A limit that one thread meets closes the door to all of them."""
        answer = self.signed_when_open(method, target, document, about)
        if answer.status == 429:
            self.closed_until = max(self.closed_until, time.monotonic() + (answer.asked_to_wait() or 0))
        return answer

    def wait_at_the_door(self):
        waited = False
        while (left := self.closed_until - time.monotonic()) > 0:
            if left > 300:
                raise Failure(f"rate limited for {left:.0f} s more")
            time.sleep(left)
            waited = True
        return waited

    def signed_when_open(self, method, target, document, about):
        self.wait_at_the_door()
        body = None if document is None else json.dumps(document).encode()
        headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body else {})
        match self.access.vendor:
            case "roundup":
                login = self.access.credentials
                headers["Authorization"] = basic(login.username, login.password)
            case "keystone":
                headers["X-Auth-Token"] = self.valid_token()
                while self.wait_at_the_door():
                    headers["X-Auth-Token"] = self.valid_token()
                answer = self.send(method, target, headers, body, about)
                if answer.status != 401:
                    return answer
                _logger.warning("token is not accepted: %s", answer)
                headers["X-Auth-Token"] = self.valid_token(refused=headers["X-Auth-Token"])
        return self.send(method, target, headers, body, about)

    def valid_token(self, refused=None):
        with self.token_lock:
            if self.token and self.token != refused and time.monotonic() < self.token_ends:
                return self.token
            _logger.info(
                "asking for a token: %s", "rejected" if refused else "old one expired" if self.token else "first"
            )
            try:
                self.token, self.token_ends = attempts(self.new_token)
            except Failure as failure:
                raise SystemError(f"no token, nothing can be done: {failure}") from failure
            return self.token

    def new_token(self):
        client = self.access.credentials
        headers = {
            "Authorization": basic(client.client_id, client.client_secret),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        now = time.monotonic()
        path = urlsplit(self.access.token_url).path
        answer = self.send("POST", path, headers, b"grant_type=client_credentials")
        grant = answer.document()
        if "access_token" not in grant:
            raise Outage(f"no token in it, {answer}")
        lifetime = float(grant.get("expires_in", 0))
        return grant["access_token"], now + (lifetime - min(lifetime / 8, 90) if lifetime else 1800)

    def page(self, target, *path, about=""):
        def once():
            answer = self.signed("GET", target, about=about)
            page = rows = answer.document()
            try:
                for step in path:
                    rows = rows[step]
                return page, {str(row.get("id") or row["pageid"]): row for row in rows}
            except (LookupError, TypeError, AttributeError) as error:
                raise Outage(f"unexpected content ({error!r}), {answer}") from error

        return attempts(once)

    # importing

    def pull(self, collection):
        target, path, following = {
            "keystone": ("/v3/users", ("users",), next_users),
            "roundup": (
                "/rest/data/user?@page_size=2&@page_index=1&@fields=username,realname,phone",
                ("data", "collection"),
                next_accounts,
            ),
            "mediawiki": (wiki_target({}), ("query", "allpages"), next_pages),
        }[self.access.vendor]
        records, asked, totals = {}, set(), set()
        while target:
            asked.add(target)
            page, rows = self.page(target, *path)
            check_total(page, totals)
            records |= rows
            target = self.checked(following(page, len(records)), asked)
        self.remember("import", collection, len(records))
        return records.values()

    def remember(self, job, collection, count):
        """Nothing after something is no success of a job that was never told so."""
        if not count and any(done == (job, collection) for done in self.lately):
            raise Failure(f"the {job} of {collection} finds nothing, and did before")
        if count:
            self.lately.append((job, collection))

    def checked(self, link, asked):
        if not link:
            return None
        url = urlsplit(link)
        if url.netloc not in ("", self.host):
            raise Failure(f"a link to another host: {link}")
        target = f"{url.path}?{url.query}"
        if target in asked:
            raise Failure(f"a link to a page that was there before: {link}")
        return target

    # exporting

    def push(self, collection, records):
        failures = []
        self.remember("export", collection, len(records))
        names = sorted(record["name"].strip() for record in records)
        if twins := {one for one, other in pairwise(names) if one == other}:
            raise Failure(f"listed more than once: {', '.join(twins)}")
        for record in records:
            try:
                attempts(lambda record=record: self.ensure(record))
            except Failure as failure:
                _logger.error("%s: %s", record["name"], failure)
                failures.append(record["name"])
        if failures:
            raise Failure(f"not there: {', '.join(failures)}; see the log")

    def ensure(self, record):
        name = record["name"]
        _, found = self.page(f"/v3/users?{urlencode({'name': name})}", "users", about=name)
        if not found:
            answer = self.signed("POST", "/v3/users", {"user": {"domain_id": "default"} | record}, name)
            if answer.status == 409:
                raise Outage(f"somebody else made it, {answer}")
            if "user" not in answer.document():
                raise Outage(f"no user in it, {answer}")
            return
        [(user_id, user)] = found.items()
        if differing := {key: value for key, value in (record | {"enabled": True}).items() if user.get(key) != value}:
            self.signed("PATCH", f"/v3/users/{user_id}", {"user": differing}, name).document()


def basic(name, secret):
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def next_users(page, count):
    link = page["links"].get("next")
    if page.get("truncated", False) and not link:
        raise Failure(f"users are said to be truncated after {count}, with no next link")
    return link


def next_accounts(page, count):
    links, total = page["data"]["@links"].get("next", []), page["data"]["@total_size"]
    if not links and total != count:
        raise Failure(f"{total} users are said to be there, {count} were shown")
    return links[0]["uri"] if links else None


def check_total(page, totals):
    """Issues that go move those of later pages, and the count of what came agrees with the last total all the same."""
    totals.add(page.get("data", {}).get("@total_size"))
    if len(totals) > 1:
        raise Failure(f"users came or went while they were listed; the totals were {sorted(totals)}")


def next_pages(page, count):
    return wiki_target(page["continue"]) if "continue" in page else None


def wiki_target(more):
    query = {"action": "query", "list": "allpages", "aplimit": 2, "format": "json", "formatversion": 2}
    return f"/api.php?{urlencode(query | more)}"
