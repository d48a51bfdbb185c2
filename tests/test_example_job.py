"""The example job, as its user runs it: HR's file to Keystone's users, with its log, its ledger and its status."""

import csv
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

import pytest

from harness.certify.evidence import evidence_for
from harness.certify.shipped import shipped
from harness.core import Integration
from harness.core.clock import SystemClock
from harness.core.ledger import Ledger
from harness.dialects import KEYSTONE
from harness.dialects.credentials import ClientCredentials
from harness.stage.door import Door, credentials_for
from harness.stage.faults import Forbidden
from harness.stage.injections import Injection, Injections
from harness.stage.recordings import load_folder
from harness.stage.serve import serve
from harness.stage.shown import learn
from harness.stage.simulator import Simulator
from harness.stage.vendor_end import VendorEnd
from tests.vendors import keystone
from tests.vendors.process import NotPossible, free_port, local_session, stop
from tests.vendors.seeds import KEYSTONE_USERS

ROOT = Path(__file__).parents[1]
REQUIRE_ALL = os.environ.get("HARNESS_REQUIRE_ALL") == "1"
JOB = ROOT / "tests" / "example_job" / "sync_people.py"


@pytest.fixture(scope="module")
def shown():
    evidence = evidence_for(KEYSTONE, load_folder(shipped("cassettes") / "keystone"))
    return learn(evidence.dialect, evidence.pull, evidence.simulates)


class Company:
    """A folder with HR's file and the ledger, and a Keystone to provision."""

    def __init__(self, folder, url, credentials):
        self.file, self.url, self.credentials = folder / "people.csv", url, credentials
        self.ledger = f"sqlite:///{folder / 'ledger.db'}"

    def lists(self, people):
        with self.file.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("login", "team", "mail"))
            rows.writerows((name, "blue", email) for name, email in people.items())

    def runs(self, *options):
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        given = {"KEYSTONE_URL": self.url, "HARNESS_LEDGER": self.ledger, "PYTHONPATH": str(ROOT)}
        given |= {"KEYSTONE_CLIENT": self.credentials.client_id, "KEYSTONE_SECRET": self.credentials.client_secret}
        command = [sys.executable, str(JOB), str(self.file), *options]
        return subprocess.run(command, env={**kept, **given}, capture_output=True, text=True, timeout=60)

    def harness(self, *words):
        command = [str(Path(sys.executable).with_name("harness")), *words]
        given = {**os.environ, "HARNESS_LEDGER": self.ledger}
        return subprocess.run(command, env=given, capture_output=True, text=True, timeout=60)

    def status(self):
        (status,) = Ledger(self.ledger).status()
        return status


@contextmanager
def serving(shown, folder, *planned):
    """Keystone's simulator on a loopback socket, and what its vendor's end wrote down."""
    ends = []
    with serve(lambda request, world: ends[0].answer(request, world)) as server:
        dialect = replace(KEYSTONE, base_url=f"http://127.0.0.1:{server.port}")
        ids = count()
        simulator = Simulator(replace(shown, dialect=dialect), new_id=lambda: f"{next(ids):032x}")
        credentials = credentials_for(dialect)
        end = VendorEnd(
            dialect=dialect,
            door=Door(dialect, credentials, simulator, Random(0)),
            injections=Injections(planned),
            began=datetime.now(UTC),
            latency_us=0,
            most_exchanges=10_000,
        )
        ends.append(end)
        yield Company(folder, dialect.base_url, credentials), simulator, end


@pytest.fixture
def company(shown, tmp_path):
    with serving(shown, tmp_path) as served:
        yield served


def staff(simulator):
    return {user["name"]: user["email"] for user in simulator.records() if user.get("email")}


def in_use(simulator):
    return {user["name"]: user["email"] for user in simulator.records() if user["enabled"] and user.get("email")}


def writes(end):
    return [event for event in end.events if getattr(event, "write", False)]


def test_the_job_is_a_complete_one_in_under_60_lines():
    assert len(JOB.read_text().splitlines()) < 60


def in_the_readme(language):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)


