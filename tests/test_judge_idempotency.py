"""errors.idempotency-key-stable: one key and the same bytes for each operation, and none of it for another."""

import pytest

from tests.certifying import certified, values
from tests.histories import create, judged, lookup, noted, run
from tests.keyed_vendor import OPTIONS

ID = "errors.idempotency-key-stable"
PLAN = "acme push users.create#1:HangUp()"


def keyed(key, at_s, idempotency_key, **facts):
    return create(key, at_s, request_headers=(("idempotency-key", idempotency_key),), **facts)


def lost(key, at_s, idempotency_key):
    return keyed(key, at_s, idempotency_key, status=None, answered_us=None, fault="HangUp()")


@pytest.mark.parametrize(
    "events",
    [
        (keyed("alice", 1, "k1"), keyed("bob", 2, "k2")),
        (lost("alice", 1, "k1"), lookup("alice", 2), keyed("alice", 3, "k1"), keyed("bob", 4, "k2")),
    ],
    ids=["a key each", "the same key again"],
)
def test_a_key_for_each_operation_passes(events):
    assert judged(ID, run(PLAN, *events)).value == "passed"


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        (
            (keyed("alice", 1, "k1"), keyed("bob", 2, "k1")),
            "It sent POST /v3/users under the Idempotency-Key of another request.",
        ),
        (
            (lost("alice", 1, "k1"), lookup("alice", 2), keyed("alice", 3, "k2")),
            "It sent POST /v3/users again after a lost answer, under another Idempotency-Key.",
        ),
        (
            (lost("alice", 1, "k1"), create("alice", 3)),
            "It sent POST /v3/users again after a lost answer, under another Idempotency-Key.",
        ),
    ],
    ids=["one for two", "two for one", "none the second time"],
)
def test_a_key_that_does_not_hold_fails(events, sentence):
    verdict = judged(ID, run(PLAN, *events))

    assert (verdict.value, verdict.findings[0].sentence) == ("failed", sentence)


def test_without_keys_nothing_is_shown():
    assert judged(ID, run("keystone push", create("alice", 1))).value == "unknown"
    assert judged(ID, run(PLAN, keyed("alice", 1, "k1"), noted("not_recorded", "GET /x"))).value == "unknown"


def test_the_core_keeps_its_keys_where_the_vendor_has_the_header(tmp_path):
    certificate = certified("tests.keyed_vendor:Core", tmp_path, only=(ID,), **OPTIONS)

    assert values(certificate, "passed") == {ID}


def test_it_does_not_apply_where_the_vendor_has_no_such_header(tmp_path):
    certificate = certified("core", tmp_path, only=(ID,), vendors=("keystone",))

    assert values(certificate, "not_applicable") == {ID}
