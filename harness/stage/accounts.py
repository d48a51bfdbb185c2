"""Accounts at one vendor: whose client buys tokens, and where."""

import base64
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, unquote_plus

from harness.dialects.credentials import ClientCredentials, Login
from harness.stage.http1 import Request

SECOND_CLIENT = ClientCredentials("harness-client-two", "hs-2bN7rVq5Ky9Gd3Zm")
_SECOND_TENANT = "/second"


@dataclass(frozen=True, slots=True)
class Account:
    """One account, as a subject is told of it."""

    credentials: ClientCredentials | Login
    token_path: str

    @property
    def name_and_secret(self) -> tuple[str, str]:
        """What a token is bought with."""
        match self.credentials:
            case ClientCredentials(client_id=name, client_secret=secret) | Login(username=name, password=secret):
                return name, secret


def other_client(first: Account) -> Account:
    """An account of another client at the same token endpoint."""
    return replace(first, credentials=SECOND_CLIENT)


def other_issuer(first: Account) -> Account:
    """The same client in another tenant, which has a token endpoint of its own."""
    return replace(first, token_path=_SECOND_TENANT + first.token_path)


def clients_in(request: Request) -> tuple[tuple[str, str], ...]:
    """The client id and secret that a token request carries: in its form, in its header (RFC 6749 s2.3.1)."""
    form = {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
    found = [(form.get("client_id", ""), form.get("client_secret", ""))]
    scheme, _, pair = (request.header("authorization") or "").partition(" ")
    try:
        client_id, _, secret = base64.b64decode(pair, validate=True).decode().partition(":")
    except ValueError:
        return tuple(found)
    if scheme.lower() == "basic":
        # Both halves are form-encoded before they are joined; most clients leave that out.
        found.append((unquote_plus(client_id), unquote_plus(secret)))
    return tuple(found)
