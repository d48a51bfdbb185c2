"""One request, one reply, or an error that says whether the request may have happened. The one module that sends."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.auth import AuthBase

from harness.core.addresses import home
from harness.core.clock import Clock
from harness.core.errors import Context, IntegrationError, MalformedReply, NotSent, Oversized, Unanswered, Unsendable
from harness.core.masking import Mask
from harness.core.pooled import PooledGet
from harness.dialects.facts import Pairs

_CHUNK_BYTES = 65_536
_SHORTEST_S = 0.001
"""urllib3 takes no timeout of zero."""
_LIBRARY_ERRORS = (OSError, urllib3.exceptions.HTTPError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request, before it is signed."""

    operation: str
    method: str
    url: str
    params: Pairs = ()
    document: Any = field(default=None, repr=False)
    """Travels as JSON; None: no body."""
    form: Pairs = field(default=(), repr=False)
    headers: Pairs = ()
    record_key: str = ""
    answers: tuple[int, ...] = ()
    """Statuses that are answers here although they look like failures: the 404 of a lookup by id."""


@dataclass(frozen=True, slots=True)
class RawReply:
    """What came back: header names in lower case, the body decoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A reply whose body is still to be read."""

    status: int
    headers: Mapping[str, str]
    raw: urllib3.BaseHTTPResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one exchange may take.

    Raises:
        ValueError: A bound lets nothing through.
    """

    connect_s: float = 10.0
    read_s: float = 30.0
    """The longest silence."""
    whole_s: float = 300.0
    """The whole body: a timeout alone bounds no reply that drips."""
    body_bytes: int = 64 * 1024 * 1024

    def __post_init__(self) -> None:
        if not all(bound > 0 for bound in (self.connect_s, self.read_s, self.whole_s, self.body_bytes)):
            raise ValueError(f"{self} lets no exchange through; each bound is above 0")


class Transport:
    """Sends over one ``requests.Session``. The environment's proxies and CA bundles hold; netrc and redirects don't."""

    def __init__(self, session: requests.Session, *, clock: Clock, mask: Mask, bounds: Bounds) -> None:
        self._session = session
        self._short = PooledGet(session)
        self._clock = clock
        self._mask = mask
        self._bounds = bounds
        self._settings: dict[str, Mapping[str, Any]] = {}

    def send(self, outgoing: Outgoing, auth: AuthBase, *, by_s: float = math.inf) -> RawReply:
        """The whole reply, whatever it says. After ``by_s``, a moment of the monotonic clock, nobody waits for it.

        Raises:
            NotSent: There was no connection, or (``Unsendable``) none can be had as things are configured.
            Unanswered: The connection broke, or the reply did not come in time.
            MalformedReply: The body cannot be decoded, or (``Oversized``) is too large.
        """
        now_s = self._clock.monotonic_s()
        try:
            response = self._begin(outgoing, auth, longest_s=max(by_s - now_s, _SHORTEST_S))
        except _LIBRARY_ERRORS as error:
            raise self._in_our_words(error, outgoing, None) from error
        try:
            body = self._read(response, outgoing, now_s, min(now_s + self._bounds.whole_s, by_s))
        except _LIBRARY_ERRORS as error:
            response.raw.close()
            raise self._in_our_words(error, outgoing, response) from error
        except BaseException:
            response.raw.close()
            raise
        return RawReply(response.status, response.headers, body)

    def _begin(self, outgoing: Outgoing, auth: AuthBase, *, longest_s: float) -> _Begun:
        settings = self._settings_for(outgoing.url)
        timeout_s = (min(self._bounds.connect_s, longest_s), min(self._bounds.read_s, longest_s))
        if outgoing.method == "GET":
            raw = self._short.reply(outgoing.url, outgoing.params, outgoing.headers, auth, settings, timeout_s)
            if raw is not None:
                # A header that came twice is one, as requests tells it (RFC 9110 s5.3).
                return _Begun(raw.status, {name.lower(): value for name, value in raw.headers.itermerged()}, raw)
        request = requests.Request(
            outgoing.method,
            outgoing.url,
            params=list(outgoing.params),
            headers=dict(outgoing.headers),
            json=outgoing.document,
            data=list(outgoing.form) or None,
            # With an auth of our own, requests does not look for one in netrc.
            auth=auth,
        )
        response = self._session.send(
            self._session.prepare_request(request), timeout=timeout_s, allow_redirects=False, **settings
        )
        headers = {name.lower(): value for name, value in response.headers.items()}
        return _Begun(response.status_code, headers, response.raw)

    def _settings_for(self, url: str) -> Mapping[str, Any]:
        """Proxies, certificates and streaming for the url's host, from session and environment.

        Read once for each host: ``Session.request`` reads all the environment again for each request, a quarter of
        what the request costs.
        """
        origin = home(url)
        if not origin:
            split = urlsplit(url)
            origin = f"{split.scheme}://{split.netloc}"
        if origin not in self._settings:
            self._settings[origin] = self._session.merge_environment_settings(origin, {}, True, None, None)
        return self._settings[origin]

    def _read(self, response: _Begun, outgoing: Outgoing, began_s: float, deadline_s: float) -> bytes:
        body = bytearray()
        encoded = "content-encoding" in response.headers
        length = response.headers.get("content-length", "")
        # So many digits are no number of bytes that anybody could read.
        if length.isdecimal() and (len(length) > 18 or int(length) > self._bounds.body_bytes):
            raise Oversized(f"the reply is larger than {self._bounds.body_bytes} bytes", _told(outgoing, response))
        # read1 gives what is there instead of waiting for a full chunk, so the deadline is looked at in time.
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=encoded):
            body += chunk
            if len(body) > self._bounds.body_bytes:
                raise Oversized(f"the reply is larger than {self._bounds.body_bytes} bytes", _told(outgoing, response))
            if self._clock.monotonic_s() > deadline_s:
                raise Unanswered(f"the reply took longer than {deadline_s - began_s:g} s", _told(outgoing, response))
            # Once its length has come, one more read would only say so. A decoder may still hold something back.
            if response.raw.closed and not encoded:
                break
        return bytes(body)

    def _in_our_words(self, error: BaseException, outgoing: Outgoing, response: _Begun | None) -> IntegrationError:
        """The failure of the library as one of ours."""
        text = self._mask.hide(f"{outgoing.method} {outgoing.url}: {type(error).__name__}: {error}")
        return _meaning(error)(text, _told(outgoing, response))


def _told(outgoing: Outgoing, response: _Begun | None) -> Context:
    """What is known of an exchange that failed, the reply's headers included where they had come."""
    return Context(
        operation=outgoing.operation,
        record_key=outgoing.record_key,
        status=response.status if response else None,
        request_id=request_id(response.headers) if response else "",
    )


