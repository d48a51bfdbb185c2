"""The scripts that record: what they write, what they tell, and that they end what they started."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from harness.dialects.keystone import KEYSTONE
from harness.stage.recordings import RecordedExchange, Recording, RecordingError, load
from tests.vendors.changes import changes
from tests.vendors.flows import SERIES, Flow, Series
from tests.vendors.page import page
from tests.vendors.process import NotPossible, Running, free_port, run, serve, stop
from tests.vendors.record import OUT, gone, played, written

SECRET = "Nq8-vE2_pR5tY7wZ"


def answered(document: object, *, status: int = 200, **headers: str) -> RecordedExchange:
    body = json.dumps(document).encode()
    return RecordedExchange(
        method="GET",
        url="http://127.0.0.1:9999/v3/users/037a0609705b48c79e84fa342b1fa882",
        request_headers=(),
        request_body=b"",
        status=status,
        reply_headers=(("Content-Length", str(len(body))), *headers.items()),
        reply_body=body,
        reason="OK",
    )


def recording(*exchanges: RecordedExchange, product: str = "Shop 1.0") -> Recording:
    return Recording(
        path=Path("flow.yaml"), name="flow", sha256="", recorded_at="", product=product, exchanges=exchanges
    )


def running(tmp_path: Path, origin: str = "http://127.0.0.1:9999") -> Running:
    return Running(
        name="keystone",
        origin=origin,
        state=tmp_path,
        pid=0,
        version="OpenStack Keystone 30.0.0",
        configuration="as it comes",
        secrets={"client_secret": SECRET},
    )


def series(*flows: str) -> Series:
    def play(session: requests.Session, running: Running) -> None:
        session.get(f"{running.origin}/flow.json", timeout=5)

    return Series(
        folder="keystone",
        dialect=KEYSTONE,
        licence="Apache-2.0",
        start=lambda state, port: running(state),
        flows=tuple(Flow(name=name, shows="something", play=play) for name in flows),
    )


# -- what changed ----------------------------------------------------------------------------------------------------


def test_other_values_are_no_change():
    before = recording(answered({"id": "1", "tags": ["a"]}, Date="today"))
    after = recording(answered({"id": "2", "tags": ["b", "c"]}, Date="tomorrow"))

    assert changes(before, after) == ["unchanged, 1 interactions"]


def test_rows_that_moved_to_another_page_are_no_change():
    short, long = answered([{"id": 1}]), answered([{"id": 1, "note": "x"}])

    assert changes(recording(short, long), recording(long, short)) == ["unchanged, 2 interactions"]


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (answered({"id": "1"}, status=404), "interaction 1 was GET /v3/users/{id} 200, is GET /v3/users/{id} 404"),
        (answered({"id": 1}), "GET /v3/users/{id} 200: shape new: $.id number"),
        (answered({}), "GET /v3/users/{id} 200: shape gone: $.id text"),
        (answered({"id": "1"}, Sunset="soon"), "GET /v3/users/{id} 200: header new: sunset"),
    ],
    ids=["status", "kind", "member-gone", "header"],
)
def test_a_change_is_told(after, line):
    assert line in changes(recording(answered({"id": "1"})), recording(after))


def test_a_change_of_count_and_product_is_told():
    one = answered({})

    assert changes(recording(one), recording(one, one, product="Shop 2.0")) == [
        "product was Shop 1.0, is Shop 2.0",
        "interactions were 1, are 2",
    ]


LIMITED = answered({"error": "too many"}, status=429)


def test_at_which_call_a_limit_strikes_and_how_often_is_no_change():
    """It depends on how fast the calls before it were."""
    one = answered({"id": "1"})

    assert changes(recording(one, one, LIMITED, one), recording(one, LIMITED, one, LIMITED, one)) == [
        "unchanged, 5 interactions"
    ]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [((), (LIMITED,), "a limit is met that was not"), ((LIMITED,), (), "a limit is met no more")],
)
def test_that_a_limit_is_met_or_is_met_no_more_is_a_change(before, after, line):
    one = answered({"id": "1"})

    assert line in changes(recording(one, *before), recording(one, *after))


def test_a_new_flow_is_told():
    assert changes(None, recording(answered({}))) == ["new, 1 interactions"]


# -- what is written -------------------------------------------------------------------------------------------------


def test_flows_are_written_without_secrets_and_under_the_vendors_name(tmp_path):
    raw = {"a": (answered({"note": f"is {SECRET}", "next": "http://127.0.0.1:9999/v3/users?marker=1"}),)}

    lines = written(series("a"), raw, running(tmp_path), recorded_at="2026-11-23T19:00:00+00:00", out=tmp_path)

    recording = load(tmp_path / "keystone" / "a.yaml")
    assert lines == ["keystone/a: new, 1 interactions"]
    assert json.loads(recording.exchanges[0].reply_body) == {
        "note": "is pseudonym-secret-1",
        "next": "https://keystone.test/v3/users?marker=1",
    }
    assert (recording.product, recording.sequence) == ("OpenStack Keystone 30.0.0", 1)


def test_recording_again_says_that_nothing_changed(tmp_path):
    raw = {"a": (answered({"id": "1"}),), "b": (answered({"id": "2"}),)}
    facts = {"recorded_at": "2026-11-23T19:00:00+00:00", "out": tmp_path}
    written(series("a", "b"), raw, running(tmp_path), **facts)

    again = written(series("a", "b"), raw, running(tmp_path), **facts)

    assert again == ["keystone/a: unchanged, 1 interactions", "keystone/b: unchanged, 1 interactions"]


def test_nothing_is_written_when_one_flow_would_hold_a_secret(tmp_path):
    smuggled = replace(answered({}), reply_body=b"Authorization: Basic YWRhOmh1bnRlcjIh")
    raw = {"a": (answered({"id": "1"}),), "b": (smuggled,)}

    with pytest.raises(RecordingError, match=r"keystone/b would hold a secret \(user: ada"):
        written(series("a", "b"), raw, running(tmp_path), recorded_at="", out=tmp_path)

    assert not (tmp_path / "keystone").exists()


def test_a_cassette_that_no_flow_makes_is_named(tmp_path):
    (tmp_path / "keystone").mkdir()
    (tmp_path / "keystone" / "old.yaml").write_text("")

    assert list(gone(series("a"), tmp_path)) == ["keystone/old: no flow records this; remove the file"]


def test_the_page_about_the_recordings_is_the_one_that_they_make():
    assert (OUT / "README.md").read_text(encoding="utf-8") == page(OUT)


def test_every_shipped_cassette_is_made_by_a_flow():
    made = {f"{one.folder}/{flow.name}.yaml" for one in SERIES for flow in one.flows}

    assert made == {path.relative_to(OUT).as_posix() for path in OUT.glob("*/*.*")}


# -- servers ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path):
    """A real server on loopback, started by the script that starts the vendors."""
    port = free_port()
    (tmp_path / "flow.json").write_text('{"id": "1"}')
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path)]
    serve(command, name="keystone", url=f"http://127.0.0.1:{port}/", state=tmp_path)
    yield f"http://127.0.0.1:{port}"
    stop(tmp_path, "keystone")


def test_a_flow_is_recorded_from_a_running_server(server, tmp_path):
    flow = series("a").flows[0]

    (exchange,) = played(flow, running(tmp_path, origin=server))

    assert (exchange.status, exchange.reply_body) == (200, b'{"id": "1"}')
    assert ("Accept-Encoding", "identity") in exchange.request_headers


def test_a_server_is_ended_by_the_pid_that_was_started(server, tmp_path):
    assert stop(tmp_path, "keystone") is True

    with pytest.raises(requests.ConnectionError):
        requests.get(server, timeout=5)
    assert stop(tmp_path, "keystone") is False


def test_a_server_that_ends_at_once_is_told(tmp_path):
    with pytest.raises(NotPossible, match="keystone ended with 3 instead of answering"):
        serve([sys.executable, "-c", "raise SystemExit(3)"], name="keystone", url="http://127.0.0.1:1/", state=tmp_path)


def test_a_command_that_is_missing_is_told(tmp_path):
    with pytest.raises(NotPossible, match="no-such-program is not installed"):
        run(["no-such-program"], log=tmp_path / "log")


def test_a_command_that_fails_is_told_with_its_last_line(tmp_path):
    with pytest.raises(NotPossible, match=r"ended with 1 \(no database\)"):
        run([sys.executable, "-c", "raise SystemExit('no database')"], log=tmp_path / "log")
