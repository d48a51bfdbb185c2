"""Bytes to requests and replies to bytes, without a socket."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stage.http1 import BadRequest, Parser, Reply, Request, head_and_body, render

SENT = (
    b"POST /users?page=2 HTTP/1.1\r\nHost: vendor.test\r\nX-Tag: a\r\nX-Tag: b\r\nContent-Length: 4\r\n\r\nbody"
    b"PUT /big HTTP/1.1\r\nHost: vendor.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nfirst\r\n6;note=x\r\nsecond\r\n0\r\nX-Sum: 1\r\n\r\n"
    b"GET / HTTP/1.0\r\n\r\n"
)
TAGGED = (("host", "vendor.test"), ("x-tag", "a"), ("x-tag", "b"), ("content-length", "4"))
CHUNKED = (("host", "vendor.test"), ("transfer-encoding", "chunked"))
PARSED = [
    Request("POST", "/users?page=2", TAGGED, b"body", "vendor.test", True),
    Request("PUT", "/big", CHUNKED, b"firstsecond", "vendor.test", True),
    Request("GET", "/", (), b"", "connected.test", True),
]


def test_requests_are_whole_and_in_order():
    assert Parser(host="connected.test", tls=True).feed(SENT) == PARSED


@given(st.lists(st.integers(0, len(SENT)), max_size=12))
def test_requests_are_the_same_however_the_bytes_arrive(cuts):
    edges = [0, *sorted(cuts), len(SENT)]
    parser = Parser(host="connected.test", tls=True)

    found = [one for start, end in pairwise(edges) for one in parser.feed(SENT[start:end])]

    assert found == PARSED


def test_a_repeated_header_reads_as_one_list():
    request = PARSED[0]

    assert (request.header("X-Tag"), request.header("x-none")) == ("a, b", None)


def test_a_body_that_waits_for_100_continue_says_so():
    parser = Parser()
    head = b"PUT / HTTP/1.1\r\nHost: v\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"

    assert (parser.feed(head), parser.wants_continue) == ([], True)
    assert ([one.body for one in parser.feed(b"ok")], parser.wants_continue) == ([b"ok"], False)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nlong\r\n",
    ],
    ids=["tls", "http2", "header", "length", "negative length", "chunk"],
)
def test_what_is_not_http_is_refused(sent):
    with pytest.raises(BadRequest):
        Parser().feed(sent)


@pytest.mark.parametrize(
    ("reply", "method", "sent"),
    [
        (Reply(200, (("A", "b"),), b"xy"), "GET", b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\nxy"),
        (Reply(200, (("content-length", "9"),), b"xy"), "GET", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nxy"),
        (Reply(200, (), b"xy"), "HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
        (Reply(204, (), b""), "GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        (Reply(429, (), b""), "GET", b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"),
        (Reply(599, (), b""), "GET", b"HTTP/1.1 599 Unknown\r\nContent-Length: 0\r\n\r\n"),
        (
            Reply(200, (("Transfer-Encoding", "chunked"),), b"xy"),
            "GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n0\r\n\r\n",
        ),
    ],
    ids=["length", "given length", "head", "no content", "phrase", "unknown", "chunked"],
)
def test_a_reply_becomes_these_bytes(reply, method, sent):
    assert render(reply, method) == sent


def test_head_and_body_can_be_cut_apart():
    assert head_and_body(Reply(200, (), b"xy"), "GET") == (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"xy")
