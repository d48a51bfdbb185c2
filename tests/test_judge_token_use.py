"""token.bound and token.scope-failure-distinct: what a token is good for."""

from dataclasses import replace

import pytest

from tests.histories import create, ended, exchange, judged, no_token, noted, raised, refused, run, token, use

LACKING = "keystone pull users.list#1:InsufficientScope()x*"


def lacks_scope(at_s, serial=1, status=403, **facts):
    return refused("users.list#1", at_s, status, fault="InsufficientScope()", token_used=use(serial), **facts)


# -- token.bound -------------------------------------------------------------------------------------------------------

TWO = "keystone pull run#1:TwoAccounts()"


def turn(account):
    return noted("account", str(account))


def bought(account, at_s):
    one = token(at_s, account)
    return replace(one, token_granted=replace(one.token_granted, account=account))


def listed(account, at_s):
    return exchange("users.list#1", at_s, token_used=replace(use(account), account=account))


FIRST = turn(1), bought(1, 0), listed(1, 1)


def test_accounts_with_a_token_each_pass():
    assert (
        judged("token.bound", run(TWO, *FIRST, turn(2), bought(2, 2), listed(2, 3), turn(1), listed(1, 4))).value
        == "passed"
    )


def test_a_token_of_the_other_account_fails():
    verdict = judged("token.bound", run(TWO, *FIRST, turn(2), listed(1, 3)))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == (
        "For account 2 it sent GET /v3/users?page=1 with what belongs to account 1."
    )


def test_the_account_that_came_last_must_not_serve_the_first():
    overwritten = run(TWO, *FIRST, turn(2), bought(2, 2), listed(2, 3), turn(1), listed(2, 4))

    assert judged("token.bound", overwritten).value == "failed"


def test_a_token_that_is_bought_with_the_other_accounts_credentials_fails():
    assert judged("token.bound", run(TWO, *FIRST, turn(2), bought(1, 2), listed(1, 3))).value == "failed"


def test_accounts_are_unknown_where_there_was_one():
    refused_to_serve_two = run(TWO, *FIRST, turn(2), raised("E: one account at a time"))

    assert judged("token.bound", run("keystone pull", *FIRST), refused_to_serve_two).value == "unknown"


# -- token.scope-failure-distinct --------------------------------------------------------------------------------------


def test_a_missing_scope_that_is_raised_passes():
    told = run(LACKING, token(0), lacks_scope(1), raised("E: 403"), asks="loud")

    assert judged("token.scope-failure-distinct", told).value == "passed"


def test_a_new_token_for_a_missing_scope_fails():
    events = token(0), lacks_scope(1), token(2, serial=2), lacks_scope(3, 2), raised("E: 403")

    verdict = judged("token.scope-failure-distinct", run(LACKING, *events, asks="loud"))

    assert verdict.value == "failed"
    sentence = "It fetched 1 new token after status 403 had told it that the scope does not suffice."
    assert verdict.findings[0].sentence == sentence


def test_a_new_token_for_each_record_fails():
    plan = "keystone push users.create#1:InsufficientScope()x*"
    keys = enumerate(("ada", "grace", "joan"), start=1)
    each = [
        event
        for serial, key in keys
        for event in (
            token(serial, serial),
            create(key, serial + 0.5, status=403, error=True, fault="InsufficientScope()"),
        )
    ]

    assert judged("token.scope-failure-distinct", run(plan, *each, asks="loud")).value == "failed"


@pytest.mark.parametrize(("tokens", "value"), [(1, "passed"), (2, "failed")])
def test_under_401_one_new_token_is_no_loop(tokens, value):
    again = [event for n in range(2, tokens + 2) for event in (token(n, n), lacks_scope(n + 0.5, n, 401))]

    looped = run(LACKING, token(0), lacks_scope(1, 1, 401), *again, raised("E: 401"), asks="loud")

    assert judged("token.scope-failure-distinct", looped).value == value


def test_a_token_that_has_grown_old_since_may_be_replaced():
    late = token(0, lifetime_s=2), lacks_scope(0.5), token(1.8, 2), exchange("users.list#2", 2.1), ended()

    assert (
        judged("token.scope-failure-distinct", run(LACKING.replace("x*", ""), *late, asks="either")).value == "passed"
    )


def test_scope_is_unknown_where_it_sufficed():
    rejected = run("keystone pull token#1:CredentialsRejected()x*", no_token(0), raised("E: 401"), asks="loud")

    assert judged("token.scope-failure-distinct", rejected).value == "unknown"
