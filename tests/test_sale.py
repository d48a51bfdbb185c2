"""How tokens are sold, read and written as the vendor's end does: OAuth2's way, and a login's in each of its forms."""

import json

import pytest

from harness.dialects.facts import LoginSession, OAuth2
from harness.stage.http1 import Reply, Request
from harness.stage.sale import buyers_in, filled, lifetime_s, token_in, with_lifetime, with_token

NOON_S = 1_800_014_400
NOON = "Fri, 15 Jan 2027 12:00:00 GMT"
OAUTH = OAuth2(token_path="/token")
USER = ("auth", "user")
KEYSTONE_LIKE = LoginSession(
    token_path="/tokens",
    username_at=(*USER, "name"),
    password_at=(*USER, "password"),
    others=((("auth", "methods"), ("password",)),),
    token_header="X-Subject-Token",
    ends_at=("token", "expires_at"),
    ends_form="iso8601",
)


def in_form(form, at=("ends",)):
    return LoginSession(token_path="/login", body="form", ends_at=at, ends_form=form)


def reply(document, *headers):
    return Reply(201, (("Date", NOON), *headers), json.dumps(document).encode())


def document(one):
    return json.loads(one.body)


@pytest.mark.parametrize(
    ("sale", "told", "expected_s"),
    [
        (OAUTH, {"access_token": "t", "expires_in": 20}, 20),
        (OAUTH, {"access_token": "t", "expires_in": "20"}, 20),
        (OAUTH, {"access_token": "t"}, None),
        (in_form("delta_s"), {"ends": 20}, 20),
        (in_form("delta_ms"), {"ends": 20_000}, 20),
        (in_form("epoch_s"), {"ends": NOON_S + 20}, 20),
        (in_form("epoch_ms"), {"ends": (NOON_S + 20) * 1000}, 20),
        (KEYSTONE_LIKE, {"token": {"expires_at": "2027-01-15T12:00:20.000000Z"}}, 20),
        (KEYSTONE_LIKE, {"token": {"expires_at": "soon"}}, None),
        (KEYSTONE_LIKE, {"token": {}}, None),
    ],
)
def test_a_lifetime_counts_from_the_replys_own_date(sale, told, expected_s):
    assert lifetime_s(sale, reply(told)) == expected_s


@pytest.mark.parametrize("form", ["delta_s", "delta_ms", "epoch_s", "epoch_ms", "iso8601"])
def test_a_lifetime_that_is_told_is_read_as_it_was_meant(form):
    told = with_lifetime(in_form(form), reply({"ends": 1}), 90, now_s=float(NOON_S))

    assert lifetime_s(in_form(form), told) == 90


def test_a_lifetime_may_be_told_as_text_or_not_at_all():
    recorded = reply({"access_token": "t", "expires_in": 20})

    assert document(with_lifetime(OAUTH, recorded, "20", now_s=0.0))["expires_in"] == "20"
    assert document(with_lifetime(OAUTH, recorded, None, now_s=0.0)) == {"access_token": "t"}


def test_a_token_in_a_header_is_found_and_replaced_there():
    recorded = reply({"token": {}}, ("X-Subject-Token", "old"))

    assert token_in(KEYSTONE_LIKE, recorded) == "old"
    assert token_in(KEYSTONE_LIKE, with_token(KEYSTONE_LIKE, recorded, "new")) == "new"


def test_a_token_in_the_body_is_found_and_replaced_there():
    recorded = reply({"access_token": "old", "scope": "all"})

    assert token_in(OAUTH, recorded) == "old"
    assert document(with_token(OAUTH, recorded, "new")) == {"access_token": "new", "scope": "all"}


def test_who_logs_in_says_so_in_the_body():
    asked = {"auth": {"user": {"name": "ada", "password": "p w"}}}
    in_json = Request("POST", "/tokens", (), json.dumps(asked).encode(), "v.test", tls=True)
    in_a_form = Request("POST", "/login", (), b"username=ada&password=p+w", "v.test", tls=True)

    assert buyers_in(KEYSTONE_LIKE, in_json) == buyers_in(in_form("delta_s"), in_a_form) == (("ada", "p w"),)


def test_a_login_is_filled_in_with_what_the_vendor_insists_on():
    assert json.loads(filled(KEYSTONE_LIKE, b"", "ada", "pw")) == {
        "auth": {"methods": ["password"], "user": {"name": "ada", "password": "pw"}}
    }


def test_a_login_that_somebody_made_up_keeps_what_else_it_says():
    assert filled(in_form("delta_s"), b"username=x&password=y&realm=staff", "ada", "p w") == (
        b"username=ada&password=p+w&realm=staff"
    )
