"""``harness har``: a stored run as an HTTP Archive that any viewer reads."""

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from harness.certify.har import har
from harness.certify.stored_runs import read_runs
from harness.cli import main
from harness.stage.history import Exchange, Run
from tests.certifying import certified

SCHEMA = jsonschema.Draft202012Validator(json.loads((Path(__file__).parent / "schemas" / "har-1.2.json").read_text()))


def archived(**facts):
    """The entry of one exchange, valid by the schema."""
    exchange = Exchange(
        **{
            "act": 1,
            "sent_us": 1_500_000,
            "point": "users.list#1",
            "method": "GET",
            "host": "keystone.test",
            "target": "/v3/users?limit=2",
            "answered_us": 1_700_000,
            "status": 200,
            **facts,
        }
    )
    run = Run(vendor="keystone", against="replay", plan="keystone pull", job="pull", asks="correct", events=(exchange,))
    document = har(run)
    SCHEMA.validate(document)
    return document["log"]["entries"][0]


def test_an_exchange_has_its_address_its_query_and_its_times():
    entry = archived()

    assert entry["request"]["url"] == "https://keystone.test/v3/users?limit=2"
    assert entry["request"]["queryString"] == [{"name": "limit", "value": "2"}]
    assert entry["startedDateTime"] == "2026-01-01T00:00:01.500+00:00"
    assert (entry["time"], entry["timings"]) == (200.0, {"send": 0, "wait": 200.0, "receive": 0})


def test_a_request_has_its_body_and_its_cookies():
    request = archived(
        method="POST",
        request_headers=(("content-type", "application/json"), ("cookie", "a=1; b=x=y")),
        request_body='{"name": "Zoë"}',
    )["request"]

    assert request["postData"] == {"mimeType": "application/json", "text": '{"name": "Zoë"}'}
    assert request["bodySize"] == 16
    assert request["cookies"] == [{"name": "a", "value": "1"}, {"name": "b", "value": "x=y"}]


def test_a_reply_has_its_body_its_cookies_and_where_it_leads():
    headers = (("content-type", "text/html"), ("set-cookie", "s=1; Path=/"), ("location", "/elsewhere"))
    response = archived(status=302, reply_headers=headers, reply_body="moved")["response"]

    assert (response["status"], response["statusText"], response["redirectURL"]) == (302, "Found", "/elsewhere")
    assert response["content"] == {"size": 5, "mimeType": "text/html", "text": "moved"}
    assert response["cookies"] == [{"name": "s", "value": "1"}]


def test_an_exchange_without_an_answer_has_status_0_and_names_the_fault():
    entry = archived(status=None, answered_us=None, fault="HangUp()")

    assert (entry["response"]["status"], entry["time"]) == (0, 0)
    assert (entry["_fault"], entry["comment"]) == ("HangUp()", "struck by HangUp()")


@pytest.mark.parametrize("target", ["http://[half", "*", "/a?x=%zz&&=&\x00=\ud800"])
def test_an_address_that_is_none_is_kept_as_it_was_sent(target):
    assert archived(target=target)["request"]["url"].endswith(target)


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The core's certificate for a few faults on MediaWiki."""
    folder = tmp_path_factory.mktemp("archived")
    certified("core", folder, vendors=("mediawiki",), only=("wire.broken-reply-survived",), profile="first")
    return folder


def invoke(*words):
    return CliRunner().invoke(main, ["har", *map(str, words)])


def test_every_stored_run_makes_a_valid_archive(folder):
    runs = read_runs(folder)

    assert len(runs) > 3
    for run in runs:
        document = har(run)
        SCHEMA.validate(document)
        assert len(document["log"]["entries"]) == len(run.exchanges()) > 0


@pytest.mark.parametrize("name", ["2", "0002", "0002.json", "histories/0002.json"])
def test_a_run_is_named_by_its_number_or_its_file(folder, name):
    result = invoke(folder, name)

    assert result.exit_code == 0
    assert json.loads(result.output) == har(read_runs(folder)[1])


def test_the_archive_is_written_to_a_file(folder, tmp_path):
    result = invoke(folder, 2, "--out", tmp_path / "run.har")

    assert (result.exit_code, result.output) == (0, "")
    assert json.loads((tmp_path / "run.har").read_text()) == har(read_runs(folder)[1])


@pytest.mark.parametrize("name", ["0", "99999", "two", "../certificate", "../../etc/passwd", "1/../2", "-1", "٢"])
def test_a_run_that_is_not_there_ends_the_command(folder, name):
    result = invoke(folder, "--", name)

    assert result.exit_code == 2, result.output
    assert f"holds no run {name!r}; its runs are 0001 to" in " ".join(result.output.replace("\n", " ").split())


def test_a_file_that_cannot_be_written_ends_the_command(folder, tmp_path):
    result = invoke(folder, 1, "--out", tmp_path / "nowhere" / "run.har")

    assert result.exit_code == 2
    assert "choose another file with --out" in " ".join(result.output.split())


def test_a_cut_history_ends_the_command(folder, tmp_path):
    (tmp_path / "histories").mkdir()
    (tmp_path / "certificate.json").write_bytes((folder / "certificate.json").read_bytes())
    (tmp_path / "histories" / "0001.json").write_text('{"schema": "harness.history/1", "vend')
    result = invoke(tmp_path, 1)

    assert result.exit_code == 2
    assert "histories/0001.json cannot be read as JSON" in " ".join(result.output.split())


def test_a_folder_without_a_certificate_ends_the_command(tmp_path):
    result = invoke(tmp_path, 1)

    assert result.exit_code == 2
    assert "holds no certificate.json" in " ".join(result.output.split())
