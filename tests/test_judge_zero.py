"""outcome.zero-suspicious: nothing, where something was before, is not taken for all."""

import logging
from dataclasses import replace

import pytest

from harness.stage.history import Tally
from tests.histories import ended, exchange, judged, logged, noted, raised, run, us

EMPTIED = "keystone pull run#1:Emptied()"
NOTHING_LEFT = replace(noted("emptied", "nothing is left"), at_us=us(5))
DONE = ended(returned=Tally(0, 0), at_s=6)


def emptied(*events, plan=EMPTIED):
    return run(plan, exchange("users.list#1", 1), NOTHING_LEFT, exchange("users.list#2", 5.1), *events, asks="either")


@pytest.mark.parametrize("text", ["no users, and 12 the last time", "users: the listing is empty", "0 users listed"])
def test_a_warning_that_there_is_nothing_passes(text):
    assert judged("outcome.zero-suspicious", emptied(logged(text, 5.6, logging.WARNING), DONE)).value == "passed"


def test_an_error_passes():
    assert judged("outcome.zero-suspicious", emptied(raised("Incomplete: 0 records", at_s=6))).value == "passed"


@pytest.mark.parametrize(
    "record",
    [
        logged("no users", 5.6, logging.INFO),
        logged("no users", 2, logging.WARNING),
        logged("the limit of 10 was hit", 5.6, logging.WARNING),
    ],
)
def test_what_is_no_warning_of_it_fails(record):
    verdict = judged("outcome.zero-suspicious", emptied(record, DONE))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == (
        "The vendor listed nothing where records had been before, and it said done."
    )


def test_an_empty_source_that_is_pushed_in_silence_fails():
    pushed = emptied(ended("push", at_s=6), plan="keystone push run#1:Emptied()")

    assert judged("outcome.zero-suspicious", pushed).findings[0].sentence == (
        "The source gave nothing where records had been before, and it said done."
    )


def test_suspicion_is_unknown_where_records_were_left():
    again = run("keystone pull run#1:Again()", ended(), ended(act=2))

    assert judged("outcome.zero-suspicious", again).value == "unknown"
