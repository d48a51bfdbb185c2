"""How processes of a certification talk: pickled values with their length before them, over a pipe."""

import copyreg
import io
import os
import pickle
import struct
from collections.abc import Callable, Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any

from harness.stage.history import Acted, Exchange, Item, Logged, Looked, Noted, Run, Tally, TokenGrant, TokenUse, Waited

_LENGTH = struct.Struct(">Q")
_HISTORY = (Run, Exchange, Logged, Waited, Noted, Acted, Looked, Tally, TokenGrant, TokenUse, Item)
_NAMES = {kind: tuple(field.name for field in fields(kind)) for kind in _HISTORY}
_PLACES = {kind: tuple(vars(kind)[name].__set__ for name in names) for kind, names in _NAMES.items()}


def _restored(kind: type[Any], *values: Any) -> Any:
    one = object.__new__(kind)
    for put, value in zip(_PLACES[kind], values, strict=True):
        put(one, value)
    return one


def _taken_apart(kind: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    values = attrgetter(*_NAMES[kind])
    return lambda one: (_restored, (kind, *values(one)))


class _Pickler(pickle.Pickler):
    """Knows how values of a history are taken apart: a certification sends some ten thousand, and dataclasses' own way
    asks each for its fields anew."""

    dispatch_table: Mapping[type[Any], Callable[[Any], Any]] = {
        **copyreg.dispatch_table,
        **{kind: _taken_apart(kind) for kind in _HISTORY},
    }


def send(descriptor: int, message: Any) -> None:
    """Write the message whole."""
    written = io.BytesIO()
    _Pickler(written, protocol=pickle.HIGHEST_PROTOCOL).dump(message)
    payload = written.getvalue()
    view = memoryview(_LENGTH.pack(len(payload)) + payload)
    while view:
        view = view[os.write(descriptor, view) :]


def receive(descriptor: int) -> Any:
    """Read one message.

    Raises:
        EOFError: The other side is gone.
    """
    return pickle.loads(_exactly(descriptor, _LENGTH.unpack(_exactly(descriptor, _LENGTH.size))[0]))


def _exactly(descriptor: int, size: int) -> bytes:
    parts = []
    while size:
        part = os.read(descriptor, min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
