"""How a request proves who sends it, by dialect and credentials."""

from collections.abc import Callable
from typing import Any

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from harness.core.clock import Clock
from harness.core.errors import BodyError, CredentialsRejected, Refused
from harness.core.masking import Mask
from harness.core.replies import Answer
from harness.core.tokens import Grant, lifetime_s
from harness.core.transport import Outgoing
from harness.dialects.credentials import Basic, Bearer, ClientCredentials, Credentials
from harness.dialects.facts import Dialect, HttpBasic, OAuth2, Pairs, StaticToken

_FOR_GOOD = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
"""Codes of RFC 6749 s5.2, and ``access_denied``: some vendors send them under status 200."""
_CLIENT_STATUS = frozenset({400, 401, 403})


class Unsigned(AuthBase):
    """No credentials, none from netrc either."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request as it is."""
        return request


class HeaderToken(AuthBase):
    """A token in one header."""

    def __init__(self, header: str, scheme: str, token: str) -> None:
        self._header = header
        self._value = f"{scheme} {token}".strip()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the token."""
        request.headers[self._header] = self._value
        return request


def basic(username: str, password: str) -> AuthBase:
    """User name and password, in UTF-8 (RFC 7617 s2.1)."""
    return HTTPBasicAuth(username.encode(), password.encode())


def lasting_signature(dialect: Dialect, credentials: Credentials) -> AuthBase:
    """What signs every request of a vendor whose credentials do not end.

    Raises:
        ValueError: These are not the credentials that the vendor asks for.
    """
    match dialect.signing, credentials:
        case HttpBasic(), Basic(username=username, password=password):
            return basic(username, password)
        case StaticToken(header=header, scheme=scheme), Bearer(token=token):
            return HeaderToken(header, scheme, token)
        case OAuth2(), ClientCredentials():
            return Unsigned()
        case HttpBasic() | StaticToken() | OAuth2(), _:
            given, wanted = type(credentials).__name__, type(dialect.signing).__name__
            raise ValueError(f"{dialect.name} signs with {wanted}; credentials of type {given} do not serve for that")
        case _:
            return Unsigned()


def token_request(signing: OAuth2, credentials: ClientCredentials, url: str) -> tuple[Outgoing, AuthBase]:
    """The request that buys a token (RFC 6749 s4.4.2), and its signature."""
    form: Pairs = (("grant_type", "client_credentials"),)
    if signing.client_auth == "form":
        form += (("client_id", credentials.client_id), ("client_secret", credentials.client_secret))
        return Outgoing(operation="token", method="POST", url=url, form=form), Unsigned()
    auth = basic(credentials.client_id, credentials.client_secret)
    return Outgoing(operation="token", method="POST", url=url, form=form), auth


def buy_token(
    ask: Callable[[Outgoing, AuthBase], Answer], request: tuple[Outgoing, AuthBase], clock: Clock, mask: Mask
) -> Grant:
    """A token from the token endpoint, asked once.

    Raises:
        CredentialsRejected: The endpoint does not take the client, or this use of it: nothing to be tried again.
        MalformedReply: It answered, and there is no token in it.
    """
    asked_s = clock.monotonic_s()
    try:
        answer = ask(*request)
    except (Refused, BodyError) as error:
        if error.status in _CLIENT_STATUS or error.vendor_code in _FOR_GOOD:
            what = "the token endpoint does not take these credentials; check client id and secret"
            raise CredentialsRejected(what, error.context) from error
        raise
    document: Any = answer.document
    value = document.get("access_token") if isinstance(document, dict) else None
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable() or " " in value:
        raise answer.malformed("the answer holds no access_token that can be sent in a header")
    mask.learn(value)
    return Grant(value=value, lifetime_s=lifetime_s(document.get("expires_in")), asked_s=asked_s)
