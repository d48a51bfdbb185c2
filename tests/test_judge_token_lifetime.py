"""token.never-expired, token.refreshed-early."""

import pytest

from tests.histories import exchange, judged, no_token, run, token, use


def listed(at_s, serial=1, *, issued_s=0, told_s=20):
    used = use(serial, issued_s=issued_s, told_s=told_s)
    return exchange("users.list#1", at_s, token_used=used)


RENEWED = run("keystone pull", token(0), listed(1), token(17, 2), listed(21, 2, issued_s=17))


@pytest.mark.parametrize("requirement", ["token.never-expired", "token.refreshed-early"])
def test_a_token_replaced_in_time_passes(requirement):
    assert judged(requirement, RENEWED).value == "passed"


def test_a_request_after_the_tokens_end_fails():
    late = run("keystone pull", token(0), listed(21))

    verdict = judged("token.never-expired", late)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It sent GET /v3/users?page=1 with a token that had ended 1 s before."
    assert verdict.findings[0].at_us == 21_000_000


def test_a_token_ends_at_its_last_moment_not_after_it():
    assert judged("token.never-expired", run("keystone pull", token(0), listed(20))).value == "failed"
    assert judged("token.never-expired", run("keystone pull", token(0), listed(19.9), token(20, 2))).value == "passed"


def test_an_expired_token_is_excused_where_the_refresh_failed():
    tried = run("keystone pull", token(0), no_token(19, 503), listed(21))

    assert judged("token.never-expired", tried).value == "passed"


def test_a_token_without_a_told_end_cannot_expire_by_what_was_told():
    unsaid = run("keystone pull", token(0, told_s=None), listed(30, told_s=None))

    assert judged("token.never-expired", unsaid).value == "unknown"


def test_a_request_inside_the_margin_fails():
    late = run("keystone pull", token(0), listed(18.5))

    verdict = judged("token.refreshed-early", late)

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It sent GET /v3/users?page=1 with a token that had 1.5 s to live."
    assert verdict.findings[0].expected == "no use in the last 2 s of the token's life"


def test_the_margin_is_a_tenth_of_the_lifetime_and_at_most_a_minute():
    hour = token(0, lifetime_s=3600)

    assert (
        judged("token.refreshed-early", run("k pull", hour, listed(3539, told_s=3600), token(3540, 2))).value
        == "passed"
    )
    assert judged("token.refreshed-early", run("k pull", hour, listed(3541, told_s=3600))).value == "failed"


@pytest.mark.parametrize("requirement", ["token.never-expired", "token.refreshed-early"])
def test_a_run_that_ends_before_the_token_does_shows_nothing(requirement):
    assert judged(requirement, run("keystone pull", token(0), listed(1), listed(2))).value == "unknown"


# -- token.skew-tolerated ----------------------------------------------------------------------------------------------

SET_BACK = "keystone pull token#1:ClockSetBack()"
SHORT = token(0, lifetime_s=2, fault="ClockSetBack()")


def test_a_lifetime_that_no_clock_changes_passes():
    replaced = (
        SHORT,
        exchange("users.list#1", 1, token_used=use(1, told_s=2)),
        token(1.7, 2),
        exchange("users.list#2", 3),
    )

    assert judged("token.skew-tolerated", run(SET_BACK, *replaced)).value == "passed"


def test_a_token_that_is_kept_because_the_clock_was_set_back_fails():
    kept = SHORT, exchange("users.list#1", 3, token_used=use(1, told_s=2, alive=False))

    verdict = judged("token.skew-tolerated", run(SET_BACK, *kept))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It sent GET /v3/users?page=1 with a token that had ended 1 s before."


def test_a_token_that_is_given_up_because_the_clock_was_set_forward_fails():
    plan = "keystone pull token#1:ClockSetForward()"
    early = token(0, fault="ClockSetForward()"), exchange("users.list#1", 1), token(2, 2), exchange("users.list#2", 3)

    verdict = judged("token.skew-tolerated", run(plan, *early))

    assert verdict.value == "failed"
    assert verdict.findings[0].sentence == "It fetched 2 tokens in 2 s, the first good for 20 s."


def test_what_wrong_clocks_do_is_no_matter_of_other_requirements():
    kept = run(SET_BACK, SHORT, exchange("users.list#1", 3, token_used=use(1, told_s=2, alive=False)))

    for other in ("token.never-expired", "token.refreshed-early", "token.reused"):
        assert judged(other, kept).value == "unknown"


def test_skew_is_unknown_where_every_clock_was_right():
    assert (
        judged("token.skew-tolerated", run("keystone pull", token(0), exchange("users.list#1", 1))).value == "unknown"
    )
