"""How a request proves who sends it, by dialect and credentials."""

from dataclasses import dataclass, field

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from harness.dialects.credentials import Basic, Bearer, ClientCredentials, Credentials, Login
from harness.dialects.facts import Dialect, HttpBasic, LoginSession, OAuth2, StaticToken


class Unsigned(AuthBase):
    """No credentials, none from netrc either."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request as it is."""
        return request


@dataclass(frozen=True)
class HeaderToken(AuthBase):
    """A token in one header."""

    header: str
    scheme: str
    token: str = field(repr=False)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the token."""
        request.headers[self.header] = f"{self.scheme} {self.token}".strip()
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
        case (OAuth2(), ClientCredentials()) | (LoginSession(), Login()):
            return Unsigned()
        case HttpBasic() | StaticToken() | OAuth2() | LoginSession(), _:
            given, wanted = type(credentials).__name__, type(dialect.signing).__name__
            raise ValueError(f"{dialect.name} signs with {wanted}; credentials of type {given} do not serve for that")
        case _:
            return Unsigned()
