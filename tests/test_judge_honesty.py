"""outcome.honest, outcome.survived, outcome.ends."""

from tests.histories import ONE_MISSING, ended, judged, noted, raised, run


def test_saying_done_when_it_is_done_is_honest():
    assert judged("outcome.honest", run("keystone pull")).value == "passed"


def test_failing_is_honest_with_or_without_context():
    assert judged("outcome.honest", run("keystone pull", raised("Error: "))).value == "passed"


def test_saying_done_when_it_is_not_is_not_honest():
    verdict = judged("outcome.honest", run("keystone pull"), run("keystone push", ended("push", held=ONE_MISSING)))

    assert (verdict.value, verdict.runs) == ("failed", 2)
    finding = verdict.findings[0]
    assert finding.sentence == "It said done, and the vendor held 2 of 3 records (without: carol)."
    assert (finding.plan, finding.outcome) == ("keystone push", "silent")


def test_honesty_is_unknown_where_there_was_no_run():
    assert judged("outcome.honest").value == "unknown"


def test_honesty_is_unknown_where_one_run_cannot_be_judged():
    assert judged("outcome.honest", run("keystone pull"), run("k pull", noted("escaped", "fork"))).value == "unknown"


def test_runs_that_end_pass():
    assert judged("outcome.ends", run("keystone pull"), run("keystone pull", raised())).value == "passed"


HUNG_AT = 'hung: main: File "socket.py", line 706, in readinto'


def test_a_run_that_hangs_fails_and_says_where():
    hung = run(
        "keystone pull users.list#1:Stalled()",
        noted("hung", 'main: File "/usr/lib/socket.py", line 706, in readinto\n'),
        ended(how="hung"),
    )

    verdict = judged("outcome.ends", hung)

    assert verdict.value == "failed"
    assert (verdict.findings[0].sentence, verdict.findings[0].seen) == ("It did not end.", HUNG_AT)


def test_ends_are_unknown_where_real_time_ran_out():
    assert judged("outcome.ends", run("keystone pull", ended(how="real_time"))).value == "unknown"


SURVIVABLE = "keystone pull token#1:ServerError()"


def test_a_run_that_survives_passes():
    assert judged("outcome.survived", run(SURVIVABLE)).value == "passed"


def test_a_run_that_gives_up_although_the_fault_passes_fails():
    verdict = judged("outcome.survived", run(SURVIVABLE, raised("ServerFailed: 503")))

    assert verdict.value == "failed"
    assert verdict.findings[0].seen == "it gave up"


def test_giving_up_is_right_where_the_fault_never_passes():
    assert judged("outcome.survived", run(SURVIVABLE + "x*", raised(), asks="loud")).value == "unknown"


def test_survival_is_unknown_where_nothing_was_to_be_survived():
    assert judged("outcome.survived", run("keystone pull")).value == "unknown"
