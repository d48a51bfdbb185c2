"""The core's log as JSON, and its metrics, of a real run."""

import io
import json
import logging
import re
import time
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness.core import Integration, IntegrationError, log_json
from harness.core.ledger import Ledger
from harness.core.metrics import metrics_text
from tests.core_dialects import dialect
from tests.core_vendor import Clock, in_turn, reply, vendor

ROWS = reply({"rows": [{"id": 1, "name": "ann"}, {"id": 2, "name": "bob"}]})


@pytest.fixture
def logged():
    """What the core logs, as JSON lines."""
    logger, stream = logging.getLogger("harness.core"), io.StringIO()
    before = logger.level, logger.propagate
    handler = log_json(stream)
    yield stream
    logger.removeHandler(handler)
    logger.level, logger.propagate = before


def pull(serving, **options):
    return list(
        Integration(dialect(), base_url=serving.url, clock=Clock(), jitter=lambda: 0.0, **options).pull("users")
    )


def test_each_line_of_the_log_is_an_object_with_the_record_s_fields(logged):
    with vendor(in_turn(reply({}, 429, retry_after="3", x_request_id="req-4"), ROWS)) as serving:
        pull(serving)
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]

    hit = next(line for line in lines if line["event"] == "limit_hit")
    assert (hit["level"], hit["logger"], hit["operation"]) == ("WARNING", "harness.core", "users.list")
    assert (hit["status"], hit["request_id"], hit["wait_s"]) == (429, "req-4", 3.0)
    assert hit["message"].startswith("limit hit, throttled: users.list: ")


def test_a_log_that_is_set_up_twice_says_each_thing_once(logged):
    handler = log_json(logged)
    try:
        with vendor(in_turn(reply({}, 429, retry_after="3"), ROWS)) as serving:
            pull(serving)
    finally:
        logging.getLogger("harness.core").removeHandler(handler)

    assert logged.getvalue().count("limit hit") == 1


def test_the_time_of_a_line_is_utc_whatever_the_machines_zone(logged, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        with vendor(in_turn(reply({}, 429, retry_after="3"), ROWS)) as serving:
            pull(serving)
    finally:
        monkeypatch.undo()
        time.tzset()
    told = json.loads(logged.getvalue().splitlines()[0])["time"]

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told)
    assert abs((datetime.now(UTC) - datetime.fromisoformat(told)).total_seconds()) < 60


def test_metrics_tell_runs_records_limits_tokens_and_requests_from_the_ledger(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    with vendor(in_turn(reply({}, 429, retry_after="3"), ROWS)) as serving:
        pull(serving, recorder=ledger)
        pull(serving, recorder=ledger)
    with vendor(in_turn(reply({"error": "no"}, 403))) as serving, pytest.raises(IntegrationError):
        pull(serving, recorder=ledger)

    told = {
        (sample.name, *(value for name, value in sorted(sample.labels.items()) if name != "integration")): sample.value
        for family in text_string_to_metric_families(metrics_text(ledger))
        for sample in family.samples
    }
    assert told["harness_runs_total", "succeeded"] == 2
    assert told["harness_runs_total", "failed"] == 1
    assert told["harness_records_total", "pulled"] == 4
    assert told["harness_limit_hits_total",] == 1
    assert told["harness_token_refreshes_total",] == 0
    assert told["harness_request_seconds_count",] == 4
    assert told["harness_request_seconds_sum",] >= 0
    assert told["harness_last_success_timestamp_seconds",] == ledger.status()[0].last_success_s
    assert told["harness_well",] == 0
