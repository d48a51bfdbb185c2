"""Starts worker processes: copies of one that has imported all that they need, so that each costs a fork.

That one is started with the first worker, serves every certification of this process, and never sees a subject. It ends
when this process does.
"""

import os
import signal
import socket
import struct
import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from threading import Lock

NUMBER = struct.Struct(">q")
"""How a process id, and an exit code, are told."""
_NOT_FOR_THE_SUBJECT = ("proxy", "netrc", "ca_bundle", "ssl_cert", "pytest_", "pythonpath")
_UNKNOWN_CODE = -signal.SIGKILL


class Process:
    """A worker process. It leads a process group of its own: a subject that ends its group ends its worker."""

    def __init__(self, parent: "_Parent", pid: int) -> None:
        self._parent, self.pid = parent, pid
        self.returncode: int | None = None
        """None until somebody waited for its end."""

    def kill(self) -> None:
        """End it, and what it forked off."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        if self.returncode is None:
            try:
                self.returncode = self._parent.asked(NUMBER.pack(self.pid))
            except OSError:
                self.returncode = _UNKNOWN_CODE  # with its parent went who knew
        return self.returncode


def started(descriptors: Sequence[int]) -> Process:
    """A new worker process that has these descriptors: where its orders come, where its answers go, and its relay.

    Raises:
        OSError: None can be started.
    """
    place = (tuple(sorted(_environment().items())), os.getcwd())
    try:
        return _parent(*place).start(descriptors)
    except OSError:
        # Whatever a subject did to it: it was its parent.
        _parent.cache_clear()
        return _parent(*place).start(descriptors)


class _Parent:
    """The process that workers are copies of, as this one sees it."""

    def __init__(self, environment: Mapping[str, str], folder: str) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._turn = Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "harness.certify.worker", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(environment),
                cwd=folder,
                process_group=0,
            )
        weakref.finalize(self, _end, self._control, self._process)

    def start(self, descriptors: Sequence[int]) -> Process:
        """A copy that has these descriptors.

        Raises:
            OSError: It is gone.
        """
        return Process(self, self.asked(b"start", descriptors))

    def asked(self, message: bytes, descriptors: Sequence[int] = ()) -> int:
        """Its answer.

        Raises:
            OSError: It is gone.
        """
        with self._turn:
            socket.send_fds(self._control, [message], descriptors)
            answer = self._control.recv(NUMBER.size)
        if len(answer) < NUMBER.size:
            raise OSError("the process that starts workers has ended")
        number: int = NUMBER.unpack(answer)[0]
        return number


def _end(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    """It ends by itself once nobody can ask it any more."""
    control.close()
    process.kill()
    process.wait()


@lru_cache(maxsize=1)
def _parent(environment: tuple[tuple[str, str], ...], folder: str) -> _Parent:
    return _Parent(dict(environment), folder)


def _environment() -> dict[str, str]:
    """The environment for a worker: proxies, netrc and CA files out of it, chance pinned.

    The worker's harness is this one, whatever lies in the working directory (so ``-P``); the subject's folder comes
    first only after that.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not any(word in name.lower() for word in _NOT_FOR_THE_SUBJECT)
    }
    paths = [path for path in sys.path if path]
    return kept | {
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
        "NETRC": os.devnull,
        "PYTHONPATH": os.pathsep.join(paths),
    }
