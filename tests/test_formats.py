"""A miniature of each tool's format, and the exchanges that are in it."""

import base64
import gzip
import json
from pathlib import Path

import pytest
import yaml

from harness.stage.formats import FORMATS, recognised
from harness.stage.recordings import RecordedExchange, RecordingError
from harness.stage.sources import Source, SourceFile, read_source, source_files

DECODED = "the body was kept decoded; it was written as JSON anew, so its spacing is not the vendor's"
PLACED = "no host is named; it was put at https://vendor.test"
SHOWN = RecordedExchange(
    method="GET",
    url="https://shop.test/orders?page=1",
    request_headers=(("Accept", "application/json"),),
    request_body=b"",
    status=200,
    reply_headers=(("Content-Type", "application/json"), ("Content-Length", "17")),
    reply_body=b'{"orders": ["a"]}',
    reason="OK",
)
MADE = RecordedExchange(
    method="POST",
    url="https://shop.test/orders",
    request_headers=(("Content-Type", "application/json"),),
    request_body=b'{"sku":"a"}',
    status=201,
    reply_headers=(("Content-Type", "application/json"), ("Content-Length", "8")),
    reply_body=b'{"id":1}',
    reason="Created",
)
PACKED = base64.b64encode(gzip.compress(b'{"orders": ["a"]}')).decode()

VCRPY = """\
interactions:
- request: {method: GET, uri: 'https://shop.test/orders?page=1', body: null, headers: {Accept: [application/json]}}
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [application/json], Content-Length: ['17']}
    body: {string: '{"orders": ["a"]}'}
version: 1
"""
RUBY = """\
http_interactions:
- request:
    method: get
    uri: https://shop.test/orders?page=1
    body: {encoding: US-ASCII, string: ''}
    headers: {Accept: [application/json]}
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [application/json]}
    body:
      encoding: ASCII-8BIT
      string: !binary |-
        eyJvcmRlcnMiOiBbImEiXX0=
    http_version:
  recorded_at: Wed, 15 Jan 2025 14:26:26 GMT
recorded_with: VCR 6.0.0
"""
GO = """\
---
version: 2
interactions:
- id: 0
  request:
    body: ''
    headers: {Accept: [application/json]}
    url: https://shop.test/orders?page=1
    method: GET
  response:
    trailer: {}
    content_length: -1
    uncompressed: true
    body: '{"orders": ["a"]}'
    headers: {Content-Type: [application/json]}
    status: 200 OK
    code: 200
    duration: 328ms
"""


def ruby_json(**response: object) -> str:
    request = {"method": "get", "uri": SHOWN.url, "body": "", "headers": {"Accept": "application/json"}}
    headers = {"Content-Type": ["application/json"], "Content-Encoding": ["gzip"]}
    body = {"encoding": "UTF-8", "base64_string": PACKED}
    answer = {"status": {"code": 200, "message": "OK"}, "headers": headers, "body": body, **response}
    entry = {"request": request, "response": answer, "recorded_at": "2025-01-15T14:26:26"}
    return json.dumps({"http_interactions": [entry], "recorded_with": "some tool"})


def har(creator: str, content: dict[str, object], headers: dict[str, str]) -> str:
    def lines(pairs: dict[str, str]) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in pairs.items()]

    get = {"method": "GET", "url": SHOWN.url, "headers": lines({"Accept": "application/json"}), "queryString": []}
    posted = {"mimeType": "application/json", "text": '{"sku":"a"}'}
    post = {"method": "POST", "url": MADE.url, "headers": lines(dict(MADE.request_headers)), "postData": posted}
    shown = {"status": 200, "statusText": "OK", "headers": lines(headers), "content": content}
    made = {
        "status": 201,
        "statusText": "Created",
        "headers": lines({":status": "201", "Content-Type": "application/json"}),
        "content": {"size": 8, "text": '{"id":1}'},
    }
    entries = [
        {"startedDateTime": "2025-01-15T14:26:27.000Z", "request": post, "response": made},
        {"startedDateTime": "2025-01-15T14:26:26.000Z", "request": get, "response": shown},
    ]
    return json.dumps({"log": {"version": "1.2", "creator": {"name": creator, "version": "1"}, "entries": entries}})


