"""What a vendor answers now against what was recorded: the pure comparison, and ``harness drift`` on an account."""

import json
import os
import signal
import ssl
import subprocess
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner

from harness.certify.visit import held_alone
from harness.cli import main
from harness.dialects import KEYSTONE, KINTO, ROUNDUP
from harness.stage.drift import Answer, drifts
from harness.stage.http1 import Reply
from tests.sandbox_account import CREDENTIALS, answering, as_it_is, renamed, rules_in, sandbox_account
from tests.test_live_certification import HARNESS

# -- the comparison --------------------------------------------------------------------------------------------------

JSON = (("Content-Type", "application/json"),)


def reply(document, *, status=200, headers=JSON):
    return Reply(status, headers, json.dumps(document).encode())


def user(**fields):
    return {"id": "1", "name": "ada", "enabled": True, "email": "ada@example.org", **fields}


def page(*users, following=None, **more):
    return reply({"users": list(users), "links": {"next": following}, **more})


def told(was, now, *, question="users.list", dialect=KEYSTONE):
    """Grade, kind and sentence of each drift between the replies."""
    before, after = ([Answer(question=question, reply=one) for one in some] for some in (was, now))
    return [(one.grade, one.what, one.sentence) for one in drifts(dialect, before, after)]


def test_other_values_are_no_drift():
    now = page(user(id="77", name="grace", email="g@example.org", enabled=False), following=None)

    assert told([page(user())], [now]) == []


def test_a_field_that_is_gone_breaks():
    gone = page({"id": "1", "name": "ada", "enabled": True})

    assert told([page(user())], [gone]) == [("breaking", "field", "$.users[].email is gone, which was text")]


def test_a_field_that_not_every_record_had_may_be_absent():
    bare = {"id": "2", "name": "grace", "enabled": True}

    assert told([page(user(), bare)], [page(bare)]) == []


def test_a_field_that_some_records_lack_now_is_noted():
    bare = {"id": "2", "name": "grace", "enabled": True}

    assert told([page(user())], [page(user(), bare)]) == [
        ("note", "field", "$.users[].email was always there and is not")
    ]


def test_a_new_field_is_noted():
    assert told([page(user())], [page(user(phone="1"))]) == [("note", "field", "$.users[].phone is new")]


def test_a_type_that_changed_breaks():
    assert told([page(user())], [page(user(id=1))]) == [("breaking", "type", "$.users[].id was text and is number")]


def test_a_value_that_may_be_null_now_is_noted():
    assert told([page(user())], [page(user(), user(email=None))]) == [
        ("note", "null", "$.users[].email was never null and is")
    ]


def test_a_natural_key_that_may_be_null_now_breaks():
    assert told([page(user())], [page(user(), user(name=None))]) == [
        ("breaking", "null", "$.users[].name was never null and is")
    ]


def test_an_empty_account_says_nothing_of_records():
    assert told([page(user())], [page()]) == []


def test_another_status_breaks():
    assert told([page(user())], [reply({"error": {}}, status=410)]) == [
        ("breaking", "status", "was answered 200 and is answered 410")
    ]


def test_a_body_that_is_no_json_any_more_breaks():
    html = Reply(200, (("Content-Type", "text/html"),), b"<html>")

    assert told([page(user())], [html]) == [
        ("breaking", "type", "was JSON and is none"),
        ("note", "header", "Content-Type was application/json and is text/html"),
    ]


def test_another_cap_is_noted():
    was = [page(user(), user(), user(), following="/2"), page(user())]
    now = [page(user(), user(), following="/2"), page(user(), user())]

    assert told(was, now) == [("note", "cap", "a page held 3 records and holds 2")]


def test_a_page_that_says_there_is_more_and_leads_nowhere_breaks():
    was = [page(user(), user(), following="/2", truncated=True), page(user())]

    assert ("breaking", "paging", "truncated says that there is more, and nothing leads there") in told(
        was, [page(user(), user(), truncated=True)]
    )


def test_other_limits_are_noted():
    def limited(most):
        headers = (("X-Ratelimit-Limit", most), ("X-Ratelimit-Remaining", "7"), ("X-Ratelimit-Reset", "3"))
        return reply({"data": {"collection": []}}, headers=(*JSON, *headers))

    assert told([limited("20")], [limited("10")], question="issues.list", dialect=ROUNDUP) == [
        ("note", "limit", "X-Ratelimit-Limit was 20 and is 10")
    ]


