"""How processes of a certification talk: pickled values with their length before them, over a pipe."""

import os
import pickle
import struct
from typing import Any

_LENGTH = struct.Struct(">Q")


def send(descriptor: int, message: Any) -> None:
    """Write the message whole."""
    payload = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
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