def test_the_readme_shows_the_whole_job():
    assert JOB.read_text() in in_the_readme("python")


def test_what_the_readme_says_that_the_job_prints_it_prints(company):
    hr, simulator, _ = company
    people = staff(simulator)
    people.pop(min(people))
    hr.lists(people | {"ada": "ada@example.org", max(people): "moved@example.org"})

    rehearsed, ran, status = hr.runs("--dry-run"), hr.runs(), hr.harness("status", "hr-to-keystone")

    (shown,) = in_the_readme("text")
    told = "\n".join((rehearsed.stdout, ran.stderr, status.stdout.replace("last error", "")))
    assert words(told) == words(shown)


def words(told):
    """The words of each line, whatever the seconds."""
    return [re.sub(r"\d+ s ago", "some s ago", line).split() for line in told.splitlines() if line.strip()]


def test_the_job_leaves_keystones_users_as_the_file_lists_them(company):
    hr, simulator, _ = company
    people = staff(simulator)
    leaver = min(people)
    people.pop(leaver)
    people |= {"ada": "ada@example.org", "zoë": "zoe@example.org", max(people): "moved@example.org"}
    hr.lists(people)

    ran = hr.runs()

    assert ran.returncode == 0, ran.stderr
    assert in_use(simulator) == people
    assert f"synced operation=users.sync created=2 updated=1 deactivated=1 unchanged={len(people) - 3}" in ran.stderr
    assert hr.status().health == "fresh"
    assert dict(hr.status().counts) | {"created": 2, "updated": 1, "deactivated": 1} == dict(hr.status().counts)


def test_the_commands_in_the_readme_run_as_written(company):
    hr, simulator, _ = company
    hr.lists(staff(simulator))
    *jobs, status = next(block for block in in_the_readme("sh") if "sync_people.py" in block).splitlines()

    assert [hr.runs(*command.split()[3:]).returncode for command in jobs] == [0, 0]
    assert {tuple(command.split()[:3]) for command in jobs} == {("python", JOB.name, hr.file.name)}
    assert "fresh" in hr.harness(*status.split()[1:]).stdout


def test_run_again_the_job_writes_nothing(company):
    hr, simulator, end = company
    hr.lists(staff(simulator) | {"ada": "ada@example.org"})
    hr.runs()
    before = len(writes(end))

    assert hr.runs().returncode == 0
    assert before == 1
    assert len(writes(end)) == before


def test_a_dry_run_prints_what_would_be_written_and_writes_nothing(company):
    hr, simulator, end = company
    hr.lists(staff(simulator) | {"ada": "ada@example.org"})

    ran = hr.runs("--dry-run")

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[0] == "create      ada"
    assert ran.stdout.splitlines()[-1].startswith("1 to create, 0 to update, 0 to deactivate")
    assert writes(end) == []


def test_a_file_that_came_up_short_takes_nobody_out_of_use_and_shows_in_the_status(company):
    hr, simulator, _ = company
    before = in_use(simulator)
    hr.lists(dict(list(before.items())[:3]))

    ran = hr.runs()

    assert ran.returncode == 1
    assert "hr-to-keystone failed: 44 of 47 records in use (94%) are not in the source" in ran.stderr
    assert in_use(simulator) == before
    assert hr.status().health == "failed"
    assert "MassRetirementRefused: 44 of 47 records in use" in hr.status().last_error


def test_a_row_that_does_not_fit_is_named_by_its_line(company):
    hr, _, end = company
    hr.file.write_text("login,team,mail\nada,blue,ada@example.org\nbob,blue\n")

    ran = hr.runs()

    assert ran.returncode == 1
    assert "has rows that do not fit its header, so nothing was written: line 3" in ran.stderr
    assert end.events == []


def test_a_record_that_keystone_refuses_makes_the_run_a_partial_one(shown, tmp_path):
    with serving(shown, tmp_path, Injection("users.create#1", Forbidden())) as (hr, simulator, _):
        hr.lists(staff(simulator) | {"ada": "ada@example.org", "bob": "bob@example.org"})
        hr.runs()

    status = hr.status()

    assert status.health == "partial"
    assert status.counts["created"] == 1
    assert "users.create" in status.last_error
    assert "status=403" in status.last_error


