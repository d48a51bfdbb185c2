"""Who does a run: the process, told so that any other one can find out whether it is still alive."""

import os
from dataclasses import dataclass
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_AFTER_THE_NAME = 19
"""Where in ``/proc/PID/stat``, counted behind the process's name, its start stands (field 22, proc(5))."""
_GONE = frozenset("ZX")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """One process, on one machine, since one boot."""

    host: str
    boot: str
    """The kernel's boot id and the process namespace: within them ``pid`` names one process at a time."""
    pid: int
    started: int
    """Clock ticks from boot to its start: a number that was given to another process since is not taken for it."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def this_process() -> Owner:
    """The process that asks."""
    boot = f"{_text(_BOOT).strip()} {_namespace()}"
    return Owner(host=os.uname().nodename, boot=boot, pid=os.getpid(), started=_started(os.getpid()) or 0)


def lives(owner: Owner, *, here: Owner) -> bool | None:
    """Whether the process is still there; None where it cannot be told: it is of another machine, container or boot.

    ``here`` is who asks.
    """
    if owner.boot != here.boot:
        return None
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is there, and somebody else's
    started = _started(owner.pid)
    return None if started is None else started == owner.started


def _started(pid: int) -> int | None:
    """When the process began; 0 for one that has ended and was not fetched; None where that is not told."""
    facts = _text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    if len(facts) <= _AFTER_THE_NAME:
        return None
    return 0 if facts[0] in _GONE else int(facts[_AFTER_THE_NAME])


def _namespace() -> str:
    try:
        return str(_NAMESPACE.readlink())
    except OSError:
        return ""


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
