"""The vendor's door: who may come in. Gives out tokens that end, and takes only those that have not.

It stands in front of a replay or a simulator, so that a recorded token lives and dies on the run's clock.
"""

import base64
import string
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from urllib.parse import quote

from harness.dialects.credentials import Basic, Bearer, ClientCredentials, Credentials, Login
from harness.dialects.facts import Dialect, HttpBasic, LoginSession, OAuth2, StaticToken
from harness.stage.accounts import Account
from harness.stage.history import TokenUse
from harness.stage.http1 import Reply, Request
from harness.stage.sale import Sale, buyers_in, lifetime_s, sale_of, token_in, with_lifetime, with_token
from harness.stage.vendor import Vendor

SECRETS = {
    "client secret": "hs-9fK2mQx7Lw4tZc8R",
    "password": "hp-V6nB3yT1sJd5Gu0E",
    "static token": "hb-Qe7Wr2Ty9Ui4Op6A",
}
"""What subjects are given to sign in with; made up, long enough that finding one by chance is impossible."""


def credentials_for(dialect: Dialect) -> Credentials:
    """The credentials that a subject is given for the run."""
    match dialect.signing:
        case OAuth2():
            return ClientCredentials("harness-client", SECRETS["client secret"])
        case LoginSession():
            return Login("harness", SECRETS["password"])
        case HttpBasic():
            return Basic("harness", SECRETS["password"])
        case StaticToken():
            return Bearer(SECRETS["static token"])
        case _:
            return None


RECORDED = object()
"""A token reply's field is left as recorded."""
_UNSAID_LIFETIME_S = 3600.0


@dataclass(slots=True)
class Life:
    """A token's life as the vendor knows it. The only thing here that changes: it may be revoked."""

    serial: int
    issued_us: int
    ends_us: int
    told_lifetime_s: float | None
    account: int = 1
    revoked: bool = False

    @property
    def told_ends_us(self) -> int | None:
        """When it ends by what the subject was told; None where it was told nothing that makes sense."""
        told_s = self.told_lifetime_s
        return None if told_s is None or told_s <= 0 else self.issued_us + round(told_s * 1e6)


