"""A limit that is one record's alone makes that record wait, and nothing else."""

import pytest

from harness.core import RecordThrottled, WaitTooLong
from harness.dialects.facts import Limits, OneRecord
from tests.core_dialects import dialect, integration
from tests.core_holding import Holding
from tests.core_vendor import Clock, in_turn, reply, vendor

LIMITED = dialect(limits=Limits(one_record=OneRecord(header="RateLimit-Reason", value="per-record")))
ANN, BOB, CEM, DEA, EVA = ({"name": name, "email": f"{name}@x.test"} for name in ("ann", "bob", "cem", "dea", "eva"))


def refusal(wait_s, reason="per-record"):
    return reply({"error": {"code": 429, "message": "busy"}}, 429, retry_after=str(wait_s), ratelimit_reason=reason)


class LimitsSome(Holding):
    """Refuses every write to the records of these names."""

    def __init__(self, *names, wait_s, reason="per-record", times=1000):
        super().__init__()
        self.names, self.wait_s, self.reason, self.times = names, wait_s, reason, times

    def __call__(self, asked):
        if asked.method == "POST" and asked.document["user"]["name"] in self.names and self.times:
            self.times -= 1
            return refusal(self.wait_s, self.reason)
        return super().__call__(asked)


def pushed(script, *records, spoken=LIMITED):
    clock = Clock()
    with vendor(script) as serving, integration(serving, spoken, clock) as core:
        report = core.push("users", records)
        return report, dict(report.failed), clock


def test_who_cannot_wait_for_one_record_writes_the_others_and_names_it():
    report, failed, clock = pushed(LimitsSome("ann", wait_s=90_000), ANN, BOB, CEM)

    assert report.created == ("bob", "cem")
    assert list(failed) == ["ann"]
    assert "status=429" in failed["ann"]
    assert clock.slept_s == []


def test_several_limited_records_in_a_row_are_no_sign_that_the_vendor_is_down():
    report, failed, _ = pushed(LimitsSome("ann", "bob", "cem", "dea", wait_s=90_000), ANN, BOB, CEM, DEA, EVA)

    assert report.created == ("eva",)
    assert list(failed) == ["ann", "bob", "cem", "dea"]


def test_a_short_limit_of_one_record_is_waited_for():
    report, _, clock = pushed(LimitsSome("ann", wait_s=30, times=1), ANN, BOB)

    assert report.created == ("ann", "bob")
    assert 30 <= sum(clock.slept_s) <= 31


@pytest.mark.parametrize("reason", ["global", ""], ids=["another reason", "no reason"])
def test_any_other_limit_stops_all(reason):
    with pytest.raises(WaitTooLong):
        pushed(LimitsSome("ann", wait_s=90_000, reason=reason), ANN, BOB)


def test_where_the_dialect_knows_no_such_limit_every_limit_stops_all():
    with pytest.raises(WaitTooLong):
        pushed(LimitsSome("ann", wait_s=90_000), ANN, BOB, spoken=dialect())


def test_workers_go_on_with_the_others_while_one_record_waits():
    with vendor(LimitsSome("ann", wait_s=30)) as serving, integration(serving, LIMITED, Clock()) as core:
        report = core.apply("users", core.reconcile("users", [ANN, BOB, CEM]), workers=2)
        failed = list(report.failed)

    assert set(report.created) == {"bob", "cem"}
    assert failed == ["ann"]


def test_the_reason_is_read_in_any_case_and_told_as_the_cause():
    script = in_turn(refusal(90_000, " PER-Record "))
    with (
        vendor(script) as serving,
        integration(serving, LIMITED, Clock()) as core,
        pytest.raises(WaitTooLong) as raised,
    ):
        list(core.pull("users"))

    assert isinstance(raised.value.__cause__, RecordThrottled)