POLLY = har(
    "Polly.JS",
    {"encoding": "base64", "size": 40, "text": json.dumps([PACKED])},
    {"content-type": "application/json", "content-encoding": "gzip"},
)
PLAIN_HAR = har(
    "a browser",
    {"size": 17, "text": '{"orders": ["a"]}'},
    {"content-type": "application/json", "content-encoding": "br"},
)
NOCK = json.dumps(
    [
        {
            "scope": "https://shop.test:443",
            "method": "GET",
            "path": "/orders?page=1",
            "body": "",
            "status": 200,
            "response": [
                gzip.compress(b'{"orders": ["a"]}').hex()[:20],
                gzip.compress(b'{"orders": ["a"]}').hex()[20:],
            ],
            "reqheaders": {"Accept": "application/json"},
            "rawHeaders": ["Content-Type", "application/json", "Content-Encoding", "gzip"],
        },
        {
            "scope": "https://shop.test:443",
            "method": "POST",
            "path": "/orders",
            "body": {"sku": "a"},
            "status": 201,
            "response": {"id": 1},
            "reqheaders": {"Content-Type": "application/json"},
            "headers": {"Content-Type": "application/json", "Content-Length": 8},
        },
    ]
)
WIREMOCK = json.dumps(
    {
        "id": "1",
        "request": {"method": "GET", "url": "/orders?page=1", "headers": {"Accept": {"equalTo": "application/json"}}},
        "response": {
            "status": 200,
            "statusMessage": "OK",
            "headers": {"Content-Type": "application/json"},
            "body": '{"orders": ["a"]}',
            "fixedDelayMilliseconds": 50,
        },
    }
)
MOCKSERVER = json.dumps(
    [
        {
            "httpRequest": {
                "method": "GET",
                "path": "/orders",
                "queryStringParameters": {"page": ["1"]},
                "headers": {"Accept": ["application/json"]},
                "secure": True,
            },
            "httpResponse": {
                "statusCode": 200,
                "reasonPhrase": "OK",
                "headers": [{"name": "Content-Type", "values": ["application/json"]}],
                "body": {"type": "STRING", "string": '{"orders": ["a"]}'},
            },
            "times": {"remainingTimes": 2},
        },
        {"httpRequest": {"path": "/orders"}, "httpForward": {"host": "other.test"}},
    ]
)
TEST_PROXY = "\ufeff" + json.dumps(
    {
        "Entries": [
            {
                "RequestUri": MADE.url,
                "RequestMethod": "POST",
                "RequestHeaders": {"Content-Type": "application/json"},
                "RequestBody": '{"sku":"a"}',
                "StatusCode": 201,
                "ResponseHeaders": {"Content-Type": ["application/json"]},
                "ResponseBody": {"id": 1},
            }
        ],
        "Variables": {},
    }
)
CALL_RECORDS = json.dumps(
    {
        "networkCallRecords": [
            {
                "Method": "GET",
                "Uri": SHOWN.url,
                "Headers": {"Accept": "application/json"},
                "Response": {
                    "StatusCode": "200",
                    "REASON_PHRASE": "OK",
                    "Content-Type": "application/json",
                    "Body": '{"orders": ["a"]}',
                },
                "Exception": None,
            }
        ],
        "variables": [],
    }
)
DVR = json.dumps(
    {
        "name": "orders",
        "interactions": [
            {
                "request": {
                    "url": MADE.url,
                    "method": "POST",
                    "headers": {"Content-Type": "application/json"},
                    "body": {"sku": "a"},
                },
                "response": {
                    "url": MADE.url,
                    "status": 201,
                    "headers": {"Content-Type": "application/json"},
                    "body": {"id": 1},
                },
                "recorded_at": 1736951186.5,
            }
        ],
    }
)


