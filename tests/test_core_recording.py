"""What the core writes into the ledger of its own runs, against a vendor on a real socket."""

from datetime import timedelta

import pytest

from harness.core import IntegrationError
from harness.core.integration import Integration
from harness.core.ledger import Ledger
from harness.core.retry import RetryPolicy
from harness.dialects import KEYSTONE
from harness.dialects.credentials import ClientCredentials
from tests.core_dialects import dialect
from tests.core_vendor import Clock, in_turn, reply, vendor

ROWS = reply({"rows": [{"id": 1, "name": "ann"}, {"id": 2, "name": "bob"}]})


@pytest.fixture
def ledger(tmp_path):
    return Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")


def last(ledger):
    return ledger.runs(most=1)[0]


def integration(serving, recorder, **options):
    return Integration(dialect(), base_url=serving.url, clock=Clock(), jitter=lambda: 0.0, recorder=recorder, **options)


def test_a_pull_is_a_run_of_its_own_with_what_it_pulled_and_asked(ledger):
    with vendor(in_turn(ROWS)) as serving:
        pulls = integration(serving, ledger, expected_every=timedelta(hours=1)).pull("users")

        assert ledger.runs() == ()

        assert len(list(pulls)) == 2

    assert (last(ledger).integration, last(ledger).state) == ("vendor.users.pull", "succeeded")
    assert last(ledger).counts == {"pulled": 2}
    assert last(ledger).usage.requests == 1
    assert last(ledger).expected_every_s == 3600


def test_who_stops_reading_has_pulled_a_part(ledger):
    with vendor(in_turn(ROWS)) as serving:
        pulled = integration(serving, ledger).pull("users")
        next(pulled)
        pulled.close()

    assert (last(ledger).state, last(ledger).counts) == ("partial", {"pulled": 2})
    assert last(ledger).reason == "the caller stopped before the last record"


def test_limits_hit_are_counted(ledger):
    with vendor(in_turn(reply({}, 429, retry_after="3"), ROWS)) as serving:
        list(integration(serving, ledger).pull("users"))

    assert (last(ledger).usage.requests, last(ledger).usage.limit_hits) == (2, 1)


def test_a_failed_pull_is_told_with_its_request_id(ledger):
    script = in_turn(reply({"error": "no"}, 403, x_request_id="req-9"))
    with vendor(script) as serving, pytest.raises(IntegrationError):
        list(integration(serving, ledger).pull("users"))

    assert (last(ledger).state, last(ledger).request_id) == ("failed", "req-9")
    assert last(ledger).reason.startswith("Refused: users.list: ")


def test_a_push_counts_what_it_did_and_is_partial_where_it_names_failures(ledger):
    def script(asked):
        if asked.method == "GET":
            rows = [{"id": 1, "name": "ann"}] if asked.query.get("name") == "ann" else []
            return reply({"rows": rows})
        return reply({"error": "no"}, 403) if b"bob" in asked.body else reply({"user": {"id": 3}}, 201)

    records = [{"name": "ann"}, {"name": "bob"}, {"name": "cat"}]
    with vendor(script) as serving:
        report = integration(serving, ledger).push("users", records)

    assert list(report.failed) == ["bob"]
    assert (last(ledger).integration, last(ledger).state) == ("vendor.users.push", "partial")
    assert last(ledger).counts == {"created": 1, "unchanged": 1, "failed": 1}
    assert last(ledger).reason.startswith("1 records were not written: bob: ")


def test_a_job_s_own_run_holds_its_pulls_and_pushes(ledger):
    with vendor(in_turn(ROWS)) as serving, ledger.run("hr-to-vendor") as run:
        users = integration(serving, run)
        list(users.pull("users"))
        list(users.pull("users"))

    assert [(one.integration, one.state, one.counts) for one in ledger.runs()] == [
        ("hr-to-vendor", "succeeded", {"pulled": 4})
    ]
    assert last(ledger).usage.requests == 2


def test_a_token_s_refreshes_are_counted(ledger):
    script = in_turn(reply({"access_token": "token-1", "expires_in": 20}), reply({"users": [], "links": {}}))
    with vendor(script) as serving:
        users = Integration(
            KEYSTONE,
            base_url=serving.url,
            credentials=ClientCredentials("id", "word"),
            policy=RetryPolicy(tries=1),
            recorder=ledger,
        )
        list(users.pull("users"))

    assert (last(ledger).usage.requests, last(ledger).usage.token_refreshes) == (2, 1)
