"""The ledger: every run is in it from its beginning, with its true end. Each test on SQLite and on PostgreSQL."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from harness.core import Throttled
from harness.core.database import RUNS
from harness.core.errors import Context
from harness.core.ledger import Ledger, LedgerError
from harness.core.owner import Owner, this_process
from harness.core.records import SILENT_S
from harness.core.usage import Usage
from tests.ledgers import address, clock, death, dies, postgres_server  # noqa: F401


@pytest.fixture
def ledger(address, clock):  # noqa: F811
    return Ledger(address, clock=clock)


def last(ledger):
    return ledger.runs(most=1)[0]


# -- how a run ends ----------------------------------------------------------------------------------------------------


def test_a_run_is_in_the_ledger_from_its_beginning(ledger):
    with ledger.run("hr-to-keystone", expected_every=timedelta(hours=1)):
        seen = Ledger(ledger.database.name).runs()

    assert [(run.integration, run.state, run.ended_s, run.expected_every_s) for run in seen] == [
        ("hr-to-keystone", "running", None, 3600.0)
    ]
    assert seen[0].owner == this_process()


def test_a_run_that_ends_well_succeeded_with_its_counts(ledger):
    with ledger.run("hr") as run:
        run.count(created=3)
        run.count(created=1, updated=2)
        run.used(Usage(requests=9, request_s=1.5, limit_hits=1, token_refreshes=2))

    assert last(ledger).state == "succeeded"
    assert last(ledger).counts == {"created": 4, "updated": 2}
    assert last(ledger).usage == Usage(requests=9, request_s=1.5, limit_hits=1, token_refreshes=2)
    assert last(ledger).ended_s >= last(ledger).began_s


def test_a_partial_run_is_no_success(ledger):
    with ledger.run("hr") as run:
        run.partial("ada: 409")
        run.partial("grace: 403")

    assert (last(ledger).state, last(ledger).reason) == ("partial", "ada: 409; grace: 403")
    assert ledger.status()[0].last_success_s is None


def test_a_run_out_of_which_an_error_comes_failed_with_the_error_in_one_line_and_its_request_id(ledger):
    error = Throttled("too much", Context(operation="users.list", status=429, request_id="req-7"))
    with pytest.raises(Throttled), ledger.run("hr"):
        raise error

    assert last(ledger).state == "failed"
    assert last(ledger).reason == "Throttled: users.list: too much [status=429 request_id=req-7]"
    assert last(ledger).request_id == "req-7"


def test_ctrl_c_ends_a_run_interrupted(ledger):
    with pytest.raises(KeyboardInterrupt), ledger.run("hr"):
        raise KeyboardInterrupt

    assert (last(ledger).state, last(ledger).reason) == ("interrupted", "ended by Ctrl-C")


@pytest.mark.parametrize(("code", "state"), [(0, "succeeded"), (None, "succeeded"), (1, "failed")])
def test_leaving_the_program_is_a_success_only_with_exit_code_0(ledger, code, state):
    with pytest.raises(SystemExit), ledger.run("hr"):
        sys.exit(code)

    assert last(ledger).state == state


TERMINATED = """
import signal, sys
from harness.core.ledger import Ledger
with Ledger(sys.argv[1]).run("hr"):
    print("begun", flush=True)
    signal.pause()
"""


def test_sigterm_ends_a_run_interrupted_and_the_process_as_the_signal_would(ledger):
    job = subprocess.Popen([sys.executable, "-c", TERMINATED, ledger.database.name], stdout=subprocess.PIPE, text=True)
    with job:
        assert job.stdout.readline() == "begun\n"
        job.send_signal(signal.SIGTERM)

    assert job.returncode == 128 + signal.SIGTERM
    assert (last(ledger).state, last(ledger).reason) == ("interrupted", "ended by SIGTERM")


def test_whoever_handles_sigterm_already_goes_on_doing_so(ledger):
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with ledger.run("hr"):
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert heard == [signal.SIGTERM]
    assert last(ledger).state == "succeeded"
    assert signal.getsignal(signal.SIGTERM) is before


# -- crashed runs ------------------------------------------------------------------------------------------------------


def test_a_run_whose_process_died_is_found_and_marked_crashed(ledger):
    def job():
        with ledger.run("hr"):
            death()

    dies(job)

    assert (last(ledger).state, last(ledger).ended_s) == ("crashed", last(ledger).heard_s)
    assert last(ledger).reason.startswith("the process ended without a word: process ")
    with ledger.database.reading() as connection:
        assert connection.execute(text("SELECT state FROM harness_runs")).scalar_one() == "crashed"


def test_a_living_run_is_never_marked_however_long_it_says_nothing(ledger, clock):  # noqa: F811
    with ledger.run("hr"):
        clock.passed_s += 100 * SILENT_S

        assert last(ledger).state == "running"


def test_a_process_number_given_out_again_is_not_taken_for_the_run(ledger):
    with ledger.run("hr") as run:
        of_another(ledger, run, started=1)

        assert last(ledger).state == "crashed"


def of_another(ledger, run, **facts):
    """Let the run be another process's."""
    with ledger.database.writing() as connection:
        connection.execute(RUNS.update().where(RUNS.c.number == run.number).values(**facts))


