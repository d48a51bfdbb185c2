"""What stands between a command and a real product: passes everything on, counts it, and lets a test have its way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.stage.http1 import Reply, Request, Script, render
from harness.stage.serve import World, serve
from harness.stage.upstream import sent

_OF_THIS_HOP = ("host", "content-length", "connection")


def as_it_is(body: bytes) -> bytes:
    """The product's own answer."""
    return body


@dataclass(slots=True)
class Front:
    """An address of its own for the product at ``origin``."""

    origin: str
    changed: Callable[[bytes], bytes]
    """What becomes of each answer's body."""
    url: str = ""
    requests: int = 0
    before: Callable[[], None] = lambda: None
    """Called before each request is passed on."""

    def answer(self, request: Request, world: World) -> Script:
        """The product's answer, as if it lived here."""
        self.requests += 1
        self.before()
        headers = tuple(pair for pair in request.headers if pair[0] not in _OF_THIS_HOP)
        reply = sent(request.method, self.origin + request.target, headers, request.body)
        body = self.changed(reply.body).replace(self.origin.encode(), self.url.encode())
        told = tuple((header, value.replace(self.origin, self.url)) for header, value in reply.headers)
        return (render(Reply(reply.status, told, body), request.method),)


@contextmanager
def fronted(origin: str, *, changed: Callable[[bytes], bytes] = as_it_is) -> Iterator[Front]:
    """The product behind a front on loopback."""
    front = Front(origin, changed)
    with serve(front.answer) as server:
        front.url = f"http://127.0.0.1:{server.port}"
        yield front
