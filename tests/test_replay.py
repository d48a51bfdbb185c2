"""A replay answers what was recorded, and of anything else it knows nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stage.http1 import Request
from harness.stage.recordings import RecordedExchange
from harness.stage.replay import Replay
from harness.stage.vendor import NotRecorded


def recorded(method, url, *, body=b"", answer=b"", status=200):
    return RecordedExchange(
        method=method,
        url=f"https://v.test{url}",
        request_headers=(),
        request_body=body,
        status=status,
        reply_headers=(),
        reply_body=answer,
    )


def ask(replay, method, target, body=b""):
    return replay.handle(Request(method, target, (("x-auth-token", "any"),), body, "v.test", True)).body


def test_the_order_of_query_parameters_does_not_count():
    replay = Replay([recorded("GET", "/items?a=1&b=2", answer=b"here")])

    assert ask(replay, "GET", "/items?b=2&a=1") == b"here"


def test_json_bodies_match_by_content():
    replay = Replay([recorded("POST", "/items", body=b'{"a": 1, "b": [2]}', answer=b"made")])

    assert ask(replay, "POST", "/items", b'{"b":[2],"a":1}') == b"made"


def test_forms_match_by_content():
    replay = Replay([recorded("POST", "/items", body=b"a=1&b=2", answer=b"made")])

    assert ask(replay, "POST", "/items", b"b=2&a=1") == b"made"


def test_another_body_is_another_request():
    replay = Replay([recorded("POST", "/items", body=b'{"name": "ada"}')])

    with pytest.raises(NotRecorded, match="POST /items"):
        ask(replay, "POST", "/items", b'{"name": "grace"}')


def test_credentials_at_the_token_endpoint_do_not_count():
    replay = Replay([recorded("POST", "/token", body=b"client_secret=x", answer=b"token")], any_body_at="/token")

    assert ask(replay, "POST", "/token", b"client_secret=y") == b"token"


def test_equal_requests_are_answered_in_order_and_the_last_repeats():
    replay = Replay([recorded("GET", "/n", answer=b"1"), recorded("GET", "/n", answer=b"2")])

    assert [ask(replay, "GET", "/n") for _ in range(4)] == [b"1", b"2", b"2", b"2"]


def test_it_begins_again_from_the_start():
    replay = Replay([recorded("GET", "/n", answer=b"1"), recorded("GET", "/n", answer=b"2")])
    ask(replay, "GET", "/n")
    replay.begin_again()

    assert ask(replay, "GET", "/n") == b"1"


@pytest.mark.parametrize("request_", [("GET", "/other"), ("POST", "/items"), ("GET", "/items?page=2")])
def test_what_was_not_recorded_is_told_with_method_and_target(request_):
    replay = Replay([recorded("GET", "/items")])

    with pytest.raises(NotRecorded, match=request_[0]):
        ask(replay, *request_)


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_two_bodies_match_only_where_they_mean_the_same(one, other):
    replay = Replay([recorded("POST", "/x", body=one, answer=b"yes")])

    assert ask(replay, "POST", "/x", one) == b"yes"
    if one != other and not any(sign in one + other for sign in b'={["&0123456789tfn'):
        with pytest.raises(NotRecorded):
            ask(replay, "POST", "/x", other)
