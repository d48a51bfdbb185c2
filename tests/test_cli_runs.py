"""``harness status``, ``runs``, ``watch`` and ``metrics``, as cron and people meet them."""

import json
import re
import sys
from datetime import timedelta

import pytest
from click.testing import CliRunner

from harness.cli import main
from harness.core import Throttled
from harness.core.errors import Context
from harness.core.ledger import Ledger
from harness.core.watch import LEASE
from tests.core_vendor import in_turn, reply, vendor

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""Apprise imports it."""
HOUR, NO_TIME = timedelta(hours=1), timedelta(microseconds=1)


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """The ledger that the environment names; no run is in it."""
    address = f"sqlite:///{tmp_path}/ledger.sqlite"
    monkeypatch.setenv("HARNESS_LEDGER", address)
    ledger = Ledger(address)
    assert ledger.runs() == ()
    return ledger


def harness(*words):
    return CliRunner().invoke(main, words, env={"COLUMNS": "200"})


def succeed(ledger, name="hr", every=HOUR):
    with ledger.run(name, expected_every=every) as run:
        run.count(created=3)


def fail(ledger, name="hr"):
    error = Throttled("too much", Context(operation="users.list", status=429, request_id="req-7"))
    with pytest.raises(Throttled), ledger.run(name, expected_every=HOUR):
        raise error


# -- status ------------------------------------------------------------------------------------------------------------


def test_where_every_integration_is_fresh_the_exit_code_is_0(ledger):
    succeed(ledger)
    result = harness("status")

    assert result.exit_code == 0
    assert [word in result.output for word in ("hr", "fresh", " s ago", "every 60.0 min", "3 created")] == [True] * 5


def test_a_stale_one_is_told_with_exit_code_1(ledger):
    succeed(ledger, every=NO_TIME)
    result = harness("status")

    assert result.exit_code == 1
    assert "stale" in result.output


def test_a_failed_one_is_told_with_its_error_and_request_id_and_exit_code_1(ledger):
    succeed(ledger)
    fail(ledger)
    result = harness("status")

    assert result.exit_code == 1
    assert "failed" in result.output
    assert "Throttled: users.list: too much" in result.output
    assert "request_id=req-7" in result.output


def test_json_holds_the_same_for_machines(ledger):
    succeed(ledger)
    fail(ledger)
    document = json.loads(harness("status", "--json").output)["integrations"][0]

    assert (document["integration"], document["health"], document["well"]) == ("hr", "failed", False)
    assert document["last_request_id"] == "req-7"
    assert document["last_success_at"].endswith("Z")
    assert document["age_s"] < 60


def test_named_integrations_alone_decide_the_exit_code(ledger):
    succeed(ledger, "crm")
    fail(ledger, "hr")

    assert harness("status", "crm").exit_code == 0
    assert harness("status", "crm", "hr").exit_code == 1


def test_an_empty_ledger_says_so(ledger):
    result = harness("status")

    assert (result.exit_code, result.output) == (0, "No run is in the ledger yet.\n")


@pytest.mark.parametrize(
    "words", [("status",), ("runs",), ("metrics",), ("watch", "--webhook", "http://127.0.0.1:1/")], ids=" ".join
)
def test_an_address_where_no_run_was_ever_recorded_is_no_ledger_of_which_all_is_well(tmp_path, words):
    file = tmp_path / "ledgr.sqlite"
    result = harness(*words, "--ledger", f"sqlite:///{file}")

    assert result.exit_code == 2
    assert f"there is no ledger sqlite:///{file}: no run was recorded there yet; check the address" in result.output
    assert not file.exists()


def test_an_error_that_lies_behind_is_told_with_its_time(ledger):
    fail(ledger)
    succeed(ledger)
    result = harness("status")

    assert result.exit_code == 0
    assert re.search(r"20\d\d-\d\d-\d\dT\d\d:\d\dZ  Throttled: users.list: too much", result.output)


def test_an_integration_of_which_no_success_is_expected_is_told_as_one(ledger):
    succeed(ledger, every=None)

    assert "not said" in harness("status").output


@pytest.mark.parametrize("words", ["status", "runs"])
def test_where_a_program_reads_it_each_row_is_one_line(ledger, words, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    with pytest.raises(ValueError, match="word"), ledger.run("hr", expected_every=HOUR):
        raise ValueError("a word " * 60)
    lines = CliRunner().invoke(main, [words]).output.splitlines()

    assert len(lines) == 2
    assert "a word " * 40 in lines[1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("status", "payroll"), "no run of 'payroll' is in the ledger; it holds none at all"),
        (("runs", "payroll"), "no run of 'payroll' is in the ledger; it holds none at all"),
        (("status", "--ledger", "mysql://x/y"), "a ledger is kept in SQLite or PostgreSQL, not in mysql"),
        (("runs", "--ledger", "sqlite:////no/such/folder/x"), "check that its folder is there"),
        (("metrics", "--ledger", "sqlite:////no/such/folder/x"), "check that its folder is there"),
        (("watch",), "say where alerts go: --webhook URL, or --notify URL"),
        (("watch", "--webhook", "chat"), "a web hook's address begins with http:// or https://"),
        (("watch", "--notify", "nonsense://x"), "Apprise knows no such nonsense:// address"),
        (("watch", "--webhook", "http://127.0.0.1:1", "--ledger", "ledger.sqlite"), "the ledger's address is no URL"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_exit_code_2(ledger, words, sentence):
    result = harness(*words)

    assert result.exit_code == 2
    assert sentence in result.output
    assert "Traceback" not in result.output


# -- runs --------------------------------------------------------------------------------------------------------------


def test_runs_are_listed_the_youngest_first(ledger):
    succeed(ledger)
    fail(ledger)
    result = harness("runs", "hr")

    assert result.exit_code == 0
    assert result.output.index("failed") < result.output.index("succeeded")
    assert "request_id=req-7" in result.output


def test_runs_as_json_hold_every_fact(ledger):
    succeed(ledger, "crm")
    succeed(ledger, "hr")
    (run,) = json.loads(harness("runs", "hr", "--json").output)["runs"]

    assert (run["integration"], run["state"], run["counts"]) == ("hr", "succeeded", {"created": 3})
    assert run["owner"]["pid"] > 0


# -- watch -------------------------------------------------------------------------------------------------------------


def test_watch_tells_a_web_hook_once_and_says_so_with_exit_code_1(ledger):
    succeed(ledger, every=NO_TIME)
    with vendor(in_turn(reply({}))) as chat:
        first, second = harness("watch", "--webhook", chat.url), harness("watch", "--webhook", chat.url)

    assert (first.exit_code, first.output) == (1, "hr is stale; the alert is out\n")
    assert (second.exit_code, second.output) == (1, "")
    assert len(chat.asked) == 1


def test_watch_is_quiet_where_all_is_well(ledger):
    succeed(ledger)
    result = harness("watch", "--webhook", "http://127.0.0.1:1/")

    assert (result.exit_code, result.output) == (0, "")


def test_watch_tells_the_recovery(ledger):
    succeed(ledger, every=NO_TIME)
    with vendor(in_turn(reply({}))) as chat:
        harness("watch", "--webhook", chat.url)
        succeed(ledger)
        result = harness("watch", "--webhook", chat.url)

    assert (result.exit_code, result.output) == (0, "hr has recovered\n")


def test_a_channel_that_fails_is_exit_code_3_and_in_the_status(ledger, monkeypatch):
    monkeypatch.setenv("HARNESS_WEBHOOK", "http://127.0.0.1:1/secret")
    succeed(ledger, every=NO_TIME)
    result = harness("watch")

    assert result.exit_code == 3
    assert "the alert about hr did not get through" in result.output
    assert "secret" not in result.output
    assert "The alert did not get through: AlertFailed" in harness("status").output


def test_a_second_watch_is_told_of_the_first(ledger):
    with ledger.lease(LEASE):
        result = harness("watch", "--webhook", "http://127.0.0.1:1/")

    assert result.exit_code == 2
    assert "the watch over this ledger is being done by process" in result.output


def test_a_channel_whose_library_is_missing_says_what_to_install(ledger, monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    result = harness("watch", "--notify", "json://127.0.0.1:1")

    assert result.exit_code == 2
    assert "pip install 'integration-harness[alerts]'" in result.output


# -- metrics -----------------------------------------------------------------------------------------------------------


def test_metrics_are_printed_in_prometheus_text_format(ledger):
    succeed(ledger)
    result = harness("metrics")

    assert result.exit_code == 0
    assert 'harness_runs_total{end="succeeded",integration="hr"} 1.0' in result.output
