"""Servers as child processes: an environment to run them in, a pid file, and an end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

START_LIMIT_S = 90.0
STOP_LIMIT_S = 10.0


class NotPossible(Exception):
    """A vendor cannot be run here; the sentence says what is missing."""


class UnexpectedReply(Exception):
    """A product answered otherwise than the flow is there to show; the sentence says what it answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A vendor that answers."""

    name: str
    origin: str
    """``http://127.0.0.1:PORT``"""
    state: Path
    pid: int
    version: str
    configuration: str
    """What differs from the product as it comes, in a sentence."""
    secrets: Mapping[str, str]
    """What an integration signs in with."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def local_session() -> requests.Session:
    """A session that no proxy, netrc or CA variable of the machine leads astray."""
    session = requests.Session()
    session.trust_env = False
    return session


def run(
    command: Sequence[str | Path], *, log: Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Raises: NotPossible: The command is not there or did not succeed; its output is in the log."""
    with log.open("ab") as output:
        try:
            ended = subprocess.run(
                [str(part) for part in command],
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except FileNotFoundError:
            raise NotPossible(f"{command[0]} is not installed; install it first.") from None
    if ended.returncode:
        last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["no output"]
        raise NotPossible(f"{' '.join(map(str, command))} ended with {ended.returncode} ({last[0]}); see {log}.")


def environment(folder: Path, requirements: Sequence[str], *, log: Path) -> Path:
    """The bin folder of a virtual environment that holds the requirements; made once, kept for later starts."""
    done = folder / "installed.txt"
    wanted = "\n".join(requirements)
    if not done.exists() or done.read_text() != wanted:
        run([sys.executable, "-m", "venv", "--clear", folder], log=log)
        run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", *requirements], log=log)
        done.write_text(wanted)
    return folder / "bin"


def version_of(distribution: str, python: Path) -> str:
    code = f"import importlib.metadata as m; print(m.version({distribution!r}))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def serve(
    command: Sequence[str | Path],
    *,
    name: str,
    url: str,
    state: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> int:
    """Start the server, write ``NAME.pid``, and return its pid once the url answers.

    Raises:
        NotPossible: It ended at once, or did not answer in time; it is stopped then.
    """
    log = state / f"{name}.log"
    pid = _spawn([str(part) for part in command], log=log, cwd=cwd or state, env={**os.environ, **(env or {})})
    (state / f"{name}.pid").write_text(f"{pid}\n")
    give_up_at_s = time.monotonic() + START_LIMIT_S
    while time.monotonic() < give_up_at_s:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            (state / f"{name}.pid").unlink()
            code = os.waitstatus_to_exitcode(status)
            raise NotPossible(f"{name} ended with {code} instead of answering; see {log}.")
        try:
            with local_session() as session:
                session.get(url, timeout=5)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return pid
    stop(state, name)
    raise NotPossible(f"{name} did not answer at {url} within {START_LIMIT_S:.0f} s; see {log}.")


def _spawn(command: list[str], *, log: Path, cwd: Path, env: Mapping[str, str]) -> int:
    """The pid of a process in a session of its own: it may outlive the one that started it, as Popen's may not."""
    writing = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), writing, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    in_folder = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", str(cwd), *command]
    return os.posix_spawn("/bin/sh", in_folder, env, file_actions=files, setsid=True)


def stop(state: Path, name: str) -> bool:
    """End the server whose pid file is in the state folder; whether one was running."""
    file = state / f"{name}.pid"
    if not file.exists():
        return False
    pid = int(file.read_text())
    file.unlink()
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return False
    give_up_at_s = time.monotonic() + STOP_LIMIT_S
    while _lives(pid):
        if time.monotonic() > give_up_at_s:
            os.kill(pid, signal.SIGKILL)
            break
        time.sleep(0.05)
    return True


def _lives(pid: int) -> bool:
    try:
        if os.waitpid(pid, os.WNOHANG) != (0, 0):
            return False
    except ChildProcessError:
        pass  # Started by another process: signal 0 tells.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
