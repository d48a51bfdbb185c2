"""Signs requests to a sandbox account, and keeps its secrets: nothing that leaves here holds one."""

import base64
from urllib.parse import parse_qsl, quote_plus, urlencode

from harness.dialects.credentials import Basic, Bearer, ClientCredentials, Credentials, Login
from harness.dialects.facts import Dialect, HttpBasic, LoginSession, OAuth2, StaticToken
from harness.stage.http1 import HeaderLines, Reply, Request
from harness.stage.sale import filled, lifetime_s, sale_of, token_in, with_token

_MARGIN_S = 2.0
_UNSAID_LIFETIME_S = 3600.0
_MASK = "withheld-by-the-harness"
_LEAST_TELLING = 24
"""A token so long may show its first six characters: they are its form, not its secret."""


class Signer:
    """Holds one account's credentials and its token of the moment."""

    def __init__(self, dialect: Dialect, credentials: Credentials) -> None:
        self._signing, self._credentials, self._sale = dialect.signing, credentials, sale_of(dialect)
        self._token, self._token_ends_s = "", 0.0
        self._secrets = set(_secrets(credentials))

    @property
    def header(self) -> str:
        """The header in which credentials travel, in lower case."""
        match self._signing:
            case OAuth2(header=header) | LoginSession(header=header) | StaticToken(header=header):
                return header.lower()
            case _:
                return "authorization"

    @property
    def buys_tokens(self) -> bool:
        """Whether a token has to be bought before anything is asked."""
        return self._sale is not None

    def has_token(self, now_s: float) -> bool:
        """Whether the token of the moment will last for another request."""
        return bool(self._token) and now_s < self._token_ends_s

    def forget_token(self) -> None:
        """The vendor no longer takes it."""
        self._token = ""

    def signature(self) -> HeaderLines:
        """The headers that sign a request now."""
        match self._signing, self._credentials:
            case OAuth2(header=header, scheme=scheme) | LoginSession(header=header, scheme=scheme), _:
                return ((header, f"{scheme} {self._token}".strip()),)
            case HttpBasic(), Basic(username=username, password=password):
                return (("Authorization", "Basic " + _pair(username, password)),)
            case StaticToken(header=header, scheme=scheme), Bearer(token=token):
                return ((header, f"{scheme} {token}".strip()),)
            case _:
                return ()

    def token_request(self) -> Request:
        """What buys a token where nobody asked for one (RFC 6749 s4.4.2, or the vendor's login)."""
        assert self._sale is not None
        kind, body = "application/x-www-form-urlencoded", b"grant_type=client_credentials"
        if isinstance(self._sale, LoginSession):
            body = filled(self._sale, b"", "", "")
            kind = kind if self._sale.body == "form" else "application/json"
        headers = (("content-type", kind), ("accept", "application/json"))
        return Request("POST", self._sale.token_path, headers, body, "", tls=True)

    def token_call(self, request: Request) -> tuple[HeaderLines, bytes]:
        """Signature and body of a token request, whoever made it: the account's own credentials are in it."""
        match self._sale, self._credentials:
            case OAuth2() as sale, ClientCredentials(client_id=client_id, client_secret=secret):
                pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
                form = {name: value for name, value in pairs if name not in ("client_id", "client_secret")}
                if sale.client_auth == "form":
                    return (), urlencode(form | {"client_id": client_id, "client_secret": secret}).encode()
                # RFC 6749 s2.3.1: both halves are form-encoded before they are joined.
                pair = _pair(quote_plus(client_id), quote_plus(secret))
                return (("Authorization", f"Basic {pair}"),), urlencode(form).encode()
            case LoginSession() as sale, Login(username=username, password=password):
                return (), filled(sale, request.body, username, password)
            case sale, credentials:
                raise TypeError(f"{type(credentials).__name__} buy no token of {type(sale).__name__}")

    def keep(self, reply: Reply, now_s: float) -> Reply:
        """The reply to a token request, its token kept here and told under a pseudonym of its length."""
        assert self._sale is not None
        token = token_in(self._sale, reply)
        if not token:
            return reply
        self._token = token
        self._secrets.add(token)
        good_for_s = lifetime_s(self._sale, reply) or _UNSAID_LIFETIME_S
        self._token_ends_s = now_s + good_for_s - min(_MARGIN_S, good_for_s / 10)
        shown = (token[:6] if len(token) >= _LEAST_TELLING else "").ljust(len(token), "x")
        return with_token(self._sale, reply, shown)

    def masked(self, text: str) -> str:
        """The text without any secret of the account."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return text


def _secrets(credentials: Credentials) -> tuple[str, ...]:
    match credentials:
        case ClientCredentials(client_id=client_id, client_secret=secret):
            return secret, _pair(client_id, secret)
        case Basic(username=username, password=password) | Login(username=username, password=password):
            return password, _pair(username, password)
        case Bearer(token=token):
            return (token,)
    return ()


def _pair(username: str, password: str) -> str:
    return base64.b64encode(f"{username}:{password}".encode()).decode()
