"""Secrets of every kind are planted, each where such a secret stands, and again in other spellings: none is left."""

import base64
import gzip
import json
import zlib
from urllib.parse import quote

import pytest

from harness.stage.recordings import RecordedExchange, load, save
from harness.stage.sanitise import pseudonyms, sanitised, scan, scan_exchanges
from harness.stage.secret_rules import PEOPLE, RULES
from harness.stage.spellings import spellings


def exchange(**parts) -> RecordedExchange:
    given = {"url": "https://shop.test/", "request_headers": (), "request_body": b"", "reply_headers": ()}
    return RecordedExchange(**(given | {"method": "POST", "status": 200, "reply_body": b"", "reason": "OK"} | parts))


def sent(name, value):
    return exchange(request_headers=((name, value),))


def answered(reply):
    return exchange(reply_body=reply.encode())


def nested(levels, value):
    return value if not levels else json.dumps({"inner": nested(levels - 1, value)})


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


JWT = "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl"
GOOGLE = "AIza" + "Sy0aB-cD_" * 3 + "efghijkl"
SIGNED = "AWS4-HMAC-SHA256 Credential={}/20260101/eu/s3/aws4_request, SignedHeaders=host, Signature=4f9d2c7b81e64a03"
IN_FORM = '--b\r\nContent-Disposition: form-data; name="client_secret"\r\n\r\n{}\r\n--b--\r\n'
LATER_COOKIE = "lang=english1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/, sid={}; HttpOnly"
TELEGRAM = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
IN_JSON = b'{"body": "{\\"refresh_token\\": \\"%s\\"}"}'
HEX = "4f9d2c7b81e64a03b5d8c1f2a7e6093d"
LONG = "Qm9yZGVyQ29sbGllS2VubmVsMjAyNg_x-Zz19Yy28Xx37"
PEM = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
PLANTED = {
    "bearer token": (LONG, sent("Authorization", f"Bearer {LONG}")),
    "okta ssws token": (LONG, sent("Authorization", f"SSWS {LONG}")),
    "basic password": ("pa/ss+wo=rd9", sent("Authorization", basic("ada", "pa/ss+wo=rd9"))),
    "oauth 1 token": (HEX, sent("Authorization", f'OAuth realm="x", oauth_token="{HEX}", oauth_version="1.0"')),
    "digest response": (HEX, sent("Authorization", f'Digest realm="x", response="{HEX}"')),
    "session cookie": (LONG, sent("Cookie", f"theme=darkdark; JSESSIONID={LONG}")),
    "set cookie": (LONG, exchange(reply_headers=(("Set-Cookie", f"sid={LONG}; HttpOnly"),))),
    "api key header": (HEX, sent("X-Api-Key", HEX)),
    "datadog keys": (HEX, sent("DD-APPLICATION-KEY", HEX)),
    "gitlab token": (f"glpat-{HEX}", sent("Private-Token", f"glpat-{HEX}")),
    "azure subscription key": (HEX, sent("Ocp-Apim-Subscription-Key", HEX)),
    "api key in query": (HEX, exchange(url=f"https://shop.test/?api_key={HEX}&page=2")),
    "azure signed url": (
        "a/b+c=" + LONG[:40],
        exchange(url=f"https://shop.test/b?sv=1&sig={quote('a/b+c=' + LONG[:40], safe='')}"),
    ),
    "aws signed url": (HEX, exchange(url=f"https://shop.test/o?X-Amz-Expires=60&X-Amz-Signature={HEX}")),
    "client secret in form": ("T5t-Zx/9+QmV=0k", exchange(request_body=b"client_secret=T5t-Zx%2F9%2BQmV%3D0k")),
    "oauth 2 token": (LONG, exchange(reply_body=b'{"access_token": "%s"}' % LONG.encode())),
    "token in camel case": (LONG, exchange(reply_body=b'{"accessToken": "%s"}' % LONG.encode())),
    "token in json in json": (LONG, exchange(reply_body=IN_JSON % LONG.encode())),
    "soap session": (LONG, exchange(reply_body=b"<ns1:sessionId>%s</ns1:sessionId>" % LONG.encode())),
    "json path": (
        "ein-Passwort",
        exchange(request_body=b'{"credentials": {"password": {"value": "ein-Passwort"}}}'),
    ),
    "json web token": (JWT, exchange(reply_body=JWT.encode())),
    "fernet token": ("gAAAAA" + LONG + LONG, exchange(reply_body=b"is gAAAAA" + LONG.encode() * 2)),
    "private key": (
        PEM,
        exchange(reply_body=b'"-----BEGIN PRIVATE KEY-----\\n%s\\n-----END PRIVATE KEY-----"' % PEM.encode()),
    ),
    "aws access key": ("AKIAIOSFODNN7EXAMPLE", exchange(request_body=b"id AKIAIOSFODNN7EXAMPLE")),
    "github token": ("ghp_" + "a1B2c3D4" * 5, exchange(reply_body=b"is ghp_" + b"a1B2c3D4" * 5)),
    "slack token": ("xoxb-123456789012-abcdefABCDEF", exchange(reply_body=b"is xoxb-123456789012-abcdefABCDEF")),
    "slack hook": (
        "T00AB/B00CD/abcdefghijklmnop12345678",
        exchange(url="https://hooks.slack.com/services/T00AB/B00CD/abcdefghijklmnop12345678"),
    ),
    "stripe key": ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", exchange(reply_body=b"sk_live_4eC39HqLyjWDarjtT1zdp7dc")),
    "google key": (GOOGLE, exchange(reply_body=GOOGLE.encode())),
    "connection string": (
        LONG.replace("_", "").replace("-", "") + "==",
        exchange(reply_body=b"AccountName=a;AccountKey=%s==;" % LONG.replace("_", "").replace("-", "").encode()),
    ),
    "header of another name": (LONG, sent("X-Vendor-Token", LONG)),
    "key header of another name": (HEX, sent("X-MBX-APIKEY", HEX)),
    "aws key in a signature": ("AKIAIOSFODNN7EXAMPLE", sent("Authorization", SIGNED.format("AKIAIOSFODNN7EXAMPLE"))),
    "second cookie of a joined line": (LONG, exchange(reply_headers=(("Set-Cookie", LATER_COOKIE.format(LONG)),))),
    "token in a fragment": (LONG, exchange(reply_headers=(("Location", f"https://a.test/#access_token={LONG}"),))),
    "multipart form": (LONG, exchange(request_body=IN_FORM.format(LONG).encode())),
    "xml attribute": (LONG, answered(f'<user name="ada" password="{LONG}"/>')),
    "field of another name": (LONG, answered(f'{{"webhookSecret": "{LONG}"}}')),
    "json three deep": (LONG, answered(nested(2, json.dumps({"api_key": LONG})))),
    "json in base64": (LONG, answered(base64.b64encode(f'{{"api_key": "{LONG}"}}'.encode()).decode())),
    "json in a url": (LONG, exchange(url=f"https://a.test/?q={quote(json.dumps({'api_key': LONG}), safe='')}")),
    "url in a url": (LONG, exchange(url=f"https://a.test/?to={quote(f'https://b.test/?token={LONG}', safe='')}")),
    "url as go writes json": (LONG, answered(f'{{"next": "https://a.test/?page=2\\u0026token={LONG}"}}')),
    "python's quotes": (LONG, answered(f"{{'password': '{LONG}'}}")),
    "bearer in a body": (LONG, answered(f'curl -H "Authorization: Bearer {LONG}"')),
    "token before a host": (LONG, answered(f"git clone https://{LONG}@a.test/repo")),
    "telegram bot": (TELEGRAM, exchange(url=f"https://api.telegram.org/bot{TELEGRAM}/getMe")),
    "password in an address": ("hunter2hunter2", exchange(reply_headers=(("Location", "https://u:hunter2hunter2@shop.test/"),))),
}  # fmt: skip


