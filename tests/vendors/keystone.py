"""Keystone, the identity service of OpenStack, on SQLite: tokens that live 20 seconds, pages of a set size."""

import grp
import os
import pwd
import secrets
from pathlib import Path

from tests.vendors.process import Running, environment, local_session, run, serve, version_of

NAME = "keystone"
REQUIREMENTS = ("keystone==30.0.0", "waitress==3.*")
TOKEN_LIFETIME_S = 20

_CONF = """\
[DEFAULT]
log_file = {state}/keystone-server.log
list_limit = {page_cap}
[database]
connection = sqlite:///{state}/keystone.db
[fernet_tokens]
key_repository = {state}/fernet
[credential]
key_repository = {state}/credential
[token]
provider = fernet
expiration = {lifetime_s}
{identity}[auth]
methods = password,token,application_credential
"""

# oslo.config reads sys.argv, so a server with arguments of its own cannot host Keystone.
_SERVE = """\
import sys

sys.argv = ["keystone"]
from keystone.wsgi.api import application
from waitress import serve

serve(application, listen="127.0.0.1:{port}", threads=4)
"""


def start(
    state: Path,
    port: int,
    *,
    users: tuple[dict[str, str], ...],
    page_cap: int = 5,
    password_hash_rounds: int | None = None,
) -> Running:
    """A new Keystone with these users besides its administrator, and an application credential that may manage them.

    Args:
        password_hash_rounds: Of bcrypt; fewer than its own 12 make tokens and users cheap. None: its own.
    """
    log = state / "setup.log"
    programs = environment(state.parent / "keystone-env", REQUIREMENTS, log=log)
    for folder in ("fernet", "credential"):
        (state / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    conf = state / "keystone.conf"
    identity = f"[identity]\npassword_hash_rounds = {password_hash_rounds}\n" if password_hash_rounds else ""
    conf.write_text(_CONF.format(state=state, page_cap=page_cap, lifetime_s=TOKEN_LIFETIME_S, identity=identity))
    origin = f"http://127.0.0.1:{port}"
    password = secrets.token_urlsafe(18)
    manage = [programs / "keystone-manage", "--config-file", conf]
    run([*manage, "db_sync"], log=log)
    owner = f"--keystone-user={pwd.getpwuid(os.geteuid()).pw_name}"
    group = f"--keystone-group={grp.getgrgid(os.getegid()).gr_name}"
    run([*manage, "fernet_setup", owner, group], log=log)
    run([*manage, "credential_setup", owner, group], log=log)
    bootstrap = ["bootstrap", "--bootstrap-password", password, "--bootstrap-region-id", "RegionOne"]
    addresses = [f"--bootstrap-{kind}-url={origin}/v3/" for kind in ("admin", "public", "internal")]
    run([*manage, *bootstrap, *addresses], log=log)
    script = state / "serve.py"
    script.write_text(_SERVE.format(port=port))
    env = {"OS_KEYSTONE_CONFIG_FILES": str(conf)}
    pid = serve([programs / "python", script], name=NAME, url=f"{origin}/v3", state=state, env=env)
    pairs = _seed(origin, password, users)
    return Running(
        name=NAME,
        origin=origin,
        state=state,
        pid=pid,
        version=f"OpenStack Keystone {version_of('keystone', programs / 'python')}",
        configuration=(
            f"SQLite, fernet tokens that live {TOKEN_LIFETIME_S} s, list_limit {page_cap}, "
            f"{f'{password_hash_rounds} rounds of bcrypt, ' if password_hash_rounds else ''}waitress"
        ),
        secrets={**pairs, "admin_password": password},
    )


def _seed(origin: str, password: str, users: tuple[dict[str, str], ...]) -> dict[str, str]:
    """Put the users in; the pairs of an integration that may manage them, and of one that may only read its project."""
    user = {"name": "admin", "domain": {"id": "default"}, "password": password}
    scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
    with local_session() as session:
        asked = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
        granted = session.post(f"{origin}/v3/auth/tokens", json=asked, timeout=30)
        granted.raise_for_status()
        # This token ends after 20 s as every other; fifty users take about two.
        session.headers["X-Auth-Token"] = granted.headers["X-Subject-Token"]
        credentials = f"{origin}/v3/users/{granted.json()['token']['user']['id']}/application_credentials"
        pairs = {}
        for prefix, fields in (("", {}), ("reader_", {"roles": [{"name": "reader"}]})):
            secret = secrets.token_urlsafe(32)
            body = {"application_credential": {"name": f"{prefix}integration", "secret": secret, **fields}}
            made = session.post(credentials, json=body, timeout=30)
            made.raise_for_status()
            pairs |= {
                f"{prefix}client_id": made.json()["application_credential"]["id"],
                f"{prefix}client_secret": secret,
            }
        for fields in users:
            session.post(
                f"{origin}/v3/users", json={"user": {**fields, "domain_id": "default"}}, timeout=30
            ).raise_for_status()
    return pairs
