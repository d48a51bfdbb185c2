"""limits.amplification: what trouble costs the vendor in requests."""

from harness.judge.amplification import MOST_ATTEMPTS
from tests.histories import create, exchange, judged, limited, lookup, no_token, raised, run, token

FOR_EVER = "keystone pull users.list#1:Throttled(form='absent')x*"
STORM = "keystone pull users.list#2:Throttled()x3"


def refusals(count, point="users.list#1"):
    return [limited(point, number * 10, wait_s=None) for number in range(count)]


def test_one_layer_of_retries_passes():
    one_layer = run(FOR_EVER, *refusals(MOST_ATTEMPTS), raised("E: 429"), asks="loud", clean_exchanges=6)

    assert judged("limits.amplification", one_layer).value == "passed"


def test_layers_that_multiply_fail():
    two_layers = run(FOR_EVER, *refusals(16), raised("E: 429"), asks="loud", clean_exchanges=6)

    verdict = judged("limits.amplification", two_layers)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It asked for users.list#1 16 times, for want of one answer."


def test_records_that_are_given_up_one_by_one_count_each():
    lookups = [
        limited("users.lookup#1", number * 10, wait_s=None, record_key=key)
        for number, key in enumerate(["ada"] * 7 + ["grace"] * 7)
    ]
    plan = "keystone push users.lookup#1:Throttled(form='absent')x*"

    each = run(plan, *lookups, raised("E: 429"), asks="loud", clean_exchanges=13)

    assert judged("limits.amplification", each).value == "passed"


def test_a_refusal_may_cost_the_request_again_a_look_and_a_token():
    storm = [limited("users.create#1", at_s, wait_s=30, record_key="ada") for at_s in (1, 32, 63)]
    between = [one for at_s in (31, 62, 93) for one in (token(at_s, serial=at_s), lookup("ada", at_s + 0.4))]
    plan = "keystone push users.create#1:Throttled()x3"

    looked = run(plan, lookup("ada", 0), *storm, *between, create("ada", 95), clean_exchanges=2)

    assert judged("limits.amplification", looked).value == "passed"


def test_starting_over_for_each_refusal_fails():
    pages = [exchange(f"users.list#{number}", number) for number in range(1, 21)]
    restarted = run(STORM, *refusals(3, "users.list#2"), *pages, clean_exchanges=10)

    verdict = judged("limits.amplification", restarted)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == (
        "It sent 23 requests where the fault-free run takes 10 and 3 requests were refused."
    )
    assert verdict.findings[0].expected == "at most 22: those, and 4 for each refusal"


def test_amplification_is_unknown_where_nothing_was_refused_or_nothing_is_known_of_the_fault_free_run():
    clean = run("keystone pull", exchange("users.list#1", 0), clean_exchanges=1)
    no_measure = run(FOR_EVER, *refusals(16), raised("E: 429"), asks="loud")
    denied = run("keystone pull token#1:CredentialsRejected()x*", no_token(0), raised("E: 401"), clean_exchanges=6)

    assert judged("limits.amplification", clean, no_measure, denied).value == "unknown"


def test_several_workers_are_no_measure_of_one():
    workers = run("keystone pull run#1:Workers() users.list#1:Throttled()", *refusals(4), clean_exchanges=1)

    assert judged("limits.amplification", workers).value == "unknown"