def test_limits_that_are_no_longer_told_break():
    headers = (("X-Ratelimit-Limit", "20"), ("X-Ratelimit-Remaining", "7"), ("X-Ratelimit-Reset", "3"))
    was = reply({"data": {"collection": []}}, headers=(*JSON, *headers))
    now = reply({"data": {"collection": []}})

    assert [one[:2] for one in told([was], [now], question="issues.list", dialect=ROUNDUP)] == [
        ("breaking", "header")
    ] * 3


def test_a_request_id_that_is_gone_is_noted():
    was = reply({"users": []}, headers=(*JSON, ("X-Openstack-Request-Id", "req-1")))

    assert told([was], [reply({"users": []})]) == [("note", "header", "the header X-Openstack-Request-Id is gone")]


def test_an_error_of_another_form_breaks():
    was = reply({"error": {"code": 404, "message": "No such user."}}, status=404)
    now = reply({"errors": ["No such user."]}, status=404)

    assert told([was], [now], question="users.get of nobody")[:2] == [
        ("breaking", "error", "the error's code is no longer at error.code"),
        ("breaking", "error", "the error's message is no longer at error.message"),
    ]


def test_an_error_of_another_code_breaks_and_another_wording_does_not():
    was = reply({"errno": 110, "message": "Not there."}, status=404)
    now = reply({"errno": 111, "message": "Gone away."}, status=404)

    assert told([was], [now], question="contacts.lookup of nobody", dialect=KINTO) == [
        ("breaking", "error", "the error's code was 110 and is 111")
    ]


def test_an_error_under_200_where_a_record_was_breaks():
    assert told([page(user())], [reply({"error": {"code": 500, "message": "Oops"}})]) == [
        ("breaking", "error", "was a success and holds an error")
    ]


def test_another_server_is_noted():
    was, now = (reply({}, headers=(*JSON, ("Server", name))) for name in ("Shop/3", "Shop/4"))

    assert told([was], [now]) == [("note", "product", "Server was Shop/3 and is Shop/4")]


def test_what_was_not_asked_again_is_not_judged():
    before = [Answer(question="users.list", reply=page(user()))]

    assert drifts(KEYSTONE, before, []) == ()


# -- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("S_CLIENT_ID", CREDENTIALS.client_id)
    monkeypatch.setenv("S_CLIENT_SECRET", CREDENTIALS.client_secret)


def check(account, *options, url=None, **rules):
    rules_in(Path(), account, **rules)
    arguments = ["--live", "keystone", "--base-url", url or account.url, "--credentials-env", "S", *options]
    return CliRunner().invoke(main, ["drift", *arguments])


def kept():
    return json.loads(Path("drift.json").read_text())["checks"][0]


def test_a_vendor_that_answers_as_recorded_exits_0_and_the_account_is_clean():
    with sandbox_account(cap=5) as account:
        result = check(account)

    assert result.exit_code == 0, result.output
    assert "keystone answers as recorded" in result.output
    # This stand-in's token endpoint, unlike Keystone's, gives no request id.
    assert [(one["where"], one["what"]) for one in kept()["drifts"]] == [("token 200", "header")]
    assert (kept()["questions"], account.tagged()) == (10, [])


def test_a_renamed_field_exits_1_and_names_it():
    with sandbox_account(cap=5, meddle=renamed("email", "mail")) as account:
        result = check(account)

    assert result.exit_code == 1, result.output
    assert "$.users[].email is gone, which was text" in result.output
    assert "$.users[].mail is new" in result.output
    assert account.tagged() == []


def test_a_renamed_key_is_a_drift_although_no_record_can_be_told_from_another():
    with sandbox_account(cap=5, meddle=renamed("name", "login")) as account:
        result = check(account)

    assert result.exit_code == 1, result.output
    assert "a record of users has no name" in result.output
    assert not [method for method, target in account.requests if method != "GET" and "token" not in target]


def test_another_cap_exits_0_with_a_note():
    with sandbox_account(cap=3) as account:
        result = check(account)

    assert result.exit_code == 0, result.output
    assert "a page held 5 records and holds 3" in result.output
    assert kept()["result"] == "notes"


def test_machines_are_given_json():
    with sandbox_account(cap=5) as account:
        document = json.loads(check(account, "--json").output)

    assert document["schema"] == "harness.drift/1"
    assert document["checks"][0]["recordings"][0].keys() == {"path", "sha256", "recorded_at"}


def test_no_secret_is_printed_or_kept():
    with sandbox_account(cap=5) as account:
        result = check(account, "--json")

    for text in (result.output, Path("drift.json").read_text()):
        assert CREDENTIALS.client_secret not in text