@dataclass(slots=True)
class Door:
    """Checks what a request carries before the vendor sees it."""

    dialect: Dialect
    credentials: Credentials
    vendor: Vendor
    random: Random
    second: Account | None = None
    """The account of a second subject in the same process; None where there is none."""
    lives: dict[str, Life] = field(default_factory=dict)
    _first: tuple[Account, ...] = field(init=False, default=())
    _told: dict[str, tuple[tuple[int, int], dict[str, str]]] = field(init=False, default_factory=dict)
    """What was told of the secrets last, and how many accounts and tokens there were then."""

    def __post_init__(self) -> None:
        sale = sale_of(self.dialect)
        if sale is not None and isinstance(self.credentials, ClientCredentials | Login):
            self._first = (Account(self.credentials, sale.token_path),)

    def handle(self, request: Request, now_us: int) -> Reply:
        """The vendor's answer, or its refusal at the door.

        Raises:
            NotRecorded: Nothing shows what the vendor would answer.
        """
        sale, recorded = sale_of(self.dialect), self.at_the_recorded_endpoint(request)
        if sale and request.method == "POST" and recorded.target.partition("?")[0] == sale.token_path:
            if self.accounts and not self.account_of(request):
                return self.bad_client()
            return self.vendor.handle(recorded)
        if not self.admits(request, now_us):
            return self.unauthorized()
        return self.vendor.handle(request)

    def admits(self, request: Request, now_us: int) -> bool:
        """Whether the request's credentials are good at this moment."""
        match self.dialect.signing, self.credentials:
            case OAuth2() | LoginSession(), _:
                use = self.token_used(request, now_us)
                return use is not None and use.alive
            case HttpBasic(), Basic(username=username, password=password):
                return (request.header("authorization") or "") == "Basic " + _pair(username, password)
            case StaticToken(header=header, scheme=scheme), Bearer(token=token):
                return (request.header(header) or "") == f"{scheme} {token}".strip()
            case _:
                return True

    # -- tokens ------------------------------------------------------------------------------------------------------

    def recorded_lifetime_s(self, reply: Reply) -> float | None:
        """How long the token of a recorded reply was good; None where the reply does not say."""
        return lifetime_s(self._sale, reply)

    def grant(
        self,
        reply: Reply,
        now_us: int,
        *,
        now_s: float,
        recorded_s: float | None,
        account: int = 1,
        told: Any = RECORDED,
        lives_s: float | None = None,
    ) -> tuple[Reply, Life]:
        """The recorded token reply with a token of its own, alive from now.

        ``now_s`` is now by the vendor's clock, in seconds since 1970. ``told`` is how long the reply says that it is
        good, in seconds (None: it does not say), ``lives_s`` how long it really lives; each as recorded, so
        ``recorded_s``, where not given.
        """
        recorded = token_in(self._sale, reply) or ""
        # As long and as it begins, so that whoever looks at its form finds it unchanged.
        token = recorded[:6] + "".join(self.random.choices(string.ascii_letters + string.digits, k=len(recorded) - 6))
        lives_s = next((one for one in (lives_s, recorded_s) if one is not None), _UNSAID_LIFETIME_S)
        told = recorded_s if told is RECORDED else told
        life = Life(
            serial=len(self.lives) + 1,
            issued_us=now_us,
            ends_us=now_us + round(lives_s * 1e6),
            told_lifetime_s=None if told is None else float(told),
            account=account,
        )
        self.lives[token] = life
        return with_token(self._sale, with_lifetime(self._sale, reply, told, now_s=now_s), token), life

    @property
    def _sale(self) -> Sale:
        sale = sale_of(self.dialect)
        assert sale is not None, "only a vendor that sells tokens gives one out"
        return sale

    def token_used(self, request: Request, now_us: int) -> TokenUse | None:
        """The token in the request, as it stands now; None where the request carries none."""
        sale = sale_of(self.dialect)
        if sale is None or not (carried := request.header(sale.header)):
            return None
        life = self.lives.get(carried.removeprefix(sale.scheme).strip())
        if life is None:
            return TokenUse(0, 0, None, alive=False)
        alive = not life.revoked and now_us < life.ends_us
        return TokenUse(life.serial, life.issued_us, life.told_ends_us, alive, life.account)

    def revoke_all(self) -> None:
        """From here on no token given out so far is taken."""
        for life in self.lives.values():
            life.revoked = True

    # -- refusals ----------------------------------------------------------------------------------------------------

    def bad_client(self) -> Reply:
        """What the token endpoint answers to credentials it does not take (RFC 6749 s5.2); a login's, as any other."""
        errors, client = self.dialect.errors, isinstance(self.dialect.signing, OAuth2)
        return self._refusal(401, errors.bad_client if client else errors.unauthorized)

    def unauthorized(self) -> Reply:
        """What the vendor answers to a token, or a user, that it does not take."""
        return self._refusal(401, self.dialect.errors.unauthorized)

    def _refusal(self, status: int, body: str) -> Reply:
        kind = "application/json" if body.startswith("{") else "text/plain"
        return Reply(status, self._stamp((("Content-Type", kind),)), body.encode())

    def _stamp(self, headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """The headers with a request id, where the vendor gives one."""
        name = self.dialect.errors.request_id
        return (*headers, (name, f"req-{self.random.getrandbits(64):016x}")) if name else headers

    def stamped(self, reply: Reply) -> Reply:
        """The reply with a request id of its own, where the vendor gives one."""
        name = self.dialect.errors.request_id.lower()
        kept = tuple([line for line in reply.headers if line[0].lower() != name])
        return Reply(reply.status, self._stamp(kept), reply.body)

    # -- accounts ----------------------------------------------------------------------------------------------------

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Those that may buy tokens; more than one only where the plan has a second."""
        return self._first if self.second is None else (*self._first, self.second)

    def account_of(self, request: Request) -> int:
        """Whose token request it is, counted from 1; 0 where the vendor knows no such client there."""
        path = request.target.partition("?")[0]
        for number, account in enumerate(self.accounts, start=1):
            if path == account.token_path and account.name_and_secret in buyers_in(self._sale, request):
                return number
        return 0

    def at_the_recorded_endpoint(self, request: Request) -> Request:
        """The same request as it was recorded, where it asks for a token of another tenant."""
        path, mark, query = request.target.partition("?")
        if self.second is not None and path == self.second.token_path:
            return replace(request, target=self._sale.token_path + mark + query)
        return request

    # -- secrets -----------------------------------------------------------------------------------------------------

    def disguises(self) -> dict[str, str]:
        """Every secret of the run so far, and what it looks like in base64 and in a URL: text -> name."""
        return self._as_of_now("disguises", self._disguises)

    def secrets(self) -> dict[str, str]:
        """Every secret of the run so far as it travels: its text -> its name, Basic pairs included."""
        return self._as_of_now("secrets", self._secrets)

    def _as_of_now(self, what: str, found: Callable[[], dict[str, str]]) -> dict[str, str]:
        """As it was told last, unless there are more by now: every exchange and every log record asks."""
        counts = (len(self.accounts), len(self.lives))
        if what not in self._told or self._told[what][0] != counts:
            self._told[what] = counts, found()
        return self._told[what][1]

    def _disguises(self) -> dict[str, str]:
        plain = self.secrets()
        return plain | {text: name for secret, name in plain.items() for text in _disguised(secret)}

    def _secrets(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for account in self.accounts:
            name, secret = account.name_and_secret
            what = "password" if isinstance(account.credentials, Login) else "client secret"
            found |= {secret: what, _pair(name, secret): what}
        match self.credentials:
            case Basic(username=username, password=password):
                found |= {password: "password", _pair(username, password): "password"}
            case Bearer(token=token):
                found |= {token: "static token"}
        return found | {token: f"token {life.serial}" for token, life in self.lives.items()}


def _disguised(secret: str) -> tuple[str, ...]:
    coded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return coded, coded.translate(str.maketrans("+/", "-_")), quote(secret, safe="")


def _pair(username: str, password: str) -> str:
    return base64.b64encode(f"{username}:{password}".encode()).decode()
