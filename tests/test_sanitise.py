"""Secrets leave an exchange everywhere at once, and what is left of one is found."""

import base64
import json
from pathlib import Path

import pytest

from harness.stage.recordings import RecordedExchange, save
from harness.stage.sanitise import is_pseudonym, pseudonym, pseudonyms, rehosted, sanitised, scan
from harness.stage.secret_rules import FieldRule

CASSETTES = Path(__file__).resolve().parents[1] / "cassettes"
SHIPPED = sorted([*CASSETTES.glob("*/*"), CASSETTES / "README.md"])

TOKEN = "gAAAAABrBDcAq1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0x1c2v3b4n5m6Q7W8E9R0"
CLIENT = "eac6b4c83e8d44bcb08c56024742820c"
SECRET = "T5t-Zx/9+QmV=0k"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def exchange(
    *,
    url: str = "https://shop.test/",
    sent: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    answered: tuple[tuple[str, str], ...] = (),
    reply: bytes = b"",
) -> RecordedExchange:
    return RecordedExchange(
        method="POST",
        url=url,
        request_headers=sent,
        request_body=body,
        status=200,
        reply_headers=answered,
        reply_body=reply,
        reason="OK",
    )


GRANT = exchange(
    url="https://shop.test/token",
    sent=(("Authorization", basic(CLIENT, SECRET)),),
    body=b"grant_type=client_credentials",
    answered=(("Content-Length", "100"),),
    reply=json.dumps({"access_token": TOKEN, "expires_in": 20}).encode(),
)
USE = exchange(url="https://shop.test/orders", sent=(("X-Auth-Token", TOKEN),), reply=b'{"orders": []}')


def clean(*exchanges: RecordedExchange) -> tuple[RecordedExchange, ...]:
    mapping = pseudonyms(exchanges)
    return tuple(sanitised(one, mapping) for one in exchanges)


# -- pseudonyms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "stand_in"),
    [
        ("password", "correct horse battery", "pseudonym-password-7x"),
        ("password", "short", "pseudonym-password-7"),
        ("client", "eac6b4c83e8d44bcb08c56024742820c", "facade00000000000000000000000007"),
        ("key", "6f1d2fc7-f9ce-4c3c-84a3-62b8aaaa1234", "facade00-0000-0000-0000-000000000007"),
        ("token", "gAAAAABrBDcAq1w2e3r4t5y6u7i8o9p0", "gAAAAApseudonym-token-7xxxxxxxxx"),
        ("key", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "sk_live_pseudonym-key-7xxxxxxxxx"),
        ("token", "0123456789abcdef0123+\\", "facade00000000000007+\\"),
        ("jwt", "eyJhbGciOi.eyJzdWIi.c2lnbmF0", "eyJwc2V1ZG9ueW0.pseudonym-jwt-7.pseudonym"),
    ],
)
def test_a_pseudonym_has_the_shape_of_the_secret(kind, value, stand_in):
    assert pseudonym(kind, 7, value) == stand_in
    assert is_pseudonym(stand_in)
    assert not is_pseudonym(value)


def test_two_secrets_never_share_a_pseudonym():
    values = [f"{CLIENT[:-2]}{number:02x}" for number in range(100)]

    assert len({pseudonym("client", serial, value) for serial, value in enumerate(values)}) == 100


def test_the_same_recording_gives_the_same_pseudonyms_again():
    other = TOKEN[:-8] + "Z9Y8X7W6"
    again = exchange(reply=json.dumps({"access_token": other, "expires_in": 20}).encode())

    assert clean(exchange(reply=GRANT.reply_body)) == clean(again)


# -- consistency -----------------------------------------------------------------------------------------------------


def test_the_token_that_is_granted_is_the_token_that_is_used():
    grant, use = clean(GRANT, USE)

    granted = json.loads(grant.reply_body)["access_token"]
    assert dict(use.request_headers)["X-Auth-Token"] == granted
    assert granted.startswith("gAAAAApseudonym-token-1")
    assert len(granted) == len(TOKEN)


def test_a_basic_pair_is_encoded_again():
    (grant,) = clean(GRANT)

    pair = base64.b64decode(dict(grant.request_headers)["Authorization"].removeprefix("Basic ")).decode()
    assert pair == "facade00000000000000000000000001:pseudonym-password-1"


def test_a_secret_known_beforehand_is_replaced_where_no_rule_looks():
    mapping = pseudonyms([], known=[("secret", SECRET)])

    one = sanitised(exchange(reply=b"your key T5t-Zx/9+QmV=0k is fine"), mapping)

    assert one.reply_body == b"your key pseudonym-secret-1 is fine"


def test_a_secret_is_replaced_in_its_other_spellings():
    mapping = pseudonyms([], known=[("secret", SECRET)])
    spelled = f"?key=T5t-Zx%2F9%2BQmV%3D0k&b64={base64.b64encode(SECRET.encode()).decode()}"

    one = sanitised(exchange(url=f"https://shop.test/{spelled}"), mapping)

    stand_in = base64.b64encode(b"pseudonym-secret-1").decode()
    assert one.url == f"https://shop.test/?key=pseudonym-secret-1&b64={stand_in}"


