"""The core, certified live against the real products. Needs them: see ``vendors`` for when these tests run."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.dialects import SHIPPED
from harness.dialects.writing import PostForm
from tests.test_live_certification import HARNESS
from tests.vendors import keystone, kinto, mediawiki, roundup, scim, seeds
from tests.vendors.process import Running, free_port, stop

ROOT = Path(__file__).parents[1]
LIMIT_S = 570
FEWEST_FAULTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A small account of a real product: a live certification lists it some fifty times."""

    start: Callable[[Path, int], Running]
    credentials: dict[str, str]
    """The environment's name for each secret."""


PRODUCTS = {
    "keystone": Product(
        start=lambda state, port: keystone.start(
            state, port, users=seeds.KEYSTONE_USERS[:3], page_cap=3, password_hash_rounds=4
        ),
        credentials={"LIVE_CLIENT_ID": "client_id", "LIVE_CLIENT_SECRET": "client_secret"},
    ),
    "kinto": Product(
        start=lambda state, port: kinto.start(state, port, contacts=seeds.KINTO_CONTACTS[:4], page_cap=3, batch_cap=5),
        credentials={"LIVE_PASSWORD": "password"},
    ),
    "mediawiki": Product(
        start=lambda state, port: mediawiki.start(state, port, titles=seeds.MEDIAWIKI_TITLES[:4]),
        credentials={},
    ),
    "roundup": Product(
        start=lambda state, port: roundup.start(state, port, users=seeds.ROUNDUP_USERS[:2], calls=100_000),
        credentials={"LIVE_USERNAME": "username", "LIVE_PASSWORD": "password"},
    ),
    "scim": Product(
        start=lambda state, port: scim.start(state, port, users=seeds.SCIM_USERS[:4], page_cap=3, page_size=2),
        credentials={"LIVE_TOKEN": "token"},
    ),
}


def writes(name: str) -> bool:
    """Whether the vendor's dialect says how records are written, and they can be removed again; the accounts here may
    write."""
    writing = next(one for one in SHIPPED if one.name == name).collections[0].writing
    return writing is not None and not isinstance(writing.creating, PostForm)


def started(name: str, vendors: Path, product: Product, account: str = "live") -> Running:
    """The product, new, in a folder beside where it is installed."""
    state = vendors / name / account
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    return product.start(state, free_port())


def of(running: Running) -> tuple[str, ...]:
    return ("--base-url", running.origin, "--credentials-env", "LIVE")


def certifying(name: str, running: Running, folder: Path, *options: str, per_second: int = 100) -> subprocess.Popen:
    """``harness certify core --live NAME``, begun in that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    host = running.origin.partition("://")[2]
    rules = f'[[host]]\nname = "{host}"\nwrites = true\nmax_requests = 2000\nper_second = {per_second}\n'
    (folder / "sandbox.toml").write_text(rules)
    kept = {variable: value for variable, value in os.environ.items() if not variable.startswith("PYTEST_")}
    secrets = {variable: running.secrets[secret] for variable, secret in PRODUCTS[name].credentials.items()}
    secrets |= {"LIVE_USERNAME": kinto.ACCOUNT} if name == "kinto" else {}
    return subprocess.Popen(
        [str(HARNESS), "certify", "core", "--live", name, *of(running), *options],
        cwd=folder,
        env={**kept, **secrets, "XDG_STATE_HOME": str(folder / "state"), "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def certifications(request, vendors, tmp_path_factory):
    """All that were selected, side by side: they mostly wait."""
    selected = {item.callspec.params["name"] for item in request.session.items if item.module is request.module}
    begun, running = {}, {}
    try:
        for name in [name for name in PRODUCTS if name in selected]:
            running[name] = started(name, vendors, PRODUCTS[name])
            folder = tmp_path_factory.mktemp(name)
            begun[name] = (certifying(name, running[name], folder), folder, running[name])
        yield begun
    finally:
        for process, _, _ in begun.values():
            if process.poll() is None:
                process.kill()
            process.communicate()
        for name, one in running.items():
            stop(one.state, name)


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_whole_core_is_certified_live(certifications, name):
    process, folder, running = certifications[name]
    output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, output
    document = json.loads((folder / "certificate" / "certificate.json").read_text())
    stay = next(one["live"] for one in document["vendors"] if one["against"] == "live")
    struck = [
        one for one in document["faults"] if one["vendor"] == f"{name}-live" and one["outcome"] != "not_exercised"
    ]

    assert (stay["trouble"], stay["left_behind"], stay["drift"]) == ("", [], [])
    assert len(struck) >= FEWEST_FAULTS
    assert {one["outcome"] for one in struck} == {"correct", "loud"}
    assert any(one["kind"] == "Crash" and _is_write(one["point"]) for one in struck) == writes(name)
    assert bool(stay["removed"]) == writes(name)
    # A user's name is a record's as well, where the users themselves are listed.
    for secret in (told for secret, told in running.secrets.items() if secret != "username"):
        assert not [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def _is_write(point: str) -> bool:
    """Whether an exchange of this name, ``users.create#1``, writes."""
    return point.partition("#")[0].rpartition(".")[2] in ("create", "update", "batch")
