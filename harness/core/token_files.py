"""Tokens in files, so that one fetch serves all processes of a machine."""

import fcntl
import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from harness.core.clock import Clock
from harness.core.errors import DeadlineReached
from harness.core.grants import Binding, Grant, lifetime_s

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_LOOK_AGAIN_S = 0.05
_PRIVATE = 0o600


class Uptime(Protocol):
    """A clock that all processes of a machine share, from one start of the machine to the next."""

    def boot(self) -> str:
        """A name for this start of the machine."""
        ...

    def seconds(self) -> float:
        """Seconds since then, sleep included; never jumps."""
        ...


class SystemUptime:
    """The system's own."""

    def boot(self) -> str:
        """A name for this start of the machine."""
        return _BOOT_ID.read_text().strip()

    def seconds(self) -> float:
        """Seconds since then, sleep included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)


class FileTokens:
    """Keeps tokens in files that their owner alone may read, one for each binding, for all processes of a machine.

    A token's age is counted on a clock that runs from one start of the machine to the next and never jumps. Over a
    restart of the machine there is no such clock: then the age is taken from the wall clock, and a token from the
    future is not used. Whatever the wall clock did, a token that has ended is rejected once and replaced.

    Args:
        folder: Made where it is missing, for its owner alone. On a local disk: locks are the system's (``flock``).

    Raises:
        OSError: The folder cannot be made.
        PermissionError: Others may read it, or it belongs to somebody else. What is wrong with it, or with a file in
            it, later on is told by ``TokensUnusable``.
    """

    def __init__(self, folder: Path | str, *, uptime: Uptime | None = None) -> None:
        self._folder = Path(folder)
        self._uptime = uptime or SystemUptime()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_private(self._folder, os.stat(self._folder))

    def __repr__(self) -> str:
        return f"FileTokens({str(self._folder)!r})"

    @contextmanager
    def alone(self, binding: Binding, *, by_s: float, clock: Clock) -> Iterator[None]:
        """Nobody else, in no process, fetches a token of this binding within the block. A dead process holds nothing.

        Raises:
            DeadlineReached: Somebody else still does at ``by_s``, a moment of the monotonic clock.
        """
        descriptor = os.open(self._path(binding, ".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _PRIVATE)
        try:
            while not _locked(descriptor):
                if clock.monotonic_s() + _LOOK_AGAIN_S > by_s:
                    raise DeadlineReached("another process still fetches the token at the deadline of this call")
                clock.sleep(_LOOK_AGAIN_S)
            yield
        finally:
            os.close(descriptor)

    def read(self, binding: Binding, *, clock: Clock) -> Grant | None:
        """The token of this binding; None where there is none, or its file is damaged."""
        try:
            descriptor = os.open(self._path(binding, ".json"), os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        with open(descriptor, encoding="utf-8") as file:
            _check_private(self._path(binding, ".json"), os.fstat(descriptor))
            with suppress(ValueError, KeyError, TypeError):
                kept = json.load(file)
                if kept["binding"] != asdict(binding):
                    return None
                age_s = self._age_s(kept, clock)
                if age_s < 0:
                    return None
                asked_s = clock.monotonic_s() - age_s
                return Grant(value=str(kept["token"]), lifetime_s=lifetime_s(kept["lifetime_s"]), asked_s=asked_s)
        return None

    def write(self, binding: Binding, grant: Grant, *, clock: Clock) -> None:
        """Keep it in place of the one before: whoever reads sees the one or the other, whole."""
        age_s = clock.monotonic_s() - grant.asked_s
        kept = {
            "binding": asdict(binding),
            "token": grant.value,
            "lifetime_s": grant.lifetime_s,
            "boot": self._uptime.boot(),
            "asked_uptime_s": self._uptime.seconds() - age_s,
            "asked_epoch_s": clock.epoch_s() - age_s,
        }
        path, new = self._path(binding, ".json"), self._path(binding, f".{os.getpid()}.new")
        with suppress(FileNotFoundError):
            new.unlink()  # left by a process of the same number that died
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _PRIVATE)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                json.dump(kept, file)
                file.flush()
                os.fsync(descriptor)
            os.replace(new, path)
        except OSError:
            new.unlink(missing_ok=True)  # half a token is nobody's
            raise

    def _age_s(self, kept: dict[str, Any], clock: Clock) -> float:
        if kept["boot"] == self._uptime.boot():
            return self._uptime.seconds() - float(kept["asked_uptime_s"])
        return clock.epoch_s() - float(kept["asked_epoch_s"])

    def _path(self, binding: Binding, ending: str) -> Path:
        name = hashlib.sha256(json.dumps(asdict(binding), sort_keys=True).encode()).hexdigest()[:32]
        return self._folder / f"{name}{ending}"


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_private(path: Path, found: os.stat_result) -> None:
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077 or found.st_uid != os.getuid():
        raise PermissionError(
            f"{path} holds tokens, and others may read or change it (mode {mode:04o}, owner {found.st_uid}); "
            "give it to the integration's user alone, or name another folder"
        )
