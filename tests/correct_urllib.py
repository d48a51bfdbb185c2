"""A sound integration on urllib.request: a connection for each request, a generator for the listing."""

import contextlib
import http.client
import json
import logging
import random
import ssl
import threading
import time
import urllib.error
import urllib.request
from email.utils import mktime_tz, parsedate_tz
from urllib.parse import parse_qsl, urlencode

from tests.correct_stdlib import basic, check_total, next_accounts, next_pages, next_users, wiki_target

_logger = logging.getLogger("urllib_sync")
_tls = ssl.create_default_context()
MOST = 12_345_678


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class UrllibError(Exception):
    """Everything that goes wrong here. ``hopeful`` errors may pass."""

    def __init__(self, text, hopeful, wait=0.0, code=None):
        super().__init__(text)
        self.hopeful, self.wait, self.code = hopeful, wait, code


class OnUrllibRequest:
    """A connection for each request, a generator for the listing, decorrelated waits that start at half a second."""

    def open(self, access):
        self.access = access
        self.opener = urllib.request.build_opener(
            _NoRedirect, urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=_tls)
        )
        self.lock = threading.RLock()
        self.token, self.fresh_until = None, 0.0
        self.gone = None
        self.barred_until = 0.0
        self.most = {"pull": 0, "push": 0}

    def close(self):
        self.opener.close()

    def exchange(self, request, key=""):
        about = f"{request.get_method()} {request.full_url}" + (f" for {key}" if key else "")
        try:
            with self.opener.open(request, timeout=14) as response:
                body = response.read(MOST + 1)
                headers = response.headers
                if len(body) > MOST:
                    raise http.client.HTTPException(f"its body has more than {MOST} bytes")
                text = body.decode()
        except urllib.error.HTTPError as error:
            with error:
                raise self.refusal(about, error) from error
        except (OSError, http.client.HTTPException, UnicodeDecodeError) as error:
            raise UrllibError(f"{about} was not answered: {error!r}", hopeful=True) from error
        about += (
            f" was answered 200 (request id {headers['X-Openstack-Request-Id'] or headers['X-Request-Id']}): {text}"
        )
        try:
            document = json.loads(text)
            failed = document.get("error")
        except (ValueError, AttributeError) as error:
            raise UrllibError(about, hopeful=True) from error
        if failed:
            code = failed.get("code")
            hopeful = code in ("ratelimited", "readonly", "maxlag") or isinstance(code or 0, int)
            raise UrllibError(("throttled: " if code == "ratelimited" else "") + about, hopeful=hopeful)
        return document

    @staticmethod
    def refusal(about, error):
        with contextlib.suppress(OSError, http.client.HTTPException):
            request_id = error.headers["X-Openstack-Request-Id"] or error.headers["X-Request-Id"]
            about += f" was refused, {error.code}, request id {request_id}: "
            about += error.read().decode(errors="replace")
        wait, told = 0.0, error.headers.get("Retry-After")
        with contextlib.suppress(ValueError):
            wait = float(told or 0)
        if told and not wait and (date := parsedate_tz(told)):
            wait = mktime_tz(date) - time.time()
        if error.code == 429:
            return UrllibError(f"throttled: {about}", hopeful=wait < 1800, wait=max(0.0, wait), code=429)
        return UrllibError(about, hopeful=error.code >= 500, wait=max(0.0, wait), code=error.code)

    def patiently(self, act):
        wait, tries = 0.5, 7
        while True:
            try:
                return act()
            except UrllibError as error:
                tries -= 1
                if not error.hopeful or not tries:
                    error.hopeful = False
                    raise
                _logger.warning("%s", error)
                wait = random.uniform(1.5 * wait, 3 * wait)
                time.sleep(error.wait + 0.1 if error.wait else min(wait, 40))

    def signed(self, path, method="GET", document=None, key=""):
        """One exchange; one more where the token was not taken."""
        for last in (False, True):
            request = urllib.request.Request(self.access.base_url + path, method=method)
            if document is not None:
                request.data = json.dumps(document).encode()
                request.add_header("Content-Type", "application/json")
            token = None
            self.unbarred()
            if self.access.vendor == "keystone":
                token = self.token_now()
                while self.unbarred():
                    token = self.token_now()
                request.add_unredirected_header("X-Auth-Token", token)
            elif self.access.vendor == "roundup":
                pair = self.access.credentials
                request.add_unredirected_header("Authorization", basic(pair.username, pair.password))
            try:
                return self.exchange(request, key)
            except UrllibError as error:
                if error.code == 429:
                    self.barred_until = max(self.barred_until, time.monotonic() + error.wait)
                if error.code != 401 or not token or last:
                    raise
                _logger.warning("token rejected, %s", error)
                with self.lock:
                    self.token = None if self.token == token else self.token
        raise AssertionError("the second round returns or raises")

    def unbarred(self):
        """Sleeps while a limit that any thread met still holds; whether one did."""
        barred = False
        while (left := self.barred_until - time.monotonic()) > 0:
            if left > 1800:
                raise UrllibError(f"throttled for {left:.0f} s more", hopeful=False)
            barred = True
            time.sleep(left)
        return barred

    def token_now(self):
        with self.lock:
            if self.gone:
                raise self.gone
            if self.token is None or time.monotonic() > self.fresh_until:
                _logger.info("a token is needed: %s", "none or rejected" if self.token is None else "expiring")
                try:
                    self.patiently(self.buy)
                except UrllibError as error:
                    self.gone = error
                    raise
            return self.token

    def buy(self):
        client, began = self.access.credentials, time.monotonic()
        request = urllib.request.Request(
            self.access.token_url, urlencode({"grant_type": "client_credentials"}).encode()
        )
        request.add_unredirected_header("Authorization", basic(client.client_id, client.client_secret))
        grant = self.exchange(request)
        if not grant.get("access_token"):
            raise UrllibError(f"{self.access.token_url} gave no token", hopeful=True)
        seconds = int(grant.get("expires_in") or 600)
        self.token, self.fresh_until = grant["access_token"], began + seconds * 0.85

    def rows(self, page, *steps):
        for step in steps:
            page = page.get(step) if isinstance(page, dict) else None
        if not isinstance(page, list) or not all(isinstance(row, dict) for row in page):
            raise UrllibError(f"no list of records at {'.'.join(steps)}", hopeful=True)
        return page

    def pull(self, collection):
        first, steps = {
            "keystone": ("/v3/users", ("users",)),
            "roundup": (
                "/rest/data/user?@page_size=2&@page_index=1&@fields=username,realname,phone",
                ("data", "collection"),
            ),
            "mediawiki": (wiki_target({}), ("query", "allpages")),
        }[self.access.vendor]
        follow = {"keystone": next_users, "roundup": next_accounts, "mediawiki": next_pages}[self.access.vendor]
        path, trail, seen, totals = first, [], set(), set()
        while path:
            trail.append(sorted(parse_qsl(path)))

            def fetch(path=path):
                page = self.signed(path)
                return page, self.rows(page, *steps)

            page, rows = self.patiently(fetch)
            check_total(page, totals)
            for row in rows:
                if (identity := row.get("id", row.get("pageid"))) not in seen:
                    seen.add(identity)
                    yield row
            link = follow(page, len(seen))
            path = link and link.removeprefix(self.access.base_url)
            if path and not path.startswith("/"):
                raise UrllibError(f"{collection} lead away to {link}", hopeful=False)
            if path and sorted(parse_qsl(path)) in trail:
                raise UrllibError(f"{collection} lead back to {link}", hopeful=False)
        self.mind("pull", len(seen))

    def mind(self, job, count):
        self.most[job] = max(self.most[job], count)
        if not count and self.most[job]:
            _logger.warning("%s: nothing came, and up to %d records did before", job, self.most[job])

    def push(self, collection, records):
        """All that can be brought is; the first failure is raised with the names of all."""
        failed = {}
        self.mind("push", len(records))
        by_name = {record["name"].strip(): record for record in records}
        if len(by_name) != len(records):
            raise UrllibError(f"{len(records)} rows name {len(by_name)} users", hopeful=False)
        for record in records:
            try:
                self.patiently(lambda record=record: self.bring(record))
            except UrllibError as error:
                if self.gone:
                    raise
                failed[record["name"]] = error
        if failed:
            texts = "; ".join(f"{name}: {error}" for name, error in failed.items())
            raise UrllibError(f"{len(failed)} users were not brought: {texts}", hopeful=False)

    def bring(self, record):
        name = record["name"]
        found = self.rows(self.signed(f"/v3/users?{urlencode({'name': name})}", key=name), "users")
        if not found:
            try:
                made = self.signed("/v3/users", "POST", {"user": {**record, "domain_id": "default"}}, name)
            except UrllibError as error:
                # Whoever was faster: the next look shows what is there.
                error.hopeful = error.hopeful or error.code == 409
                raise
            if made.get("user", {}).get("name") != name:
                raise UrllibError(f"{name} was answered without a user", hopeful=True)
            return
        wanted = {**record, "enabled": True}
        if any(found[0].get(field) != value for field, value in wanted.items()):
            self.signed(f"/v3/users/{found[0]['id']}", "PATCH", {"user": wanted}, name)