def echoes(secret):
    """The same secret where no rule would look: as it is, URL-encoded, in Base64 alone and amid something longer."""
    encoded = [base64.b64encode(text.encode()).decode() for text in (secret, f"u:{secret}", f"user1:{secret}:tail")]
    url_safe = base64.urlsafe_b64encode(f"id={secret}".encode()).decode().rstrip("=")
    return exchange(
        url=f"https://shop.test/find?q={quote(secret, safe='')}&t={url_safe}",
        request_headers=(("X-Note", f"said {secret}"),),
        reply_body=f'{{"said": "{secret}", "encoded": {encoded}}}'.encode(),
    )


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
@pytest.mark.parametrize("kind", PLANTED)
def test_no_trace_of_a_planted_secret_is_left_on_disk(tmp_path, kind, suffix):
    secret, where = PLANTED[kind]
    path = tmp_path / f"planted{suffix}"
    recorded = (where, echoes(secret))
    save(path, recorded, product="Shop", recorded_at="")
    assert scan(path, known=[secret]) != ()

    mapping = pseudonyms(recorded)
    save(path, [sanitised(one, mapping) for one in recorded], product="Shop", recorded_at="")

    # YAML may break a long text over lines.
    on_disk = path.read_text(encoding="utf-8").replace("\\\n", "").replace("\n", "").replace(" ", "")
    assert [form for form in spellings(secret) if form.replace(" ", "") in on_disk] == []
    assert scan(path, known=[secret]) == ()
    assert len(load(path).exchanges) == 2


