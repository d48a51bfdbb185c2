"""The core keeps under a vendor's limit before it hits it, with all its threads, and says how often it was hit."""

import logging

import pytest

from harness.core import DeadlineReached, Pacing, WaitTooLong
from harness.dialects import ROUNDUP
from harness.dialects.credentials import Basic
from harness.dialects.facts import Limits, Quota, QuotaHeaders
from tests.benchmarks import bench_pacing
from tests.core_dialects import dialect, integration
from tests.core_vendor import Clock, in_turn, reply, vendor
from tests.on_stage import stage as stage

TOLD = Limits(quota_headers=(QuotaHeaders(remaining="X-Left", reset="X-Reset", reset_form="delta_s"),))
DONE = {"rows": [{"id": "u1", "name": "ann"}], "next": None}


def page(number, **headers):
    return reply({"rows": [{"id": number}], "next": f"/users?p={number}"}, **headers)


# -- on the stage: the whole core, threads and all ---------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("kind", [bench_pacing.FixedWindow, bench_pacing.SlidingWindow, bench_pacing.Bucket])
def test_nearly_all_of_the_limit_is_used_and_hardly_an_answer_is_a_refusal(kind, workers):
    told = bench_pacing.measured(kind(), bench_pacing.core, workers=workers, records=700)

    assert told.used >= 0.97
    assert told.refused <= 0.01
    assert told.lost == 0


def test_without_a_pace_the_same_job_is_refused_more_often():
    unpaced = bench_pacing.SlidingWindow()
    unpaced.pacing = Pacing()

    told = bench_pacing.measured(unpaced, bench_pacing.core, workers=4, records=700)

    assert told.refused > 0.01


# -- what a call meets -------------------------------------------------------------------------------------------------


def test_a_quota_that_answers_say_is_used_up_is_waited_for_before_the_next_request():
    clock = Clock()
    script = in_turn(page(1, x_left="1", x_reset="20.5"), page(2, x_left="0", x_reset="20.5"), reply(DONE))
    with vendor(script) as serving, integration(serving, dialect(limits=TOLD), clock) as core:
        list(core.pull("users"))

    assert sum(clock.slept_s) == pytest.approx(20.5, abs=0.01)
    assert max(clock.slept_s) <= 1
    assert core.counts().paced == 1


def test_the_ratelimit_field_is_kept_without_any_fact():
    clock = Clock()
    script = in_turn(page(1, ratelimit='"default";r=0;t=20'), reply(DONE))
    with vendor(script) as serving, integration(serving, dialect(), clock) as core:
        list(core.pull("users"))

    assert sum(clock.slept_s) == pytest.approx(21, abs=0.01)


def test_a_quota_of_writes_holds_no_reading_back():
    clock = Clock()
    pacing = Pacing(quotas=(Quota(requests=1, window_s=60, methods=("POST",)),))
    with vendor(in_turn(reply(DONE))) as serving, integration(serving, dialect(), clock, pacing=pacing) as core:
        for _ in range(3):
            list(core.pull("users"))

    assert clock.slept_s == []


@pytest.mark.parametrize(("each", "waited_s"), [("operation", 0), ("vendor", 20.5)])
def test_the_used_up_quota_of_one_kind_of_request_holds_another_back_only_where_they_share_it(each, waited_s):
    clock = Clock()
    told = QuotaHeaders(remaining="X-Left", reset="X-Reset", reset_form="delta_s", each=each)
    used_up = {"x_left": "0", "x_reset": "20.5"}

    def script(asked):
        return reply({"user": {"id": "u2"}}, 201) if asked.method == "POST" else reply({"rows": []}, **used_up)

    spoken = dialect(limits=Limits(quota_headers=(told,)))
    with vendor(script) as serving, integration(serving, spoken, clock) as core:
        core.push("users", [{"name": "ann"}])

    assert [asked.method for asked in serving.asked] == ["GET", "POST"]
    assert sum(clock.slept_s) == pytest.approx(waited_s, abs=0.01)


def test_a_quota_used_up_for_hours_ends_the_run_with_the_time_to_resume():
    clock = Clock()
    script = in_turn(page(1, x_left="0", x_reset="86400.0"), reply(DONE))
    with (
        vendor(script) as serving,
        integration(serving, dialect(limits=TOLD), clock) as core,
        pytest.raises(WaitTooLong, match=r"users\.list: the vendor's quota is used up for 86400 s more; run again"),
    ):
        list(core.pull("users"))

    assert clock.slept_s == []


def test_a_quota_used_up_past_the_deadline_is_loud_at_once():
    clock = Clock()
    script = in_turn(page(1, x_left="0", x_reset="60.5"), reply(DONE))
    with (
        vendor(script) as serving,
        integration(serving, dialect(limits=TOLD), clock) as core,
        pytest.raises(DeadlineReached, match="run again after 2027-01-15T08:01:00Z"),
    ):
        list(core.pull("users", deadline_s=30))

    assert clock.slept_s == []


def test_roundups_own_headers_are_read():
    clock = Clock()
    headers = {"x_ratelimit_limit": "20", "x_ratelimit_remaining": "0", "x_ratelimit_reset": "57.25"}
    first = {"data": {"collection": [{"id": "1", "title": "a"}], "@links": {"next": [{"uri": "/rest/2"}]}}}
    last = {"data": {"collection": [{"id": "2", "title": "b"}], "@links": {}, "@total_size": 2}}
    credentials = Basic("demo", "demo-word")
    with (
        vendor(in_turn(reply(first, **headers), reply(last))) as serving,
        integration(serving, ROUNDUP, clock, credentials=credentials) as core,
    ):
        list(core.pull("issues"))

    assert sum(clock.slept_s) == pytest.approx(57.25, abs=0.01)


# -- counts and warnings -----------------------------------------------------------------------------------------------

REFUSED = reply({"error": {"code": 429}}, 429, retry_after="1")


def pulled_with(script, **more):
    with vendor(script) as serving, integration(serving, dialect(), Clock(), **more) as core:
        list(core.pull("users"))
    return core.counts()


def every(nth, pages):
    """So many pages, and every nth answer a refusal."""
    answers = iter(range(1, 10_000))
    shown = iter(range(pages))

    def script(asked):
        if next(answers) % nth == 0:
            return REFUSED
        number = next(shown)
        return page(number) if number < pages - 1 else reply(DONE)

    return script


def test_requests_retries_and_limit_hits_are_counted():
    counts = pulled_with(in_turn(REFUSED, page(1), REFUSED, reply(DONE)))

    assert (counts.requests, counts.retries, counts.limit_hits) == (4, 2, 2)


def test_a_share_of_refusals_above_the_level_is_one_warning_that_asks_for_a_redesign(caplog):
    counts = pulled_with(every(10, pages=200))

    warned = [record for record in caplog.records if record.event == "limit_share"]
    assert counts.limit_hits == 22
    assert [record.levelno for record in warned] == [logging.WARNING]
    assert (
        warned[0]
        .getMessage()
        .startswith("10 of the last 100 requests were refused as too much; this integration needs a redesign")
    )


def test_a_share_below_the_level_is_no_such_warning(caplog):
    pulled_with(every(10, pages=200), pacing=Pacing(warned_share=0.2))

    assert [record for record in caplog.records if record.event == "limit_share"] == []


@pytest.mark.parametrize("share", [5, -0.1, float("nan")])
def test_a_level_that_is_no_share_is_refused(share):
    """Five percent is 0.05; taken as it stands, 5 would never be reached."""
    with pytest.raises(ValueError, match=r"a share, from 0 to 1, and not .*; 0\.05 is 5 %"):
        Pacing(warned_share=share)
