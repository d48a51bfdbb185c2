"""A vendor that costs next to nothing: pages of 100 users made beforehand, over loopback, in a process of its own."""

import asyncio
import json
import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager

PAGE = 100
_SCATTER = 61_803_398_874_989_483
"""Has no factor in common with the number of ids, so that no two users get the same one."""


def _user(number: int, ordered: bool) -> dict[str, object]:
    place = number if ordered else number * _SCATTER % 10**17
    return {
        "id": f"00u{place:017d}",
        "name": f"user.{number}",
        "mail": f"user.{number}@example.org",
        "given_name": f"Given {number}",
        "family_name": f"Family {number}",
        "department": f"Department {number % 40}",
        "enabled": True,
        "created_at": "2026-01-01T00:00:00Z",
        "groups": [f"group-{number % 7}", f"group-{number % 11}"],
    }


def _reply(body: bytes, link: str = "") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{link}\r\n"
    return head.encode() + body


class _Pages(asyncio.Protocol):
    def __init__(self, users: int, port: int, ordered: bool) -> None:
        self._users, self._port, self._ordered, self._waiting = users, port, ordered, b""
        self._cache: dict[int, bytes] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while b"\r\n\r\n" in self._waiting:
            head, _, rest = self._waiting.partition(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
            )
            if len(rest) < length:
                return
            self._waiting = rest[length:]
            self._transport.write(self._answer(head))  # type: ignore[attr-defined]

    def _answer(self, head: bytes) -> bytes:
        target = head.split(b" ", 2)[1].decode()
        if target.startswith("/token"):
            return _reply(json.dumps({"access_token": "t" * 40, "expires_in": 3600, "token_type": "Bearer"}).encode())
        page = int(target.rpartition("page=")[2] or 0) if "page=" in target else 0
        if page not in self._cache:
            self._cache.clear()
            numbers = range(page * PAGE, min((page + 1) * PAGE, self._users))
            rows = [_user(number, self._ordered) for number in numbers]
            body = json.dumps({"users": rows, "total": self._users}).encode()
            more = (page + 1) * PAGE < self._users
            link = f'Link: <http://127.0.0.1:{self._port}/users?page={page + 1}>; rel="next"\r\n' if more else ""
            self._cache[page] = _reply(body, link)
        return self._cache[page]


def _serve(users: int, listener: socket.socket, ordered: bool) -> None:
    async def run() -> None:
        port = listener.getsockname()[1]
        server = await asyncio.get_running_loop().create_server(lambda: _Pages(users, port, ordered), sock=listener)
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def pages(users: int, *, ordered: bool = True) -> Iterator[str]:
    """The address of a vendor of so many users, listed in the order of their ids or in none."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        told = (users, listener, ordered)
        process = multiprocessing.get_context("fork").Process(target=_serve, args=told, daemon=True)
        process.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            process.terminate()
            process.join()
