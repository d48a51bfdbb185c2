"""Histories are read back exactly as they were written; what is no history is told in one sentence."""

import json

import pytest

from harness.certify.folder import FolderError, history_document, write_histories
from harness.certify.stored_runs import read_certificate, read_runs, run_of
from harness.stage.history import Acted, Exchange, Logged, Looked, Noted, Run, Tally, TokenGrant, TokenUse, Waited

RUN = Run(
    vendor="keystone",
    against="simulator",
    plan="keystone push users.create#1:Throttled(retry_after_s=30)x2",
    job="push",
    asks="either",
    faults=("Throttled",),
    events=(
        Exchange(
            act=1,
            sent_us=5,
            point="users.create#1",
            method="POST",
            host="keystone.test",
            target="/v3/users",
            answered_us=200_005,
            status=429,
            thread="worker-1",
            request_headers=(("accept", "*/*"), ("cookie", "a"), ("cookie", "b")),
            request_body='{"user": "Zo\u00eb \U0001f600"}',
            reply_headers=(("retry-after", "30"),),
            reply_body="</script><script>alert(1)</script>\u202e\x00\ufffd",
            fault="Throttled(retry_after_s=30)",
            effect=False,
            write=True,
            record_key="ada",
            request_id="req-1",
            vendor_message="slow down",
            error=True,
            limited=True,
            wait_until_us=30_200_005,
            credential=True,
            foreign=True,
            token_used=TokenUse(serial=1, issued_us=0, told_ends_us=None, alive=True),
            token_granted=TokenGrant(serial=2, told_lifetime_s=3600, ends_us=3_600_000_000),
            rows=0,
            more=True,
        ),
        Waited(act=1, at_us=200_005, seconds=30, thread="worker-1"),
        Waited(act=1, at_us=200_006, seconds=0.1),
        Logged(act=1, at_us=7, level=30, logger="app", message="busy", fields=(("status", "429"),), leaks=("token 1",)),
        Noted(act=1, at_us=8, kind="escaped", text="fork"),
        Looked(
            act=1,
            at_us=10,
            asked="staleness",
            ended="raised",
            error="ConnectionError: 503",
            said=(("state", "partial"),),
            state="partial",
            success_us=4,
            unreadable="no moment",
            alerts=("overdue",),
            channel="fails",
            expected_every_us=3_600_000_000,
            leaks=("token 1",),
        ),
        Acted(
            act=1,
            job="push",
            began_us=0,
            ended_us=9,
            ended="returned",
            named_failures=(("ada", "busy"),),
            held=Tally(3, 2, missing=("ada",), doubled=("grace",), unexpected=("eve",), altered=("joan",)),
            leaks=("client secret",),
        ),
    ),
    not_fired=("users.create#2:HangUp()",),
    virtual_s=30.4,
    crash_text="exit code 3",
)
LONE_SURROGATE = Run(vendor="v", against="replay", plan="v pull", job="pull", asks="correct", crash_text="\udc80")


class Certificate:
    def __init__(self, *runs):
        self.runs = runs


@pytest.mark.parametrize("run", [RUN, LONE_SURROGATE], ids=["every-field", "lone-surrogate"])
def test_a_run_is_read_back_as_it_was_written(tmp_path, run):
    write_histories(tmp_path, Certificate(run))

    assert read_runs(tmp_path) == (run,)


def test_runs_come_in_the_order_played_beyond_the_width_of_their_numbers(tmp_path):
    (tmp_path / "histories").mkdir()
    for number in (10000, 9999, 2):
        document = history_document(RUN) | {"plan": f"keystone push seed={number}"}
        (tmp_path / "histories" / f"{number:04d}.json").write_text(json.dumps(document))

    assert [run.plan.partition("=")[2] for run in read_runs(tmp_path)] == ["2", "9999", "10000"]


def test_a_field_that_an_older_version_did_not_write_has_its_default():
    document = json.loads(json.dumps(history_document(RUN)))
    del document["events"][0]["more"]

    assert run_of(document).exchanges()[0].more is False


def changed(**changes):
    return history_document(RUN) | changes


def with_event(**changes):
    first = history_document(RUN)["events"][0]
    return changed(events=[{name: value for name, value in (first | changes).items() if value != "left out"}])


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (changed(schema="harness.history/2"), "of the schema 'harness.history/2', and this version reads"),
        (["a list"], "of the schema None"),
        (changed(events={"a": 1}), "it has no list of events"),
        (changed(asks="maybe"), "Run.asks is none of correct, loud, either"),
        (changed(plan=7), "Run.plan is no str"),
        (changed(faults="Throttled"), "Run.faults is no list"),
        (changed(events=[{"event": "Thought"}]), "its event 1 is of no known kind"),
        (changed(events=[7]), "its event 1 is of no known kind"),
        (changed(events=[{"event": ["Noted"]}]), "its event 1 is of no known kind"),
        (with_event(sent_us="soon"), "its event 1, Exchange.sent_us is no int"),
        (with_event(sent_us=True), "its event 1, Exchange.sent_us is no int"),
        (with_event(sent_us="left out"), "its event 1, Exchange lacks 'sent_us'"),
        (with_event(colour="red"), "its event 1, Exchange has the unknown field 'colour'"),
        (with_event(request_headers=[["accept"]]), "Exchange.request_headers is no list of 2"),
        (with_event(token_used=[1]), "Exchange.token_used is no TokenUse"),
        (with_event(token_used={"serial": 1}), "Exchange.token_used TokenUse lacks 'alive'"),
    ],
)
def test_a_document_that_is_no_history_is_told_with_the_place(tmp_path, document, told):
    (tmp_path / "histories").mkdir()
    (tmp_path / "histories" / "0001.json").write_text(json.dumps(document))

    with pytest.raises(FolderError) as refused:
        read_runs(tmp_path)
    assert told in str(refused.value)
    assert str(refused.value).startswith("histories/0001.json ")


@pytest.mark.parametrize("content", [b"", b'{"schema": "harness.hist', b"\xff\xfe", b"[" * 100_000])
def test_a_history_that_is_no_json_is_told_by_its_name(tmp_path, content):
    (tmp_path / "histories").mkdir()
    (tmp_path / "histories" / "0001.json").write_bytes(content)

    with pytest.raises(FolderError, match=r"histories/0001\.json cannot be read as JSON"):
        read_runs(tmp_path)


def test_a_folder_without_histories_is_told(tmp_path):
    with pytest.raises(FolderError, match="holds no histories"):
        read_runs(tmp_path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "holds no certificate.json"),
        ('{"schema": "harness.cert', "cannot be read as JSON"),
        ('{"schema": "harness.certificate/2"}', "is of the schema 'harness.certificate/2'"),
        ("[]", "is of the schema None"),
    ],
)
def test_a_folder_that_is_no_certificate_is_told(tmp_path, content, told):
    if content is not None:
        (tmp_path / "certificate.json").write_text(content)

    with pytest.raises(FolderError, match=told):
        read_certificate(tmp_path)


def test_a_certificate_that_is_no_folder_is_told(tmp_path):
    with pytest.raises(FolderError, match="is no folder; name the one that 'harness certify' wrote"):
        read_certificate(tmp_path / "nowhere")
