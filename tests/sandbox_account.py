"""A sandbox account on loopback: the checked simulator of Keystone behind a real socket, and what a test does to it."""

import base64
import itertools
import json
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.certify.session import Options, read_evidence
from harness.dialects import KEYSTONE
from harness.dialects.credentials import ClientCredentials
from harness.stage.account import TAG, Account
from harness.stage.documents import parsed, written
from harness.stage.http1 import Reply, Request, Script, render
from harness.stage.live import Live
from harness.stage.operations import asked
from harness.stage.sandbox import Sandbox
from harness.stage.serve import World, serve
from harness.stage.shown import learn
from harness.stage.simulator import Simulator

CREDENTIALS = ClientCredentials("sandbox-client", "sandbox-secret-9x2kQm")
TOKEN = "sandbox-token-of-32-characters-77"
_PAIR = base64.b64encode(f"{CREDENTIALS.client_id}:{CREDENTIALS.client_secret}".encode()).decode()
Clean = Callable[[Request], Reply]
Meddle = Callable[["SandboxAccount", Request, Clean], Reply]
"""Takes a request, and what the vendor would make of it; whatever it returns is answered."""


def as_it_is(account: "SandboxAccount", request: Request, clean: Clean) -> Reply:
    """The vendor as recorded."""
    return clean(request)


class SandboxAccount:
    """Counts requests, takes only its own credentials, and lets ``meddle`` change each answer."""

    def __init__(self, simulator: Simulator, meddle: Meddle) -> None:
        self.simulator, self.meddle = simulator, meddle
        self.url = ""
        self.requests: list[tuple[str, str]] = []
        self.seen: list[Request] = []
        self.before: Callable[[], None] = lambda: None
        """Called before each answer."""

    def answer(self, request: Request, world: World) -> Script:
        self.requests.append((request.method, request.target))
        self.seen.append(request)
        self.before()
        reply = self.meddle(self, request, self._clean)
        return (render(reply, request.method),)

    def _clean(self, request: Request) -> Reply:
        if asked(KEYSTONE, request).operation == "token":
            if request.header("authorization") != f"Basic {_PAIR}":
                return Reply(401, (("Content-Type", "application/json"),), KEYSTONE.errors.bad_client.encode())
            body = {"access_token": TOKEN, "expires_in": 20, "token_type": "Bearer"}
            return Reply(200, (("Content-Type", "application/json"),), json.dumps(body).encode())
        if request.header("x-auth-token") != TOKEN:
            return Reply(401, (("Content-Type", "application/json"),), KEYSTONE.errors.unauthorized.encode())
        reply = self.simulator.handle(request)
        return Reply(reply.status, _sized(reply), reply.body.replace(KEYSTONE.base_url.encode(), self.url.encode()))

    def tagged(self) -> list[str]:
        """The keys of records that a live run left."""
        return [one["name"] for one in self.simulator.records() if TAG.match(one["name"])]

    def live(self, **rules: Any) -> Live:
        """The account as a vendor."""
        sandbox = Sandbox(base_url=self.url, writes=True, max_requests=500, per_second=500)
        return Live(KEYSTONE, replace(sandbox, **rules), CREDENTIALS)

    def account(self) -> Account:
        """The account as its owner sees it."""
        return Account(self.live())


@contextmanager
def sandbox_account(
    *, users: int = 7, cap: int = 3, meddle: Meddle = as_it_is, tls: ssl.SSLContext | None = None
) -> Iterator[SandboxAccount]:
    """The account, with so many users, of whom a page holds ``cap``."""
    evidence = read_evidence(Options(vendors=("keystone",)))["keystone"]
    shown = learn(KEYSTONE, evidence.pull, evidence.simulates)
    ids = (f"{number:032x}" for number in itertools.count(1))
    simulator = Simulator(shown, new_id=lambda: next(ids), records=shown.records[:users], cap=cap)
    account = SandboxAccount(simulator, meddle)
    with serve(account.answer, tls=tls) as server:
        account.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.port}"
        yield account


def rules_in(folder: Path, account: SandboxAccount, *, writes: bool = True, max_requests: int = 900) -> Path:
    """A ``sandbox.toml`` that lists the account."""
    path = folder / "sandbox.toml"
    path.write_text(
        f'[[host]]\nname = "{account.url.partition("://")[2]}"\nwrites = {str(writes).lower()}\n'
        f"max_requests = {max_requests}\nper_second = 500\n"
    )
    return path


def renamed(old: str, new: str, *, after: int = 0) -> Meddle:
    """From the request of that number on, every record has another name for a field."""

    def meddle(account: SandboxAccount, request: Request, clean: Clean) -> Reply:
        reply = clean(request)
        document = parsed(reply.body)
        if len(account.requests) <= after or not isinstance(document, dict) or "users" not in document:
            return reply
        users = [{new if name == old else name: value for name, value in one.items()} for one in document["users"]]
        return Reply(reply.status, _sized(reply), written(document | {"users": users}))

    return meddle


def answering(status: int, *, at: Callable[[int], bool], headers: tuple[tuple[str, str], ...] = ()) -> Meddle:
    """At the requests whose number is chosen, another status, and nothing is done."""

    def meddle(account: SandboxAccount, request: Request, clean: Clean) -> Reply:
        body = written({"error": {"code": status, "message": "Not now.", "title": "No"}})
        return Reply(status, headers, body) if at(len(account.requests)) else clean(request)

    return meddle


def slow(seconds: float, *, at: Callable[[int], bool]) -> Meddle:
    """At the requests whose number is chosen, the answer takes so long."""

    def meddle(account: SandboxAccount, request: Request, clean: Clean) -> Reply:
        if at(len(account.requests)):
            time.sleep(seconds)
        return clean(request)

    return meddle


def _sized(reply: Reply) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in reply.headers if pair[0].lower() != "content-length")
