"""Keeps secrets out of everything that is written down."""

import base64
import threading
from collections import deque
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from harness.dialects.credentials import Basic, Bearer, ClientCredentials, Credentials, Login

_TOKENS_REMEMBERED = 64
_SHORTEST = 4
"""Shorter texts would be found in every other word."""
_SHORTEST_PARAMETER = 16
_SECRET_NAMES = ("password", "passwd", "passphrase", "pwd", "secret", "token", "apikey", "privatekey")


class Mask:
    """Replaces every secret it was told of, encoded forms included. Threads may share it."""

    def __init__(self, credentials: Credentials = None) -> None:
        self._lock = threading.Lock()
        self._lasting = tuple(_forms(_secrets_of(credentials)))
        self._tokens: deque[str] = deque(maxlen=_TOKENS_REMEMBERED)

    def __repr__(self) -> str:
        return "Mask(***)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Mask holds secrets and is not pickled; make one from the credentials where it is needed")

    def learn(self, token: str) -> None:
        """From here on this token is hidden too."""
        with self._lock:
            self._tokens.append(token)

    def hide(self, text: str) -> str:
        """The text without any secret."""
        with self._lock:
            secrets = (*self._lasting, *self._tokens)
        for secret in secrets:
            if secret in text:
                text = text.replace(secret, "***")
        return text


def names_a_secret(field: str) -> bool:
    """Whether a field of that name holds what nobody is to read: ``password``, ``apiToken``, ``client-secret``."""
    return "".join(filter(str.isalpha, field)).lower().endswith(_SECRET_NAMES)


def _secrets_of(credentials: Credentials) -> Iterable[str]:
    match credentials:
        case ClientCredentials(client_id=name, client_secret=secret) | Basic(username=name, password=secret):
            pairs = (f"{name}:{secret}", f"{quote_plus(name)}:{quote_plus(secret)}")
            coded = (base64.b64encode(pair.encode()).decode() for pair in pairs)
            told = credentials.parameters if isinstance(credentials, ClientCredentials) else ()
            # An assertion is long; "crm" is a word that logs are full of.
            return secret, *coded, *(value for _, value in told if len(value) >= _SHORTEST_PARAMETER)
        case Login(password=secret) | Bearer(token=secret):
            return (secret,)
        case _:
            return ()


def _forms(secrets: Iterable[str]) -> list[str]:
    found = {
        form for secret in secrets for form in (secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1])
    }
    # The longest first: a secret that contains another one goes as a whole.
    return sorted((form for form in found if len(form) >= _SHORTEST), key=len, reverse=True)
