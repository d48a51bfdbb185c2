"""Tokens in files: one fetch serves all processes of a machine, and a lifetime survives a restart honestly."""

import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core import CredentialsRejected, DeadlineReached, FileTokens, TokensUnusable
from harness.core.grants import Binding, Grant
from harness.dialects.credentials import ClientCredentials
from tests.core_dialects import CLIENT, OAUTH, SECRET, dialect, integration
from tests.core_vendor import Clock, reply, vendor

ROOT = Path(__file__).parents[1]
BINDING = Binding(issuer="https://vendor.test/token", client="client-1")
USERS = {"rows": [{"id": "u1", "name": "ann"}], "next": None}
PULL = """
import sys
from harness.core import FileTokens, Integration
from tests.core_dialects import CLIENT, OAUTH, dialect
url, folder = sys.argv[1:]
sys.stdin.readline()
with Integration(dialect(signing=OAUTH), base_url=url, credentials=CLIENT, token_store=FileTokens(folder)) as core:
    print(len(list(core.pull("users"))))
"""
DIE = """
import os, sys
from harness.core import FileTokens
from harness.core.clock import SystemClock
from tests.test_core_token_files import BINDING
with FileTokens(sys.argv[1]).alone(BINDING, by_s=float("inf"), clock=SystemClock()):
    os._exit(9)
"""


class Uptime:
    """A machine's own clock, which goes back to zero when the machine starts again."""

    def __init__(self):
        self.started, self.up_s = 1, 5000.0

    def boot(self):
        return f"start {self.started}"

    def seconds(self):
        return self.up_s


class Machine:
    """A wall clock and an uptime; each process on it has a monotonic clock of its own."""

    def __init__(self, folder):
        self.folder, self.uptime, self.epoch_s = folder, Uptime(), 1_800_000_000.0

    def passes(self, seconds):
        self.uptime.up_s += seconds
        self.epoch_s += seconds

    def restarts(self):
        self.uptime.started += 1
        self.uptime.up_s = 10.0

    def process(self, *, monotonic_s):
        clock = Clock(epoch_s=self.epoch_s)
        clock.monotonic_s = lambda: monotonic_s
        return FileTokens(self.folder, uptime=self.uptime), clock

    def keeps(self, lifetime_s=600.0):
        store, clock = self.process(monotonic_s=77.0)
        store.write(BINDING, Grant(value="token-1", lifetime_s=lifetime_s, asked_s=77.0), clock=clock)

    def left_s(self):
        """How long the token that another process kept will still live; None where it is not used."""
        store, clock = self.process(monotonic_s=123_456.0)
        grant = store.read(BINDING, clock=clock)
        return None if grant is None else grant.asked_s + grant.lifetime_s - 123_456.0


def oauth(calls, *, lifetime_s=3600, reject=()):
    def script(asked):
        if asked.path == "/token":
            calls.append(asked)
            return reply({"access_token": f"token-{len(calls)}", "expires_in": lifetime_s})
        if asked.headers["authorization"].removeprefix("Bearer ") in reject:
            return reply({"error": {"code": 401}}, 401)
        return reply(USERS)

    return script


def pulls(serving, store, *, credentials=CLIENT, clock=None):
    with integration(
        serving, dialect(signing=OAUTH), clock or Clock(), credentials=credentials, token_store=store
    ) as core:
        list(core.pull("users"))


# -- one fetch for many ------------------------------------------------------------------------------------------------


