"""What supervisor and worker say to each other, and how: pickled values with their length before them, over two
pipes."""

import os
import pickle
import struct
from dataclasses import dataclass
from typing import Any

from harness.certify.evidence import Evidence
from harness.certify.performance import Order
from harness.certify.subject_loading import Loaded
from harness.stage.history import Run

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """All that a worker needs to know before the first order."""

    subject: str
    """``core`` or ``module:Name``."""
    folder: str
    """Where the subject's module is looked for first."""
    evidence: tuple[Evidence, ...]
    seed: int
    real_limit_s: float


@dataclass(frozen=True, slots=True)
class Ready:
    """The subject is loaded."""

    loaded: Loaded


@dataclass(frozen=True, slots=True)
class Refused:
    """The subject cannot be certified; the sentence says why."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Task:
    """An order for one vendor."""

    vendor: str
    order: Order


@dataclass(frozen=True, slots=True)
class Done:
    """The history of an order; ``leaving`` when the worker can take no more.

    A run that hung on threads older than itself proves nothing: a pool kept from an earlier run looks like that.
    """

    run: Run
    leaving: bool
    hung_on_strays: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """The order could not be carried out, and that is no doing of the subject's."""

    reason: str


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
