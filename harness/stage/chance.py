"""Chance in a run: ``random``, ``os.urandom``, ``uuid``, ``secrets`` follow its seed, and are as before after it."""

import os
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from harness.stage.clock import Clock, mine

real_urandom = os.urandom
real_seed = random.Random.seed
_ENTROPY_BITS = 256


def urandom(size: int, /) -> bytes:
    """``os.urandom``; uuid4 and ``secrets`` stand on it."""
    clock = mine()
    return real_urandom(size) if clock is None or clock.entropy is None else clock.entropy.randbytes(size)


def seed(self: random.Random, a: int | float | str | bytes | bytearray | None = None, version: int = 2) -> None:
    """``random.Random.seed``; without a seed of its own, a generator made in a run follows the run's."""
    clock = mine()
    if a is None and clock is not None and clock.entropy is not None:
        a = clock.entropy.getrandbits(_ENTROPY_BITS)
    real_seed(self, a, version)


@contextmanager
def pinned(clock: Clock, run_seed: int | None) -> Iterator[None]:
    """All chance of the run comes from its seed; with None it is left as it is."""
    if run_seed is None:
        yield
        return
    before = random.getstate()
    clock.entropy = random.Random(f"entropy of run {run_seed}")
    random.seed(run_seed)
    uuid._last_timestamp = None  # type: ignore[attr-defined]  # uuid1 counts on from the one before
    try:
        yield
    finally:
        random.setstate(before)
