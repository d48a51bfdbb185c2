"""What a cassette becomes, and the sentence that is told when it cannot become anything."""

import gzip
import hashlib
import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
import vcr

from harness.stage import encodings
from harness.stage.recordings import RecordedExchange, RecordingError, load, load_folder, save

CASSETTES = Path(__file__).resolve().parents[1] / "cassettes"
SHIPPED = sorted(CASSETTES.glob("*/*.yaml"))

PLAIN = """\
interactions:
- request:
    body: null
    headers:
      Accept:
      - '*/*'
    method: GET
    uri: https://shop.test/orders?page=1
  response:
    body:
      string: '{"orders": ["größer"]}'
    headers:
      Content-Type:
      - application/json
      Content-Length:
      - '24'
      Set-Cookie:
      - a=1
      - b=2
      Date:
      - Mon, 23 Nov 2026 19:09:29 GMT
    status:
      code: 200
      message: OK
version: 1
"""

EXCHANGE = RecordedExchange(
    method="POST",
    url="https://shop.test/orders",
    request_headers=(("Content-Type", "application/json"),),
    request_body=b'{"sku": "a"}',
    status=201,
    reply_headers=(("Content-Length", "9"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")),
    reply_body=b'{"id": 1}',
    reason="Created",
)


def written(tmp_path: Path, text: str | bytes, name: str = "flow.yaml") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def reply(tmp_path: Path, headers: dict[str, object], body: object, method: str = "GET") -> RecordedExchange:
    """What is loaded for a JSON or YAML cassette with this one reply."""
    interaction = {
        "request": {"method": method, "uri": "https://shop.test/", "body": None, "headers": {}},
        "response": {"status": {"code": 200, "message": "OK"}, "headers": headers, "body": {"string": body}},
    }
    yaml = vcr.serializers.yamlserializer.serialize({"interactions": [interaction], "version": 1})
    return load(written(tmp_path, yaml)).exchanges[0]


# -- reading ---------------------------------------------------------------------------------------------------------


def test_an_exchange_is_read_as_it_was_recorded(tmp_path):
    recording = load(written(tmp_path, PLAIN))

    assert recording.exchanges == (
        RecordedExchange(
            method="GET",
            url="https://shop.test/orders?page=1",
            request_headers=(("Accept", "*/*"),),
            request_body=b"",
            status=200,
            reply_headers=(
                ("Content-Type", "application/json"),
                ("Content-Length", "24"),
                ("Set-Cookie", "a=1"),
                ("Set-Cookie", "b=2"),
                ("Date", "Mon, 23 Nov 2026 19:09:29 GMT"),
            ),
            reply_body='{"orders": ["größer"]}'.encode(),
            reason="OK",
        ),
    )


def test_a_recording_is_known_by_its_name_and_its_digest(tmp_path):
    path = written(tmp_path, PLAIN, "list_orders.yaml")

    recording = load(path)

    assert (recording.path, recording.name) == (path, "list_orders")
    assert recording.sha256 == hashlib.sha256(PLAIN.encode()).hexdigest()


def test_without_metadata_the_first_date_header_tells_when_it_was_recorded(tmp_path):
    assert load(written(tmp_path, PLAIN)).recorded_at == "2026-11-23T19:09:29+00:00"


def test_without_metadata_and_dates_nobody_knows_when_it_was_recorded(tmp_path):
    recording = load(written(tmp_path, PLAIN.replace("Date:", "Etag:")))

    assert (recording.recorded_at, recording.product, recording.sequence) == ("", "", 0)


def test_a_json_cassette_is_read_like_a_yaml_one(tmp_path):
    document = vcr.serializers.yamlserializer.deserialize(PLAIN)

    as_json = load(written(tmp_path, json.dumps(document), "flow.json"))

    assert as_json.exchanges == load(written(tmp_path, PLAIN)).exchanges


def test_a_reply_that_httpx_received_in_the_old_format_is_read(tmp_path):
    text = """\
interactions:
- request: {body: '', headers: {}, method: GET, uri: 'https://shop.test/'}
  response: {content: hello, headers: {content-length: ['5']}, http_version: HTTP/1.1, status_code: 404}
version: 1
"""

    exchange = load(written(tmp_path, text)).exchanges[0]

    assert (exchange.status, exchange.reply_body) == (404, b"hello")


def test_header_values_may_stand_alone_instead_of_in_lists(tmp_path):
    exchange = reply(tmp_path, {"Content-Length": "2", "X-Request-Id": "r1"}, "ok")

    assert exchange.reply_headers == (("Content-Length", "2"), ("X-Request-Id", "r1"))


def test_a_request_body_that_was_a_file_is_read(tmp_path):
    text = PLAIN.replace(
        "    body: null\n",
        '    body: !!python/object/new:_io.BytesIO\n      state: !!python/tuple [!!binary "YWJj", 0, null]\n',
    )

    assert load(written(tmp_path, text)).exchanges[0].request_body == b"abc"


def test_what_is_saved_is_loaded_again(tmp_path):
    facts = {"product": "Shop 1.0", "configuration": "as it comes", "recorded_at": "2026-11-23T19:00:00+00:00"}

    save(tmp_path / "new" / "flow.yaml", [EXCHANGE, EXCHANGE], sequence=3, **facts)
    recording = load(tmp_path / "new" / "flow.yaml")

    assert recording.exchanges == (EXCHANGE, EXCHANGE)
    assert (recording.product, recording.configuration, recording.sequence) == ("Shop 1.0", "as it comes", 3)
    assert recording.recorded_at == "2026-11-23T19:00:00+00:00"


def test_what_is_saved_is_a_cassette_that_vcrpy_plays(tmp_path):
    save(tmp_path / "flow.yaml", [EXCHANGE], product="Shop", recorded_at="")

    with vcr.VCR().use_cassette(str(tmp_path / "flow.yaml"), record_mode="none") as cassette:
        assert [request.uri for request in cassette.requests] == ["https://shop.test/orders"]


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "flow.json"
    save(path, [EXCHANGE], product="Shop", recorded_at="")
    before = path.read_bytes()

    with pytest.raises(TypeError):
        save(path, [EXCHANGE], product=object(), recorded_at="")  # type: ignore[arg-type]

    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["flow.json"]


# -- bodies that can be sent again -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"some text")),
        ("x-gzip", gzip.compress(b"some text")),
        ("deflate", zlib.compress(b"some text")),
        ("deflate", zlib.compress(b"some text")[2:-4]),
        ("gzip", gzip.compress(b"some ") + gzip.compress(b"text")),
        ("gzip", gzip.compress(b"some text") + b"\0\0"),
        ("gzip", b"some text"),
        ("br", b"some text"),
        ("identity", b"some text"),
    ],
    ids=[
        "gzip",
        "x-gzip",
        "deflate",
        "raw-deflate",
        "gzip-in-two",
        "gzip-padded",
        "gzip-decoded-before",
        "br-decoded-before",
        "identity",
    ],
)
def test_a_compressed_body_is_decoded_and_its_length_made_right(tmp_path, encoding, body):
    exchange = reply(tmp_path, {"Content-Encoding": [encoding], "Content-Length": [str(len(body))]}, body)

    assert (exchange.reply_headers, exchange.reply_body) == ((("Content-Length", "9"),), b"some text")


