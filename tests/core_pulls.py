"""Pulling users from a vendor of a given script, and what comes of it."""

import pytest

from tests.core_dialects import dialect, integration
from tests.core_vendor import Clock, reply, vendor

USERS = {"rows": [{"id": "u1", "name": "ann"}], "next": None}


def pulled(script, *, spoken=None, clock=None, **more):
    """The users that the core reads from a vendor of this script, the clock and what the vendor was asked."""
    clock = clock or Clock()
    with vendor(script) as serving, integration(serving, spoken or dialect(), clock, **more) as core:
        return list(core.pull("users")), clock, serving.asked


def failed(script, error, *, spoken=None, clock=None, **more):
    """The error in which the same ends."""
    clock = clock or Clock()
    with vendor(script) as serving, integration(serving, spoken or dialect(), clock, **more) as core:
        with pytest.raises(error) as raised:
            list(core.pull("users"))
        return raised.value, clock, serving.asked


def oauth(script, *, lifetime_s=3600):
    """The script behind a token endpoint; ``Asked.headers['authorization']`` is ``Bearer token-N``."""
    count = [0]

    def answer(asked):
        if asked.path != "/token":
            return script(asked)
        count[0] += 1
        return reply({"access_token": f"token-{count[0]}", "expires_in": lifetime_s, "token_type": "Bearer"})

    return answer


def error(status, code=None, message="as the vendor words it", **headers):
    return reply({"error": {"code": code or status, "message": message}}, status, x_request_id="req-9", **headers)