def test_of_two_jobs_at_once_the_second_is_told_who_is_at_it(company):
    hr, simulator, end = company
    hr.lists(staff(simulator))
    with Ledger(hr.ledger).lease("hr-to-keystone"):
        ran = hr.runs()

    assert ran.returncode == 1
    assert "hr-to-keystone is being done by " in ran.stderr
    assert str(os.getpid()) in ran.stderr
    assert end.events == []


def test_a_job_whose_ledger_cannot_be_written_says_so_in_one_line_and_does_nothing(company, tmp_path):
    hr, simulator, end = company
    hr.lists(staff(simulator))
    hr.ledger = f"sqlite:///{tmp_path}/missing/ledger.db"

    ran = hr.runs()

    assert ran.returncode == 1
    assert ran.stderr.startswith("hr-to-keystone failed: the ledger sqlite:///")
    assert "check that its folder is there and can be written to" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert end.events == []


class HoursAgo(SystemClock):
    """The system's time three hours before now."""

    def epoch_s(self):
        return super().epoch_s() - 3 * 3600


def test_a_job_that_has_not_succeeded_for_hours_raises_the_alert_once(tmp_path):
    hr = Company(tmp_path, "http://127.0.0.1:1", None)
    posted = []

    def channel(request, world):
        posted.append(request.body.decode())
        return (b"HTTP/1.1 204 No Content\r\n\r\n",)

    with Ledger(hr.ledger, clock=HoursAgo()).run("hr-to-keystone", expected_every=timedelta(hours=1)):
        pass
    with serve(channel) as server:
        watched = [hr.harness("watch", "--webhook", f"http://127.0.0.1:{server.port}/alerts") for _ in range(2)]

    assert [one.returncode for one in watched] == [1, 1], watched[0].stderr
    assert len(posted) == 1
    assert posted[0] + "\n" in in_the_readme("json")
    assert hr.harness("status").returncode == 1


# -- against the real product ------------------------------------------------------------------------------------------


@pytest.fixture
def running(tmp_path):
    """A Keystone of this test's own, with 47 people and an administrator."""
    vendors = os.environ.get("HARNESS_VENDORS", "")
    if not vendors and not REQUIRE_ALL:
        pytest.skip("no vendors here: set HARNESS_VENDORS to a folder for them, or HARNESS_REQUIRE_ALL=1")
    state = (Path(vendors).resolve() if vendors else tmp_path) / "keystone" / "example-job"
    stop(state, keystone.NAME)
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    try:
        yield keystone.start(state, free_port(), users=KEYSTONE_USERS)
    except NotPossible as exc:
        if REQUIRE_ALL:
            raise
        pytest.skip(f"keystone cannot run here: {exc}")
    finally:
        stop(state, keystone.NAME)


def test_the_job_provisions_a_real_keystone(running, tmp_path):
    credentials = ClientCredentials(running.secrets["client_id"], running.secrets["client_secret"])
    hr = Company(tmp_path, running.origin, credentials)
    people = {user["name"]: user["email"] for user in KEYSTONE_USERS[1:]}
    people |= {"ada": "ada@example.org", "zoë": "zoe@example.org", KEYSTONE_USERS[5]["name"]: "moved@example.org"}
    hr.lists(people)

    first = hr.runs()
    second = hr.runs()
    with (
        local_session() as session,
        Integration(KEYSTONE, base_url=running.origin, credentials=credentials, session=session) as core,
    ):
        users = list(core.pull("users"))

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "synced operation=users.sync created=2 updated=1 deactivated=1 unchanged=45 failed=0" in first.stderr
    assert "synced operation=users.sync created=0 updated=0 deactivated=0 unchanged=48 failed=0" in second.stderr
    assert {user["name"]: user["email"] for user in users if user["enabled"] and user.get("email")} == people
    assert hr.status().health == "fresh"