def test_a_body_that_came_in_chunks_gets_a_length(tmp_path):
    exchange = reply(tmp_path, {"Transfer-Encoding": ["chunked"]}, "some text")

    assert exchange.reply_headers == (("Content-Length", "9"),)


def test_a_body_that_ended_with_the_connection_keeps_doing_so(tmp_path):
    exchange = reply(tmp_path, {"Connection": ["close"]}, "some text")

    assert exchange.reply_headers == (("Connection", "close"),)


def test_the_reply_to_head_keeps_the_length_that_it_tells(tmp_path):
    exchange = reply(tmp_path, {"Content-Length": ["512"]}, "", method="HEAD")

    assert exchange.reply_headers == (("Content-Length", "512"),)


def test_bytes_that_are_no_text_survive(tmp_path):
    exchange = reply(tmp_path, {"Content-Length": ["4"]}, b"\xff\x00\xfe\x80")

    assert exchange.reply_body == b"\xff\x00\xfe\x80"


def test_a_body_that_grows_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(encodings, "LARGEST_BODY_BYTES", 1000)

    with pytest.raises(RecordingError, match="grows beyond 1000 bytes"):
        reply(tmp_path, {"Content-Encoding": ["gzip"]}, gzip.compress(b"0" * 1001))


def test_a_body_of_bodies_that_grows_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(encodings, "LARGEST_BODY_BYTES", 1000)

    with pytest.raises(RecordingError, match="grows beyond 1000 bytes"):
        reply(tmp_path, {"Content-Encoding": ["gzip"]}, gzip.compress(b"0" * 500) * 2 + gzip.compress(b"0"))


