"""A sandbox account as a vendor: what is sent, what comes back, and how much is asked at the most."""

import ssl
from dataclasses import replace

import pytest
import trustme

from harness.dialects import KEYSTONE
from harness.stage.account import Account, Changed
from harness.stage.http1 import Request
from harness.stage.live import Live, Trouble
from harness.stage.upstream import NoAnswer
from tests.sandbox_account import CREDENTIALS, TOKEN, answering, renamed, sandbox_account

OWN = (("authorization", "Basic b3duOnNlY3JldA=="), ("x-auth-token", "the-run's-own"), ("cookie", "a=b"))
LIST = Request("GET", "/v3/users", OWN, b"", "keystone.test", tls=True)
GRANT = Request("POST", "/v3/OS-OAUTH2/token", OWN, b"grant_type=client_credentials", "keystone.test", tls=True)


@pytest.fixture
def account():
    with sandbox_account() as account:
        yield account


def trouble_of(live, request=LIST):
    with pytest.raises(Trouble) as caught:
        live.handle(request)
    return caught.value


def test_a_request_is_signed_with_the_accounts_own_credentials_and_carries_no_other(account):
    account.live().handle(LIST)

    assert account.requests == [("POST", "/v3/OS-OAUTH2/token"), ("GET", "/v3/users")]
    assert [one.header("x-auth-token") for one in account.seen] == [None, TOKEN]
    assert "b3duOnNlY3JldA==" not in repr(account.seen)
    assert all(one.header("cookie") is None for one in account.seen)


def test_an_answer_reads_as_if_the_vendor_lived_at_its_dialects_address(account):
    body = account.live().handle(LIST).body.decode()

    assert "https://keystone.test/v3/users?marker=" in body
    assert "127.0.0.1" not in body


def test_a_token_is_told_under_a_pseudonym_of_its_length_and_its_lifetime_is_the_vendors(account):
    body = account.live().handle(GRANT).body.decode()

    assert TOKEN not in body
    assert f'"{TOKEN[:6].ljust(len(TOKEN), "x")}"' in body
    assert '"expires_in": 20' in body


def test_no_secret_of_the_account_comes_back_where_the_vendor_repeats_it():
    def echo(account, request, clean):
        reply = clean(request)
        if request.method != "GET":
            return reply
        told = f"{CREDENTIALS.client_secret} {TOKEN}".encode()
        return replace(reply, body=reply.body + told, headers=(("Set-Cookie", "sid=1"), ("X-Echo", TOKEN)))

    with sandbox_account(meddle=echo) as account:
        reply = account.live().handle(LIST)

    assert TOKEN not in repr(reply)
    assert CREDENTIALS.client_secret not in repr(reply)
    assert reply.header("set-cookie") is None


def test_a_token_that_was_taken_back_is_replaced_once_and_unseen():
    refuses = answering(401, at=lambda number: number == 2)
    with sandbox_account(meddle=refuses) as account:
        assert account.live().handle(LIST).status == 200
        assert [target for _, target in account.requests].count("/v3/OS-OAUTH2/token") == 2


def test_the_budget_is_never_exceeded_and_what_is_kept_back_is_for_cleaning_up(account):
    live = account.live(max_requests=4)
    live.reserve = 1
    live.handle(LIST)
    live.handle(LIST)

    assert trouble_of(live).kind == "budget_spent"
    assert live.tidy(LIST).status == 200
    with pytest.raises(Trouble, match="the budget of 4 requests is spent"):
        live.tidy(LIST)
    assert len(account.requests) == live.requests == 4


def test_requests_are_as_far_apart_as_the_rate_says(account):
    now_s, slept_s = [0.0], []

    def sleep(seconds):
        slept_s.append(seconds)
        now_s[0] += seconds

    live = account.live()
    slow = Live(KEYSTONE, replace(live.sandbox, per_second=4), CREDENTIALS, now_s=lambda: now_s[0], sleep=sleep)
    for _ in range(3):
        slow.handle(LIST)

    assert slept_s == [0.25, 0.25, 0.25]


