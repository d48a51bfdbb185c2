"""Addresses that are good for one create, as a simulated vendor gives them out and takes them."""

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from harness.dialects.writing import PostOnce
from harness.stage.documents import at, put, written
from harness.stage.http1 import Reply, Request
from harness.stage.operations import Asked
from harness.stage.words import Words, replied, swapped
from harness.stage.writings import bought_at


class OnceOnly:
    """Those that were given out and not yet used. A POST uses one up, whatever becomes of it."""

    def __init__(self, words: Words, creating: PostOnce, *, new_token: Callable[[], str]) -> None:
        self._words, self._creating, self._new_token = words, creating, new_token
        self.good: set[str] = set()
        """What makes the addresses that are still good other ones."""

    def give(self, request: Request, what: Asked) -> Reply:
        """Another address."""
        sample = self._words.sample("once", 200, request)
        recorded = token_in(str(at(sample.document, self._creating.address)))
        token = self._new_token()
        self.good.add(token)
        address = str(at(sample.document, self._creating.address)).replace(recorded, token)
        return replied(sample.reply, written(put(sample.document, self._creating.address, address)))

    def refusal(self, request: Request) -> Reply | None:
        """The answer to an address that is good no longer, or never was; None where it was good until now, and where
        the create is no such one."""
        token = self._token(request)
        if not token:
            return None
        if token in self.good:
            self.good.remove(token)
            return None
        sample = self._words.sample("spent", self._creating.spent_status, request)
        return replied(sample.reply, swapped(sample, self._token(sample.request), token))

    def _token(self, request: Request) -> str:
        path, collection = unquote(urlsplit(request.target).path), self._words.shown.collection
        below = path.removeprefix(collection.path.rstrip("/") + "/")
        return bought_at(collection.writing, below) or ""


def token_in(address: str) -> str:
    """What makes an address that was bought another one than all others."""
    return address.rpartition("/")[2]
