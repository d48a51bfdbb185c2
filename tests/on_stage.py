"""What the tests of the stage share: the fixture that sets it up and clears it away, and a run with few words."""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness.stage import patch
from harness.stage.http1 import Reply, Request, Script, render
from harness.stage.play import Played, World, play

HOSTS = frozenset({"vendor.test", "other.test"})
Answer = Callable[[Request, World], Script]


@pytest.fixture(scope="module", autouse=True)
def stage() -> Iterator[None]:
    """Names are replaced for this module's tests alone, in UTC as in a worker."""
    zone = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    patch.install()
    yield
    patch.uninstall()
    os.environ.pop("TZ")
    if zone is not None:
        os.environ["TZ"] = zone
    time.tzset()


def text(body: str, status: int = 200, **headers: str) -> Reply:
    """A plain reply; ``retry_after="7"`` becomes the header ``Retry-After``."""
    named = tuple((name.replace("_", "-").title(), value) for name, value in headers.items())
    return Reply(status, (("Content-Type", "text/plain"), *named), body.encode())


def echo(request: Request, world: World) -> Script:
    """Says back what was asked."""
    scheme = "https" if request.tls else "http"
    return (render(text(f"{request.method} {scheme}://{request.host}{request.target}"), request.method),)


def run(subject: Callable[[], Any], answer: Answer = echo, **options: Any) -> Played:
    """A run in which ``vendor.test`` and ``other.test`` are on the stage."""
    return play(subject, answer=answer, resolve=HOSTS.__contains__, **options)


def chain(error: BaseException | None) -> tuple[str, ...]:
    """The classes of an error and of all that caused it, the outermost first."""
    names = []
    while error is not None:
        names.append(type(error).__name__)
        inside = next((one for one in error.args if isinstance(one, BaseException)), None)
        error = error.__cause__ or error.__context__ or inside
    return tuple(names)