def test_a_secret_that_is_part_of_anothers_pseudonym_leaves_that_whole():
    zeros = "0" * 20

    (one,) = clean(exchange(reply=json.dumps({"token": "e7" * 20, "client_id": zeros}).encode()))

    assert json.loads(one.reply_body) == {
        "token": pseudonym("token", 1, "e7" * 20),
        "client_id": pseudonym("client", 1, zeros),
    }


def test_a_short_secret_is_replaced_only_where_it_is_one():
    sent = (("Authorization", basic("admin", "admin")),)

    (one,) = clean(exchange(sent=sent, reply=b'{"name": "admin", "password": "admin"}'))

    assert one.reply_body == b'{"name": "admin", "password": "pseudonym-user-1"}'


def test_lengths_follow_the_bodies():
    (one,) = clean(
        exchange(
            sent=(("Content-Length", "13"),),
            body=b"password=abcd",
            answered=(("content-length", "17"),),
            reply=b'{"token": "abcd"}',
        )
    )

    assert one.request_body == b"password=pseudonym-password-1"
    assert one.request_headers == (("Content-Length", "29"),)
    assert one.reply_headers == (("content-length", str(len(one.reply_body))),)


def test_the_length_that_a_reply_to_head_tells_is_left_alone():
    (one,) = clean(exchange(answered=(("Content-Length", "512"),)))

    assert one.reply_headers == (("Content-Length", "512"),)


def test_what_is_no_secret_stays():
    one = exchange(
        url="https://shop.test/orders?page=2",
        sent=(("Accept", "*/*"), ("Content-Type", "application/json")),
        body='{"user": {"name": "zoë"}}'.encode(),
        answered=(("X-Request-Id", "req-7ecce210-32f9-4056-85d2-88207b5c716b"),),
        reply=b'{"id": "edf2aabeb7004fc0a4b463fe9d85ad77", "token": {"kind": "none"}, "password_expires_at": null}',
    )

    assert clean(one) == (one,)


def test_a_token_that_the_vendor_gives_to_everybody_stays():
    one = exchange(body=b"action=edit&token=%2B%5C&format=json")

    assert clean(one) == (one,)


# -- where secrets stand ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (exchange(sent=(("Authorization", "Bearer abcdefgh1"),)), "Bearer pseudonym-token-1"),
        (exchange(sent=(("authorization", "token abcdefgh1"),)), "token pseudonym-token-1"),
        (exchange(sent=(("X-API-Key", "abcdefgh1"),)), "pseudonym-key-1"),
        (exchange(sent=(("Cookie", "a=abcdefgh1; b=abcdefgh2"),)), "a=pseudonym-cookie-1; b=pseudonym-cookie-2"),
        (exchange(answered=(("Set-Cookie", "s=abcdefgh1; path=/; Secure"),)), "s=pseudonym-cookie-1; path=/; Secure"),
        (exchange(answered=(("X-Subject-Token", "abcdefgh1"),)), "pseudonym-token-1"),
        (exchange(answered=(("Location", "https://a.test/?token=abcdefgh1"),)), "https://a.test/?token=pseudonym-token-1"),
        (exchange(url="https://a.test/?api_key=abcdefgh1&page=2"), "https://a.test/?api_key=pseudonym-key-1&page=2"),
        (exchange(body=b"grant_type=x&client_secret=abc%2Bdefgh"), "grant_type=x&client_secret=pseudonym-secret-1"),
        (exchange(reply=b'{"refresh_token" : "abc\\"defgh"}'), '{"refresh_token" : "pseudonym-token-1"}'),
        (exchange(reply=b'{"user": {"Password": "abcdefgh1"}}'), '{"user": {"Password": "pseudonym-password-1"}}'),
        (exchange(reply=b"eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl"), "eyJwc2V1ZG9ueW0.pseudonym-jwt-1.pseudonym"),
    ],
    ids=[
        "bearer", "token-scheme", "api-key-header", "cookies", "set-cookie", "subject-token", "url-in-header",
        "query", "form", "json-escaped", "json-any-case", "jwt-anywhere",
    ],
)  # fmt: skip
def test_a_secret_is_replaced_where_it_stands(found, expected):
    (one,) = clean(found)

    values = [value for _, value in (*one.request_headers, *one.reply_headers)]
    assert expected in [one.url, *values, one.request_body.decode(), one.reply_body.decode()]


def test_a_vendor_may_have_rules_of_its_own():
    rules = (FieldRule(name="pin", fields=("pin",)),)
    one = exchange(reply=b'{"pin": "123456", "password": "stays"}')

    cleaned = sanitised(one, pseudonyms([one], rules=rules), rules=rules)

    assert cleaned.reply_body == b'{"pin": "pseudonym-pin-1", "password": "stays"}'


# -- the vendor's address --------------------------------------------------------------------------------------------