@pytest.mark.parametrize(("coding", "squeeze", "read"), [("gzip", gzip.compress, gzip.decompress),
                                                        ("deflate", zlib.compress, zlib.decompress)])  # fmt: skip
def test_a_secret_in_a_compressed_request_is_taken_out_of_it(coding, squeeze, read):
    recorded = exchange(
        request_headers=(("Content-Encoding", coding), ("Content-Length", "7")),
        request_body=squeeze(b'{"client_secret": "%s"}' % LONG.encode()),
    )

    clean = sanitised(recorded, pseudonyms([recorded]))

    assert read(clean.request_body) == b'{"client_secret": "%s"}' % b"pseudonym-secret-1".ljust(len(LONG), b"x")
    assert clean.request_headers == (("Content-Encoding", coding), ("Content-Length", str(len(clean.request_body))))


def test_a_secret_in_hexadecimal_digits_or_in_the_reason_is_taken_out():
    recorded = exchange(reply_body=f'{{"token": "{LONG}", "hex": "{LONG.encode().hex()}"}}'.encode(), reason=LONG)

    clean = sanitised(recorded, pseudonyms([recorded]))

    assert LONG not in repr(clean)
    assert LONG.encode().hex() not in repr(clean)


@pytest.mark.parametrize("body", [
    '{"nextPageToken": "abcdefghijkl", "next_sync_token": "abcdefghijkl", "continuation-token": "abcdefghijkl"}',
    '{"bos_token": "<begin>", "token_type": "Bearer", "max_tokens": "4096", "tokenizer": "wordpiece"}',
    '{"password_policy": "strong", "secretary": "Ada", "primaryKey": "abcdefghijkl", "passwordChanged": "2026-01-01"}',
    "?_token=eyJsYXN0IjogMX0abcdef",
])  # fmt: skip
def test_what_only_sounds_like_a_secret_is_none(body):
    assert pseudonyms([answered(body)]) == {}


@pytest.mark.parametrize(
    "value", ["REDACTED", "<ACCESS_TOKEN>", "<<ACCESS_TOKEN>>", "{{token}}", "***", "[FILTERED]", "Sanitized"]
)
def test_what_somebody_took_out_already_is_no_secret(value):
    recorded = exchange(
        request_headers=(("Authorization", f"Bearer {value}"),), reply_body=b'{"token": "%s"}' % value.encode()
    )

    assert pseudonyms([recorded]) == {}
    assert scan_exchanges([recorded], where="flow") == ()


def test_more_than_twenty_kinds_are_planted():
    assert len(PLANTED) >= 20


def test_people_stay_unless_asked_for():
    recorded = exchange(reply_body=b'{"email": "ada@corp.com", "givenName": "Ada"}')

    assert pseudonyms([recorded]) == {}


def test_people_are_taken_out_on_request_the_same_one_everywhere():
    recorded = exchange(
        url="https://shop.test/find?mail=ada%40corp.com",
        reply_body=b'{"email": "ada@corp.com", "boss": "<bob@corp.com>", "givenName": "Ada", "note": "ada@corp.com"}',
    )
    rules = (*RULES, *PEOPLE)

    clean = sanitised(recorded, pseudonyms([recorded], rules=rules), rules=rules)

    assert clean.url == "https://shop.test/find?mail=pseudonym-email-1%40example.org"
    assert clean.reply_body == (
        b'{"email": "pseudonym-email-1@example.org", "boss": "<pseudonym-email-2@example.org>", '
        b'"givenName": "pseudonym-person-1", "note": "pseudonym-email-1@example.org"}'
    )
    assert pseudonyms([clean], rules=rules) == {}


def test_what_encodes_a_secret_is_encoded_again_with_the_pseudonym():
    token = base64.b64encode(b'{"user": "ada", "token": "abcdefgh12345"}').decode()
    recorded = exchange(url="https://shop.test/?token=abcdefgh12345", reply_body=f"state={token}".encode())

    clean = sanitised(recorded, pseudonyms([recorded]))

    state = base64.b64decode(clean.reply_body.removeprefix(b"state="))
    assert state == b'{"user": "ada", "token": "pseudonym-token-1"}'