def unnamed(exchange: RecordedExchange) -> tuple[object, ...]:
    """What of an exchange counts whichever tool kept it: header names are spelled in their own way by each."""
    headers = tuple((name.lower(), value) for name, value in exchange.reply_headers)
    sent = tuple((name.lower(), value) for name, value in exchange.request_headers)
    asked = (exchange.method, exchange.url, sent, exchange.request_body)
    return (*asked, exchange.status, headers, exchange.reply_body)


def read(tmp_path: Path, text: str, name: str = "orders.json") -> Source:
    path = tmp_path / name
    path.write_text(text)
    return read_source(path)


@pytest.mark.parametrize(
    ("text", "name", "recorded_at", "exchanges", "left_out"),
    [
        (VCRPY, "vcrpy", "", [SHOWN], ()),
        (RUBY, "Ruby VCR", "2025-01-15T14:26:26+00:00", [SHOWN], ()),
        (ruby_json(), "Ruby VCR", "2025-01-15T14:26:26", [SHOWN], ()),
        (ruby_json(url=SHOWN.url), "betamax", "2025-01-15T14:26:26", [SHOWN], ()),
        (ruby_json(url=SHOWN.url, status=None, status_code=200), "betamax", "2025-01-15T14:26:26", [SHOWN], ()),
        (GO, "go-vcr", "", [SHOWN], ()),
        (POLLY, "Polly HAR", "2025-01-15T14:26:26+00:00", [SHOWN, MADE], ()),
        (PLAIN_HAR, "HAR 1.2", "2025-01-15T14:26:26+00:00", [SHOWN, MADE], ()),
        (NOCK, "nock", "", [SHOWN, MADE], (f"definition 2: {DECODED}",)),
        (WIREMOCK, "WireMock", "", [SHOWN],
         (f"mapping 1: {PLACED}", "mapping 1: the answer was delayed, which a fault does here")),
        (MOCKSERVER, "MockServer", "", [SHOWN],
         (f"expectation 1: {PLACED}",
          "expectation 1: it answers more often than once; it is one exchange here, and repeats where it is the last",
          "expectation 2: left out, for it breaks off or passes on instead of answering")),
        (TEST_PROXY, "Azure test-proxy", "", [MADE], (f"entry 1: {DECODED}",)),
        (CALL_RECORDS, "Azure call records", "", [SHOWN], ()),
        (DVR, "DVR", "2025-01-15T14:26:26+00:00", [MADE], (f"interaction 1: {DECODED}",)),
    ],
    ids=["vcrpy", "ruby-yaml", "ruby-json", "betamax", "betamax-old", "go", "polly", "har", "nock", "wiremock",
         "mockserver", "test-proxy", "call-records", "dvr"],
)  # fmt: skip
def test_the_exchanges_of_a_format_are_read(tmp_path, text, name, recorded_at, exchanges, left_out):
    source = read(tmp_path, text, "orders.json" if text.lstrip("\ufeff")[0] in "{[" else "orders.yaml")

    assert source.format == name
    assert source.recording.recorded_at == recorded_at
    assert [unnamed(one) for one in source.recording.exchanges] == [
        unnamed(one) if name not in ("WireMock", "MockServer") else moved(one) for one in exchanges
    ]
    assert source.left_out == left_out


def moved(exchange: RecordedExchange) -> tuple[object, ...]:
    method, url, *rest = unnamed(exchange)
    return method, str(url).replace("https://shop.test", "https://vendor.test"), *rest


def test_no_two_formats_claim_one_document():
    documents = [ruby_json(), ruby_json(url=SHOWN.url), POLLY, PLAIN_HAR, NOCK, WIREMOCK, MOCKSERVER]
    documents += [TEST_PROXY.lstrip("\ufeff"), CALL_RECORDS, DVR]

    for document in [*map(json.loads, documents), yaml.safe_load(VCRPY), yaml.safe_load(GO)]:
        assert len([one.name for one in FORMATS if one.recognises(document)]) == 1


@pytest.mark.parametrize("document", [None, 5, "text", [], {}, [5], {"interactions": 5}, {"log": {}}, {"a": {"b": 1}}])
def test_what_no_tool_writes_is_recognised_by_none(document):
    assert recognised(document) is None


