"""Sound integrations on asyncio behind plain methods: one on httpx.AsyncClient, one on aiohttp."""

import asyncio
import base64
import json
import logging
import random
import ssl
import threading
import time
from email.utils import parsedate_to_datetime

import aiohttp
import httpx
import yarl

log = logging.getLogger("async_sync")
logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of every request at INFO
TLS = ssl.create_default_context()
ENOUGH = 5_000_000


class Refused(Exception):
    """For good."""


class NotNow(Exception):
    def __init__(self, text, seconds=None):
        super().__init__(text)
        self.seconds = seconds


class Unauthorized(Refused):
    pass


class Taken(Refused):
    pass


class NoTokens(Refused):
    pass


def seconds_from(text):
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        return parsedate_to_datetime(text).timestamp() - time.time()
    except ValueError:
        return None


class Gate:
    """Shut while the vendor asked anybody to wait: all tasks of all event loops go through here."""

    def __init__(self):
        self.opens = 0.0

    def shut_for(self, seconds):
        self.opens = max(self.opens, time.monotonic() + seconds)

    async def passed(self):
        """Returns when it is open; whether it was shut."""
        shut = False
        while (left := self.opens - time.monotonic()) > 0:
            if left >= 3600:
                raise Refused(f"the vendor's limit holds for {left:.0f} s more")
            shut = True
            await asyncio.sleep(left)
        return shut


async def tried(once, *, most=6):
    """Awaits ``once()`` until it is not NotNow."""
    for attempt in range(1, most + 1):
        try:
            return await once()
        except NotNow as error:
            seconds = error.seconds if error.seconds and error.seconds > 0 else None
            if attempt == most or (seconds or 0) >= 3600:
                raise Refused(f"given up at attempt {attempt}: {error}") from error
            pause = seconds + random.random() if seconds else random.uniform(0.8, 1.2) * 2 ** (attempt - 1)
            log.warning("attempt %s, again in %.2f s: %s", attempt, pause, error)
            await asyncio.sleep(pause)
    raise AssertionError


def checked(about, status, headers, text, parse):
    """The document of a success, whichever client fetched it."""
    request_id = headers.get("X-Openstack-Request-Id") or headers.get("X-Request-Id")
    about = f"{about} => {status}, request {request_id}, {text}"
    if status == 429:
        raise NotNow(f"rate limit: {about}", seconds_from(headers.get("Retry-After")))
    if status >= 500:
        raise NotNow(about, seconds_from(headers.get("Retry-After")))
    if status >= 300:
        raise {401: Unauthorized, 409: Taken}.get(status, Refused)(about)
    try:
        document = parse()
        error = document.get("error")
    except (ValueError, AttributeError):
        raise NotNow(f"not JSON: {about}") from None
    if error is None:
        return document
    code = error.get("code", 0) if isinstance(error, dict) else error
    if code == "ratelimited":
        raise NotNow(f"rate limit: {about}")
    if isinstance(code, int) or code in ("readonly", "maxlag"):
        raise NotNow(f"error in a success: {about}")
    raise Refused(about)


