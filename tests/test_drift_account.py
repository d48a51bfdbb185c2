"""``harness drift`` against a sandbox account on loopback: what it asks, and in which order."""

import json

from harness.stage.documents import parsed, written
from harness.stage.http1 import Reply
from tests.sandbox_account import rules_in, sandbox_account
from tests.test_live_certification import Command, no_creates, of


def checked(command, account):
    """``harness drift --live keystone``: what the shell got, and the check as its report has it."""
    rules_in(command.folder, account)
    result = command.run("drift", "--live", "keystone", *of(account))
    return result, json.loads((command.folder / "drift.json").read_text())["checks"][0]


def test_the_record_that_a_check_leaves_as_its_lease_is_never_taken_for_one_of_the_accounts_own(tmp_path):
    """A lease need not look like the records that were there, and where it comes first it would be asked about."""

    def leaner_and_first(account, request, clean):
        reply = clean(request)
        document = parsed(reply.body)
        if not isinstance(document, dict) or "users" not in document:
            return reply
        ours = [one for one in document["users"] if one["name"].startswith("harness-")]
        users = [{**one, "options": None} for one in ours] + [one for one in document["users"] if one not in ours]
        headers = tuple(pair for pair in reply.headers if pair[0].lower() != "content-length")
        return Reply(reply.status, headers, written(document | {"users": users}))

    with sandbox_account(meddle=leaner_and_first) as account:
        result, check = checked(Command(tmp_path), account)
        left = account.tagged()

    assert result.returncode == 0, result.stdout + result.stderr
    assert [one for one in check["drifts"] if "options" in one["sentence"]] == []
    assert any(target.startswith("/v3/users?name=") for _, target in account.requests)
    assert left == []


def test_what_changes_nothing_is_asked_before_anything_is_created(tmp_path):
    with sandbox_account() as account:
        _, check = checked(Command(tmp_path), account)

    paths = [(method, target.partition("?")[0]) for method, target in account.requests]
    first = paths.index(("POST", "/v3/users"))
    shown = next(number for number, (_, path) in enumerate(paths) if path.startswith("/v3/users/"))
    assert shown < first
    assert check["left_behind"] == []


def test_of_an_account_that_may_list_and_not_create_the_listing_is_compared_and_the_rest_is_told(tmp_path):
    with sandbox_account(meddle=no_creates) as account:
        result, check = checked(Command(tmp_path), account)
        created = account.tagged()

    assert result.returncode == 0, result.stdout + result.stderr
    assert check["questions"] > 2
    assert [one for one in check["drifts"] if one["grade"] == "breaking"] == []
    why = "the account may not create users (POST is a 403)"
    assert {question for question, told in check["not_asked"].items() if told == why} == {
        "users.create of a new record",
        "users.create of a taken key",
    }
    assert f"2, as {why}" in result.stdout
    assert (created, check["left_behind"]) == ([], [])