def test_the_content_tells_the_format_whatever_the_name(tmp_path):
    assert read(tmp_path, POLLY, "orders.txt").format == "Polly HAR"


# -- quirks of vcrpy's own users -------------------------------------------------------------------------------------


def vcrpy(request: dict[str, object], response: dict[str, object]) -> str:
    asked = {"method": "GET", "uri": SHOWN.url, "headers": {}, "body": None, **request}
    answered = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "ok"}, **response}
    return json.dumps({"version": 1, "interactions": [{"request": asked, "response": answered}]})


@pytest.mark.parametrize(
    ("request_", "response", "request_body", "reply_body"),
    [
        ({}, {"body": {"data": {"orders": ["a"]}}}, b"", b'{"orders":["a"]}'),
        ({"parsed_body": {"sku": "ä"}}, {"parsed_body": {"id": 1}}, '{"sku":"ä"}'.encode(), b'{"id":1}'),
        ({"body": {"grant_type": "x y", "n": 1}}, {}, b"grant_type=x+y&n=1", b"ok"),
        ({"body": ["a", "b"]}, {}, b"ab", b"ok"),
        ({"body": {"sku": {"n": 1}}}, {"body": {"id": 1}}, b'{"sku":{"n":1}}', b'{"id":1}'),
        ({"body": {"n": 1}, "headers": {"Content-Type": "application/json"}}, {}, b'{"n":1}', b"ok"),
        ({}, {"body": {"base64_string": "YWI="}}, b"", b"ab"),
        ({}, {"body": {}}, b"", b""),
    ],
    ids=["body-data", "parsed-body", "form-as-mapping", "pieces", "json-in-place", "json-by-type", "base64", "no-body"],
)
def test_bodies_that_a_project_kept_in_its_own_way_are_read(tmp_path, request_, response, request_body, reply_body):
    (exchange,) = read(tmp_path, vcrpy(request_, response)).recording.exchanges

    assert (exchange.request_body, exchange.reply_body) == (request_body, reply_body)


