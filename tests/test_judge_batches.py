"""errors.partial-failure-named: what failed within a batch is named, exactly, and only that is tried again."""

import pytest

from harness.judge.outcome import missing_context
from harness.stage.history import Item, Tally
from tests.histories import create, ended, exchange, judged, lookup, raised, run

ID = "errors.partial-failure-named"
PLAN = "kinto push contacts.batch#1:PartlyFailed()"
WITHOUT_BOB = Tally(3, 2, missing=("bob",))


def item(key, status=201):
    failed = status >= 400
    return Item(
        operation="users.create",
        record_key=key,
        status=status,
        error=failed,
        vendor_message="not now" if failed else "",
    )


def batch(at_s, *items, **facts):
    return exchange("users.batch#1", at_s, method="POST", target="/batch", write=True, items=items, **facts)


PARTLY = batch(1, item("ann"), item("bob", 503), item("cem"), fault="PartlyFailed()")
REFUSED = batch(1, item("ann"), item("bob", 403), item("cem"), fault="PartlyFailed(status=403)")
THERE_ALREADY = batch(1, item("ann"), item("bob", 412), item("cem"))
BOTH_THERE = batch(1, item("ann"), item("bob", 412), item("cem", 412))
WITHOUT_CEM = Tally(3, 3, altered=("cem",))
REASON = "users.create: refused [status=403 vendor_message='not now' record_key=bob]"


@pytest.mark.parametrize(
    "events",
    [
        (PARTLY, lookup("bob", 2), create("bob", 3), ended("push")),
        (PARTLY, batch(3, item("bob")), ended("push")),
        (REFUSED, ended("push", held=WITHOUT_BOB, named_failures=(("bob", REASON),))),
        (REFUSED, raised(f"E: {REASON}", job="push")),
        (THERE_ALREADY, lookup("bob", 2), ended("push", held=Tally(3, 3))),
        (BOTH_THERE, lookup("bob", 2), ended("push", held=WITHOUT_CEM, named_failures=(("cem", REASON),))),
    ],
    ids=["tried again alone", "tried again in a batch", "named", "raised with its name", "found there", "one of two"],
)
def test_what_failed_is_tried_again_or_named(events):
    assert judged(ID, run(PLAN, *events)).value == "passed"


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        (
            (PARTLY, ended("push", held=WITHOUT_BOB)),
            (
                "It did not say that bob failed within a batch. It said done, and the vendor held 2 of 3 records "
                "(without: bob)."
            ),
        ),
        (
            (PARTLY, batch(3, item("ann", 409), item("bob"), item("cem", 409)), ended("push")),
            "It wrote ann, cem again, which the batch had done.",
        ),
        (
            (PARTLY, create("ann", 3), create("bob", 4), ended("push")),
            "It wrote ann again, which the batch had done.",
        ),
        (
            (REFUSED, ended("push", held=WITHOUT_BOB, named_failures=(("bob", REASON), ("cem", "?")))),
            "It named cem as failed, which the batch had done.",
        ),
        (
            (THERE_ALREADY, ended("push", held=Tally(3, 3))),
            "It did not say that bob failed within a batch. It returned, and everything was there once.",
        ),
        (
            (THERE_ALREADY, lookup("bob", 2), ended("push", held=WITHOUT_BOB)),
            (
                "It did not say that bob failed within a batch. It said done, and the vendor held 2 of 3 records "
                "(without: bob)."
            ),
        ),
        (
            (BOTH_THERE, lookup("bob", 2), lookup("cem", 3), ended("push", held=WITHOUT_CEM)),
            (
                "It did not say that cem failed within a batch. It said done, and the vendor held 3 of 3 records "
                "(changed: cem)."
            ),
        ),
        (
            (REFUSED, raised("E: a batch failed", job="push")),
            "It did not say that bob failed within a batch. It raised E: a batch failed.",
        ),
    ],
    ids=[
        "hidden",
        "all again",
        "one too many",
        "named for nothing",
        "not looked for",
        "not found",
        "found as it should not be",
        "raised without its name",
    ],
)
def test_what_is_hidden_mistaken_or_sent_again_fails(events, sentence):
    verdict = judged(ID, run(PLAN, *events))

    assert (verdict.value, verdict.findings[0].sentence) == ("failed", sentence)


@pytest.mark.parametrize(
    "events",
    [
        (batch(1, item("ann"), item("bob")), ended("push")),
        (batch(1, item("ann", 503), item("bob", 503)), ended("push")),
        (create("ann", 1), ended("push")),
    ],
    ids=["all done", "all failed", "no batch"],
)
def test_without_a_batch_that_partly_failed_nothing_is_shown(events):
    assert judged(ID, run(PLAN, *events)).value == "unknown"


def test_the_context_of_a_named_failure_is_that_of_its_own_item():
    told = ended("push", held=WITHOUT_BOB, named_failures=(("bob", "refused status=403 bob"),))
    vague = ended("push", held=WITHOUT_BOB, named_failures=(("bob", "the batch was refused"),))

    assert missing_context(run(PLAN, REFUSED, told), told) == ()
    assert missing_context(run(PLAN, REFUSED, vague), vague) == ("status 403",)


def test_a_batch_that_was_refused_as_a_whole_costs_a_look_at_each_of_its_records():
    keys = ("ann", "bob", "cem", "dea", "eva")
    whole = batch(1, *(item(key) for key in keys), status=503, error=True, fault="ServerError()", effect=False)
    looks = [lookup(key, 2 + place) for place, key in enumerate(keys)]
    plan = "kinto push users.batch#1:ServerError()"

    reconciled = run(plan, whole, *looks, batch(9, *(item(key) for key in keys)), ended("push"), clean_exchanges=1)

    assert judged("limits.amplification", reconciled).value == "passed"


def test_a_lost_batch_that_is_sent_again_without_a_look_is_a_guess():
    lost = batch(1, item("ann"), item("bob"), status=None, answered_us=None, fault="HangUp(after_effect=True)")
    again = batch(3, item("ann", 409), item("bob", 409))

    assert judged("errors.lost-answer-reconciled", run(PLAN, lost, again, ended("push"))).value == "failed"
