"""Verdicts: what beats what, and what a checker that broke or saw nothing is worth."""

import pytest

from harness.judge.each_run import each_run, finding
from harness.judge.verdict import Finding, Verdict, judge, merged, worst_first
from tests.histories import noted, run

PASSED, FAILED = Verdict("passed", 3), Verdict("failed", 2, (), "it broke")
UNKNOWN, NOT_APPLICABLE = Verdict("unknown", 0, (), "not recorded"), Verdict("not_applicable", 0)


def found(outcome: str) -> Finding:
    return Finding("keystone", "keystone pull", f"It was {outcome}.", "", "", None, outcome)


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        ((PASSED, UNKNOWN, FAILED), "failed"),
        ((PASSED, UNKNOWN), "unknown"),
        ((NOT_APPLICABLE, PASSED), "passed"),
        ((NOT_APPLICABLE,), "not_applicable"),
        ((), "not_applicable"),
    ],
)
def test_failed_beats_unknown_beats_passed_beats_not_applicable(parts, value):
    assert merged(parts).value == value


def test_a_merged_verdict_counts_the_runs_of_all():
    assert merged((PASSED, FAILED)).runs == 5


def test_a_merged_verdict_says_why_in_the_words_of_those_that_decided():
    assert merged((PASSED, UNKNOWN, FAILED)).why == "it broke"


def test_findings_are_listed_worst_first():
    mixed = [found("correct"), found("loud"), found("hung"), found("unexplained"), found("silent")]

    assert [one.outcome for one in worst_first(mixed)] == ["silent", "unexplained", "hung", "loud", "correct"]


def test_a_checker_that_raises_gives_unknown_with_the_text():
    def broken(runs):
        raise ZeroDivisionError("no runs")

    verdict = judge(broken, [run("keystone pull")])

    assert verdict == Verdict("unknown", 0, (), "the checker broke: ZeroDivisionError: no runs")


def test_a_pass_on_no_run_is_unknown():
    assert judge(lambda runs: Verdict("passed", 0), []).value == "unknown"


def test_a_run_in_which_a_planned_fault_never_struck_counts_for_nothing():
    missed = run("keystone pull users.list#9:Stalled()", not_fired=("users.list#9:Stalled()",))
    checker = each_run(lambda run: True, lambda run: [finding(run, "It was judged.", expected="", seen="")])

    assert judge(checker, [missed]).value == "unknown"


def test_a_relevant_run_that_cannot_be_judged_makes_unknown_and_says_why():
    runs = [run("keystone pull"), run("keystone pull", noted("not_recorded", "GET /v3/groups"))]
    verdict = judge(each_run(lambda run: True, lambda run: ()), runs)

    assert (verdict.value, verdict.runs, verdict.why) == ("unknown", 1, "not recorded: GET /v3/groups")


def test_a_failure_beats_a_run_that_cannot_be_judged():
    def failures(run):
        return [finding(run, "It failed.", expected="a", seen="b")]

    runs = [run("keystone pull"), run("keystone pull", noted("escaped", "os.fork"))]

    assert judge(each_run(lambda run: True, failures), runs).value == "failed"


def test_runs_that_show_nothing_are_not_counted():
    runs = [run("keystone pull"), run("keystone push")]
    verdict = judge(each_run(lambda run: run.job == "push", lambda run: ()), runs)

    assert (verdict.value, verdict.runs) == ("passed", 1)
