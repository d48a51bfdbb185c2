"""An integration wired as most are: it works in the demo, on every vendor, and says done when it is not."""

import random
import time

import requests

LISTINGS = {
    "keystone": ("/v3/users", {}, ("users",)),
    "roundup": (
        "/rest/data/user",
        {"@page_size": 2, "@page_index": 1, "@fields": "username,realname,phone"},
        ("data", "collection"),
    ),
    "mediawiki": (
        "/api.php",
        {"action": "query", "list": "allpages", "aplimit": 2, "format": "json", "formatversion": 2},
        ("query", "allpages"),
    ),
    "kinto": ("/v1/buckets/crm/collections/contacts/records", {"_sort": "id"}, ("data",)),
    "scim": ("/v2/Users", {"count": 100}, ("Resources",)),
}


class TokenManager:
    """Keeps a token until its time is up."""

    def __init__(self, token_url, client_id, client_secret):
        self.token_url = token_url
        self.auth = (client_id, client_secret)
        self.token = None
        self.expires_at = 0

    def get_token(self):
        if self.token is None or time.time() >= self.expires_at - 1:
            response = requests.post(self.token_url, auth=self.auth, data={"grant_type": "client_credentials"})
            response.raise_for_status()
            body = response.json()
            self.token = body["access_token"]
            self.expires_at = time.time() + body["expires_in"]
        return self.token


def with_backoff(call, attempts=5):
    """Retries when the API is busy."""
    for n in range(attempts):
        try:
            response = call()
            response.raise_for_status()
            return response
        except requests.HTTPError:
            time.sleep(2**n + random.random())
    raise RuntimeError("the API is down")


def wrapped(vendor, record):
    """The record as the vendor wants it."""
    match vendor:
        case "kinto":
            return {"data": record}
        case "roundup":
            return record
        case "scim":
            return {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], **record}
        case _:
            return {"user": {"domain_id": "default", **record}}


class Naive:
    """Pulls and pushes with a token manager and a retry, as the tutorial showed."""

    def open(self, access):
        self.vendor = access.vendor
        self.base_url = access.base_url
        self.session = requests.Session()
        self.tokens = None
        if access.token_url:
            self.tokens = TokenManager(access.token_url, access.credentials.client_id, access.credentials.client_secret)
        elif access.vendor == "scim":
            self.session.headers["Authorization"] = f"Bearer {access.credentials.token}"
        elif access.credentials:
            self.session.auth = (access.credentials.username, access.credentials.password)
        if access.vendor == "roundup":
            self.session.headers.update({"X-Requested-With": "rest", "Origin": access.base_url})

    def _headers(self):
        return {"X-Auth-Token": self.tokens.get_token()} if self.tokens else {}

    def pull(self, collection):
        path, params, rows = LISTINGS[self.vendor]
        headers = self._headers()
        body = with_backoff(lambda: self.session.get(self.base_url + path, params=params, headers=headers)).json()
        for key in rows:
            body = body.get(key, {})
        return list(body)

    def push(self, collection, records):
        path = LISTINGS[self.vendor][0]
        for record in records:
            user = wrapped(self.vendor, record)
            headers = self._headers()
            with_backoff(
                lambda user=user, headers=headers: self.session.post(self.base_url + path, json=user, headers=headers)
            )

    def close(self):
        self.session.close()
