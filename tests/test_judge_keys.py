"""rerun.key-as-vendor, inactive-matched, read-lag-safe, foreign-fields-kept: whose record is whose."""

import pytest

from harness.stage.history import Tally
from tests.histories import create, ended, exchange, judged, lookup, noted, raised, refused, run

TWINS = "keystone push run#1:TwinRows()"
RETURNER = "keystone push run#1:Returner()"
BY_HAND = "keystone push run#1:KeptByHand()"
LAGGING = "keystone push users.lookup#7:LaggingLookup()"
SAVED = "kinto push contacts.lookup#7:ChangedMeanwhile()"

BEHIND = lookup("alice", 1, fault="LaggingLookup()")
TAKEN = refused("users.create#1", 2, 409, method="POST", write=True, record_key="alice")
READ = lookup("alice", 1, fault="ChangedMeanwhile()")
UPDATED = exchange("users.update#1", 2, method="PATCH", target="/v3/users/c", write=True, record_key="carol")
LEFT_OUT = Tally(3, 3, altered=("carol",))
ONE_MORE = Tally(3, 4, unexpected=("alice-2",))


@pytest.mark.parametrize(
    ("requirement", "plan", "events"),
    [
        ("key-as-vendor", TWINS, [raised("ValueError: two rows for alice", job="push")]),
        ("key-as-vendor", TWINS, [ended("push", named_failures=(("alice", "listed twice"),))]),
        ("inactive-matched", RETURNER, [ended("push")]),
        ("inactive-matched", RETURNER, [ended("push", held=LEFT_OUT, named_failures=(("carol", "out of use"),))]),
        ("read-lag-safe", LAGGING, [BEHIND, TAKEN, lookup("alice", 3), ended("push")]),
        ("read-lag-safe", LAGGING, [BEHIND, TAKEN, raised("E: alice 409 req-1", job="push")]),
        ("foreign-fields-kept", BY_HAND, [ended("push")]),
        ("foreign-fields-kept", SAVED, [READ, lookup("alice", 3), ended("push")]),
    ],
)
def test_what_is_somebody_elses_is_left_or_told(requirement, plan, events):
    assert judged(f"rerun.{requirement}", run(plan, *events)).value == "passed"


@pytest.mark.parametrize(
    ("requirement", "plan", "events", "sentence"),
    [
        (
            "key-as-vendor",
            TWINS,
            [ended("push")],
            "Two rows of the source had one key as the vendor compares keys, and it took both without a word.",
        ),
        (
            "inactive-matched",
            RETURNER,
            [ended("push", held=LEFT_OUT)],
            (
                "The source listed a record that the vendor held out of use. It said done, and the vendor held 3 of 3 "
                "records (changed: carol)."
            ),
        ),
        (
            "read-lag-safe",
            LAGGING,
            [BEHIND, TAKEN, create("alice-2", 3), ended("push", held=ONE_MORE)],
            (
                "A lookup did not find alice yet, which was there. It said done, and the vendor held 4 of 3 records "
                "(not the vendor's: alice-2)."
            ),
        ),
        (
            "foreign-fields-kept",
            BY_HAND,
            [UPDATED, ended("push", held=LEFT_OUT)],
            (
                "Somebody else had written into a record that it updated. It said done, and the vendor held 3 of 3 "
                "records (changed: carol)."
            ),
        ),
        (
            "foreign-fields-kept",
            SAVED,
            [READ, UPDATED, ended("push", held=LEFT_OUT)],
            (
                "Somebody else had written into a record that it updated. It said done, and the vendor held 3 of 3 "
                "records (changed: carol)."
            ),
        ),
    ],
)
def test_what_is_somebody_elses_and_is_taken_fails(requirement, plan, events, sentence):
    verdict = judged(f"rerun.{requirement}", run(plan, *events))

    assert (verdict.value, verdict.findings[0].sentence) == ("failed", sentence)


@pytest.mark.parametrize(
    ("requirement", "plan"),
    [
        ("key-as-vendor", TWINS),
        ("inactive-matched", RETURNER),
        ("read-lag-safe", LAGGING),
        ("foreign-fields-kept", BY_HAND),
    ],
)
def test_where_nobody_else_has_a_hand_in_it_nothing_is_shown(requirement, plan):
    assert judged(f"rerun.{requirement}", run("keystone push", create("alice", 1))).value == "unknown"
    assert judged(f"rerun.{requirement}", run(plan, BEHIND, noted("not_recorded", "GET /x"))).value == "unknown"
