"""The drift of the real products against their recordings. Needs them: see ``vendors`` for when these tests run."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

import harness
from harness.certify.questions import Recorded
from harness.dialects import SHIPPED
from harness.stage.drift import drifts
from harness.stage.recordings import load, load_folder
from tests.product_front import fronted
from tests.test_live_certification import HARNESS
from tests.test_readme import block, shell
from tests.vendors import flows_keystone, keystone, kinto, mediawiki, roundup, scim, seeds
from tests.vendors.flows import SERIES
from tests.vendors.process import Running, free_port, local_session, stop
from tests.vendors.record import OUT

LIMIT_S = 120
_PYTHON = re.compile(r"CPython/[\d.]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A real product, and how it is set up otherwise than it was recorded."""

    otherwise: Callable[[Path, int], Running]
    secrets: dict[str, str]
    """The environment's name for each secret."""
    notes: set[tuple[str, str]]
    """What the other set-up is: kind and sentence of each drift."""


PRODUCTS = {
    "keystone": Product(
        otherwise=lambda state, port: keystone.start(state, port, users=seeds.KEYSTONE_USERS, page_cap=4),
        secrets={"S_CLIENT_ID": "client_id", "S_CLIENT_SECRET": "client_secret"},
        notes={("cap", "a page held 5 records and holds 4")},
    ),
    "kinto": Product(
        otherwise=lambda state, port: kinto.start(
            state, port, contacts=seeds.KINTO_CONTACTS, page_cap=2, batch_cap=5, backoff_s=10
        ),
        secrets={"S_PASSWORD": "password"},
        notes={("cap", "a page held 5 records and holds 2")},
    ),
    "mediawiki": Product(
        otherwise=lambda state, port: mediawiki.start(state, port, titles=seeds.MEDIAWIKI_TITLES[:2]),
        secrets={},
        notes=set(),
    ),
    "roundup": Product(
        otherwise=lambda state, port: roundup.start(state, port, users=seeds.ROUNDUP_USERS, calls=300),
        secrets={"S_USERNAME": "username", "S_PASSWORD": "password"},
        notes={("limit", "X-Ratelimit-Limit was 600 and is 300")},
    ),
    "scim": Product(
        otherwise=lambda state, port: scim.start(state, port, users=seeds.SCIM_USERS, page_cap=4, page_size=2),
        secrets={"S_TOKEN": "token"},
        notes={("cap", "a page held 3 records and holds 4")},
    ),
}
RENAMED = {
    "keystone": (b'"enabled"', b'"active"', "$.users[].enabled is gone, which was boolean"),
    "kinto": (b'"name"', b'"full_name"', "$.data[].name is gone, which was text"),
    "mediawiki": (b'"ns"', b'"namespace"', "$.query.allpages[].ns is gone, which was number"),
    "roundup": (b'"@total_size"', b'"total"', "the total is no longer told"),
    "scim": (b'"active"', b'"enabled"', "$.Resources[].active is gone, which was boolean"),
}
"""What a proxy in front of the product renames in its answers, and the drift that this is."""


def started(name: str, vendors: Path, start: Callable[[Path, int], Running], account: str) -> Running:
    """The product, new, in a folder beside where it is installed."""
    state = vendors / name / account
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    return start(state, free_port())


@pytest.fixture(scope="module")
def running(vendors, tmp_path_factory):
    """Each product, set up as recorded, started when it is first asked for."""
    begun: dict[str, Running] = {}

    def of(name: str) -> Running:
        if name not in begun:
            as_recorded = next(series.start for series in SERIES if series.folder == name)
            begun[name] = started(name, vendors, as_recorded, "drift")
        return begun[name]

    yield of
    for name, one in begun.items():
        stop(one.state, name)


def rules(folder: Path, url: str) -> None:
    host = url.partition("://")[2]
    (folder / "sandbox.toml").write_text(
        f'[[host]]\nname = "{host}"\nwrites = true\nmax_requests = 400\nper_second = 100\n'
    )