def test_a_limit_of_the_vendors_own_is_obeyed_and_counted():
    limits = answering(429, at=lambda number: number == 2, headers=(("Retry-After", "7"),))
    with sandbox_account(meddle=limits) as account:
        slept_s = []
        live = account.live()
        patient = Live(KEYSTONE, live.sandbox, CREDENTIALS, now_s=lambda: 0.0, sleep=slept_s.append)

        assert patient.handle(LIST).status == 200
        assert (patient.limited, patient.limited_wait_s) == (1, 7.0)
        assert 7.0 in slept_s


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_read_that_fails_is_tried_once_more_before_the_vendor_is_called_down(status):
    with sandbox_account(meddle=answering(status, at=lambda number: number == 2)) as account:
        live = Live(KEYSTONE, account.live().sandbox, CREDENTIALS, sleep=lambda seconds: None)
        assert live.handle(LIST).status == 200
    with sandbox_account(meddle=answering(status, at=lambda number: number >= 2)) as account:
        live = Live(KEYSTONE, account.live().sandbox, CREDENTIALS, sleep=lambda seconds: None)
        told = trouble_of(live)

    assert told.kind == "vendor_down"
    assert f"GET /v3/users answered {status} (Not now.)" in str(told)


def test_a_write_whose_answer_failed_is_not_sent_again():
    with sandbox_account(meddle=answering(503, at=lambda number: number == 2)) as account:
        create = replace(LIST, method="POST", body=b'{"user": {"name": "harness-abcdef-tp0000-x"}}')

        assert trouble_of(account.live(), create).kind == "vendor_down"
        assert len(account.requests) == 2


def test_after_a_trouble_nothing_is_asked_any_more(account):
    live = account.live(max_requests=1)
    first, second = trouble_of(live), trouble_of(live)

    assert (first.kind, str(first)) == (second.kind, str(second))
    assert len(account.requests) == 1


def test_nothing_is_written_where_the_rules_allow_no_writes(account):
    assert trouble_of(account.live(writes=False), replace(LIST, method="POST")).kind == "not_allowed"
    assert account.requests == []


def test_credentials_that_are_refused_are_called_that(account):
    wrong = Live(KEYSTONE, account.live().sandbox, replace(CREDENTIALS, client_secret="wrong-secret"))
    told = trouble_of(wrong)

    assert told.kind == "credentials_refused"
    assert "wrong-secret" not in str(told)


def test_a_host_that_does_not_answer_is_down_and_one_that_does_not_exist_is_unknown(account):
    rules = account.live().sandbox
    closed = Live(KEYSTONE, replace(rules, base_url="http://127.0.0.1:9"), CREDENTIALS, sleep=lambda seconds: None)
    nowhere = Live(KEYSTONE, replace(rules, base_url="http://sandbox.invalid"), CREDENTIALS)

    assert (trouble_of(closed).kind, trouble_of(nowhere).kind) == ("vendor_down", "unknown_host")


def test_a_certificate_that_nobody_vouches_for_is_a_tls_failure():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with sandbox_account(tls=context) as account:
        told = trouble_of(account.live())

    assert told.kind == "tls"
    assert "certificate verify failed" in str(told)


def test_an_answer_that_does_not_come_in_time_is_not_waited_for_twice(account):
    def silent(*request):
        raise NoAnswer("no_answer", "no answer came within 30 s")

    live = Live(KEYSTONE, account.live().sandbox, CREDENTIALS, send=silent)

    assert trouble_of(live).kind == "vendor_down"
    assert live.requests == 1


# -- the account -------------------------------------------------------------------------------------------------------


def test_the_account_is_listed_to_its_last_page(account):
    owner = account.account()

    assert len(owner.records()) == 7
    assert owner.pages == 3


def test_a_tagged_record_is_found_by_its_key_and_removed(account):
    owner = account.account()
    owner.create("harness-abcdef-tp0000-1", {})

    assert [one["name"] for one in owner.held("harness-abcdef-tp0000-1")] == ["harness-abcdef-tp0000-1"]
    assert owner.remove(owner.tagged(owner.records())).removed == ("harness-abcdef-tp0000-1",)
    assert account.tagged() == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [("name", "username", "a record of users has no name; it has"), ("id", "uuid", "a record of users has no id")],
)
def test_a_record_without_its_key_or_id_is_a_change_of_the_vendors(old, new, told):
    with sandbox_account(meddle=renamed(old, new)) as account, pytest.raises(Changed, match=told):
        Account(account.live()).records()
