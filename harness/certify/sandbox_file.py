"""Reads what a live run may touch, from ``sandbox.toml``, and what it signs in with, from the environment or a file."""

import os
import tomllib
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.dialects.credentials import Basic, Bearer, ClientCredentials, Credentials, Login
from harness.dialects.facts import Dialect, HttpBasic, LoginSession, OAuth2, StaticToken
from harness.stage.sandbox import Sandbox, SandboxError, host_of, looks_like_production

SANDBOX_FILE = "sandbox.toml"
MAX_REQUESTS, PER_SECOND = 500, 5.0
_KEYS = ("name", "writes", "max_requests", "per_second")
_PRODUCTION = "and it looks like production: no part of its name says sandbox, test, staging or the like"


def sandbox_at(base_url: str, path: Path, *, max_requests: int | None, per_second: float | None) -> Sandbox:
    """What the file allows at that address; numbers that are given hold where they are the stricter ones.

    Raises:
        SandboxError: The address is none, the host is not listed, or the file or a number cannot be used.
    """
    split = urlsplit(base_url)
    if split.scheme not in ("http", "https") or not split.hostname:
        raise SandboxError(f"--base-url is {base_url!r}; give the account's address as https://HOST")
    if "@" in split.netloc:
        raise SandboxError("--base-url holds a password; give credentials by --credentials-env PREFIX")
    host = host_of(base_url)
    rules = next((table for table in _tables(path) if str(table["name"]).lower() == host), None)
    if rules is None:
        word = f", {_PRODUCTION}" if looks_like_production(host) else ""
        raise SandboxError(
            f'{host} is not listed in {path}{word}; if it is a sandbox of yours, add [[host]] with name = "{host}" '
            "and writes = true or false"
        )
    allowed, speed = int(rules.get("max_requests", MAX_REQUESTS)), float(rules.get("per_second", PER_SECOND))
    most = min(allowed, max_requests) if max_requests is not None else allowed
    rate = min(speed, per_second) if per_second is not None else speed
    if most < 1:
        raise SandboxError(f"the budget of {most} requests lets nothing be asked of {host}; give it some hundred")
    if rate <= 0:
        raise SandboxError(f"{rate:g} requests a second let nothing be asked of {host}; give a rate above 0")
    return Sandbox(base_url=base_url.rstrip("/"), writes=bool(rules["writes"]), max_requests=most, per_second=rate)


def _tables(path: Path) -> list[dict[str, Any]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SandboxError(
            f"there is no {path}, which lists the hosts that a live run may touch; write one with [[host]], "
            'name = "HOST" and writes = true or false'
        ) from None
    except OSError as error:
        raise SandboxError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SandboxError(f"{path} is no TOML: {error}") from error
    tables = document.get("host", [])
    strange = sorted(document.keys() - {"host"})
    if strange or not isinstance(tables, list):
        raise SandboxError(f"{path} holds {strange[0] if strange else 'host'!r}; write each host as [[host]]")
    for number, table in enumerate(tables, start=1):
        _check(f"host {number} of {path}", table)
    return tables


def _check(where: str, table: Any) -> None:
    if not isinstance(table, dict):
        raise SandboxError(f"{where} is no table; write it as [[host]]")
    for name in sorted(table.keys() - set(_KEYS)):
        raise SandboxError(f"{where} has the unknown key {name!r}; known are {', '.join(_KEYS)}")
    if not isinstance(table.get("name"), str) or not table["name"]:
        raise SandboxError(f'{where} has no name; write name = "HOST" or "HOST:PORT"')
    if not isinstance(table.get("writes"), bool):
        raise SandboxError(f"{where} does not say whether writes are allowed; write writes = true or false")
    for name in ("max_requests", "per_second"):
        if isinstance(table.get(name, 1), bool) or not isinstance(table.get(name, 1), int | float):
            raise SandboxError(f"{where} has a {name} that is no number")


def taken_credentials(
    dialect: Dialect, *, prefix: str, file: Path | None, environment: MutableMapping[str, str] = os.environ
) -> Credentials:
    """The account's credentials, taken out of the environment: no worker, and no subject in it, inherits them.

    Raises:
        SandboxError: One is missing, or the file cannot be used or lies in a repository.
    """
    match dialect.signing:
        case OAuth2():
            names: tuple[str, ...] = ("CLIENT_ID", "CLIENT_SECRET")
        case HttpBasic() | LoginSession():
            names = ("USERNAME", "PASSWORD")
        case StaticToken():
            names = ("TOKEN",)
        case _:
            return None
    if file is not None:
        told = _told_in(file)
        given, where = {name: told.get(name.lower(), "") for name in names}, str(file)
        spelled = {name: name.lower() for name in names}
    else:
        if not prefix:
            wanted = " and ".join(f"PREFIX_{name}" for name in names)
            raise SandboxError(
                f"{dialect.name} asks for credentials; put them into {wanted}, and give --credentials-env PREFIX"
            )
        spelled, where = {name: f"{prefix}_{name}" for name in names}, "the environment"
        given = {name: environment.pop(spelled[name], "") for name in names}
    missing = [spelled[name] for name in names if not given[name]]
    if missing:
        raise SandboxError(f"{' and '.join(missing)} is not set in {where}; {dialect.name} signs in with it")
    values = [given[name] for name in names]
    match dialect.signing:
        case OAuth2():
            return ClientCredentials(*values)
        case HttpBasic():
            return Basic(*values)
        case LoginSession():
            return Login(*values)
        case _:
            return Bearer(*values)


def _told_in(file: Path) -> dict[str, str]:
    inside = next((folder for folder in file.resolve().parents if (folder / ".git").exists()), None)
    if inside is not None:
        raise SandboxError(f"{file} lies in the repository {inside}; keep credentials outside of it")
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SandboxError(f"the credentials {file} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # The parser's own words might quote a secret.
        raise SandboxError(f'the credentials {file} are no TOML; write lines such as client_id = "..."') from None
    return {name: value for name, value in document.items() if isinstance(value, str)}