def test_four_processes_that_begin_at_once_fetch_one_token(tmp_path):
    calls: list = []
    with vendor(oauth(calls)) as serving:
        command = [sys.executable, "-c", PULL, serving.url, str(tmp_path / "tokens")]
        running = [
            subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        for process in running:
            process.stdin.write("go\n")
            process.stdin.flush()
        told = [process.communicate(timeout=60)[0].strip() for process in running]

    assert told == ["1"] * 4
    assert len(calls) == 1


def test_a_process_that_dies_in_its_fetch_holds_nobody_up(tmp_path):
    died = subprocess.run([sys.executable, "-c", DIE, str(tmp_path)], cwd=ROOT, check=False)
    calls: list = []
    with vendor(oauth(calls)) as serving:
        pulls(serving, FileTokens(tmp_path))

    assert died.returncode == 9
    assert len(calls) == 1


def test_a_process_waits_for_anothers_fetch_no_longer_than_its_deadline(tmp_path):
    store, clock = FileTokens(tmp_path), Clock()
    waiting = store.alone(BINDING, by_s=clock.monotonic_s() + 1, clock=clock)

    with (
        store.alone(BINDING, by_s=clock.monotonic_s(), clock=clock),
        pytest.raises(DeadlineReached, match="another process still fetches the token"),
        waiting,
    ):
        raise AssertionError("nobody else may be alone")
    assert clock.passed_s == pytest.approx(1)


def test_a_token_that_several_integrations_see_rejected_is_replaced_once(tmp_path):
    calls, rejected = [], set()
    with vendor(oauth(calls, reject=rejected)) as serving:
        spoken, store = dialect(signing=OAUTH), FileTokens(tmp_path)
        several = [integration(serving, spoken, Clock(), token_store=store) for _ in range(3)]
        for core in several:
            list(core.pull("users"))
        rejected.add("token-1")
        for core in several:
            list(core.pull("users"))
            core.close()

    assert len(calls) == 2


def test_a_token_is_never_used_for_another_client_scope_audience_or_tenant(tmp_path):
    calls: list = []
    others = [
        CLIENT,
        ClientCredentials("client-2", SECRET),
        ClientCredentials("client-1", SECRET, scope="users:read"),
        ClientCredentials("client-1", SECRET, audience="https://api.test"),
        ClientCredentials("client-1", SECRET, tenant="acme"),
        ClientCredentials("client-1", SECRET, parameters=(("resource", "crm"),)),
    ]
    with vendor(oauth(calls)) as serving:
        for credentials in others + others:
            pulls(serving, FileTokens(tmp_path), credentials=credentials)

    assert len(calls) == len(others)


def test_a_token_of_one_use_is_not_kept(tmp_path):
    calls: list = []
    with vendor(oauth(calls, lifetime_s=0)) as serving:
        pulls(serving, FileTokens(tmp_path))

    assert list(tmp_path.glob("*.json")) == []


# -- lifetimes ---------------------------------------------------------------------------------------------------------


def test_a_tokens_age_counts_on_in_the_next_process(tmp_path):
    machine = Machine(tmp_path)
    machine.keeps(lifetime_s=600)
    machine.passes(400)

    assert machine.left_s() == pytest.approx(200)


def test_a_jump_of_the_wall_clock_changes_no_age_while_the_machine_runs(tmp_path):
    machine = Machine(tmp_path)
    machine.keeps(lifetime_s=600)
    machine.passes(400)
    machine.epoch_s -= 86_400

    assert machine.left_s() == pytest.approx(200)


def test_over_a_restart_of_the_machine_the_wall_clock_counts(tmp_path):
    machine = Machine(tmp_path)
    machine.keeps(lifetime_s=600)
    machine.passes(400)
    machine.restarts()

    assert machine.left_s() == pytest.approx(200)


def test_over_a_restart_a_token_from_the_future_is_not_used(tmp_path):
    machine = Machine(tmp_path)
    machine.keeps(lifetime_s=600)
    machine.restarts()
    machine.epoch_s -= 3600

    assert machine.left_s() is None


def test_an_old_token_in_the_file_is_replaced_before_it_is_used(tmp_path):
    calls: list = []
    with vendor(oauth(calls, lifetime_s=600)) as serving:
        machine = Machine(tmp_path)
        pulls(serving, FileTokens(tmp_path, uptime=machine.uptime))
        machine.passes(590)
        pulls(serving, FileTokens(tmp_path, uptime=machine.uptime))

    assert len(calls) == 2
    assert serving.asked[-1].headers["authorization"] == "Bearer token-2"


def test_the_systems_own_uptime_serves_two_processes(tmp_path):
    FileTokens(tmp_path).write(BINDING, Grant(value="token-1", lifetime_s=600.0, asked_s=1000.0), clock=Clock())

    grant = FileTokens(tmp_path).read(BINDING, clock=Clock())

    assert grant.asked_s == pytest.approx(1000.0, abs=60)


# -- safety ------------------------------------------------------------------------------------------------------------


def test_folder_and_file_are_for_their_owner_alone_and_hold_no_client_secret(tmp_path):
    with vendor(oauth([])) as serving:
        pulls(serving, FileTokens(tmp_path / "deep" / "tokens"))
    (kept,) = (tmp_path / "deep" / "tokens").glob("*.json")

    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept.parent.iterdir()} == {0o600}
    assert SECRET not in kept.read_text()
    assert json.loads(kept.read_text())["token"] == "token-1"


