"""Reads take the short way, over the adapter's own pool, only where requests would do nothing else."""

import pytest
import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from harness.core import Integration
from harness.core.pooled import PooledGet
from harness.core.signing import HeaderToken
from harness.dialects.credentials import Bearer
from harness.dialects.facts import StaticToken
from tests.core_dialects import dialect
from tests.core_vendor import reply, vendor

SETTINGS = {"proxies": {}, "verify": True, "cert": None, "stream": True}
URL = "http://127.0.0.1:9/users?page=2"


class Unsigned(AuthBase):
    def __call__(self, request):
        return request


def taken(session, *, url=URL, headers=(), settings=SETTINGS):
    """Whether the short way was taken: nobody listens at the port, so that it shows."""
    try:
        return PooledGet(session).reply(url, (), headers, Unsigned(), settings, (0.5, 0.5)) is not None
    except OSError as error:
        return "refused" in str(error)
    except Exception as error:
        return "Connection refused" in str(error)


def with_adapter():
    session = requests.Session()
    session.mount("http://", type("Counting", (HTTPAdapter,), {})())
    return session


def with_hook():
    session = requests.Session()
    session.hooks["response"].append(lambda reply, **_: reply)
    return session


def with_params():
    session = requests.Session()
    session.params = {"tenant": "a"}
    return session


def test_a_plain_read_takes_the_short_way():
    assert taken(requests.Session())


@pytest.mark.parametrize("session", [with_adapter(), with_hook(), with_params()], ids=["adapter", "hook", "params"])
def test_a_session_that_its_owner_has_changed_sends_by_itself(session):
    assert not taken(session)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/users?name=Zoë",
        "http://127.0.0.1:9/users?name=a b",
        "http://127.0.0.1:9/users?name=100%",
        "http://127.0.0.1:9/users#top",
        "http://user:secret@127.0.0.1:9/users",
        "http://127.0.0.1:9@vendor.test/users",
    ],
)
def test_an_address_that_has_to_be_encoded_is_left_to_requests(url):
    assert not taken(requests.Session(), url=url)


def test_a_header_that_requests_would_refuse_is_left_to_it():
    assert not taken(requests.Session(), headers=(("X-Note", "two\r\nlines"),))


def test_a_proxy_is_left_to_requests():
    assert not taken(requests.Session(), settings={**SETTINGS, "proxies": {"http": "http://127.0.0.1:10"}})


def test_each_request_carries_the_headers_and_the_token_of_its_moment():
    session = requests.Session()
    with vendor(lambda asked: reply({})) as serving:
        short = PooledGet(session)
        for token, agent in (("a", "one"), ("a", "two"), ("b", "two")):
            session.headers["User-Agent"] = agent
            signature = HeaderToken("Authorization", "Bearer", token)
            short.reply(serving.url, (), (), signature, SETTINGS, (5, 5)).drain_conn()

    sent = [(asked.headers["authorization"], asked.headers["user-agent"]) for asked in serving.asked]
    assert sent == [("Bearer a", "one"), ("Bearer a", "two"), ("Bearer b", "two")]


@pytest.mark.parametrize("filling", ["", "x" * 300_000], ids=["small", "large"])
def test_all_pages_come_over_one_connection(filling):
    def page(asked):
        number = int(asked.query.get("page", 0))
        following = f"/users?page={number + 1}" if number < 4 else None
        return reply({"rows": [{"id": str(number), "note": filling}], "next": following})

    with vendor(page) as serving:
        token = {"credentials": Bearer("t"), "base_url": serving.url}
        with Integration(dialect(signing=StaticToken()), **token) as integration:
            pulled = [record["id"] for record in integration.pull("users")]

    assert pulled == ["0", "1", "2", "3", "4"]
    assert {asked.connection for asked in serving.asked} == {1}
