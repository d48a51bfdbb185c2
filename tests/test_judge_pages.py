"""pages.complete, truncation-seen, loops-end, duplicates-merged, short-page-continued."""

import pytest

from harness.stage.history import Tally
from tests.histories import ONE_MISSING, ended, exchange, judged, raised, run


def struck(kind, number=1, at_s=0, **facts):
    return exchange(f"users.list#{number}", at_s, fault=f"{kind}()", **{"rows": 2, "more": True, **facts})


def pulled(kind, end, *, times="", asks="correct"):
    return run(f"keystone pull users.list#1:{kind}(){times}", struck(kind), end, asks=asks)


# -- pages.complete ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", ["keystone pull", "keystone pull users.list#1:ShortPage()", "k pull run#1:Again()"])
def test_a_pull_that_returns_every_record_once_is_complete(plan):
    assert judged("pages.complete", run(plan)).value == "passed"


@pytest.mark.parametrize("tally", [ONE_MISSING, Tally(3, 4, doubled=("alice",))])
def test_a_pull_that_misses_or_doubles_a_record_is_not_complete(tally):
    verdict = judged("pages.complete", run("keystone pull", ended(returned=tally)))

    assert verdict.value == "failed"


def test_an_undisturbed_pull_that_fails_is_not_complete():
    assert judged("pages.complete", run("keystone pull", raised("KeyError: 'users'"))).value == "failed"


def test_the_pull_after_a_crash_must_be_complete():
    plan = "keystone pull users.list#2:Crash()"
    crashed = ended(how="crashed")

    assert judged("pages.complete", run(plan, crashed, ended(act=2))).value == "passed"
    assert judged("pages.complete", run(plan, crashed, ended(act=2, returned=ONE_MISSING))).value == "failed"


def test_completeness_is_unknown_where_every_pull_was_disturbed():
    disturbed = run("keystone pull users.list#1:Throttled()", raised("VendorError: 429"))

    assert judged("pages.complete", disturbed, run("keystone push")).value == "unknown"


# -- pages.truncation-seen ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["DroppedNext", "TotalDisagrees"])
@pytest.mark.parametrize("end", [raised("Incomplete: 2 of 3"), ended()])
def test_a_listing_that_breaks_off_and_is_noticed_or_completed_passes(kind, end):
    assert judged("pages.truncation-seen", pulled(kind, end, asks="either")).value == "passed"


def test_a_listing_that_breaks_off_unnoticed_fails():
    verdict = judged("pages.truncation-seen", pulled("DroppedNext", ended(returned=ONE_MISSING)))

    assert verdict.value == "failed"
    sentence = "The vendor had promised more. It returned 2 of 3 records and said done (without: carol)."
    assert verdict.findings[0].sentence == sentence


def test_truncation_is_unknown_where_no_listing_broke_off():
    assert judged("pages.truncation-seen", run("keystone pull", exchange("users.list#1", 0))).value == "unknown"


# -- pages.loops-end ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["CursorLoop", "RepeatedPage"])
def test_a_loop_that_ends_loudly_passes(kind):
    assert judged("pages.loops-end", pulled(kind, raised("Loop: /v3/users"), times="x*", asks="loud")).value == "passed"


def test_a_loop_without_end_fails():
    verdict = judged("pages.loops-end", pulled("CursorLoop", ended(how="hung"), times="x*", asks="loud"))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It went round in circles from /v3/users?page=1 on."


def test_a_loop_taken_for_the_end_fails():
    silent = pulled("CursorLoop", ended(returned=ONE_MISSING), times="x*", asks="loud")

    assert judged("pages.loops-end", silent).value == "failed"


def test_a_repeated_page_that_only_doubles_is_another_requirements_matter():
    doubled = pulled("RepeatedPage", ended(returned=Tally(3, 4, doubled=("alice",))))

    assert judged("pages.loops-end", doubled).value == "passed"
    assert judged("pages.duplicates-merged", doubled).value == "failed"


def test_loops_are_unknown_where_every_page_led_on():
    assert judged("pages.loops-end", run("keystone pull", exchange("users.list#1", 0))).value == "unknown"


# -- pages.duplicates-merged -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [ended(), raised("VendorError: alice was shown twice"), ended(returned=ONE_MISSING)])
def test_a_record_shown_twice_and_not_doubled_passes(end):
    assert judged("pages.duplicates-merged", pulled("OverlappingPage", end)).value == "passed"


def test_a_record_returned_twice_fails():
    doubled = pulled("OverlappingPage", ended(returned=Tally(3, 4, doubled=("bob",))))

    verdict = judged("pages.duplicates-merged", doubled)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It returned bob more than once."


def test_duplicates_are_unknown_where_no_record_was_shown_twice():
    assert judged("pages.duplicates-merged", run("keystone pull", exchange("users.list#1", 0))).value == "unknown"


# -- pages.short-page-continued ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ShortPage", "EmptyPage"])
def test_a_short_page_that_is_continued_passes(kind):
    assert judged("pages.short-page-continued", pulled(kind, ended())).value == "passed"


@pytest.mark.parametrize("end", [ended(returned=ONE_MISSING), raised("VendorError: a page is short")])
def test_a_short_page_that_ends_the_pull_fails(end):
    verdict = judged("pages.short-page-continued", pulled("ShortPage", end))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence.startswith("It was shown a page with 2 records that led on.")


def test_short_pages_are_unknown_where_all_were_full():
    assert judged("pages.short-page-continued", run("keystone pull", exchange("users.list#1", 0))).value == "unknown"
