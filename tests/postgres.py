"""A PostgreSQL server of the tests' own, from the server binaries of this machine, on loopback and gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BINARIES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
"""None: no server is installed."""
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@contextmanager
def server() -> Iterator[str]:
    """The address of a database on a server that runs for as long as the block."""
    assert BINARIES is not None, "install the Debian package postgresql"
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="harness-postgres-"))
    if user:
        shutil.chown(folder, user)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def run(*command: str) -> None:
        subprocess.run([str(BINARIES / command[0]), *command[1:]], user=user, cwd=folder, check=True, stdout=-3)

    files = str(folder / "files")
    try:
        run("initdb", "--auth=trust", "--username=ledger", "--no-sync", "--pgdata", files)
        settings = (*_QUICK, "listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={folder}")
        options = " ".join(f"-c {setting}" for setting in settings)
        run("pg_ctl", "--pgdata", files, "--log", str(folder / "log"), "--wait", "--options", options, "start")
        try:
            yield f"postgresql://ledger@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "--pgdata", files, "--mode", "immediate", "--wait", "stop")
    finally:
        shutil.rmtree(folder)