def basic(name, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def told_apart(listing, rows_of):
    """The rows of one page; a page that holds anything else is none."""
    try:
        rows = rows_of(listing)
        if all(row.get("id") or row["pageid"] for row in rows):
            return rows
    except (LookupError, TypeError, AttributeError) as error:
        raise NotNow(f"not a listing: {error!r} in {str(listing)[:200]}") from error
    raise NotNow("a row without an id")


class Asynchronous:
    """What does not depend on the client.

    Tokens and gate outlive the event loop of a run; client and lane belong to the loop, and so to the thread that runs
    it. Three requests are under way in a lane at most.
    """

    def open(self, access):
        self.access = access
        self.token, self.token_until, self.no_token = None, 0.0, None
        self.buying = threading.Lock()
        self.here = threading.local()
        self.gate = Gate()
        self.seen_before = set()

    def close(self):
        """Clients live as long as their event loop."""

    def pull(self, collection):
        return asyncio.run(self.in_client(self.walk))

    def push(self, collection, records):
        asyncio.run(self.in_client(lambda: self.bring_all(records)))

    # -- tokens

    async def current_token(self, instead_of=None):
        # A lock that other event loops hold too must not be waited for here.
        while not self.buying.acquire(blocking=False):
            await asyncio.sleep(0.02)
        try:
            if self.no_token:
                raise NoTokens(f"no token: {self.no_token}")
            if not self.token or self.token == instead_of or time.monotonic() >= self.token_until:
                reason = "rejected" if instead_of else "expiring" if self.token else "first"
                log.info("new token, reason=%s", reason)
                try:
                    await tried(self.buy)
                except Refused as error:
                    self.no_token = error
                    raise NoTokens(f"no token: {error}") from error
            return self.token
        finally:
            self.buying.release()

    async def buy(self):
        start, url = time.monotonic(), self.access.token_url
        client = self.access.credentials
        headers = basic(client.client_id, client.client_secret)
        grant = await self.exchange("POST", url, form={"grant_type": "client_credentials"}, headers=headers)
        if not grant.get("access_token"):
            raise NotNow(f"{url} gave no token")
        lifetime = float(grant.get("expires_in") or 900)
        self.token, self.token_until = grant["access_token"], start + lifetime - lifetime / 6

    async def call(self, method, url, *, document=None, about=""):
        """One request, signed when it is its turn and not before: a token does not wait well."""
        async with self.here.lane:
            await self.gate.passed()
            try:
                return await self.signed(method, url, document, about)
            except NotNow as error:
                self.gate.shut_for(error.seconds or 0)
                raise

    async def signed(self, method, url, document, about):
        if self.access.vendor == "mediawiki":
            return await self.exchange(method, url, document=document, about=about)
        if self.access.vendor == "roundup":
            headers = basic(self.access.credentials.username, self.access.credentials.password)
            return await self.exchange(method, url, document=document, about=about, headers=headers)
        token = await self.current_token()
        while await self.gate.passed():
            token = await self.current_token()
        try:
            return await self.exchange(method, url, document=document, about=about, headers={"X-Auth-Token": token})
        except Unauthorized as error:
            log.warning("token rejected: %s", error)
        headers = {"X-Auth-Token": await self.current_token(token)}
        return await self.exchange(method, url, document=document, about=about, headers=headers)

    # -- jobs

    async def walk(self):
        start, rows_of, next_of = {
            "keystone": ("/v3/users", lambda page: page["users"], self.after_users),
            "roundup": (
                "/rest/data/user?@page_size=2&@page_index=1&@fields=username,realname,phone",
                lambda page: page["data"]["collection"],
                self.after_accounts,
            ),
            "mediawiki": (
                "/api.php?action=query&list=allpages&aplimit=2&format=json&formatversion=2",
                lambda page: page["query"]["allpages"],
                lambda page, url, got: url.update_query(page["continue"]) if "continue" in page else None,
            ),
        }[self.access.vendor]
        home = yarl.URL(self.access.base_url)
        url, been, got, totals = home.join(yarl.URL(start)), set(), {}, set()
        while url:
            if url.origin() != home.origin() or url in been:
                raise Refused(f"{url} is foreign, or was listed before")
            been.add(url)

            async def once(url=url):
                page = await self.call("GET", str(url))
                return page, told_apart(page, rows_of)

            page, rows = await tried(once)
            totals.add(page.get("data", {}).get("@total_size"))
            if len(totals) > 1:
                raise Refused(f"{url.path} changed while it was listed: totals {totals}")
            got.update((row.get("id") or row["pageid"], row) for row in rows)
            url = next_of(page, url, got)
        self.weigh("records at the vendor", got)
        return list(got.values())

    def weigh(self, what, records):
        if not records and what in self.seen_before:
            raise Refused(f"no {what}, where some were before")
        if records:
            self.seen_before.add(what)

    @staticmethod
    def after_users(page, url, got):
        link = page["links"]["next"]
        if not link and page.get("truncated"):
            raise Refused(f"{url} is truncated and leads nowhere; {len(got)} users so far")
        return link and yarl.URL(link)

    @staticmethod
    def after_accounts(page, url, got):
        links = page["data"]["@links"].get("next")
        if not links and page["data"]["@total_size"] != len(got):
            raise Refused(f"{page['data']['@total_size']} users promised, {len(got)} got")
        return links and yarl.URL(links[0]["uri"])

    async def bring_all(self, records):
        self.weigh("records to bring", records)
        if len(dict.fromkeys(record["name"].strip() for record in records)) != len(records):
            raise Refused("two records to bring have one name")
        ends = await asyncio.gather(*(self.bring(record) for record in records), return_exceptions=True)
        failures = {record["name"]: end for record, end in zip(records, ends, strict=True) if end is not None}
        for name, error in failures.items():
            log.error("%s failed: %s", name, error)
        if failures:
            raise Refused(f"failed: {failures}")

    async def bring(self, record):
        """One record; each attempt looks before it writes."""
        users, name = f"{self.access.base_url}/v3/users", record["name"]

        async def once():
            page = await self.call("GET", str(yarl.URL(users).with_query(name=name)), about=name)
            found = told_apart(page, lambda page: page["users"])
            if not found:
                try:
                    made = await self.call(
                        "POST", users, document={"user": {"domain_id": "default", **record}}, about=name
                    )
                except Taken as error:
                    raise NotNow(f"it is there now: {error}") from error
                if "user" not in made:
                    raise NotNow(f"{name}: no user in {made}")
            elif any(found[0].get(key) != value for key, value in {"enabled": True, **record}.items()):
                document = {"user": {"enabled": True, **record}}
                await self.call("PATCH", f"{users}/{found[0]['id']}", document=document, about=name)

        await tried(once)


class OnAsyncHttpx(Asynchronous):
    """httpx.AsyncClient, one for each run."""

    async def in_client(self, job):
        self.here.lane = asyncio.Semaphore(3)
        async with httpx.AsyncClient(timeout=12, verify=TLS) as self.here.client:
            return await job()

    async def exchange(self, method, url, *, document=None, form=None, headers=None, about=""):
        about = f"{method} {url} {about}"
        try:
            request = self.here.client.build_request(method, url, json=document, data=form, headers=headers)
            reply = await self.here.client.send(request, stream=True)
            reply._content = await self.read(reply)
        except httpx.HTTPError as error:
            raise NotNow(f"{about}: {error!r}") from error
        return checked(about, reply.status_code, reply.headers, reply.text, reply.json)

    @staticmethod
    async def read(reply):
        body = bytearray()
        async for part in reply.aiter_bytes():
            body += part
            if len(body) > ENOUGH:
                await reply.aclose()
                raise httpx.DecodingError("too large to be an answer")
        return bytes(body)


class OnAiohttp(Asynchronous):
    """aiohttp, a session for each run."""

    async def in_client(self, job):
        self.here.lane = asyncio.Semaphore(3)
        timeout = aiohttp.ClientTimeout(total=15, sock_connect=5)
        async with aiohttp.ClientSession(timeout=timeout) as self.here.session:
            return await job()

    async def exchange(self, method, url, *, document=None, form=None, headers=None, about=""):
        about = f"{method} {url} {about}"
        options = {"json": document, "data": form, "headers": headers, "allow_redirects": False}
        try:
            async with self.here.session.request(method, yarl.URL(url, encoded=True), **options) as reply:
                text = (await self.read(reply)).decode(reply.charset or "utf-8")
        except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError) as error:
            # Its repr would show the request's headers, and the token in them.
            raise NotNow(f"{about}: {type(error).__name__}: {error}") from None
        return checked(about, reply.status, reply.headers, text, lambda: json.loads(text))

    @staticmethod
    async def read(reply):
        body = bytearray()
        async for part in reply.content.iter_any():
            body += part
            if len(body) > ENOUGH:
                raise aiohttp.ClientPayloadError("too large to be an answer")
        return bytes(body)
