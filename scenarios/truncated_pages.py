"""Listings that are shorter, longer, or rounder than they should be."""

import pytest

from harness.stage.faults import (
    Ceiling,
    CursorExpired,
    CursorLoop,
    DroppedNext,
    EmptyPage,
    OverlappingPage,
    RepeatedPage,
    RowCreated,
    RowDeleted,
    ShortPage,
    TotalDisagrees,
    named,
)


@pytest.mark.requires("pages.complete", "outcome.honest")
def test_every_record_is_returned_exactly_once(pull):
    pull()


@pytest.mark.requires("pages.short-page-continued", "pages.complete")
@pytest.mark.parametrize("fault", [ShortPage(), EmptyPage()], ids=named)
def test_a_short_page_is_not_the_last(pull, fault):
    pull(fault, at="list")


@pytest.mark.requires("pages.duplicates-merged", "outcome.honest")
@pytest.mark.parametrize("fault", [OverlappingPage(), RepeatedPage()], ids=named)
def test_a_record_shown_twice_is_returned_once(pull, fault):
    pull(fault, at="list")


@pytest.mark.requires("pages.truncation-seen", "outcome.honest")
@pytest.mark.parametrize("times", [1, None])
def test_a_listing_that_breaks_off_is_noticed(pull, times):
    pull(DroppedNext(), at="list", times=times)


@pytest.mark.requires("pages.truncation-seen", "outcome.honest")
def test_a_total_that_the_pages_do_not_reach_is_noticed(pull):
    pull(TotalDisagrees(), at="list", times=None)


@pytest.mark.requires("pages.loops-end", "outcome.ends")
@pytest.mark.parametrize("fault", [CursorLoop(), RepeatedPage()], ids=named)
def test_a_listing_that_never_ends_ends_the_run_loudly(pull, fault):
    pull(fault, at="list", times=None)


@pytest.mark.requires("outcome.honest", "outcome.ends")
def test_a_page_that_leads_to_itself_once_harms_nobody(pull):
    pull(CursorLoop(), at="list")


@pytest.mark.requires("pages.concurrent-change", "outcome.honest", "outcome.ends")
@pytest.mark.parametrize("fault", [RowDeleted(), RowCreated()], ids=named)
def test_a_record_that_comes_or_goes_meanwhile_hides_no_other(pull, fault):
    pull(fault, at="list")


@pytest.mark.requires("pages.cursor-expired", "outcome.honest", "outcome.ends")
@pytest.mark.parametrize("times", [1, None])
def test_a_cursor_that_expires_leaves_no_gap(pull, times):
    pull(CursorExpired(), at="list", times=times)


@pytest.mark.requires("pages.ceiling-noticed", "outcome.honest", "errors.context-logged")
@pytest.mark.parametrize("fault", [Ceiling(), Ceiling(status=400)], ids=named)
def test_a_ceiling_is_not_taken_for_the_end(pull, fault):
    pull(fault, at="list", times=None)
