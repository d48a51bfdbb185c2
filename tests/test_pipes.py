"""A history that crosses to another process arrives as it was."""

import os

from harness.certify.pipes import receive, send
from harness.stage.history import Acted, Exchange, Logged, Run, Tally, TokenGrant, TokenUse

RUN = Run(
    vendor="keystone",
    against="replay",
    plan="keystone pull",
    job="pull",
    asks="correct",
    events=(
        Exchange(
            act=1,
            sent_us=5,
            point="users.list#1",
            method="GET",
            host="keystone.example",
            target="/v3/users",
            request_headers=(("accept", "*/*"),),
            token_used=TokenUse(1, 0, None, alive=True),
            token_granted=TokenGrant(2, 3600.0, 7),
        ),
        Logged(act=1, at_us=6, level=20, logger="own", message="read"),
        Acted(act=1, job="pull", began_us=0, ended_us=9, ended="returned", returned=Tally(2, 1, missing=("ada",))),
    ),
)


def test_a_run_arrives_as_it_was_sent():
    answers, given = os.pipe()
    send(given, RUN)
    arrived = receive(answers)
    os.close(given)
    os.close(answers)

    assert arrived == RUN
    assert arrived.exchanges() == RUN.exchanges()
    assert arrived.acts()[0].returned == Tally(2, 1, missing=("ada",))
