"""Kinto, a record store, in memory: optimistic locking, batches, pages of a set size, a request to slow down."""

import re
import secrets
from pathlib import Path

from tests.vendors.process import Running, environment, local_session, run, serve, version_of

NAME = "kinto"
REQUIREMENTS = ("kinto==26.5.0", "setuptools<81")
ACCOUNT, STRANGER = "admin", "stranger"
RECORDS = "/v1/buckets/crm/collections/contacts/records"


def start(
    state: Path, port: int, *, contacts: tuple[dict[str, str], ...], page_cap: int, batch_cap: int, backoff_s: int = 0
) -> Running:
    """A new Kinto with these contacts, an account that owns them, and another that may not touch them."""
    log = state / "setup.log"
    programs = environment(state.parent / "kinto-env", REQUIREMENTS, log=log)
    ini = state / "kinto.ini"
    run(
        [programs / "kinto", "init", "--ini", ini, "--backend=memory", "--cache-backend=memory", "--host", "127.0.0.1"],
        log=log,
    )
    settings = {"kinto.batch_max_requests": batch_cap, "kinto.paginate_by": page_cap}
    settings |= {"kinto.backoff": backoff_s} if backoff_s else {}
    text = re.sub(r"(?m)^port = .*", f"port = {port}", ini.read_text())
    for name, value in settings.items():
        text = re.sub(rf"(?m)^#? ?{re.escape(name)} =.*", f"{name} = {value}", text)
    ini.write_text(text)
    origin = f"http://127.0.0.1:{port}"
    pid = serve([programs / "kinto", "start", "--ini", ini], name=NAME, url=f"{origin}/v1/", state=state)
    passwords = {ACCOUNT: secrets.token_urlsafe(18), STRANGER: secrets.token_urlsafe(18)}
    _seed(origin, passwords, contacts)
    slowed = f", backoff {backoff_s}" if backoff_s else ""
    return Running(
        name=NAME,
        origin=origin,
        state=state,
        pid=pid,
        version=f"Kinto {version_of('kinto', programs / 'python')}",
        configuration=f"memory backend, paginate_by {page_cap}, batch_max_requests {batch_cap}{slowed}",
        secrets={"password": passwords[ACCOUNT], "stranger_password": passwords[STRANGER]},
    )


def _seed(origin: str, passwords: dict[str, str], contacts: tuple[dict[str, str], ...]) -> None:
    with local_session() as session:
        for name, password in passwords.items():
            account = {"data": {"password": password}}
            session.put(f"{origin}/v1/accounts/{name}", json=account, timeout=30).raise_for_status()
        session.auth = (ACCOUNT, passwords[ACCOUNT])
        for path in ("/v1/buckets/crm", "/v1/buckets/crm/collections/contacts"):
            session.put(f"{origin}{path}", timeout=30).raise_for_status()
        for contact in contacts:
            session.put(f"{origin}{RECORDS}/{contact['id']}", json={"data": contact}, timeout=30).raise_for_status()
