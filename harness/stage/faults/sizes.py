"""Answers that are larger than anybody can want: right to their last byte, and ruinous to whoever reads that far."""

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal

from harness.dialects.facts import Dialect
from harness.stage.faults.scene import Asks, Scene, Struck
from harness.stage.history import Exchange
from harness.stage.http1 import Reply, Script, head_and_body

_BLOCK = b" " * 2**20
_FRAMED_BLOCK = b"%x\r\n%s\r\n" % (len(_BLOCK), _BLOCK)


@dataclass(frozen=True, slots=True)
class Oversized:
    """A good page with so many mebibytes of white space behind it, which JSON allows (RFC 8259 s2).

    ``plain``: chunked, without a length, as a reply that does not end looks for as long as it is read. ``gzip``: a bomb
    of a thousandth of that; plain where the subject does not accept gzip.
    """

    form: Literal["plain", "gzip"] = "plain"
    mebibytes: int = 80
    family: ClassVar[str] = "errors"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return clean.operation.endswith(".list")

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud" if times is None else "either"

    def strike(self, scene: Scene) -> Struck:
        page = scene.answer()
        bomb = self.form == "gzip" and "gzip" in (scene.request.header("accept-encoding") or "")
        return Struck(script=self._gzipped(page) if bomb else self._chunked(page), reply=page)

    def _gzipped(self, page: Reply) -> Script:
        packed = _bomb(page.body, self.mebibytes)
        head, body = head_and_body(Reply(page.status, (*_kept(page), ("Content-Encoding", "gzip")), packed), "GET")
        return (head + body,)

    def _chunked(self, page: Reply) -> Script:
        reply = Reply(page.status, (*_kept(page), ("Transfer-Encoding", "chunked")), page.body)
        head, body = head_and_body(reply, "GET")
        end = b"0\r\n\r\n"
        # One block, sent over and over, takes the room of one.
        return (head + body.removesuffix(end), *(_FRAMED_BLOCK for _ in range(self.mebibytes)), end)


@lru_cache(maxsize=2)
def _bomb(body: bytes, mebibytes: int) -> bytes:
    packer = zlib.compressobj(1, wbits=31)
    return b"".join([packer.compress(body), *(packer.compress(_BLOCK) for _ in range(mebibytes)), packer.flush()])


def _kept(page: Reply) -> tuple[tuple[str, str], ...]:
    """The headers but for the length, which is another now."""
    return tuple((name, value) for name, value in page.headers if name.lower() != "content-length")
