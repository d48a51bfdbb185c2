"""The catalogue as a whole: which requirements there are, at which level, and that none passes on silence."""

import pytest

from harness.judge.requirements import CATALOGUE
from harness.judge.verdict import judge
from tests.histories import ended, exchange, noted, run

WATCH = {"watch.run-recorded", "watch.status-true", "watch.staleness-alerts"}
FOR_THE_CORE_ALONE = {
    *("outcome.zero-suspicious", "token.refreshed-early", "token.refresh-logged", "limits.hits-logged"),
    *WATCH,
}
each = pytest.mark.parametrize("requirement", CATALOGUE, ids=lambda requirement: requirement.id)


def test_the_catalogue_is_complete():
    names = {requirement.id for requirement in CATALOGUE}

    assert names == {
        *(f"token.{name}" for name in ("reused", "never-expired", "refreshed-early", "rejection-recovered")),
        *(f"token.{name}" for name in ("bad-credentials-loud", "endpoint-throttled", "stays-home", "never-leaks")),
        *(
            "token.refresh-logged",
            "token.single-flight",
            "token.scope-failure-distinct",
            "token.skew-tolerated",
            "token.bound",
        ),
        *(f"limits.{name}" for name in ("wait-honoured", "backoff-grows", "bounded", "storm-survived")),
        *("limits.not-mistaken", "limits.hits-logged", "limits.long-wait-parks", "limits.amplification"),
        *("limits.shared-quota", "limits.scope-respected", "limits.rest-goes-on"),
        *("errors.body-error-seen", "errors.null-record-seen", "errors.context-logged"),
        *("errors.permanent-not-retried", "errors.lost-answer-reconciled", "errors.partial-failure-named"),
        *("errors.redirect-not-a-write", "errors.body-bounded", "errors.text-exact", "errors.not-found-not-deleted"),
        "errors.idempotency-key-stable",
        *("outcome.honest", "outcome.survived", "outcome.ends", "outcome.interrupt-clean", "outcome.zero-suspicious"),
        *(f"pages.{name}" for name in ("complete", "truncation-seen", "loops-end", "duplicates-merged")),
        *("pages.short-page-continued", "pages.cursor-expired", "pages.ceiling-noticed", "pages.concurrent-change"),
        *(f"rerun.{name}" for name in ("same-state", "no-writes", "crash-converges")),
        *("rerun.mass-retire-refused", "rerun.overlap-safe"),
        *(f"rerun.{name}" for name in ("key-as-vendor", "inactive-matched", "read-lag-safe", "foreign-fields-kept")),
        *WATCH,
        *("wire.broken-reply-survived", "wire.stale-connection"),
    }
    assert len(CATALOGUE) == len(names)


@each
def test_a_requirement_is_unknown_where_nothing_ran(requirement):
    assert judge(requirement.check, []).value == "unknown"


@each
def test_a_requirement_never_passes_on_runs_that_cannot_be_judged(requirement):
    unknown = [
        run("keystone pull", exchange("users.list#1", 0), noted("not_recorded", "GET /v3/groups")),
        run("keystone pull", ended(how="real_time"), crash_text="the worker gave no answer and was ended"),
        run("keystone push", ended("push", how="crashed")),
    ]

    assert judge(requirement.check, unknown).value == "unknown"


@each
def test_no_checker_breaks_on_a_run_that_was_lost_with_its_worker(requirement):
    lost = [run(f"keystone pull users.list#1:{kind}()x*", ended(how="exited"), asks="loud") for kind in KINDS]

    assert "the checker broke" not in judge(requirement.check, lost).why


KINDS = (
    "Throttled",
    "Revoked",
    "CredentialsRejected",
    "Forbidden",
    "ErrorBody",
    "NullRecord",
    "ShortPage",
    "DroppedNext",
)


@each
def test_a_requirement_says_why_it_matters_and_what_to_change(requirement):
    assert requirement.sentence[0].islower() or requirement.sentence.startswith("a 401")
    assert not requirement.sentence.endswith(".")
    assert requirement.why.endswith(".")
    assert requirement.remedy.endswith(".")
    assert requirement.source


@each
def test_needs_are_words_that_vendors_and_subjects_have(requirement):
    words = {"tokens", "oauth", "signed", "pull", "push", "pages", "promise", "waits", "quota", "retire", "batch"}
    words |= {"activation", "recorded", "idempotency", "search", "moves", "record_limit"}
    words |= {"status", "staleness"}

    assert requirement.needs <= words


@each
def test_requirements_on_watching_gate_the_core_alone(requirement):
    expected = "SHOULD" if requirement.id in {*FOR_THE_CORE_ALONE, "rerun.no-writes"} else "MUST"

    assert requirement.level_for(core=False) == expected
    assert requirement.level_for(core=True) == ("SHOULD" if requirement.id == "rerun.no-writes" else "MUST")
