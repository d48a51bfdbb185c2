"""What a deployment gets wrong, or a vendor does at its worst: one clear error, and bounded memory."""

import gzip
import socket
import ssl
import threading
import tracemalloc
from contextlib import contextmanager

import pytest
import requests
import trustme
from hypothesis import given
from hypothesis import strategies as st

from harness.core import (
    Bounds,
    Context,
    Integration,
    IntegrationError,
    NotSent,
    Oversized,
    RetriesExhausted,
    Unsendable,
)
from harness.core import errors as errors_module
from tests.core_dialects import dialect, integration
from tests.core_vendor import Clock, in_turn, reply, vendor

USERS = {"rows": [{"id": "u1", "name": "ann"}], "next": None}
GIGABYTES_2 = 2 * 1024**3
MEGABYTE = 1024**2
ERRORS = [kind for kind in vars(errors_module).values() if isinstance(kind, type) and issubclass(kind, Exception)]


def pull(base_url, **more):
    with Integration(dialect(), base_url=base_url, clock=Clock(), **more) as core:
        return list(core.pull("users"))


# -- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_tells_its_whole_context_in_one_line(kind):
    context = Context(
        operation="users.create",
        status=503,
        vendor_code="busy",
        vendor_message="come again",
        request_id="req-7",
        record_key="ada",
        retry_after_s=30.0,
    )

    told = str(kind("the vendor\nfailed", context))

    assert told == (
        "users.create: the vendor failed [status=503 vendor_code=busy vendor_message='come again' "
        "request_id=req-7 record_key=ada retry_after_s=30]"
    )


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_says_whether_it_may_have_happened_and_whether_it_can_succeed_later(kind):
    error = kind("what")

    assert isinstance(error.may_have_happened, bool)
    assert isinstance(error.can_succeed_later, bool)


@given(st.text(), st.text(), st.text(), st.sampled_from(ERRORS))
def test_no_text_of_a_vendor_breaks_the_line(what, message, key, kind):
    error = kind(what, Context(vendor_message=message, record_key=key))

    assert len(str(error).splitlines()) <= 1


# -- the way to the vendor ---------------------------------------------------------------------------------------------


def test_a_host_that_has_no_address_is_told_as_not_sent():
    with pytest.raises(RetriesExhausted, match=r"NotSent: .*vendor\.invalid") as raised:
        pull("http://vendor.invalid")

    assert type(raised.value.__cause__) is NotSent
    assert not raised.value.may_have_happened


def test_a_port_where_nobody_listens_is_told_as_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(RetriesExhausted, match=r"NotSent: .*refused") as raised:
        pull(f"http://127.0.0.1:{port}")

    assert not raised.value.may_have_happened


@contextmanager
def tls(authority):
    """A vendor with TLS: its url."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    payload = reply(USERS, connection="close").payload

    def serve(listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(65_536)
                    secured.sendall(payload)
            except OSError:
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5)


def test_a_certificate_that_nobody_vouches_for_ends_at_once():
    clock = Clock()
    with (
        tls(trustme.CA()) as url,
        Integration(dialect(), base_url=url, clock=clock) as core,
        pytest.raises(Unsendable, match=r"users\.list: GET https://127\.0\.0\.1.*certificate verify failed"),
    ):
        list(core.pull("users"))

    assert clock.slept_s == []


def test_the_environments_ca_bundle_vouches_for_a_private_authority(monkeypatch, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))

    with tls(authority) as url:
        assert pull(url) == USERS["rows"]


def test_a_sessions_own_ca_bundle_vouches_where_the_environment_names_none(monkeypatch, tmp_path):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    authority, session = trustme.CA(), requests.Session()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    session.verify = str(tmp_path / "ca.pem")

    with tls(authority) as url:
        assert pull(url, session=session) == USERS["rows"]


def test_https_to_a_port_without_tls_ends_at_once():
    def serve(listener):
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        with pytest.raises(Unsendable, match="WRONG_VERSION_NUMBER"):
            pull(f"https://127.0.0.1:{listener.getsockname()[1]}")


# -- proxies -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_https_goes_through_the_environments_proxy_which_sees_the_host_alone(no_proxies):
    with vendor(in_turn(reply(status=502, body=b"no way"))) as proxy:
        no_proxies.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(RetriesExhausted, match="NotSent") as raised:
            pull("https://vendor.test/secret-path")

    assert {(asked.method, asked.target) for asked in proxy.asked} == {("CONNECT", "vendor.test:443")}
    assert not raised.value.may_have_happened


def test_a_host_in_no_proxy_is_asked_directly(no_proxies):
    with vendor(in_turn(reply(USERS))) as proxy, vendor(in_turn(reply(USERS))) as serving:
        no_proxies.setenv("HTTP_PROXY", proxy.url)
        no_proxies.setenv("http_proxy", proxy.url)
        no_proxies.setenv("NO_PROXY", "127.0.0.1")

        assert pull(serving.url) == USERS["rows"]

    assert proxy.asked == []


# -- a flood -----------------------------------------------------------------------------------------------------------


@contextmanager
def flood(head):
    """A vendor that sends 2 GB after ``head``, or until nobody takes it: its url, and how much it got rid of."""
    sent = [0]

    def serve(listener):
        connection, _ = listener.accept()
        block = b"%x\r\n" % MEGABYTE + b" " * MEGABYTE + b"\r\n"
        with connection:
            connection.recv(65_536)
            try:
                connection.sendall(head)
                while sent[0] < GIGABYTES_2:
                    connection.sendall(block)
                    sent[0] += MEGABYTE
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", sent
        thread.join(timeout=30)


def peak_bytes(base_url, **more):
    """How much memory a pull that ends as ``Oversized`` took at most."""
    tracemalloc.start()
    try:
        with pytest.raises(Oversized, match=r"users\.list: the reply is larger than \d+ bytes \[status=200") as raised:
            pull(base_url, **more)
        return tracemalloc.get_traced_memory()[1], raised.value
    finally:
        tracemalloc.stop()


def test_a_reply_of_two_gigabytes_is_cut_off_at_the_bound_and_asked_for_once():
    with flood(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") as (url, sent):
        peak, error = peak_bytes(url, bounds=Bounds(body_bytes=8 * MEGABYTE))

    assert peak < 40 * MEGABYTE
    assert sent[0] < 64 * MEGABYTE
    assert not error.can_succeed_later


def test_a_reply_that_says_it_has_two_gigabytes_is_not_read_at_all():
    with flood(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % GIGABYTES_2) as (url, sent):
        peak, _ = peak_bytes(url)

    assert peak < 8 * MEGABYTE
    assert sent[0] < 64 * MEGABYTE


def test_a_small_reply_that_unpacks_to_much_is_cut_off_while_it_unpacks():
    bomb = reply(body=gzip.compress(b" " * (64 * MEGABYTE), 1), content_encoding="gzip")
    with vendor(in_turn(bomb)) as serving:
        peak, _ = peak_bytes(serving.url, bounds=Bounds(body_bytes=MEGABYTE))

    assert peak < 32 * MEGABYTE


def test_an_error_is_an_integration_error_whatever_went_wrong():
    assert all(issubclass(kind, IntegrationError) for kind in ERRORS)


def test_a_session_of_the_callers_own_stays_the_callers_to_configure():
    with vendor(in_turn(reply(USERS))) as serving:
        session = requests.Session()
        session.headers["User-Agent"] = "acme-sync/1.0"
        with integration(serving, dialect(), Clock(), session=session) as core:
            list(core.pull("users"))

    assert serving.asked[0].headers["user-agent"] == "acme-sync/1.0"