def test_headers_in_pairs_are_read(tmp_path):
    source = read(tmp_path, vcrpy({}, {"headers": [["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]]}))

    assert source.recording.exchanges[0].reply_headers[:2] == (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))


def test_of_a_reason_nothing_is_kept_that_commands_a_terminal_or_splits_an_answer(tmp_path):
    source = read(tmp_path, vcrpy({}, {"status": {"code": 200, "message": "OK\r\nX: \x1b[2J\0\u202e!"}}))

    assert source.recording.exchanges[0].reason == "OK X: [2J!"


@pytest.mark.parametrize("placeholder", ["<API_URL>", "{{host}}", "${HOST}", "%HOST%"])
def test_a_placeholder_for_the_host_is_put_at_the_origin(tmp_path, placeholder):
    source = read(tmp_path, vcrpy({"uri": f"{placeholder}/orders?page=2"}, {}))

    assert source.recording.exchanges[0].url == "https://vendor.test/orders?page=2"
    assert source.left_out == ("interaction 1: a placeholder stands for its host; it was put at https://vendor.test",)


def test_a_placeholder_for_the_host_in_vcr_is_put_at_the_origin_too(tmp_path):
    asked = {"method": "get", "uri": "<API_URL>/orders", "body": {"string": ""}, "headers": {}}
    answered = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "ok"}}
    document = {"http_interactions": [{"request": asked, "response": answered}]}

    assert read(tmp_path, json.dumps(document)).recording.exchanges[0].url == "https://vendor.test/orders"


def test_headers_that_were_put_one_level_deeper_are_read(tmp_path):
    text = vcrpy({}, {"headers": {"Response-Headers": {"Content-Type": ["text/plain"], "Others": "Elided"}}})

    (exchange,) = read(tmp_path, text).recording.exchanges

    assert exchange.reply_headers[:2] == (("Content-Type", "text/plain"), ("Others", "Elided"))


def test_an_included_interaction_stands_where_it_is_included(tmp_path):
    (tmp_path / "token.yaml").write_text(yaml.safe_dump(yaml.safe_load(VCRPY)["interactions"][0]))
    text = VCRPY.replace("interactions:\n", "interactions:\n- include_file: token.yaml\n")

    assert [one.url for one in read(tmp_path, text, "flow.yaml").recording.exchanges] == [SHOWN.url, SHOWN.url]


def test_an_included_file_may_lie_in_a_folder_that_was_named(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "token.yaml").write_text(yaml.safe_dump(yaml.safe_load(VCRPY)["interactions"][0]))
    path = tmp_path / "flow.yaml"
    path.write_text("interactions:\n- include_file: token.yaml\nversion: 1\n")

    assert len(read_source(path, includes=[tmp_path / "shared"]).recording.exchanges) == 1
    with pytest.raises(RecordingError, match=r"'token.yaml', which is not beside it; name its folder with --include"):
        read_source(path)


@pytest.mark.parametrize("name", ["../secret.yaml", "/etc/hostname", "linked.yaml", "sub/../../secret.yaml"])
def test_no_file_outside_is_included(tmp_path, name):
    (tmp_path / "secret.yaml").write_text(VCRPY)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "linked.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "flow.yaml").write_text(f"interactions:\n- include_file: {name}\nversion: 1\n")

    with pytest.raises(RecordingError, match="is outside its folder"):
        read_source(inside / "flow.yaml")


def test_an_interaction_alone_is_read(tmp_path):
    text = yaml.safe_dump(yaml.safe_load(VCRPY)["interactions"][0])

    source = read(tmp_path, text, "token.yaml")

    assert (source.format, len(source.recording.exchanges)) == ("vcrpy interaction", 1)


# -- what a format holds and an exchange cannot ----------------------------------------------------------------------


def test_a_wiremock_body_is_read_from_the_folder_of_bodies(tmp_path):
    (tmp_path / "mappings").mkdir()
    (tmp_path / "__files").mkdir()
    (tmp_path / "__files" / "orders.json").write_text('{"orders": ["a"]}')
    mapping = json.loads(WIREMOCK)
    del mapping["response"]["body"]
    mapping["response"]["bodyFileName"] = "orders.json"

    source = read(tmp_path / "mappings", json.dumps(mapping))

    assert source.recording.exchanges[0].reply_body == b'{"orders": ["a"]}'


def test_a_folder_of_wiremock_mappings_is_one_flow_in_their_order(tmp_path):
    folder = tmp_path / "list orders" / "mappings"
    folder.mkdir(parents=True)
    for number in (1, 2, 10):
        mapping = json.loads(WIREMOCK.replace("page=1", f"page={number}"))
        (folder / f"{number}-orders.json").write_text(json.dumps(mapping))

    (found,) = source_files([tmp_path])

    assert found == SourceFile(folder, "list orders")
    pages = [one.url.partition("?")[2] for one in read_source(folder).recording.exchanges]
    assert pages == ["page=1", "page=2", "page=10"]


def test_a_folder_that_is_named_like_wiremocks_is_one_of_files_all_the_same(tmp_path):
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "orders.json").write_text(ruby_json())

    assert list(source_files([tmp_path])) == [SourceFile(tmp_path / "mappings" / "orders.json", "mappings-orders")]


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        ({"method": "GET", "urlPathPattern": "/orders/.*"}, {"status": 200}),
        ({"method": "ANY", "url": "/orders"}, {"status": 200}),
        ({"method": "GET", "url": "/orders"}, {"fault": "CONNECTION_RESET_BY_PEER"}),
        ({"method": "GET", "urlPath": "/o", "queryParameters": {"page": {"matches": "[0-9]"}}}, {"status": 200}),
    ],
    ids=["pattern", "any-method", "fault", "query-by-pattern"],
)
def test_a_mapping_that_shows_no_exchange_is_left_out_and_said(tmp_path, request_, response):
    text = json.dumps({"mappings": [json.loads(WIREMOCK), {"request": request_, "response": response}]})

    source = read(tmp_path, text)

    assert len(source.recording.exchanges) == 1
    assert any(note.startswith("mapping 2: left out, for it") for note in source.left_out)


