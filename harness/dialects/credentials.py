"""What an integration is given to prove who it is. Secrets never show in a repr, and no pickle holds them."""

from dataclasses import dataclass, field
from typing import Any, Self

from harness.dialects.shapes import Pairs


class _Secret:
    """Holds a secret, so it goes into no pickle: those lie in queues, caches and core dumps of schedulers."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(f"{type(self).__name__} holds a secret and is not pickled; read it anew in each process")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


@dataclass(frozen=True, slots=True)
class ClientCredentials(_Secret):
    """An OAuth2 client that asks a token endpoint for its tokens (RFC 6749 s4.4)."""

    client_id: str
    client_secret: str = field(repr=False)
    scope: str = field(default="", kw_only=True)
    """What the token is to be good for (RFC 6749 s3.3)."""
    audience: str = field(default="", kw_only=True)
    """Whom it is to be good for, where the vendor asks for that."""
    tenant: str = field(default="", kw_only=True)
    """Whose account it is; stands for ``{tenant}`` in the address of the token endpoint."""
    parameters: Pairs = field(default=(), kw_only=True, repr=False)
    """What else the vendor wants to be told when a token is bought."""


@dataclass(frozen=True, slots=True)
class Basic(_Secret):
    """A user name and a password in every request (RFC 7617)."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bearer(_Secret):
    """A token that somebody else issued and that does not change during the run (RFC 6750)."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Login(_Secret):
    """A user name and a password that buy a session at a login endpoint."""

    username: str
    password: str = field(repr=False)


Credentials = ClientCredentials | Basic | Bearer | Login | None
