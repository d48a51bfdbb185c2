"""The short way for a request without a body: over the very pool of connections that the session's adapter would take.

What requests prepares anew for each request is the same for each page of a listing, and costs more than all the rest
together. Certificates, retries and timeouts are the adapter's own. Whatever this way does not know is left to requests:
proxies, adapters of another kind, hooks, addresses and headers that would have to be encoded.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict
from requests.utils import select_proxy

from harness.core.addresses import home
from harness.dialects.facts import Pairs

_PLAIN_URL = re.compile(r"(?:[A-Za-z0-9\-._~:/?@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+", re.ASCII)
"""What RFC 3986 lets stand as it is, without a fragment."""
_PLAIN_HEADER = re.compile(r"[!-~](?:[ -~]*[!-~])?", re.ASCII)


_Pool = tuple[HTTPAdapter, Any, str]
"""The adapter, its pool of connections to one host, and that host's origin."""


class PooledGet:
    """Sends GET requests of one session the short way, where there is one."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session
        self._pools: dict[str, _Pool | None] = {}
        self._signed_last: tuple[object, Mapping[str, str]] = (None, {})

    def reply(
        self,
        url: str,
        params: Pairs,
        headers: Pairs,
        auth: AuthBase,
        settings: Mapping[str, Any],
        timeout_s: tuple[float, float],
    ) -> urllib3.BaseHTTPResponse | None:
        """The reply, its body not yet read; None where requests has to send this.

        Args:
            auth: Signs each request alike, and so does one that is equal to it.

        Raises:
            OSError, urllib3.exceptions.HTTPError: As from the adapter's pool.
        """
        found = self._pool(url, settings) if _PLAIN_URL.fullmatch(url) else None
        signed = self._signed(headers, auth)
        if found is None or not signed:
            return None
        adapter, pool, origin = found
        target = url[len(origin) :] or "/"
        if params:
            target += ("&" if "?" in target else "?") + urlencode(params)
        reply: urllib3.BaseHTTPResponse = pool.urlopen(
            "GET",
            target if target.startswith("/") else f"/{target}",
            headers=signed,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            retries=adapter.max_retries,
            timeout=urllib3.Timeout(connect=timeout_s[0], read=timeout_s[1]),
        )
        return reply

    def _signed(self, headers: Pairs, auth: AuthBase) -> Mapping[str, str]:
        """All headers of a request; none where some would have to be encoded. Those of the next page are the same."""
        told = (tuple(self._session.headers.items()), headers, auth)
        last, signed = self._signed_last
        if last != told:
            signed = _anew(*told)
            self._signed_last = told, signed
        return signed

    def _pool(self, url: str, settings: Mapping[str, Any]) -> _Pool | None:
        """The pool of the URL's host; None where requests has more to do than to hand the request over."""
        if self._session.params or any(self._session.hooks.values()):
            return None
        origin = home(url)
        if not origin:
            return None
        if origin not in self._pools:
            self._pools[origin] = self._found(origin, settings)
        return self._pools[origin]

    def _found(self, origin: str, settings: Mapping[str, Any]) -> _Pool | None:
        adapter = self._session.get_adapter(f"{origin}/")
        # A subclass may do anything in send(), and has its reasons.
        if type(adapter) is not HTTPAdapter or select_proxy(origin, settings["proxies"]):
            return None
        request = requests.PreparedRequest()
        request.prepare_url(f"{origin}/", None)
        pool = adapter.get_connection_with_tls_context(
            request, settings["verify"], proxies=settings["proxies"], cert=settings["cert"]
        )
        certified: Any = adapter.cert_verify  # It has no types.
        certified(pool, f"{origin}/", settings["verify"], settings["cert"])
        return adapter, pool, origin


def _anew(own: tuple[tuple[str, str | bytes], ...], headers: Pairs, auth: AuthBase) -> Mapping[str, str]:
    request = requests.PreparedRequest()
    told = [(name, value if isinstance(value, str) else value.decode("latin-1")) for name, value in own]
    request.headers = CaseInsensitiveDict([*told, *headers])
    # Names are distinct by now: a dict serves, and is read much faster.
    signed = dict(auth(request).headers)
    return signed if all(map(_PLAIN_HEADER.fullmatch, signed.values())) else {}