def request_id(headers: Mapping[str, str], name: str = "") -> str:
    """The id that support asks for: under its name, else under any that ends like one."""
    told = headers.get(name.lower(), "") if name else ""
    return told or next((value for name, value in headers.items() if name.endswith("request-id")), "")


_NO_CONNECTION = (
    requests.exceptions.ConnectTimeout,
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NameResolutionError,
    urllib3.exceptions.ProxyError,
)
_UNSENDABLE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidJSONError,
)


_NO_TLS = frozenset(
    {
        "NO_SHARED_CIPHER",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)
"""OpenSSL's reasons; the last one is what a server without TLS gets told."""


def _meaning(error: BaseException) -> type[IntegrationError]:
    """What it means for the request that the library failed like this."""
    causes = _causes(error)
    if any(isinstance(cause, _UNSENDABLE) or _has_no_tls(cause) for cause in causes):
        return Unsendable
    if any(isinstance(cause, _NO_CONNECTION) for cause in causes):
        return NotSent
    if any(isinstance(cause, requests.RequestException | urllib3.exceptions.HTTPError) for cause in causes):
        decoding = requests.exceptions.ContentDecodingError | urllib3.exceptions.DecodeError
        return MalformedReply if any(isinstance(cause, decoding) for cause in causes) else Unanswered
    # A plain OSError is a CA bundle or a client certificate that cannot be read; sockets' own are wrapped.
    return Unanswered if isinstance(error, ConnectionError | TimeoutError) else Unsendable


def _has_no_tls(error: BaseException) -> bool:
    """Whether the two sides cannot agree on TLS, today or tomorrow."""
    return type(error).__name__ == "SSLCertVerificationError" or getattr(error, "reason", None) in _NO_TLS


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what lies under it; requests and urllib3 wrap by argument and by attribute."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        cause = waiting.pop()
        if cause in found:
            continue
        found.append(cause)
        inner = [*cause.args, getattr(cause, "reason", None), cause.__cause__]
        waiting += [each for each in inner if isinstance(each, BaseException)]
    return found