def test_a_run_on_another_machine_counts_as_crashed_only_after_long_silence(ledger):
    with ledger.run("hr") as run:
        of_another(ledger, run, host="web-2", boot="another boot", pid=1)

        assert last(ledger).state == "running"

        of_another(ledger, run, heard_s=last(ledger).heard_s - SILENT_S - 1)

        assert (last(ledger).state, last(ledger).reason) == (
            "crashed",
            "the process ended without a word: process 1 on web-2",
        )


def test_a_run_that_is_heard_of_again_lives_again(ledger):
    with ledger.run("hr") as run:
        of_another(ledger, run, boot="another boot", heard_s=0.0)

        assert last(ledger).state == "crashed"

        ledger.hear(run.number)

        assert (last(ledger).state, last(ledger).ended_s) == ("running", None)


def test_a_run_says_again_and_again_that_it_is_alive(address):  # noqa: F811
    ledger, heard = Ledger(address, beat_s=0.001), threading.Event()
    ledger.hear = lambda number: heard.set()
    with ledger.run("hr"):
        assert heard.wait(10)


def test_a_process_forked_off_in_the_middle_ends_nobody_s_run(ledger):
    with ledger.run("hr") as run:
        child = os.fork()
        if child == 0:
            run.__exit__(None, None, None)
            os._exit(0)

        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert last(ledger).state == "running"


def test_processes_that_begin_a_ledger_at_once_make_it_once(address):  # noqa: F811
    def job():
        with Ledger(address).run("hr"):
            pass

    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                job()
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]

    assert codes == [0, 0, 0, 0]
    assert [run.state for run in Ledger(address).runs()] == ["succeeded"] * 4


# -- a ledger that cannot be used --------------------------------------------------------------------------------------


def test_a_newer_schema_is_refused_and_left_alone(ledger):
    with ledger.run("hr"):
        pass
    with ledger.database.writing() as connection:
        connection.execute(text("UPDATE harness_schema SET version = 2"))

    with pytest.raises(LedgerError, match="is of schema 2, and this version knows 1; upgrade integration-harness"):
        Ledger(ledger.database.name).runs()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("ledger.sqlite", "the ledger's address is no URL; write sqlite:////folder/file or postgresql://"),
        ("mysql://root@localhost/x", "a ledger is kept in SQLite or PostgreSQL, not in mysql"),
        ("sqlite://", "a ledger in memory is lost with its process"),
    ],
)
def test_an_address_that_names_no_ledger_is_refused(wrong, sentence):
    with pytest.raises(LedgerError, match=sentence):
        Ledger(wrong)


def test_a_server_that_is_not_there_is_told_without_the_password():
    with pytest.raises(LedgerError, match="; check that the server runs, and at that address") as told:
        Ledger("postgresql://ada:hushhush@127.0.0.1:1/x").runs()

    assert "hushhush" not in str(told.value)


def test_where_the_ledger_cannot_be_written_nothing_runs(tmp_path):
    ran = []
    with (
        pytest.raises(LedgerError, match="unable to open database file; check that its folder is there"),
        Ledger(f"sqlite:///{tmp_path}/missing/ledger.sqlite").run("hr"),
    ):
        ran.append("hr")

    assert ran == []


