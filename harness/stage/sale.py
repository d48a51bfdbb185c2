"""How tokens are sold, as the vendor's end sees it: who asks for one, where the reply holds it, until when it lives."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

from harness.dialects.facts import Dialect, LoginSession, OAuth2
from harness.dialects.shapes import JsonPath
from harness.stage.accounts import clients_in
from harness.stage.documents import at, parsed, put, without, written
from harness.stage.http1 import Reply, Request

Sale = OAuth2 | LoginSession
SOLD = (200, 201)
"""The statuses with which a token is given out."""
_SPANS = {"delta_s": 1.0, "delta_ms": 1e-3}
_MOMENTS = {"epoch_s": 1.0, "epoch_ms": 1e-3}


def sale_of(dialect: Dialect) -> Sale | None:
    """How the vendor's tokens are bought; None where it sells none."""
    return dialect.signing if isinstance(dialect.signing, OAuth2 | LoginSession) else None


def buyers_in(sale: Sale, request: Request) -> tuple[tuple[str, str], ...]:
    """Name and secret of whoever a token request says it comes from; several where it says it in several places."""
    if isinstance(sale, OAuth2):
        return clients_in(request)
    told = _told(sale, request.body)
    return ((str(at(told, sale.username_at)), str(at(told, sale.password_at))),)


def filled(sale: LoginSession, body: bytes, username: str, password: str) -> bytes:
    """The login's body with these in the place of its own; where it is empty, a whole one."""
    told = _told(sale, body)
    for path, value in sale.others:
        if at(told, path) is None:
            told = put(told, path, list(value) if isinstance(value, tuple) else value)
    told = put(put(told, sale.username_at, username), sale.password_at, password)
    return urlencode(told, doseq=True).encode() if sale.body == "form" else written(told)


def _told(sale: LoginSession, body: bytes) -> Any:
    if sale.body == "json":
        return parsed(body)
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def token_in(sale: Sale, reply: Reply) -> str | None:
    """The token that a reply gives out; None where it holds none."""
    if isinstance(sale, LoginSession) and sale.token_header:
        return reply.header(sale.token_header)
    token = at(parsed(reply.body), _token_at(sale))
    return token if isinstance(token, str) and token else None


def with_token(sale: Sale, reply: Reply, token: str) -> Reply:
    """The reply with another token in the place of its own."""
    if isinstance(sale, LoginSession) and sale.token_header:
        name = sale.token_header.lower()
        headers = tuple((header, token if header.lower() == name else value) for header, value in reply.headers)
        return Reply(reply.status, headers, reply.body)
    return _with_document(reply, put(parsed(reply.body), _token_at(sale), token))


def lifetime_s(sale: Sale, reply: Reply) -> float | None:
    """How long the token is good from the reply's own date on; None where it does not say."""
    said = at(parsed(reply.body), _ends_at(sale))
    form = _form(sale)
    if form in _SPANS:
        number = _number(said)
        return None if number is None else number * _SPANS[form]
    try:
        ends_s = _number(said) if form in _MOMENTS else datetime.fromisoformat(str(said)).timestamp()
        now_s = parsedate_to_datetime(reply.header("date") or "").timestamp()
    except (TypeError, ValueError):
        return None
    return None if ends_s is None else ends_s * _MOMENTS.get(form, 1.0) - now_s


def says_text(sale: Sale) -> bool:
    """Whether a lifetime can be told in a string of digits, where vendors tell it in a number."""
    return _form(sale) in _SPANS


def with_lifetime(sale: Sale, reply: Reply, told: Any, *, now_s: float) -> Reply:
    """The reply whose lifetime reads ``told``, in seconds; None: it says nothing of it. Moments count from ``now_s``,
    seconds since 1970."""
    document, path, form = parsed(reply.body), _ends_at(sale), _form(sale)
    if told is None:
        return _with_document(reply, without(document, path))
    if form in _SPANS:
        said: Any = told if form == "delta_s" else round(float(told) / _SPANS[form])
    else:
        ends_s = now_s + float(told)
        moment = datetime.fromtimestamp(ends_s, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        said = round(ends_s / _MOMENTS[form]) if form in _MOMENTS else moment
    return _with_document(reply, put(document, path, said))


def _token_at(sale: Sale) -> JsonPath:
    return ("access_token",) if isinstance(sale, OAuth2) else sale.token_at


def _ends_at(sale: Sale) -> JsonPath:
    return ("expires_in",) if isinstance(sale, OAuth2) else sale.ends_at


def _form(sale: Sale) -> str:
    return "delta_s" if isinstance(sale, OAuth2) else sale.ends_form


def _number(said: Any) -> float | None:
    try:
        return None if said is None or isinstance(said, bool) else float(said)
    except (TypeError, ValueError):
        return None


def _with_document(reply: Reply, document: Any) -> Reply:
    headers = tuple((name, value) for name, value in reply.headers if name.lower() != "content-length")
    return Reply(reply.status, headers, written(document))