def test_a_body_of_very_many_bodies_is_refused(tmp_path):
    with pytest.raises(RecordingError, match="is put together of more than 100 gzip bodies"):
        reply(tmp_path, {"Content-Encoding": ["gzip"]}, gzip.compress(b"0") * 101)


# -- what cannot be used ---------------------------------------------------------------------------------------------

CUT_BETWEEN = PLAIN.replace("version: 1\n", "")
NO_RESPONSE = (
    "interactions:\n- request: {method: GET, uri: 'https://shop.test/', headers: {}, body: null}\nversion: 1\n"
)
NO_REQUEST = "interactions:\n- response: {status: {code: 200}, headers: {}, body: {string: ''}}\nversion: 1\n"
BINARY = PLAIN.replace("""'{"orders": ["größer"]}'""", "!!binary {body}").replace("Content-Type:", "Content-Encoding:")
CUT_GZIP = BINARY.format(body="H4sIAAAAAAAA/w==").replace("application/json", "gzip")
ZSTD = BINARY.format(body="KLUv/QBYgQ==").replace("application/json", "zstd")
OLD_FORMAT = "- request: {method: GET}\n  response: {status: 200}\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        (b"\xff\xfe\x00interactions", "is not UTF-8 text"),
        ("interactions: [unclosed\n", "is no YAML, or was cut"),
        ("just a sentence\n", "is no cassette of vcrpy's format 1"),
        (OLD_FORMAT, "is no cassette of vcrpy's format 1"),
        ("interactions: []\nversion: 1\n", "holds no interaction"),
        (PLAIN[:200], "lacks its version line, so it was cut"),
        (CUT_BETWEEN, "lacks its version line, so it was cut"),
        (NO_RESPONSE, "interaction 1 lacks its response"),
        (NO_REQUEST, "interaction 1 lacks its request"),
        ("interactions:\n- 5\nversion: 1\n", "interaction 1 lacks its request"),
        (PLAIN.replace("code: 200", "code: soon"), "interaction 1 is malformed"),
        (PLAIN.replace("    method: GET\n", ""), "interaction 1 is malformed"),
        (CUT_GZIP, "ends too early; record it with 'Accept-Encoding: identity'"),
        (ZSTD, "the encoding 'zstd', which cannot be read here"),
    ],
    ids=[
        "empty", "blank", "not-utf8", "not-yaml", "prose", "old-format", "no-interaction", "cut-in-interaction",
        "cut-between", "no-response", "no-request", "no-mapping", "status-no-number", "no-method", "gzip-cut", "zstd",
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(tmp_path, text, sentence):
    path = written(tmp_path, text)

    with pytest.raises(RecordingError) as refused:
        load(path)

    assert sentence in str(refused.value)
    assert str(refused.value).startswith(str(path))
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


def test_a_file_cut_anywhere_is_refused(tmp_path):
    for length in range(1, len(PLAIN.encode()) - 2, 7):
        with pytest.raises(RecordingError):
            load(written(tmp_path, PLAIN.encode()[:length]))


def test_a_json_cassette_that_was_cut_is_refused(tmp_path):
    with pytest.raises(RecordingError, match="is no JSON, or was cut"):
        load(written(tmp_path, '{"interactions": [', "flow.json"))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(RecordingError, match=r"gone.yaml does not exist; check the path"):
        load(tmp_path / "gone.yaml")


def test_a_folder_is_no_cassette(tmp_path):
    (tmp_path / "flow.yaml").mkdir()

    with pytest.raises(RecordingError, match="cannot be read"):
        load(tmp_path / "flow.yaml")


def test_a_file_of_another_kind_is_refused(tmp_path):
    with pytest.raises(RecordingError, match=r"cassettes end in .yaml, .yml or .json"):
        load(written(tmp_path, PLAIN, "flow.txt"))


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system ['touch {proof}']",
        "!!python/object/apply:subprocess.check_call [[touch, '{proof}']]",
        "!!python/object/new:os.system ['touch {proof}']",
        "!!python/name:os.system",
        "!!python/module:os",
        "!!python/object/apply:builtins.eval [\"open('{proof}', 'w')\"]",
    ],
)
def test_nothing_in_a_cassette_is_executed(tmp_path, tag):
    proof = tmp_path / "executed"
    text = PLAIN.replace("""'{"orders": ["größer"]}'""", tag.replace("{proof}", str(proof)))

    with pytest.raises(RecordingError, match="asks for a Python object"):
        load(written(tmp_path, text))

    assert not proof.exists()