def test_a_folder_that_others_may_read_is_refused(tmp_path):
    tmp_path.chmod(0o755)

    with pytest.raises(PermissionError, match=r"others may read or change it \(mode 0755.*name another folder"):
        FileTokens(tmp_path)


def test_a_file_that_others_may_read_is_refused(tmp_path):
    machine = Machine(tmp_path)
    machine.keeps()
    next(tmp_path.glob("*.json")).chmod(0o640)

    with pytest.raises(PermissionError, match="mode 0640"):
        machine.left_s()


@pytest.mark.parametrize(
    "damaged", [b"", b"{", b"[]", b"null", b'{"token": "x"}', b"\xff\xfe", b'{"binding": {}, "token": "stolen"}']
)
def test_a_damaged_file_is_as_good_as_none(tmp_path, damaged):
    machine = Machine(tmp_path)
    machine.keeps()
    next(tmp_path.glob("*.json")).write_bytes(damaged)

    assert machine.left_s() is None


def test_a_file_put_under_another_bindings_name_is_not_used(tmp_path):
    machine = Machine(tmp_path)
    machine.keeps()
    store, clock = machine.process(monotonic_s=1.0)
    other = Binding(issuer=BINDING.issuer, client="client-2")
    os.replace(store._path(BINDING, ".json"), store._path(other, ".json"))

    assert store.read(other, clock=clock) is None


def test_a_link_is_not_followed(tmp_path):
    machine = Machine(tmp_path)
    machine.keeps()
    (kept,) = tmp_path.glob("*.json")
    kept.rename(tmp_path / "elsewhere")
    kept.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="symbolic links"):
        machine.left_s()


def test_a_token_that_cannot_be_kept_serves_all_the_same_and_is_told(tmp_path, caplog):
    class Full(FileTokens):
        def write(self, binding, grant, *, clock):
            raise OSError(28, "No space left on device")

    with vendor(oauth([])) as serving:
        pulls(serving, Full(tmp_path))

    assert "token could not be kept for others: [Errno 28] No space left on device reason=first" in caplog.text


def test_a_token_that_a_full_disk_cut_off_leaves_no_file(tmp_path):
    machine = Machine(tmp_path)
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, allowed[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            machine.keeps()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_went_away_is_told_as_an_error_of_ours_before_anything_is_sent(tmp_path):
    store = FileTokens(tmp_path / "tokens")
    (tmp_path / "tokens").rmdir()
    with (
        vendor(oauth([])) as serving,
        pytest.raises(TokensUnusable, match=r"^token: the token store FileTokens\(") as told,
    ):
        pulls(serving, store)

    assert "No such file or directory" in str(told.value)
    assert "make its folder usable, or name another" in str(told.value)
    assert serving.asked == []


def test_a_pull_refuses_a_kept_token_that_others_may_read(tmp_path):
    with vendor(oauth([])) as serving:
        pulls(serving, FileTokens(tmp_path))
        next(tmp_path.glob("*.json")).chmod(0o644)
        with pytest.raises(TokensUnusable, match="mode 0644"):
            pulls(serving, FileTokens(tmp_path))

    assert len(serving.asked) == 2


def test_credentials_that_are_rejected_leave_no_file(tmp_path):
    with vendor(lambda asked: reply({"error": "invalid_client"}, 401)) as serving, pytest.raises(CredentialsRejected):
        pulls(serving, FileTokens(tmp_path))

    assert list(tmp_path.glob("*.json")) == []


def test_a_token_from_the_file_is_hidden_like_one_that_was_bought(tmp_path, caplog):
    caplog.set_level("DEBUG")
    with vendor(oauth([])) as serving:
        pulls(serving, FileTokens(tmp_path))
        serving.script = lambda asked: reply({"error": {"message": asked.headers["authorization"]}}, 400)
        with pytest.raises(Exception, match=r"Bearer \*\*\*") as raised:
            pulls(serving, FileTokens(tmp_path))

    assert "token-1" not in str(raised.value) + caplog.text
    assert "token taken from the store reason=first" in caplog.text