def test_an_archive_entry_without_an_answer_is_left_out_and_said(tmp_path):
    document = json.loads(PLAIN_HAR)
    document["log"]["entries"][0]["response"]["status"] = 0

    source = read(tmp_path, json.dumps(document))

    assert [one.status for one in source.recording.exchanges] == [200]
    assert source.left_out == ("entry 2: left out, for it got no answer over HTTP",)


def test_a_file_whose_every_entry_is_left_out_is_refused_with_the_reason(tmp_path):
    mapping = {"request": {"method": "ANY", "url": "/"}, "response": {"status": 200}}

    with pytest.raises(RecordingError, match="holds no exchange; mapping 1: left out, for it matches a pattern"):
        read(tmp_path, json.dumps(mapping))


def test_a_file_of_no_known_format_is_refused_with_the_formats_that_are_known(tmp_path):
    with pytest.raises(RecordingError, match=r"no format that is known by its content \(vcrpy, .*WireMock\); see what"):
        read(tmp_path, '{"openapi": "3.1.0"}')


# -- what every exchange has to be -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "sendable", "note"),
    [
        ("https://shop.test/<LOGIN>/a b?key=<KEY>", "https://shop.test/%3CLOGIN%3E/a%20b?key=%3CKEY%3E", "placeholder"),
        ("https://<<HOST>>.shop.test/", "https://HOST-.shop.test/", "placeholder"),
        ("https://ada:secret@shop.test/", "https://shop.test/", "credentials"),
        ("https://shop.test/#top", "https://shop.test/", "fragment"),
        ("https://shop.test:443/a%2Fb", "https://shop.test/a%2Fb", ""),
        ("http://shop.test:8080", "http://shop.test:8080/", ""),
    ],
)
def test_a_url_is_made_one_that_can_be_sent(tmp_path, url, sendable, note):
    source = read(tmp_path, vcrpy({"uri": url}, {}))

    assert source.recording.exchanges[0].url == sendable
    assert [note in sentence for sentence in source.left_out] == ([True] if note else [])


@pytest.mark.parametrize(
    ("request_", "response", "sentence"),
    [
        ({"uri": "/orders"}, {}, "no absolute one of http or https"),
        ({"uri": "ftp://shop.test/"}, {}, "no absolute one of http or https"),
        ({"uri": "https://<>/"}, {}, "names no host"),
        ({"uri": "https://[::1/"}, {}, "has the URL"),
        ({"method": "GET /"}, {}, "has the method 'GET /'"),
        ({}, {"status": {"code": 100}}, "has the status 100, which ends no exchange"),
        ({}, {"body": {"string": 5}}, "has the body 5, which is no text; put it in quotes"),
        ({}, {"headers": {"": ["a"]}}, "has a reply header named ''"),
        ({"headers": {"X": "a\x00"}}, {}, "has a control character in the request header X"),
    ],
)
def test_what_is_no_http_is_refused(tmp_path, request_, response, sentence):
    with pytest.raises(RecordingError) as refused:
        read(tmp_path, vcrpy(request_, response))

    assert f"interaction 1 {sentence}" in str(refused.value) or sentence in str(refused.value)


def test_more_headers_than_clients_read_are_joined_by_name_but_for_cookies(tmp_path):
    headers = {"Link": [f"<{n}>" for n in range(120)], "Set-Cookie": ["a=1", "b=2"]}

    source = read(tmp_path, vcrpy({}, {"headers": headers}))

    names = [name for name, _ in source.recording.exchanges[0].reply_headers]
    assert names == ["Link", "Set-Cookie", "Set-Cookie", "Content-Length"]
    assert source.recording.exchanges[0].reply_headers[0][1].count(", ") == 119
    assert "those with one name were joined" in source.left_out[0]


def test_a_length_that_is_not_the_bodys_is_said_and_made_right(tmp_path):
    source = read(tmp_path, vcrpy({}, {"headers": {"Content-Length": ["99"]}}))

    assert source.recording.exchanges[0].reply_headers == (("Content-Length", "2"),)
    assert source.left_out == ("interaction 1: the Content-Length is not the length of the body that was kept",)
