"""One GET, and a session of several requests, through each HTTP library: no retries, one timeout, the environment
ignored."""

import asyncio
import contextlib
import http.client
import ssl
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

import aiohttp
import httpx
import requests
import urllib3
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

TIMEOUT_S = 0.2
SESSION_TIMEOUT_S = 2.0

Get = Callable[[str, str], tuple[int, bytes]]
"""URL and CA file in, status and body out."""
Session = Callable[[str], contextlib.AbstractContextManager[Callable[[str], int]]]
"""Host in; a call takes a method and gives a status."""


def trusting(ca: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca)


# -- one GET ---------------------------------------------------------------------------------------------------------


def get_with_requests(url: str, ca: str) -> tuple[int, bytes]:
    with requests.Session() as session:
        session.trust_env = False
        reply = session.get(url, timeout=TIMEOUT_S, verify=ca)
        return reply.status_code, reply.content


def get_with_urllib3(url: str, ca: str) -> tuple[int, bytes]:
    with urllib3.PoolManager(ca_certs=ca) as pool:
        reply = pool.request("GET", url, timeout=TIMEOUT_S, retries=False)
        return reply.status, reply.data


def get_with_httpx(url: str, ca: str) -> tuple[int, bytes]:
    with httpx.Client(trust_env=False, timeout=TIMEOUT_S, verify=trusting(ca)) as client:
        reply = client.get(url)
        return reply.status_code, reply.content


def get_with_async_httpx(url: str, ca: str) -> tuple[int, bytes]:
    async def get() -> tuple[int, bytes]:
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_S, verify=trusting(ca)) as client:
            reply = await client.get(url)
            return reply.status_code, reply.content

    return asyncio.run(get())


def get_with_aiohttp(url: str, ca: str) -> tuple[int, bytes]:
    async def get() -> tuple[int, bytes]:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=TIMEOUT_S, sock_read=TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url, ssl=trusting(ca)) as reply:
            return reply.status, await reply.read()

    return asyncio.run(get())


def get_with_http_client(url: str, ca: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = (
        http.client.HTTPSConnection(parts.netloc, timeout=TIMEOUT_S, context=trusting(ca))
        if parts.scheme == "https"
        else http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
    )
    with contextlib.closing(connection):
        connection.request("GET", parts.path)
        reply = connection.getresponse()
        return reply.status, reply.read()


def get_with_urllib_request(url: str, ca: str) -> tuple[int, bytes]:
    secure = urllib.request.HTTPSHandler(context=trusting(ca))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), secure)
    with opener.open(url, timeout=TIMEOUT_S) as reply:
        return reply.status, reply.read()


def get_with_botocore(url: str, ca: str) -> tuple[int, bytes]:
    session = URLLib3Session(verify=ca, timeout=TIMEOUT_S)
    with contextlib.closing(session):
        reply = session.send(AWSRequest("GET", url).prepare())
        return reply.status_code, reply.content


# -- a session -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def session_of_requests(host: str) -> Iterator[Callable[[str], int]]:
    with requests.Session() as session:
        session.trust_env = False
        yield lambda method: session.request(method, f"http://{host}/", timeout=SESSION_TIMEOUT_S).status_code


@contextlib.contextmanager
def session_of_urllib3(host: str) -> Iterator[Callable[[str], int]]:
    with urllib3.PoolManager(retries=False) as pool:
        yield lambda method: pool.request(method, f"http://{host}/", timeout=SESSION_TIMEOUT_S).status


@contextlib.contextmanager
def session_of_httpx(host: str) -> Iterator[Callable[[str], int]]:
    with httpx.Client(trust_env=False) as client:
        yield lambda method: client.request(method, f"http://{host}/").status_code


@contextlib.contextmanager
def session_of_async_httpx(host: str) -> Iterator[Callable[[str], int]]:
    with asyncio.Runner() as runner:
        client = httpx.AsyncClient(trust_env=False)

        async def call(method: str) -> int:
            return (await client.request(method, f"http://{host}/")).status_code

        yield lambda method: runner.run(call(method))
        runner.run(client.aclose())


@contextlib.contextmanager
def session_of_aiohttp(host: str) -> Iterator[Callable[[str], int]]:
    with asyncio.Runner() as runner:

        async def opened() -> aiohttp.ClientSession:
            return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SESSION_TIMEOUT_S))

        session = runner.run(opened())

        async def call(method: str) -> int:
            async with session.request(method, f"http://{host}/") as reply:
                await reply.read()
                return reply.status

        yield lambda method: runner.run(call(method))
        runner.run(session.close())


@contextlib.contextmanager
def session_of_http_client(host: str) -> Iterator[Callable[[str], int]]:
    connection = http.client.HTTPConnection(host, timeout=SESSION_TIMEOUT_S)

    def call(method: str) -> int:
        connection.request(method, "/")
        reply = connection.getresponse()
        reply.read()
        return reply.status

    with contextlib.closing(connection):
        yield call


@contextlib.contextmanager
def session_of_botocore(host: str) -> Iterator[Callable[[str], int]]:
    session = URLLib3Session(timeout=SESSION_TIMEOUT_S)

    def call(method: str) -> int:
        reply = session.send(AWSRequest(method, f"http://{host}/").prepare())
        return len(reply.content) and reply.status_code

    with contextlib.closing(session):
        yield call


GETS: Mapping[str, Get] = {
    "requests": get_with_requests,
    "urllib3": get_with_urllib3,
    "httpx": get_with_httpx,
    "httpx async": get_with_async_httpx,
    "aiohttp": get_with_aiohttp,
    "urllib.request": get_with_urllib_request,
    "http.client": get_with_http_client,
    "botocore": get_with_botocore,
}
SESSIONS: Mapping[str, Session] = {
    "requests": session_of_requests,
    "urllib3": session_of_urllib3,
    "httpx": session_of_httpx,
    "httpx async": session_of_async_httpx,
    "aiohttp": session_of_aiohttp,
    "http.client": session_of_http_client,
    "botocore": session_of_botocore,
}
"""``urllib.request`` keeps no connection."""
