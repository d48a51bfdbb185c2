"""Imports Acme's contacts. Nothing in here knows that it will be certified."""

import json
import logging
import random
import threading
import time
from email.utils import parsedate_to_datetime

import requests

log = logging.getLogger("acme")

TRIES = 6
LONGEST_WAIT_S = 300
LARGEST_BYTES = 16 * 1024 * 1024


class AcmeError(Exception):
    """Acme did not do what it was asked; the text holds what Acme's support asks for."""


class Passing(AcmeError):
    """An error that may be gone at the next try."""

    def __init__(self, text, wait_s=None):
        super().__init__(text)
        self.wait_s = wait_s


class Rejected(AcmeError):
    """Acme does not take the token."""


def told_wait_s(reply):
    """The seconds that Retry-After asks for, as a number or as a date; None where it asks for nothing sensible."""
    told = reply.headers.get("Retry-After", "")
    try:
        wait_s = float(told) if told.isdecimal() else parsedate_to_datetime(told).timestamp() - time.time()
    except ValueError:
        return None
    return wait_s if wait_s > 0 else None


class Acme:
    """Every contact, each once, or an ``AcmeError``."""

    def open(self, access):
        self.access = access
        self.session = requests.Session()
        self.lock = threading.Lock()
        self.token, self.refresh_at_s = "", 0.0
        self.free_at_s, self.shown_before = 0.0, 0

    def close(self):
        self.session.close()

    def pull(self, collection):
        contacts, cursors, query = {}, set(), {"limit": "3"}
        while True:
            page = self._retried(lambda query=dict(query): self._page(collection, query))
            if page["contacts"] and all(contact["id"] in contacts for contact in page["contacts"]):
                raise AcmeError(f"the page at {query} shows nothing but contacts that were seen before")
            contacts |= {contact["id"]: contact for contact in page["contacts"]}
            if not page.get("next_cursor"):
                break
            query["cursor"] = page["next_cursor"]
            if query["cursor"] in cursors:
                raise AcmeError(f"the cursor {query['cursor']} comes round again")
            cursors.add(query["cursor"])
        if len(contacts) != page.get("total"):
            raise AcmeError(f"Acme has {page.get('total')} contacts and showed {len(contacts)}")
        if self.shown_before and not contacts:
            raise AcmeError(f"Acme shows no contacts, and {self.shown_before} the last time")
        self.shown_before = len(contacts)
        return list(contacts.values())

    def _page(self, collection, query):
        url = f"{self.access.base_url}/v1/{collection}"
        self._await_turn()
        token = self._token()
        while self._await_turn():
            token = self._token()
        try:
            page = self._get(url, query, token)
        except Rejected:
            page = self._get(url, query, self._token(rejected=token))
        contacts = page.get("contacts")
        if not isinstance(contacts, list) or not all(isinstance(c, dict) and c.get("id") for c in contacts):
            raise Passing(f"a contact of {url} {query} is null, or there are none")
        return page

    def _get(self, url, query, token):
        try:
            return self._asked("GET", url, params=query, headers={"Authorization": f"Bearer {token}"})
        except Passing as error:
            self.free_at_s = max(self.free_at_s, time.monotonic() + (error.wait_s or 0))
            raise

    def _await_turn(self):
        """Sleeps as long as Acme asked any thread to wait; whether it did."""
        waited = False
        while (left_s := self.free_at_s - time.monotonic()) > 0:
            if left_s > LONGEST_WAIT_S:
                raise AcmeError(f"Acme's limit holds for {left_s:.0f} s more")
            time.sleep(left_s)
            waited = True
        return waited

    def _token(self, rejected=None):
        with self.lock:
            if self.token and self.token != rejected and time.monotonic() < self.refresh_at_s:
                return self.token
            reason = "rejected" if rejected else "expiring" if self.token else "first"
            asked_s = time.monotonic()
            body = self._retried(self._new_token)
            lifetime_s = float(body.get("expires_in") or 0)
            # Without a lifetime the token serves until Acme rejects it.
            margin_s = 1.25 * min(60.0, 0.1 * lifetime_s)
            self.refresh_at_s = asked_s + lifetime_s - margin_s if lifetime_s else float("inf")
            self.token = body["access_token"]
            log.info("token fetched reason=%s lifetime_s=%s", reason, lifetime_s)
            return self.token

    def _new_token(self):
        client = self.access.credentials
        form = {"client_id": client.client_id, "client_secret": client.client_secret}
        body = self._asked("POST", self.access.token_url, data={"grant_type": "client_credentials", **form})
        if not body.get("access_token"):
            raise Passing(f"{self.access.token_url} answered without a token")
        return body

    def _retried(self, ask):
        for attempt in range(TRIES):
            try:
                return ask()
            except Passing as error:
                told_s = error.wait_s
                if attempt + 1 == TRIES or (told_s or 0) > LONGEST_WAIT_S:
                    raise AcmeError(f"gave up after {attempt + 1} tries: {error}") from error
                wait_s = told_s + random.uniform(0, 1) if told_s else 2**attempt * random.uniform(1, 1.25)
                log.warning("waiting %.1f s: %s", wait_s, error)
                time.sleep(wait_s)
        raise AssertionError("the last try returns or raises")

    def _asked(self, method, url, **request):
        try:
            # The no-op keeps a password of ~/.netrc from taking the token's place.
            request |= {"timeout": (10, 30), "allow_redirects": False, "auth": lambda prepared: prepared}
            reply = self.session.request(method, url, stream=True, **request)
            text = self._bounded(reply)
        except requests.RequestException as error:
            raise Passing(f"{method} {url}: {type(error).__name__}") from error
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        error = body.get("error") if isinstance(body, dict) else None
        request_id = reply.headers.get("X-Request-Id")
        context = f"{method} {url} status={reply.status_code} request_id={request_id} error={error}"
        log.info("answered %s", context)
        if reply.status_code == 401 and "headers" in request:
            raise Rejected(context)
        if reply.status_code == 429 or reply.status_code >= 500:
            raise Passing(context, told_wait_s(reply))
        if reply.status_code >= 300:
            raise AcmeError(context)
        if not isinstance(body, dict) or error:
            raise Passing(context)
        return body

    def _bounded(self, reply):
        """The body, unpacked; of one that is too large no more than that is read."""
        body = bytearray()
        for part in reply.iter_content(65_536):
            body += part
            if len(body) > LARGEST_BYTES:
                reply.close()
                raise AcmeError(f"{reply.url} answered with more than {LARGEST_BYTES} bytes")
        return bytes(body)
