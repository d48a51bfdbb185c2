"""A plan prints as one line and parses back; a line that is no plan says what would be one."""

from dataclasses import fields
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.certify.plan import Plan, PlanError, parse
from harness.stage.faults import KINDS, HangUp, Throttled
from harness.stage.injections import Injection


@st.composite
def faults(draw):
    kind = draw(st.sampled_from(KINDS))
    given_ = {}
    for item in fields(kind):
        choices = get_args(kind.__annotations__[item.name])
        if choices:
            given_[item.name] = draw(st.sampled_from(choices))
        elif isinstance(item.default, bool):
            given_[item.name] = draw(st.booleans())
        else:
            given_[item.name] = draw(st.integers(0, 10**6))
    return kind(**given_)


points = st.builds(
    "{}#{}".format, st.sampled_from(["token", "users.list", "users.create", "run"]), st.integers(1, 10**4)
)
injections = st.builds(Injection, points, faults(), st.one_of(st.none(), st.integers(1, 99)))
plans = st.builds(
    Plan,
    st.from_regex(r"[a-z0-9][a-z0-9.-]{0,12}", fullmatch=True),
    st.sampled_from(["pull", "push"]),
    st.lists(injections, max_size=4).map(tuple),
    st.one_of(st.none(), st.integers(0, 10**9)),
)


@given(plans)
def test_every_plan_parses_back(plan):
    assert parse(str(plan)) == plan


@given(plans)
def test_every_plan_is_one_line(plan):
    assert str(plan).split() == str(plan).split(" ")


@given(st.text(max_size=60))
def test_any_other_line_is_refused_and_not_with_a_traceback(text):
    try:
        plan = parse(text)
    except PlanError:
        return
    assert parse(str(plan)) == plan


def test_a_plan_as_people_write_it():
    plan = parse("keystone push users.create#3:Throttled(retry_after_s=45)x2 users.create#7:HangUp(after_effect=True)")

    assert plan.injections == (
        Injection("users.create#3", Throttled(retry_after_s=45), 2),
        Injection("users.create#7", HangUp(after_effect=True), 1),
    )


def test_a_fault_prints_what_differs_from_its_defaults():
    assert str(Injection("users.list#2", Throttled(form="absent"), None)) == "users.list#2:Throttled(form='absent')x*"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "does not begin with a vendor and a job"),
        ("keystone", "does not begin with a vendor and a job"),
        ("keystone fetch", "does not begin with a vendor and a job"),
        ("keystone pull users.list:HangUp()", "is no injection"),
        ("keystone pull users.list#0:HangUp()", "is no injection"),
        ("keystone pull users.list#2:Hangup()", "names the fault 'Hangup'"),
        ("keystone pull users.list#2:HangUp(after=True)", "HangUp has no parameter 'after'"),
        ("keystone pull users.list#2:HangUp(after_effect=1)", "takes a value of type bool"),
        ("keystone pull users.list#2:Throttled(retry_after_s=soon)", "no number, text or truth value"),
        ("keystone pull users.list#2:Throttled(retry_after_s=-1)", "cannot be negative"),
        ("keystone pull users.list#2:Throttled(form='later')", "is one of seconds, http_date"),
        ("keystone pull users.list#2:HangUp()x0", "is no injection"),
    ],
)
def test_a_line_that_is_no_plan_says_what_is_wrong(text, told):
    with pytest.raises(PlanError, match=told.replace("(", r"\(")):
        parse(text)