def checked(name: str, one: Running, folder: Path, *, origin: str = ""):
    """``harness drift --live NAME``: its exit code, what it printed, and the check as its report has it."""
    folder.mkdir(parents=True, exist_ok=True)
    url = origin or one.origin
    rules(folder, url)
    secrets = {variable: one.secrets[secret] for variable, secret in PRODUCTS[name].secrets.items()}
    secrets |= {"S_USERNAME": kinto.ACCOUNT} if name == "kinto" else {}
    ended = subprocess.run(
        [HARNESS, "drift", "--live", name, "--base-url", url, "--credentials-env", "S"],
        cwd=folder,
        env={**os.environ, **secrets, "XDG_STATE_HOME": str(folder / "state"), "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    report = folder / "drift.json"
    return (
        ended.returncode,
        ended.stdout + ended.stderr,
        json.loads(report.read_text())["checks"][0] if report.exists() else {},
    )


def is_of_the_interpreter(drift: dict[str, str]) -> bool:
    """Whether all that is new is the release of Python that the product runs on here, which its Server header tells."""
    was, _, now = _PYTHON.sub("", drift["sentence"].removeprefix("Server was ")).partition(" and is ")
    return drift["what"] == "product" and was == now


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_that_is_set_up_as_recorded_shows_no_drift(running, tmp_path, name):
    code, output, check = checked(name, running(name), tmp_path)

    drifts = [drift for drift in check["drifts"] if not is_of_the_interpreter(drift)]
    assert (code, drifts, check["left_behind"]) == (0, [], []), output
    assert check["questions"] >= 2


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_that_is_set_up_otherwise_shows_what_is_other(vendors, tmp_path, name):
    one = started(name, vendors, PRODUCTS[name].otherwise, "otherwise")
    try:
        code, output, check = checked(name, one, tmp_path)
    finally:
        stop(one.state, name)

    assert code == 0, output
    listing = [
        drift for drift in check["drifts"] if not drift["where"].startswith("GET ") and not is_of_the_interpreter(drift)
    ]
    assert {(drift["what"], drift["sentence"]) for drift in listing} == PRODUCTS[name].notes, output


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_name_that_a_product_changed_breaks(running, tmp_path, name):
    old, new, sentence = RENAMED[name]
    one = running(name)

    with fronted(one.origin, changed=lambda body: body.replace(old, new)) as front:
        code, output, check = checked(name, one, tmp_path, origin=front.url)

    assert code == 1, output
    assert sentence in {drift["sentence"] for drift in check["drifts"] if drift["grade"] == "breaking"}, output


def test_a_recording_that_was_made_here_is_the_shipped_one_but_for_its_values(running, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = running("keystone")
    Path("sandbox.toml").write_text(
        f'[[host]]\nname = "{one.origin.partition("://")[2]}"\nwrites = true\nper_second = 100\n'
    )
    with (
        harness.recording("keystone", "pull_users", base_url=one.origin) as recorder,
        local_session() as session,
    ):
        flows_keystone.pull_users(session, replace(one, origin=recorder.base_url))

    dialect = next(dialect for dialect in SHIPPED if dialect.name == "keystone")
    here = Recorded.of(dialect, [load(Path("cassettes/keystone/pull_users.yaml"))])
    shipped = Recorded.of(dialect, [one for one in load_folder(OUT / "keystone") if one.name == "pull_users"])
    assert here.questions == shipped.questions
    assert drifts(dialect, shipped.answers, here.answers) == ()


def test_the_nightly_job_of_the_readme_runs_against_a_running_product(running, tmp_path):
    """As written, with a few scenarios only."""
    one = running("keystone")
    rules(tmp_path, one.origin)
    steps = yaml.safe_load(block("yaml", "schedule"))["jobs"]["nightly"]["steps"]
    commands = [step["run"] for step in steps if step.get("run", "").startswith("harness ")]
    told = {"SANDBOX_CLIENT_ID": one.secrets["client_id"], "SANDBOX_CLIENT_SECRET": one.secrets["client_secret"]}
    told |= {"SANDBOX_URL": one.origin, "XDG_STATE_HOME": str(tmp_path / "state")}
    told["PATH"] = f"{HARNESS.parent}{os.pathsep}{os.environ['PATH']}"
    results = [
        shell(command.replace("certify core", "certify core -k every_record"), tmp_path, **told) for command in commands
    ]

    assert [result.returncode for result in results] == [0, 0], [result.stdout + result.stderr for result in results]
    document = json.loads((tmp_path / "certificate" / "certificate.json").read_text())
    recordings = [one for vendor in document["vendors"] for one in vendor["recordings"]]
    assert {one["drift"]["result"] for one in recordings} == {"none"}
