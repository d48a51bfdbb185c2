"""Certifying against a sandbox account: what is claimed, who is blamed, and what is left in the account."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from harness.stage.account import tag
from harness.stage.http1 import Request
from tests.sandbox_account import CREDENTIALS, answering, renamed, rules_in, sandbox_account, slow

ROOT = Path(__file__).parents[1]
HARNESS = Path(sys.executable).parent / "harness"
READS = ("-k", "every_record")
WRITES = ("-k", "leaves_each_record")
LIMIT_S = 240


class Command:
    """The command as typed in a folder of its own, with a state of its own."""

    def __init__(self, folder):
        self.folder, self.state = folder, folder / "state"

    def start(self, *arguments, **environment):
        given = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            "KS_CLIENT_ID": CREDENTIALS.client_id,
            "KS_CLIENT_SECRET": CREDENTIALS.client_secret,
            "XDG_STATE_HOME": str(self.state),
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "200",
        }
        return subprocess.Popen(
            [str(HARNESS), *map(str, arguments)],
            cwd=self.folder,
            env=given | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments, **environment):
        process = self.start(*arguments, **environment)
        output, errors = process.communicate(timeout=LIMIT_S)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def certify(self, account, *options, subject="core", **environment):
        return self.run(*certifying(account, *options, subject=subject), **environment)

    def document(self):
        return json.loads((self.folder / "certificate" / "certificate.json").read_text())


def certifying(account, *options, subject="core"):
    return ("certify", subject, "--live", "keystone", *of(account), *options)


def of(account):
    return ("--base-url", account.url, "--credentials-env", "KS")


@pytest.fixture
def command(tmp_path):
    return Command(tmp_path)


def no_creates(account, request, clean):
    """The account may list, and not create."""
    creates = request.method == "POST" and "users" in request.target
    return answering(403, at=lambda number: creates)(account, request, clean)


def refused(result, *, code, told, folder):
    sentences = [line for line in result.stderr.splitlines() if line.startswith("Error:")]
    assert (result.returncode, len(sentences)) == (code, 1), result.stdout + result.stderr
    assert told in sentences[0]
    assert "Traceback" not in result.stderr
    assert CREDENTIALS.client_secret not in result.stdout + result.stderr
    assert not (folder / "certificate").exists()


# -- what is claimed ---------------------------------------------------------------------------------------------------


def test_the_recording_and_the_account_stand_beside_each_other(command):
    with sandbox_account() as account:
        rules_in(command.folder, account)
        result = command.certify(account, "-k", "every_record or leaves_each_record or told_to_wait")
        document, left = command.document(), account.tagged()

    assert result.returncode == 0, result.stdout + result.stderr
    assert "and live against OpenStack Keystone 30.0.0 at 127.0.0.1" in result.stdout
    by_vendor = {one["id"]: one["by_vendor"] for one in document["requirements"]}
    for requirement in ("pages.complete", "rerun.same-state", "outcome.honest"):
        verdicts = {name: cell["verdict"] for name, cell in by_vendor[requirement].items()}
        assert verdicts == {"keystone": "passed", "keystone-live": "passed"}, requirement
    stay = next(one["live"] for one in document["vendors"] if one["against"] == "live")
    assert (stay["trouble"], stay["drift"], stay["left_behind"]) == ("", [], [])
    assert left == []


def test_no_secret_of_the_account_is_written_anywhere(command):
    with sandbox_account() as account:
        rules_in(command.folder, account)
        result = command.certify(account, *READS)

    written = [path.read_bytes() for path in command.folder.rglob("*") if path.is_file()]
    assert result.returncode == 0, result.stderr
    assert len(written) > 5
    for secret in (CREDENTIALS.client_secret, "sandbox-token-of-32-characters-77"):
        assert not [one for one in written if secret.encode() in one]
        assert secret not in result.stdout + result.stderr


def test_the_subject_never_sees_the_accounts_credentials(command):
    with sandbox_account() as account:
        rules_in(command.folder, account)
        subject = "tests.curious_subject:Curious"
        result = command.certify(account, *READS, subject=subject, CURIOUS_FILE=str(command.folder / "seen.txt"))

    seen = (command.folder / "seen.txt").read_text()
    assert result.returncode == 0, result.stdout + result.stderr
    assert "KS_CLIENT" not in seen
    assert CREDENTIALS.client_secret not in seen


def test_an_account_that_may_only_be_read_is_read_and_what_is_left_out_is_told(command):
    with sandbox_account() as account:
        rules_in(command.folder, account, writes=False)
        result = command.certify(account, "-k", "every_record or leaves_each_record")
        methods = {method for method, target in account.requests if "token" not in target}

    assert methods == {"GET"}
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Nothing was written: the sandbox's rules allow no writes." in result.stdout
    assert "keystone-live, pushes: the sandbox's rules allow no writes" in command.document()["not_claimed"]


def test_an_account_without_the_right_to_write_is_read_and_what_is_left_out_is_told(command):
    with sandbox_account(meddle=no_creates) as account:
        rules_in(command.folder, account)
        result = command.certify(account, "-k", "every_record or leaves_each_record")
        document = command.document()
        verdicts = {one["id"]: one["by_vendor"]["keystone-live"]["verdict"] for one in document["requirements"]}

    assert result.returncode == 0, result.stdout + result.stderr
    assert "Nothing was written: the account may not create users (POST is a 403)." in result.stdout
    assert "keystone-live, pushes: the account may not create users (POST is a 403)" in document["not_claimed"]
    assert (verdicts["pages.complete"], verdicts["rerun.same-state"]) == ("passed", "not_applicable")


def test_a_run_that_died_in_an_account_is_known_as_crashed_and_asked_nothing_twice(command):
    with sandbox_account() as account:
        rules_in(command.folder, account)
        result = command.certify(account, "-k", "that_died_is_known or ended_well_is_known")
        created = [target for method, target in account.requests if (method, target) == ("POST", "/v3/users")]
        left = account.tagged()
    runs = [json.loads(path.read_text()) for path in (command.folder / "certificate" / "histories").glob("*.json")]
    live = [run for run in runs if run["against"] == "live"]
    sent = [
        event
        for run in live
        for event in run["events"]
        if event["event"] == "Exchange" and event["point"].startswith("users.create#") and event["effect"]
    ]
    by_vendor = {one["id"]: one["by_vendor"] for one in command.document()["requirements"]}

    assert result.returncode == 0, result.stdout + result.stderr
    for requirement in ("watch.run-recorded", "watch.status-true"):
        assert by_vendor[requirement]["keystone-live"]["verdict"] == "passed"
    assert {"Crash()", "Crash(after_effect=True)"} <= {run["plan"].partition(":")[2] for run in live}
    assert len(created) == len(sent) + len(["the lease"])
    assert left == []


def test_a_status_that_calls_a_dead_run_a_running_one_fails_in_an_account_too(command):
    with sandbox_account() as account:
        rules_in(command.folder, account)
        command.certify(account, "-k", "a_pull_that_died_is_known", subject="tests.curious_subject:Hopeful")
    by_vendor = {one["id"]: one["by_vendor"] for one in command.document()["requirements"]}

    verdicts = {name: cell["verdict"] for name, cell in by_vendor["watch.run-recorded"].items()}
    assert verdicts == {"keystone": "failed", "keystone-live": "failed"}


# -- who is to blame ---------------------------------------------------------------------------------------------------


def test_a_subject_that_fails_against_both_is_not_certified(command):
    with sandbox_account() as account:
        rules_in(command.folder, account)
        result = command.certify(account, *READS, subject="tests.broken_subjects:ReadsTheFirstPageAlone")
        by_vendor = next(
            one["by_vendor"] for one in command.document()["requirements"] if one["id"] == "pages.complete"
        )

    assert result.returncode == 1, result.stdout + result.stderr
    assert {name: cell["verdict"] for name, cell in by_vendor.items()} == {
        "keystone": "failed",
        "keystone-live": "failed",
    }


def test_another_page_cap_is_no_failure_of_anybodys(command):
    with sandbox_account(cap=2) as account:
        rules_in(command.folder, account)
        result = command.certify(account, *READS)

    assert result.returncode == 0, result.stdout + result.stderr


def test_a_vendors_own_limits_are_obeyed_and_counted(command):
    limits = answering(429, at=lambda number: number % 5 == 0, headers=(("Retry-After", "1"),))
    with sandbox_account(meddle=limits) as account:
        rules_in(command.folder, account)
        result = command.certify(account, *READS)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "of them limited and asked again" in result.stdout


def test_a_field_that_is_renamed_before_the_first_run_is_drift(command):
    with sandbox_account(meddle=renamed("name", "username")) as account:
        rules_in(command.folder, account)
        result = command.certify(account, *READS)

    refused(result, code=3, told="VENDOR-DRIFT: a record of users has no name; it has", folder=command.folder)


def test_a_field_that_is_renamed_in_the_middle_is_drift_and_not_the_subjects(command):
    with sandbox_account(meddle=renamed("name", "username", after=5)) as account:
        rules_in(command.folder, account, writes=False)
        result = command.certify(account, *READS)
        by_vendor = next(
            one["by_vendor"] for one in command.document()["requirements"] if one["id"] == "pages.complete"
        )

    assert result.returncode == 3, result.stdout + result.stderr
    assert {name: cell["verdict"] for name, cell in by_vendor.items()} == {
        "keystone": "passed",
        "keystone-live": "unknown",
    }
    assert "VENDOR-DRIFT: a record of users has no name; it has" in result.stdout
    assert "Changed since the recording: users.list 200: $.users[].username is new." in result.stdout


def test_a_field_that_nobody_needs_may_be_renamed_and_that_is_told(command):
    with sandbox_account(meddle=renamed("enabled", "active")) as account:
        rules_in(command.folder, account, writes=False)
        result = command.certify(account, *READS)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "Changed since the recording: users.list 200: $.users[].enabled is gone, which was boolean." in result.stdout


def test_a_vendor_that_goes_down_in_the_middle_is_down_and_the_account_is_clean(command):
    down = answering(503, at=lambda number: number in (14, 15))
    with sandbox_account(meddle=down) as account:
        rules_in(command.folder, account)
        result = command.certify(account, "-k", "every_record or leaves_each_record")
        left = account.tagged()

    assert result.returncode == 3, result.stdout + result.stderr
    assert "VENDOR-DOWN: " in result.stdout
    assert "answered 503 (Not now.)" in result.stdout
    assert left == []


def test_a_vendor_that_goes_down_before_a_planned_fault_has_struck_leaves_that_plan_unknown(command):
    def down_in_the_third_push(account, request, clean):
        looked_up = (re.search(r"name=harness-\w+-\w+-(\w{8})-", target) for _, target in account.requests)
        pushes = {found[1] for found in looked_up if found}
        down = len(pushes) == 3 and "name=" in request.target
        return answering(503, at=lambda number: down)(account, request, clean)

    with sandbox_account(meddle=down_in_the_third_push) as account:
        rules_in(command.folder, account)
        result = command.certify(account, "-k", "a_push_that_died_is_finished")
        left = account.tagged()

    assert result.returncode == 3, result.stdout + result.stderr
    assert "VENDOR-DOWN: GET /v3/users answered 503 (Not now.)" in result.stdout
    assert left == []


def test_what_cannot_be_removed_since_the_vendor_is_down_is_told_and_removed_later(command):
    with sandbox_account(meddle=answering(503, at=lambda number: number >= 14)) as account:
        rules_in(command.folder, account)
        result = command.certify(account, *WRITES)
        left = account.tagged()
        account.requests.clear()
        cleaned = command.run("sandbox", "clean", "keystone", *of(account))
        left_then = account.tagged()

    assert result.returncode == 3, result.stdout + result.stderr
    assert left
    assert "Left in the account: harness-" in result.stdout
    assert (cleaned.returncode, left_then) == (0, []), cleaned.stdout + cleaned.stderr


def changed_at(account, *numbers):
    """At these requests somebody else gives the first user another description."""
    first = account.simulator.records()[0]

    def change():
        if len(account.requests) in numbers:
            body = json.dumps({"user": {"description": f"changed at {len(account.requests)}"}}).encode()
            headers = (("content-type", "application/json"),)
            account.simulator.handle(Request("PATCH", f"/v3/users/{first['id']}", headers, body, "", tls=False))

    return change


def test_a_pull_during_which_the_account_changed_once_is_tried_again(command):
    with sandbox_account() as account:
        rules_in(command.folder, account, writes=False)
        account.before = changed_at(account, 6)
        result = command.certify(account, *READS)

    assert result.returncode == 0, result.stdout + result.stderr


def test_an_account_that_somebody_else_changes_in_between_proves_nothing(command):
    with sandbox_account() as account:
        rules_in(command.folder, account, writes=False)
        account.before = changed_at(account, 6, 13)
        result = command.certify(account, *READS)

    assert result.returncode == 3, result.stdout + result.stderr
    assert "somebody else was at work: between two readings of the account 0 records went, 0 came" in result.stdout


def test_an_answer_that_takes_long_is_the_vendors_trouble(command):
    with sandbox_account(meddle=slow(6.0, at=lambda number: number == 7)) as account:
        rules_in(command.folder, account, writes=False)
        subject = "tests.curious_subject:Impatient"
        result = command.certify(account, *READS, subject=subject)

    assert result.returncode == 3, result.stdout + result.stderr
    assert "VENDOR-DOWN: " in result.stdout


def test_a_budget_that_is_spent_ends_inconclusive_and_the_account_is_clean(command):
    with sandbox_account() as account:
        rules_in(command.folder, account, max_requests=52)
        result = command.certify(account, "-k", "every_record or leaves_each_record or a_push_that_died")
        left, asked = account.tagged(), len(account.requests)

    assert result.returncode == 3, result.stdout + result.stderr
    assert "BUDGET-SPENT: the budget of 52 requests is spent" in result.stdout
    assert left == []
    assert asked <= 52


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (
            ["--base-url", "https://api.example.com"],
            2,
            "api.example.com is not listed in sandbox.toml, and it looks like",
        ),
        (["--max-requests", "0"], 2, "the budget of 0 requests lets nothing be asked"),
        (["--max-requests", "9"], 2, "the budget of 9 requests is too small for this account"),
        (["--credentials-env", "NOBODY"], 2, "NOBODY_CLIENT_ID and NOBODY_CLIENT_SECRET is not set"),
        (["--in-process"], 2, "leave --in-process out"),
        (["--vendor", "roundup"], 2, "--live keystone is on one vendor alone; leave --vendor out"),
        (["--live", "keystome"], 2, "there is no vendor 'keystome'"),
    ],
    ids=["not-listed", "no-budget", "small-budget", "no-credentials", "in-process", "vendor", "unknown-vendor"],
)
def test_a_mistake_is_told_in_one_sentence_and_nothing_is_left(command, options, code, told):
    with sandbox_account() as account:
        rules_in(command.folder, account)
        result = command.certify(account, *READS, *options)

        refused(result, code=code, told=told, folder=command.folder)
        assert account.tagged() == []


def test_wrong_credentials_are_told_and_not_shown(command):
    with sandbox_account() as account:
        rules_in(command.folder, account)
        result = command.certify(account, *READS, KS_CLIENT_SECRET="geheim-geheim")

    refused(
        result, code=2, told="refuses the credentials: POST /v3/OS-OAUTH2/token answered 401", folder=command.folder
    )
    assert "geheim" not in result.stderr


def test_a_certificate_that_nobody_vouches_for_is_told_and_nothing_is_sent(command):
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    with sandbox_account(tls=tls) as account:
        rules_in(command.folder, account)
        result = command.certify(account, *READS)
        drift = command.run("drift", "--live", "keystone", *of(account))
        asked = account.requests

    host = account.url.partition("://")[2]
    for one in (result, drift):
        refused(one, code=2, told="check --base-url, or name your own CA in SSL_CERT_FILE", folder=command.folder)
        assert f"Error: {host}: " in one.stderr
        assert "certificate verify failed" in one.stderr
    assert asked == []


def test_a_host_that_does_not_answer_is_down(command):
    with sandbox_account() as account:
        rules_in(command.folder, account)
    result = command.certify(account, *READS)
    drift = command.run("drift", "--live", "keystone", *of(account))
    checked = command.run("sandbox", "check", "keystone", *of(account))
    cleaned = command.run("sandbox", "clean", "keystone", *of(account))

    for one, so in (
        (result, "nothing is certified"),
        (drift, "nothing was compared"),
        (checked, "nothing was changed"),
        (cleaned, "what it had not come to is still there"),
    ):
        refused(one, code=3, told="VENDOR-DOWN: ", folder=command.folder)
        assert one.stderr.endswith(f"; {so}\n")


def test_the_second_run_on_one_account_is_told(command):
    with sandbox_account() as account:
        rules_in(command.folder, account)
        seconds: list[subprocess.Popen] = []

        def start_another():
            # The first run goes on when the second has been told.
            if len(account.requests) == 12:
                seconds.append(command.start(*certifying(account, *READS, "--out", "other")))
                seconds[0].wait(LIMIT_S)

        account.before = start_another
        first = command.certify(account, *WRITES)
        output, errors = seconds[0].communicate()

    assert first.returncode in (0, 3), first.stdout + first.stderr
    assert seconds[0].returncode == 2, output + errors
    assert "another live run on 127.0.0.1" in errors


def test_another_machines_run_is_left_alone_until_its_lease_ends(command):
    with sandbox_account() as account:
        rules_in(command.folder, account)
        account.account().create(f"{tag('fedcba', 4_000_000_000)}lease", {})
        account.account().create(f"{tag('fedcba', 1_700_000_000)}0000-1", {})
        busy = command.certify(account, *READS)
        kept = account.tagged()
        cleaned = command.run("sandbox", "clean", "keystone", "--all", *of(account))

        refused(busy, code=2, told="another machine's live run is in this account until", folder=command.folder)
        assert len(kept) == 2
        assert (cleaned.returncode, account.tagged()) == (0, [])
        assert "2 records removed" in cleaned.stdout


# -- interrupted -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "sent"),
    [(2, signal.SIGINT), (6, signal.SIGINT), (9, signal.SIGTERM), (14, signal.SIGINT), (20, signal.SIGTERM)],
    ids=["first-listing", "lease", "second-listing", "first-push", "later-push"],
)
def test_after_an_interrupt_in_any_phase_the_account_is_clean_and_nothing_is_written(command, at, sent):
    with sandbox_account() as account:
        rules_in(command.folder, account)
        process = command.start(*certifying(account, *WRITES))
        account.before = lambda: process.send_signal(sent) if len(account.requests) == at else None
        output, errors = process.communicate(timeout=LIMIT_S)
        left = account.tagged()

    refused(
        subprocess.CompletedProcess((), process.returncode, output, errors),
        code=2,
        told="interrupted before its end",
        folder=command.folder,
    )
    assert left == []


def test_killed_at_ten_different_moments_the_account_is_clean_after_the_next_run(command):
    with sandbox_account() as account:
        rules_in(command.folder, account)
        for at in range(4, 24, 2):
            account.requests.clear()
            process = command.start(*certifying(account, *WRITES))

            def kill(process=process, at=at):
                if len(account.requests) == at:
                    process.kill()

            account.before = kill
            process.communicate(timeout=LIMIT_S)
            assert process.returncode == -signal.SIGKILL, at
        account.before = lambda: None
        killed = account.tagged()
        result = command.certify(account, *WRITES)
        left = account.tagged()

    assert killed, "no kill left anything, so nothing was shown"
    assert result.returncode == 0, result.stdout + result.stderr
    assert left == []


# -- harness sandbox ---------------------------------------------------------------------------------------------------


def test_check_says_what_could_be_done_and_changes_nothing(command):
    with sandbox_account() as account:
        rules_in(command.folder, account)
        result = command.run("sandbox", "check", "keystone", *of(account))

        assert result.returncode == 0, result.stderr
        assert "It lists 7 users on 3 pages; 0 of them were left by live certifications." in result.stdout
        assert {method for method, target in account.requests if "token" not in target} == {"GET"}


def test_clean_removes_what_carries_the_tag_and_nothing_else(command):
    with sandbox_account() as account:
        rules_in(command.folder, account)
        (command.state / "harness").mkdir(parents=True)
        (command.state / "harness" / "machine").write_text("abcdef")
        account.account().create(f"{tag('abcdef', 1_700_000_000)}0000-1", {})
        result = command.run("sandbox", "clean", "keystone", *of(account))

        assert (result.returncode, account.tagged()) == (0, [])
        assert "1 records removed" in result.stdout
        assert len(account.simulator.records()) == 7
