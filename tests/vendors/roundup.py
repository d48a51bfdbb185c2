"""Roundup, an issue tracker, on SQLite: 20 calls a minute, a password in every request."""

import re
import secrets
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.vendors.process import NotPossible, Running, environment, run, serve, version_of

NAME = "roundup"
REQUIREMENTS = ("roundup==2.6.0", "waitress==3.*")
CALLS_PER_INTERVAL = 20
INTERVAL_S = 60
SETUP_LIMIT_S = 60

_WSGI = """\
from roundup import rest
from roundup.cgi.wsgi_handler import RequestDispatcher

rest.RestfulInstance.max_response_row_size = {row_cap}
app = RequestDispatcher("{tracker}")
"""


def start(
    state: Path,
    port: int,
    *,
    titles: Sequence[str] = (),
    users: Sequence[Mapping[str, str]] = (),
    row_cap: int = 50,
    calls: int = CALLS_PER_INTERVAL,
    interval_s: int = INTERVAL_S,
) -> Running:
    """A new tracker that holds issues of these titles, and these users beside its own three; the limit counts from the
    first recorded call."""
    log = state / "setup.log"
    programs = environment(state.parent / "roundup-env", REQUIREMENTS, log=log)
    tracker = state / "tracker"
    origin = f"http://127.0.0.1:{port}"
    _create(programs, tracker, port, log)
    password = secrets.token_urlsafe(18)
    own = [f"password={password}", "realname=Tracker Administrator", "phone=+43 1 5550100"]
    run([programs / "roundup-admin", "-i", tracker, "set", "user1", *own], log=log)
    config = tracker / "config.ini"
    config.write_text(re.sub(r"(?m)^web = .*", f"web = {origin}/", config.read_text()))
    (state / "tracker_wsgi.py").write_text(_WSGI.format(row_cap=row_cap, tracker=tracker))
    command = [programs / "waitress-serve", f"--listen=127.0.0.1:{port}", "tracker_wsgi:app"]
    env = {"PYTHONPATH": str(state)}
    add_issues(state, titles)
    add_users(state, users)
    limit = {"api_calls_per_interval": calls, "api_interval_in_sec": interval_s}
    for key, value in limit.items():
        config.write_text(re.sub(rf"(?m)^{key} = .*", f"{key} = {value}", config.read_text()))
    pid = serve(command, name=NAME, url=f"{origin}/", state=state, env=env)
    return Running(
        name=NAME,
        origin=origin,
        state=state,
        pid=pid,
        version=f"Roundup {version_of('roundup', programs / 'python')}",
        configuration=(
            f"classic template, SQLite, api_calls_per_interval {calls}, "
            f"api_interval_in_sec {interval_s}, at most {row_cap} rows a reply, waitress"
        ),
        secrets={"username": "admin", "password": password},
    )


def add_issues(state: Path, titles: Sequence[str]) -> None:
    """Put issues in by the tracker's own command, which no limit counts."""
    _administer(state, [f"create issue title={shlex.quote(title)}" for title in titles])


def add_users(state: Path, users: Sequence[Mapping[str, str]]) -> None:
    """Put users in by the tracker's own command."""
    told = [" ".join(shlex.quote(f"{name}={value}") for name, value in user.items()) for user in users]
    _administer(state, [f"create user {fields}" for fields in told])


def _administer(state: Path, commands: Sequence[str]) -> None:
    admin = state.parent / "roundup-env" / "bin" / "roundup-admin"
    subprocess.run(
        [str(admin), "-i", str(state / "tracker")],
        input="\n".join([*commands, "commit\n"]),
        text=True,
        capture_output=True,
        check=True,
    )


def _create(programs: Path, tracker: Path, port: int, log: Path) -> None:
    """``roundup-demo`` creates a tracker and then serves it, or as root refuses to; only the first half is wanted."""
    command = ["-b", "sqlite", "-t", "classic", "-B", "127.0.0.1", "-H", "127.0.0.1", "-p", str(port), str(tracker)]
    with log.open("ab") as output:
        demo = subprocess.Popen(
            [str(programs / "roundup-demo"), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            demo.wait(SETUP_LIMIT_S)
        except subprocess.TimeoutExpired:
            demo.terminate()
            demo.wait()
    if not (tracker / "config.ini").exists():
        raise NotPossible(f"roundup-demo made no tracker; see {log}.")