def test_an_old_vcrpy_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(vcr, "__version__", "8.2.0")

    with pytest.raises(RecordingError, match=r"vcrpy 8.2.0 is too old .* install vcrpy 9.4 or later"):
        load(written(tmp_path, PLAIN))


def test_vcrpy_is_imported_when_the_first_cassette_is_read():
    code = "import sys, harness.stage.recordings; sys.exit('vcr' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=CASSETTES.parent, check=False).returncode == 0


# -- folders ---------------------------------------------------------------------------------------------------------


def test_a_folder_is_read_in_the_order_in_which_it_was_recorded(tmp_path):
    for name, sequence in (("a", 2), ("b", 1), ("c", 3)):
        save(tmp_path / f"{name}.yaml", [EXCHANGE], product="Shop", recorded_at="", sequence=sequence)
    (tmp_path / "README.md").write_text("no cassette")

    assert [recording.name for recording in load_folder(tmp_path)] == ["b", "a", "c"]


def test_a_folder_without_places_is_read_by_name(tmp_path):
    for name in ("b.yaml", "a.yml", "c.yaml"):
        written(tmp_path, PLAIN, name)

    assert [recording.name for recording in load_folder(tmp_path)] == ["a", "b", "c"]


def test_a_folder_that_holds_no_cassette_is_refused(tmp_path):
    with pytest.raises(RecordingError, match="holds no cassette"):
        load_folder(tmp_path)


def test_a_folder_one_level_too_high_names_those_that_hold_cassettes(tmp_path):
    for vendor in ("keystone", "roundup"):
        (tmp_path / vendor).mkdir()
        written(tmp_path / vendor, PLAIN, "pull.yaml")

    with pytest.raises(RecordingError, match="its folders keystone, roundup do: name one vendor's folder"):
        load_folder(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RecordingError, match="is no folder"):
        load_folder(tmp_path / "gone")


# -- what is shipped -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SHIPPED, ids=[f"{path.parent.name}.{path.stem}" for path in SHIPPED])
def test_a_shipped_cassette_is_clean_dated_and_sendable(path):
    recording = load(path)

    assert recording.product
    assert recording.configuration
    assert recording.recorded_at > "2026"
    assert recording.sequence > 0
    for exchange in recording.exchanges:
        names = [name.lower() for name, _ in exchange.reply_headers]
        assert exchange.url.startswith(f"https://{path.parent.name.partition('-')[0]}.test/")
        assert b"127.0.0.1" not in exchange.reply_body
        assert not {"content-encoding", "transfer-encoding"} & set(names)
        assert dict(exchange.reply_headers).get("Content-Length", str(len(exchange.reply_body))) == str(
            len(exchange.reply_body)
        )
        assert ("Accept-Encoding", "identity") in exchange.request_headers
