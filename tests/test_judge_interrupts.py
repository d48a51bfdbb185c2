"""outcome.interrupt-clean: told to stop, a run ends, does not say done, and is finished by the next."""

import pytest

from tests.histories import ONE_MISSING, create, ended, judged, lookup, raised, run, unanswered

STOPPED = "keystone push users.create#1:Interrupted()"
AT = unanswered("users.create#1", 1, "Interrupted()", method="POST", write=True, record_key="ada")
ENDED = ended("push", "interrupted", at_s=1.2, error="KeyboardInterrupt: ", held=ONE_MISSING)
AGAIN = ended("push", act=2)


def test_a_run_that_ends_and_is_finished_by_the_next_passes():
    assert judged("outcome.interrupt-clean", run(STOPPED, AT, ENDED, AGAIN)).value == "passed"


def test_going_on_with_the_next_records_fails():
    later = [
        one for at_s, key in enumerate(("ada", "grace"), 2) for one in (lookup(key, at_s), create(key, at_s + 0.4))
    ]

    verdict = judged("outcome.interrupt-clean", run(STOPPED, AT, *later, ended("push"), AGAIN))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It was told to stop at users.create#1, and sent 4 more requests."


def test_other_threads_may_finish_what_they_had_begun():
    others = [create(key, 1.1, thread=key) for key in ("b", "c", "d", "e")]

    assert judged("outcome.interrupt-clean", run(STOPPED, AT, *others, ENDED, AGAIN)).value == "passed"


def test_saying_done_with_records_missing_fails():
    verdict = judged("outcome.interrupt-clean", run(STOPPED, AT, ended("push", held=ONE_MISSING), AGAIN))

    assert verdict.value == "failed"
    assert verdict.findings[0].seen == "done, and it was not"


def test_a_run_that_was_all_but_finished_may_finish():
    assert judged("outcome.interrupt-clean", run(STOPPED, AT, ended("push"), AGAIN)).value == "passed"


@pytest.mark.parametrize("again", [ended("push", act=2, held=ONE_MISSING), raised("E: locked", act=2, job="push")])
def test_a_next_run_that_does_not_finish_the_work_fails(again):
    verdict = judged("outcome.interrupt-clean", run(STOPPED, AT, ENDED, again))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence.startswith("It was told to stop at users.create#1, and ran again.")


def test_not_ending_fails():
    hung = run(STOPPED, AT, ended("push", "hung"))

    assert judged("outcome.interrupt-clean", hung).value == "failed"


def test_interrupts_are_unknown_where_nobody_was_told_to_stop():
    crashed = run("keystone push users.create#1:Crash()", ended("push", "crashed"), AGAIN)

    assert judged("outcome.interrupt-clean", crashed).value == "unknown"