def test_a_vendor_moves_with_all_its_links():
    one = exchange(
        url="http://127.0.0.1:9200/v3/users",
        sent=(("Referer", "http://127.0.0.1:9200/"),),
        answered=(("Host", "127.0.0.1:9200"), ("Content-Length", "52")),
        reply=b'{"next": "http://127.0.0.1:9200/v3/users?marker=1"}\n',
    )

    moved = rehosted(one, origin="http://127.0.0.1:9200", address="https://keystone.test")

    assert moved.url == "https://keystone.test/v3/users"
    assert moved.request_headers == (("Referer", "https://keystone.test/"),)
    assert moved.reply_body == b'{"next": "https://keystone.test/v3/users?marker=1"}\n'
    assert moved.reply_headers == (("Host", "keystone.test"), ("Content-Length", "52"))


def test_a_vendor_moves_with_links_whose_slashes_are_escaped():
    one = exchange(url="http://127.0.0.1:9200/", reply=rb'{"next": "http:\/\/127.0.0.1:9200\/v3\/users"}')

    moved = rehosted(one, origin="http://127.0.0.1:9200", address="https://keystone.test")

    assert moved.reply_body == rb'{"next": "https:\/\/keystone.test\/v3\/users"}'


# -- the scan --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"the token {TOKEN} was used", "token"),
        ("Authorization: Bearer 0123456789abcdef", "token"),
        (f"Authorization: {basic('admin', 'hunter2!')}", "password"),
        ("POST client_id=abc&client_secret=xyz", "secret"),
        ('{"access_token": "abc"}', "token"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", "jwt"),
    ],
    ids=["fernet", "bearer", "basic", "form", "json", "jwt"],
)
def test_a_secret_in_a_text_is_found(text, kind):
    assert kind in [finding.kind for finding in scan(text)]


@pytest.mark.parametrize(
    "text",
    [
        'WWW-Authenticate: Basic realm="Realm"',
        'WWW-Authenticate: Bearer realm="SCIM", error="invalid_token"',
        "sends Bearer authentication and Basic authentication",
        f"Authorization: {basic('facade00000000000000000000000001', 'pseudonym-secret-1')}",
        "Authorization: Bearer gAAAAApseudonym-token-1xxxx",
        "token=%2B%5C",
        f'{{"after": "AgAAAYGCFWhQ_{TOKEN}"}}',
    ],
)
def test_what_is_no_secret_is_not_found(text):
    assert scan(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        f"in the middle{SECRET}of words",
        "q=T5t-Zx%2F9%2BQmV%3D0k",
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"a:{SECRET}".encode()).decode(),
        base64.b64encode(f"ab:{SECRET}".encode()).decode(),
        base64.b64encode(f"abc:{SECRET}:more".encode()).decode(),
    ],
    ids=["plain", "url", "base64", "base64-after-2", "base64-after-3", "base64-after-4"],
)
def test_a_known_secret_is_found_in_every_spelling(text):
    assert [finding.kind for finding in scan(text, known=[SECRET])] == ["known"]


def test_a_finding_does_not_tell_the_secret():
    (finding,) = scan('{"access_token": "abcdefghijklmnop"}')

    assert finding.shown == "abcd... (16 characters)"
    assert "abcdefgh" not in repr(finding)


PLANTED = {
    "bearer": exchange(sent=(("Authorization", "Bearer planted1"),)),
    "basic": exchange(sent=(("Authorization", basic("u", "p")),)),
    "cookie": exchange(sent=(("Cookie", "s=planted"),)),
    "set-cookie": exchange(answered=(("Set-Cookie", "s=planted; path=/"),)),
    "x-auth-token": exchange(sent=(("X-Auth-Token", "planted"),)),
    "x-api-key": exchange(sent=(("X-Api-Key", "planted"),)),
    "query": exchange(url="https://shop.test/?api_key=planted"),
    "form": exchange(body=b"client_secret=planted"),
    "json": exchange(reply=b'{"password": "planted"}'),
    "token-in-binary": exchange(reply=b"\xff\xfe" + TOKEN.encode()),
    "known-in-binary": exchange(reply=b"\xff\xfe" + SECRET.encode()),
}


@pytest.mark.parametrize("name", [*(f"{name}.yaml" for name in PLANTED), "bearer.json", "basic.json", "form.json"])
def test_a_secret_planted_in_a_cassette_is_found(tmp_path, name):
    path = tmp_path / name
    save(path, [USE_CLEAN, PLANTED[path.stem]], product="Shop", recorded_at="")

    findings = scan(path, known=[SECRET])

    assert any("interaction 2" in finding.where for finding in findings)
    assert not any("interaction 1" in finding.where for finding in findings)


USE_CLEAN = exchange(sent=(("X-Auth-Token", "gAAAAApseudonym-token-1xxx"),), reply=b'{"orders": []}')


@pytest.mark.parametrize("path", SHIPPED, ids=[f"{path.parent.name}.{path.stem}".lower() for path in SHIPPED])
def test_nothing_that_is_shipped_holds_a_secret(path):
    assert scan(path) == ()