def test_a_file_that_is_no_ledger_is_left_alone(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("bread, milk, " * 100)

    with pytest.raises(LedgerError, match="not a database; name another file"):
        Ledger(f"sqlite:///{file}").runs()

    assert file.read_text() == "bread, milk, " * 100


def test_without_an_address_the_variable_names_the_ledger_or_it_is_in_the_state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("HARNESS_LEDGER", raising=False)
    with Ledger().run("hr"):
        pass

    assert stat.S_ISREG((tmp_path / "harness" / "ledger.sqlite").stat().st_mode)

    monkeypatch.setenv("HARNESS_LEDGER", f"sqlite:///{tmp_path}/other.sqlite")

    assert Ledger().runs() == ()


# -- a disk that is full -----------------------------------------------------------------------------------------------

FULL = """
import resource, sys
from harness.core.ledger import Ledger, LedgerError
ledger = Ledger(sys.argv[1])
ledger._clock = type("NoTime", (), {"epoch_s": lambda self: 1.8e9, "sleep": lambda self, seconds: None})()
ledger.database._clock = ledger._clock
for _ in range(3):
    with ledger.run("hr"):
        pass
try:
    with ledger.run("hr") as run:
        run.count(created=7)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, before[1]))
except LedgerError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, before)
if sys.argv[2] == "go on":
    with ledger.run("hr"):
        pass
"""


@pytest.mark.parametrize(
    ("then", "states"),
    [
        ("go on", ["succeeded"] * 5),
        # Its process is gone, and that it succeeded is in the log alone: never more than was written is believed.
        ("end", ["crashed", *["succeeded"] * 3]),
    ],
)
def test_an_end_that_cannot_be_written_is_told_logged_and_written_with_the_next_run(tmp_path, then, states):
    """The limit on file sizes makes the write itself fail, as a full disk does."""
    address = f"sqlite:///{tmp_path}/ledger.sqlite"  # noqa: F811
    job = subprocess.run([sys.executable, "-c", FULL, address, then], capture_output=True, text=True, check=True)

    assert job.stdout.startswith("run 4 of hr ended, and that could not be recorded: the ledger sqlite:///")
    assert "'state': 'succeeded'" in job.stderr
    assert "'created': 7" in job.stderr
    assert [run.state for run in Ledger(address).runs()] == states


def test_a_full_database_begins_no_run_and_loses_none(tmp_path, clock):  # noqa: F811
    """SQLite's own limit on pages: the error of a full disk, without one."""
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite", clock=clock)
    with ledger.run("hr"):
        pass
    engine = ledger.database._engine
    pages = sqlite3.connect(tmp_path / "ledger.sqlite").execute("PRAGMA page_count").fetchone()[0]
    event.listen(engine, "connect", lambda raw, _: raw.execute(f"PRAGMA max_page_count = {pages}"))
    begun = []

    def job():
        while len(begun) < 1000:
            with ledger.run("an integration with quite a long name, so that pages are soon full"):
                begun.append("run")

    with pytest.raises(LedgerError, match="cannot be written: database or disk is full; make room on its disk"):
        job()

    states = [run.state for run in Ledger(ledger.database.name).runs()]
    assert states == ["succeeded"] * (1 + len(begun))
    assert begun


def test_an_error_of_the_run_is_not_hidden_by_a_ledger_that_fails(ledger, monkeypatch):
    def full(ends):
        raise LedgerError("the ledger is full")

    def job():
        with ledger.run("hr"):
            monkeypatch.setattr(ledger._book, "end", full)
            raise ValueError("bad row")

    with pytest.raises(ValueError, match="bad row") as told:
        job()

    assert told.value.__notes__ == ["run 1 of hr ended, and that could not be recorded: the ledger is full"]


def test_an_end_is_tried_again_while_the_server_restarts(ledger, clock, monkeypatch):  # noqa: F811
    written, failures = ledger._book.end, iter(range(2))

    def restarting(ends):
        if next(failures, None) is not None:
            raise LedgerError("the server is restarting")
        written(ends)

    monkeypatch.setattr(ledger._book, "end", restarting)
    with ledger.run("hr"):
        pass

    assert last(ledger).state == "succeeded"
    assert clock.slept_s == [1.0, 5.0]


def test_an_owner_is_told_by_process_and_machine():
    assert str(Owner(host="web-1", boot="b", pid=47, started=1)) == "process 47 on web-1"