def test_where_writes_are_not_allowed_nothing_is_written():
    with sandbox_account(cap=5) as account:
        result = check(account, writes=False)

    assert result.exit_code == 0, result.output
    assert not [method for method, target in account.requests if method != "GET" and "token" not in target]


@pytest.mark.parametrize(
    ("meddle", "options", "code", "said"),
    [
        (answering(401, at=lambda number: True), (), 2, "refuses the credentials"),
        (answering(403, at=lambda number: number > 1), (), 2, "the account may not list users"),
        (answering(503, at=lambda number: True), (), 3, "VENDOR-DOWN"),
        (answering(0, at=lambda number: False), ("--max-requests", "0"), 2, "the budget of 0 requests"),
        (answering(0, at=lambda number: False), ("--max-requests", "4"), 2, "the budget of 4 requests"),
    ],
    ids=["credentials", "rights", "down", "no budget", "small budget"],
)
def test_what_stands_in_the_way_is_said_and_nothing_is_kept(meddle, options, code, said):
    with sandbox_account(cap=5, meddle=meddle) as account:
        result = check(account, *options)
        account.meddle = answering(0, at=lambda number: False)

    assert (result.exit_code, Path("drift.json").exists()) == (code, False), result.output
    assert said in result.output
    assert account.tagged() == []


DOWN = Reply(503, (), b"")


def down_once_something_is_created(account, request, clean):
    return DOWN if account.tagged() else clean(request)


def test_a_vendor_that_goes_down_in_between_is_told_with_what_is_left_in_it():
    with sandbox_account(cap=5, meddle=down_once_something_is_created) as account:
        result = check(account)

    assert (result.exit_code, Path("drift.json").exists()) == (3, False)
    assert "VENDOR-DOWN" in result.output
    assert "is left in the account until the next run, or harness sandbox clean" in result.output


def test_what_a_check_left_is_removed_by_the_next_one():
    with sandbox_account(cap=5, meddle=down_once_something_is_created) as account:
        check(account)
        left = account.tagged()
        account.meddle = as_it_is
        os.environ |= {"S_CLIENT_ID": CREDENTIALS.client_id, "S_CLIENT_SECRET": CREDENTIALS.client_secret}
        result = check(account)

    assert (len(left), account.tagged()) == (1, [])
    assert result.exit_code == 0, result.output


def test_a_host_that_is_not_listed_is_not_asked():
    with sandbox_account() as account:
        result = check(account, url="http://127.0.0.1:9")

    assert (result.exit_code, account.requests) == (2, [])
    assert "127.0.0.1:9 is not listed" in result.output


def test_a_host_that_does_not_answer_is_the_vendor_s_trouble():
    with sandbox_account() as account:
        pass
    result = check(account)

    assert (result.exit_code, Path("drift.json").exists()) == (3, False)
    assert "VENDOR-DOWN" in result.output


def test_a_certificate_that_nobody_trusts_is_told():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with sandbox_account(tls=context) as account:
        result = check(account)

    assert (result.exit_code, account.requests) == (2, [])
    assert "no secure connection could be made" in result.output


def test_a_second_check_on_the_account_is_told_to_wait(tmp_path):
    with sandbox_account() as account, held_alone(account.url.partition("://")[2], tmp_path / "state" / "harness"):
        result = check(account)

    assert result.exit_code == 2
    assert "another live run on" in result.output


def test_a_report_file_that_is_something_else_is_kept_and_the_account_is_not_asked():
    Path("drift.json").write_text('{"name": "theirs"}')
    with sandbox_account() as account:
        result = check(account)

    assert (result.exit_code, account.requests) == (2, [])
    assert Path("drift.json").read_text() == '{"name": "theirs"}'


def test_a_check_that_is_interrupted_leaves_a_clean_account_and_no_report(tmp_path):
    with sandbox_account(cap=5) as account:
        rules_in(tmp_path, account)
        command = [str(HARNESS), "drift", "--live", "keystone", "--base-url", account.url, "--credentials-env", "S"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ)

        def interrupt():
            if account.requests[-1][0] == "POST" and "token" not in account.requests[-1][1]:
                account.before = lambda: None
                process.send_signal(signal.SIGINT)

        account.before = interrupt
        output, _ = process.communicate(timeout=60)

    assert process.returncode == 2, output
    assert "interrupted before its end" in output
    assert (account.tagged(), Path("drift.json").exists()) == ([], False)
