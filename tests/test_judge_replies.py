"""errors.redirect-not-a-write, body-bounded, text-exact, not-found-not-deleted: what an answer is not taken for."""

import pytest

from harness.stage.history import Tally
from tests.histories import create, ended, exchange, judged, lookup, noted, raised, refused, run

REDIRECT = "errors.redirect-not-a-write"
MOVED_PLAN = "keystone push users.create#1:RedirectedWrite()"
MOVED = create("alice", 1, status=302, effect=False, fault="RedirectedWrite()")
FOLLOWED = exchange("users.list#1", 2)
WITHOUT_ALICE = Tally(3, 2, missing=("alice",))

BOUNDED = "errors.body-bounded"
BOMB_PLAN = "keystone pull users.list#1:Oversized(form='gzip')"
BOMB = exchange("users.list#1", 1, fault="Oversized(form='gzip')")


@pytest.mark.parametrize(
    "events",
    [
        (MOVED, create("alice", 2), ended("push")),
        (MOVED, raised("E: redirected", job="push")),
        (MOVED, FOLLOWED, ended("push", held=WITHOUT_ALICE, named_failures=(("alice", "redirected"),))),
    ],
    ids=["sent again", "raised", "named"],
)
def test_a_redirected_write_is_sent_again_or_told(events):
    assert judged(REDIRECT, run(MOVED_PLAN, *events)).value == "passed"


def test_a_redirected_write_that_counts_as_done_fails():
    verdict = judged(REDIRECT, run(MOVED_PLAN, MOVED, FOLLOWED, ended("push", held=WITHOUT_ALICE)))

    assert (verdict.value, verdict.findings[0].sentence) == (
        "failed",
        (
            "It took what it found behind status 302 for the answer to POST /v3/users. It said done, and the vendor "
            "held 2 of 3 records (without: alice)."
        ),
    )


def test_without_a_redirected_write_nothing_is_shown():
    assert judged(REDIRECT, run("keystone push", create("alice", 1))).value == "unknown"
    assert judged(REDIRECT, run(MOVED_PLAN, MOVED, noted("not_recorded", "GET /x"))).value == "unknown"


@pytest.mark.parametrize(
    "events",
    [
        (BOMB, exchange("users.list#1", 2), exchange("users.list#2", 3)),
        (BOMB, raised("E: the reply is larger than 67108864 bytes")),
    ],
    ids=["asked again", "raised"],
)
def test_an_oversized_answer_is_refused(events):
    assert judged(BOUNDED, run(BOMB_PLAN, *events)).value == "passed"


@pytest.mark.parametrize("fault", ["Oversized()", "Oversized(form='gzip')"])
def test_an_oversized_answer_that_is_taken_fails(fault):
    taken = exchange("users.list#1", 1, fault=fault)

    verdict = judged(
        BOUNDED, run(f"keystone pull users.list#1:{fault}", taken, exchange("users.list#1", 2, target="/2"))
    )

    assert (verdict.value, verdict.findings[0].sentence) == (
        "failed",
        "It read an answer of more than 64 MiB to its end, and took it.",
    )


def test_without_an_oversized_answer_nothing_is_shown():
    assert judged(BOUNDED, run("keystone pull", exchange("users.list#1", 1))).value == "unknown"
    assert judged(BOUNDED, run(BOMB_PLAN, BOMB, ended(how="real_time"))).value == "unknown"


EXACT = "errors.text-exact"
UNUSUAL_PULL, UNUSUAL_PUSH = "keystone pull run#1:UnusualText()", "keystone push run#1:UnusualText()"
ALTERED = Tally(3, 3, altered=("Zoë+ops/ä",))


def test_texts_that_arrive_and_are_found_again_pass():
    pulled = run(UNUSUAL_PULL, exchange("users.list#1", 1), ended())
    pushed = run(UNUSUAL_PUSH, create("Zoë+ops/ä", 1), ended("push"), ended("push", act=2))

    assert judged(EXACT, pulled, pushed).value == "passed"


@pytest.mark.parametrize(
    ("history", "sentence"),
    [
        (
            run(UNUSUAL_PULL, exchange("users.list#1", 1), ended(returned=ALTERED)),
            "It returned 3 of 3 records and said done (changed: Zoë+ops/ä).",
        ),
        (
            run(UNUSUAL_PUSH, create("Zoë+ops/ä", 1), ended("push"), raised("E: 409 Zoë+ops/ä", job="push", act=2)),
            "It raised E: 409 Zoë+ops/ä.",
        ),
    ],
    ids=["changed", "not found again"],
)
def test_texts_that_are_changed_or_not_found_again_fail(history, sentence):
    verdict = judged(EXACT, history)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == (
        f"Names held other letters than A to Z, signs, and a long number. {sentence}"
    )


def test_without_unusual_texts_nothing_is_shown():
    assert judged(EXACT, run("keystone push", create("alice", 1))).value == "unknown"
    assert judged(EXACT, run(UNUSUAL_PUSH, ended("push", how="real_time"))).value == "unknown"


NOT_FOUND = "errors.not-found-not-deleted"
HIDDEN_PLAN = "keystone push users.lookup#1:NotFoundForWant()"
HIDDEN = refused("users.lookup#1", 1, 404, record_key="alice", fault="NotFoundForWant()")


@pytest.mark.parametrize(
    "events",
    [
        (HIDDEN, raised("E: 404 alice", job="push")),
        (HIDDEN, lookup("alice", 2), create("alice", 3)),
        (HIDDEN, create("bob", 2), raised("E: 404 alice", job="push")),
    ],
    ids=["raised", "looked up again", "another record"],
)
def test_a_404_that_is_no_answer_is_told_or_asked_again(events):
    assert judged(NOT_FOUND, run(HIDDEN_PLAN, *events)).value == "passed"


def test_a_404_that_is_taken_for_absence_fails():
    verdict = judged(NOT_FOUND, run(HIDDEN_PLAN, HIDDEN, create("alice", 2)))

    assert (verdict.value, verdict.findings[0].sentence) == (
        "failed",
        "A lookup of alice ended with 404, and it sent POST /v3/users for it.",
    )


def test_without_a_404_that_is_no_answer_nothing_is_shown():
    assert judged(NOT_FOUND, run("keystone push", create("alice", 1))).value == "unknown"
    assert judged(NOT_FOUND, run(HIDDEN_PLAN, HIDDEN, noted("not_recorded", "GET /x"))).value == "unknown"
