"""How a token is bought: by client credentials, or by a login with user name and password."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from requests.auth import AuthBase

from harness.core.clock import Clock
from harness.core.documents import at
from harness.core.errors import BodyError, CredentialsRejected, Refused
from harness.core.grants import Binding, Grant, lifetime_s
from harness.core.masking import Mask
from harness.core.replies import Answer
from harness.core.signing import Unsigned, basic
from harness.core.transport import Outgoing
from harness.core.waits import read_wait_s, vendor_now_s
from harness.dialects.credentials import ClientCredentials, Credentials, Login
from harness.dialects.facts import LoginSession, OAuth2, Pairs, Signing

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
_TO_CHECK = {
    "invalid_request": "check scope, audience and parameters",
    "invalid_scope": "check the scope",
    "unauthorized_client": "let the vendor allow this client the grant of client credentials",
    "unsupported_grant_type": "check token_url: what is there knows no client credentials",
}
_NOBODY_THERE = frozenset({404, 405})
_CLIENT_STATUS = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """The request that buys a token, and how its answer is read."""

    binding: Binding
    outgoing: Outgoing = field(repr=False)
    auth: AuthBase = field(repr=False)
    token: Callable[[Answer], Any]
    lifetime_s: Callable[[Answer, float], float | None]
    """Of the answer, and of the seconds since 1970 at which it came."""


def purchase(signing: Signing, credentials: Credentials, url: str) -> Purchase | None:
    """How the vendor's tokens are bought with these credentials at ``url``; None where it sells none."""
    match signing, credentials:
        case OAuth2(), ClientCredentials():
            return _client_credentials(signing, credentials, url.replace("{tenant}", credentials.tenant))
        case LoginSession(), Login():
            return _login(signing, credentials, url)
        case _:
            return None


def buy(ask: Callable[[Outgoing, AuthBase], Answer], order: Purchase, clock: Clock, mask: Mask) -> Grant:
    """A token from the token endpoint, asked once.

    Raises:
        CredentialsRejected: The endpoint does not take the client, or this use of it: nothing to be tried again.
        Refused: There is no token endpoint at this address.
        MalformedReply: It answered, and there is no token in it.
    """
    asked_s = clock.monotonic_s()
    try:
        answer = ask(order.outgoing, order.auth)
    except (Refused, BodyError) as error:
        if error.status in _CLIENT_STATUS or error.vendor_code in _FOR_GOOD:
            check = _TO_CHECK.get(error.vendor_code, "check id and secret")
            what = f"the token endpoint does not take these credentials of {order.binding.client}; {check}"
            raise CredentialsRejected(what, error.context) from error
        if error.status in _NOBODY_THERE:
            what = f"nothing sells tokens at {mask.hide(order.outgoing.url)}; check base_url and token_url"
            raise Refused(what, error.context) from error
        raise
    value = order.token(answer)
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable() or " " in value:
        raise answer.malformed("the answer holds no token that can be sent in a header")
    mask.learn(value)
    return Grant(value=value, lifetime_s=order.lifetime_s(answer, clock.epoch_s()), asked_s=asked_s)


def _client_credentials(signing: OAuth2, credentials: ClientCredentials, url: str) -> Purchase:
    """RFC 6749 s4.4.2."""
    form: Pairs = (("grant_type", "client_credentials"),)
    if credentials.scope:
        form += (("scope", credentials.scope),)
    if credentials.audience:
        form += ((signing.audience_parameter, credentials.audience),)
    form += credentials.parameters
    client = (credentials.client_id, credentials.client_secret)
    auth: AuthBase = Unsigned()
    match signing.client_auth:
        case "form":
            form += (("client_id", credentials.client_id), ("client_secret", credentials.client_secret))
        case "basic_encoded":
            auth = basic(*map(quote_plus, client))
        case "basic":
            auth = basic(*client)
    binding = Binding(
        issuer=url,
        client=credentials.client_id,
        scope=credentials.scope,
        audience=credentials.audience,
        tenant=credentials.tenant,
        parameters=_digest(credentials.parameters),
    )
    return Purchase(
        binding=binding,
        outgoing=Outgoing(operation="token", method="POST", url=url, form=form),
        auth=auth,
        token=lambda answer: at(answer.document, ("access_token",)),
        lifetime_s=lambda answer, _: lifetime_s(at(answer.document, ("expires_in",))),
    )


def _login(signing: LoginSession, credentials: Login, url: str) -> Purchase:
    told: dict[Any, Any] = {}
    given = ((signing.username_at, credentials.username), (signing.password_at, credentials.password))
    for path, value in (*signing.others, *given):
        inner = told
        for step in path[:-1]:
            inner = inner.setdefault(step, {})
        inner[path[-1]] = list(value) if isinstance(value, tuple) else value
    if signing.body == "form":
        outgoing = Outgoing(operation="token", method="POST", url=url, form=tuple(told.items()))
    else:
        outgoing = Outgoing(operation="token", method="POST", url=url, document=told)

    def token(answer: Answer) -> Any:
        if signing.token_header:
            return answer.headers.get(signing.token_header.lower())
        return at(answer.document, signing.token_at)

    def session_s(answer: Answer, epoch_s: float) -> float | None:
        said = at(answer.document, signing.ends_at)
        if signing.ends_form == "delta_s":
            return lifetime_s(said)
        # The vendor's Date is a whole second that has begun: a session must not seem to live a second longer.
        now_s = vendor_now_s(answer.headers, epoch_s) + (1.0 if "date" in answer.headers else 0.0)
        return lifetime_s(read_wait_s(str(said), signing.ends_form, now_s=now_s))

    binding = Binding(issuer=url, client=credentials.username)
    return Purchase(binding=binding, outgoing=outgoing, auth=Unsigned(), token=token, lifetime_s=session_s)


def _digest(parameters: Pairs) -> str:
    """Tells parameters apart without showing them: they may hold a secret."""
    return hashlib.sha256(json.dumps(sorted(parameters)).encode()).hexdigest() if parameters else ""
