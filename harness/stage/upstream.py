"""Real HTTP to a sandbox account, outside of every run. The one module of the stage that opens connections outward."""

from collections.abc import Callable
from typing import Literal

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, ReadTimeoutError, SSLError

from harness.stage.http1 import HeaderLines, Reply

Send = Callable[[str, str, HeaderLines, bytes], Reply]
"""Method, URL, headers and body of one request; what was answered."""
CONNECT_S = 10.0
READ_S = 30.0
_OF_THE_CONNECTION = frozenset({"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"})
Why = Literal["unknown_host", "tls", "unreachable", "no_answer"]


class NoAnswer(Exception):
    """The host gave no whole answer."""

    def __init__(self, why: Why, sentence: str) -> None:
        super().__init__(sentence)
        self.why = why


def sent(method: str, url: str, headers: HeaderLines, body: bytes) -> Reply:
    """What the host answered, its body decoded, redirects not followed; proxies of the environment are not asked.

    Each request has a connection of its own: on a kept one that the vendor just closed, nobody would know whether a
    write was done.

    Raises:
        NoAnswer: There was none.
    """
    timeout = urllib3.Timeout(connect=CONNECT_S, read=READ_S)
    kept = urllib3.HTTPHeaderDict([*headers, ("Connection", "close"), ("Accept-Encoding", "identity")])
    try:
        with urllib3.PoolManager(timeout=timeout, retries=False) as pool:
            reply = pool.request(method, url, headers=kept, body=body or None, redirect=False)
    except NameResolutionError as error:
        raise NoAnswer("unknown_host", f"no host of that name is known ({_words(error)})") from error
    except SSLError as error:
        raise NoAnswer("tls", f"no secure connection could be made ({_words(error)})") from error
    except ConnectTimeoutError as error:
        raise NoAnswer("unreachable", f"no connection could be made ({_words(error)})") from error
    except ReadTimeoutError as error:
        raise NoAnswer("no_answer", f"no answer came within {READ_S:g} s") from error
    except HTTPError as error:
        raise NoAnswer("unreachable", f"the connection failed ({_words(error)})") from error
    lines = tuple((name, value) for name, value in reply.headers.items() if name.lower() not in _OF_THE_CONNECTION)
    return Reply(reply.status, lines, reply.data)


def _words(error: Exception) -> str:
    """The innermost cause in a few words, without the addresses of objects."""
    link: BaseException = error
    while inner := (link.__cause__ or link.__context__):
        link = inner
    return f"{type(link).__name__}: {link}"
