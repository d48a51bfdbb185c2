"""``harness record`` and ``harness.recording``: what a program asks of a vendor becomes a cassette, or nothing does."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import trustme
import yaml
from click.testing import CliRunner

import harness
from harness.certify.flow_recording import FlowFailed
from harness.certify.visit import VendorTrouble
from harness.cli import main
from harness.stage.http1 import Reply, render
from harness.stage.recordings import RecordingError, load
from harness.stage.sandbox import SandboxError
from harness.stage.sanitise import scan
from harness.stage.serve import serve

TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
WALK = """
import json, os, sys, urllib.request
url, signed = sys.argv[1] + "/orders", {"Authorization": "Bearer ghp_0123456789abcdefghijABCDEFGHIJ012345"}
while url:
    url = json.load(urllib.request.urlopen(urllib.request.Request(url, headers=signed)))["next"]
"""
BY_PROXY = """
import os, urllib.request
urllib.request.urlopen(os.environ["SHOP"] + "/orders")
"""


class Shop:
    """Two pages of orders, the first of which leads to the second by its whole address."""

    def __init__(self):
        self.url, self.seen, self.status = "", [], 200

    def answer(self, request, world):
        self.seen.append(request)
        last = "page=2" in request.target
        orders = [{"id": 2 if last else 1}]
        body = json.dumps({"orders": orders, "next": None if last else f"{self.url}/orders?page=2"}).encode()
        headers = (("Content-Type", "application/json"), ("Server", "Shop/3.1"))
        return (render(Reply(self.status, headers, body), request.method),)


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    vendor = Shop()
    with serve(vendor.answer) as server:
        vendor.url = f"http://127.0.0.1:{server.port}"
        listed(vendor.url)
        yield vendor


def listed(url, *, writes=False, max_requests=50):
    host = url.partition("://")[2]
    Path("sandbox.toml").write_text(
        f'[[host]]\nname = "{host}"\nwrites = {str(writes).lower()}\nmax_requests = {max_requests}\nper_second = 500\n'
    )


def record(shop, *command, flow="pull", url=None, options=()):
    named = ["--vendor", "shop", "--flow", flow, "--base-url", url or shop.url]
    return CliRunner().invoke(main, ["record", *named, *options, "--", *map(str, command)])


def python(script, *arguments):
    return (sys.executable, "-c", script, *arguments)


def files():
    return sorted(str(path) for path in Path().rglob("*") if path.is_file() and path.name != "sandbox.toml")


# -- what is written -------------------------------------------------------------------------------------------------


def test_a_command_that_takes_the_address_as_an_argument_is_recorded_to_its_last_page(shop):
    result = record(shop, *python(WALK, "{base_url}"))

    assert result.exit_code == 0, result.output
    exchanges = load(Path("cassettes/shop/pull.yaml")).exchanges
    assert [one.url for one in exchanges] == ["https://shop.test/orders", "https://shop.test/orders?page=2"]
    assert json.loads(exchanges[0].reply_body)["next"] == "https://shop.test/orders?page=2"


def test_a_command_that_honours_a_proxy_is_recorded(shop, monkeypatch):
    monkeypatch.setenv("SHOP", shop.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    result = record(shop, *python(BY_PROXY))

    assert result.exit_code == 0, result.output
    assert [one.url for one in load(Path("cassettes/shop/pull.yaml")).exchanges] == ["https://shop.test/orders"]


def test_the_vendor_sees_its_own_host_and_the_program_s_own_credentials(shop):
    record(shop, *python(WALK, "{base_url}"))

    assert {request.host for request in shop.seen} == {shop.url.partition("://")[2]}
    assert {request.header("authorization") for request in shop.seen} == {f"Bearer {TOKEN}"}


def test_the_cassette_holds_no_secret_and_no_address_of_the_sandbox(shop):
    record(shop, *python(WALK, "{base_url}"))
    path = Path("cassettes/shop/pull.yaml")

    assert scan(path, known=[TOKEN]) == ()
    assert "127.0.0.1" not in path.read_text()


def test_the_cassette_says_what_was_recorded_when_and_with_what(shop):
    record(shop, *python(WALK, "{base_url}"))
    metadata = yaml.safe_load(Path("cassettes/shop/pull.yaml").read_text())["metadata"]

    assert (metadata["product"], metadata["requests"]) == ("Shop/3.1", 2)
    assert metadata["recorded_with"] == f"harness {harness.__version__}"
    assert metadata["recorded_at"].startswith(time.strftime("%Y-", time.gmtime()))


def test_a_product_that_is_given_is_not_taken_from_the_answers(shop):
    record(shop, *python(WALK, "{base_url}"), options=("--product", "Shop 4"))

    assert load(Path("cassettes/shop/pull.yaml")).product == "Shop 4"


def test_what_a_with_block_asks_is_recorded(shop):
    with harness.recording("shop", "pull", base_url=shop.url) as recorder:
        requests.get(f"{recorder.base_url}/orders", timeout=10)

    assert len(load(Path("cassettes/shop/pull.yaml")).exchanges) == 1


def test_a_path_in_the_address_stays_in_it(shop):
    with harness.recording("shop", "pull", base_url=f"{shop.url}/api/") as recorder:
        requests.get(f"{recorder.base_url}/orders", timeout=10)

    assert [one.url for one in load(Path("cassettes/shop/pull.yaml")).exchanges] == ["https://shop.test/api/orders"]


def test_a_shipped_vendor_is_recorded_at_its_dialect_s_address(shop):
    with harness.recording("keystone", "pull", base_url=shop.url) as recorder:
        requests.get(f"{recorder.base_url}/orders", timeout=10)

    assert load(Path("cassettes/keystone/pull.yaml")).exchanges[0].url == "https://keystone.test/orders"


def test_a_flow_of_refusals_is_written_and_said_to_be_one(shop):
    shop.status = 401
    result = record(
        shop,
        *python("import sys, urllib.request\ntry: urllib.request.urlopen(sys.argv[1])\nexcept OSError: 0"),
        "{base_url}/orders",
    )

    assert result.exit_code == 0, result.output
    assert "check the credentials" in result.output


# -- what is refused -------------------------------------------------------------------------------------------------


def test_a_cassette_that_is_there_is_kept_and_the_vendor_is_not_asked(shop):
    record(shop, *python(WALK, "{base_url}"))
    before, asked = Path("cassettes/shop/pull.yaml").read_bytes(), len(shop.seen)
    result = record(shop, *python(WALK, "{base_url}"))

    assert (result.exit_code, len(shop.seen)) == (2, asked)
    assert "cassettes/shop/pull.yaml is there already; give --overwrite" in result.output
    assert Path("cassettes/shop/pull.yaml").read_bytes() == before


def test_a_cassette_that_is_there_is_replaced_when_told(shop):
    record(shop, *python(WALK, "{base_url}"))
    with harness.recording("shop", "pull", base_url=shop.url, present="replaced") as recorder:
        requests.get(f"{recorder.base_url}/orders", timeout=10)

    assert len(load(Path("cassettes/shop/pull.yaml")).exchanges) == 1


def test_a_command_that_fails_leaves_nothing(shop):
    result = record(shop, *python(WALK + "sys.exit(3)", "{base_url}"))

    assert (result.exit_code, files()) == (1, [])
    assert "ended with exit code 3; nothing was written" in result.output


def test_a_command_that_fails_on_wrong_credentials_is_told_of_them(shop):
    shop.status = 401
    result = record(shop, *python(WALK, "{base_url}"))

    assert (result.exit_code, files()) == (1, [])
    assert "the vendor refused 1 of its requests with 401 or 403, check its credentials" in result.output


def test_a_command_that_asks_nothing_is_told_where_the_address_is(shop):
    result = record(shop, *python("pass"))

    assert (result.exit_code, files()) == (1, [])
    assert "nothing was asked of 127.0.0.1" in result.output
    assert "HARNESS_BASE_URL" in result.output


def test_a_command_that_does_not_exist_is_told(shop):
    result = record(shop, "no-such-program")

    assert (result.exit_code, files()) == (2, [])
    assert "no-such-program cannot be started (No such file or directory)" in result.output


def test_a_host_that_is_not_listed_is_not_asked(shop):
    listed("https://another.test")
    result = record(shop, *python(WALK, "{base_url}"))

    assert (result.exit_code, shop.seen, files()) == (2, [], [])
    assert "is not listed in sandbox.toml" in result.output


def test_a_host_that_does_not_answer_is_the_vendor_s_trouble(shop):
    listed("http://127.0.0.1:9")
    result = record(shop, *python(WALK, "{base_url}"), url="http://127.0.0.1:9")

    assert (result.exit_code, files()) == (3, [])
    assert "VENDOR-DOWN: GET /orders at 127.0.0.1:9: no connection could be made" in result.output


def test_a_certificate_that_nobody_trusts_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with serve(Shop().answer, tls=context) as server:
        url = f"https://127.0.0.1:{server.port}"
        listed(url)
        result = record(None, *python(WALK, "{base_url}"), url=url)

    assert (result.exit_code, files()) == (2, [])
    assert "no secure connection could be made" in result.output
    assert "SSL_CERT_FILE" in result.output


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"max_requests": 1}, "the budget of 1 requests is spent before GET /orders"),
        ({"max_requests": 0}, "the budget of 0 requests lets nothing be asked"),
    ],
    ids=["spent", "none"],
)
def test_a_budget_ends_the_recording(shop, rules, said):
    listed(shop.url, **rules)
    result = record(shop, *python(WALK, "{base_url}"))

    assert (result.exit_code, files()) == (2, [])
    assert said in result.output
    assert len(shop.seen) <= rules["max_requests"]


def test_a_write_that_the_rules_do_not_allow_never_reaches_the_vendor(shop):
    with (
        pytest.raises(SandboxError, match=r"POST /orders may write, and the sandbox's rules allow no writes"),
        harness.recording("shop", "push", base_url=shop.url) as recorder,
    ):
        requests.post(f"{recorder.base_url}/orders", json={}, timeout=10)

    assert (shop.seen, files()) == ([], [])


def test_another_host_is_not_asked_through_the_proxy(shop):
    with (
        pytest.raises(SandboxError, match=r"the program asked for elsewhere\.test, and only 127"),
        harness.recording("shop", "pull", base_url=shop.url) as recorder,
    ):
        requests.get("http://elsewhere.test/", proxies={"http": recorder.address}, timeout=10)

    assert files() == []


def test_an_exception_in_a_with_block_is_raised_and_nothing_is_written(shop):
    with pytest.raises(KeyError), harness.recording("shop", "pull", base_url=shop.url) as recorder:
        requests.get(f"{recorder.base_url}/orders", timeout=10).json()["no such field"]

    assert files() == []


def test_a_name_that_leads_out_of_the_folder_is_none(shop):
    with (
        pytest.raises(RecordingError, match=r"is no name for a flow"),
        harness.recording("shop", "../pull", base_url=shop.url),
    ):
        pass


def test_a_with_block_that_asks_nothing_is_told(shop):
    with pytest.raises(FlowFailed, match="nothing was asked"), harness.recording("shop", "pull", base_url=shop.url):
        pass


def test_a_vendor_that_hangs_up_is_the_vendor_s_trouble(shop):
    listed("http://127.0.0.1:9")
    with pytest.raises(VendorTrouble), harness.recording("shop", "pull", base_url="http://127.0.0.1:9") as recorder:
        requests.get(f"{recorder.base_url}/orders", timeout=10)


@contextmanager
def recording_process(shop, script):
    """``harness record`` as a process of its own."""
    command = [str(Path(sys.executable).with_name("harness")), "record", "--vendor", "shop", "--flow", "pull"]
    command += ["--base-url", shop.url, "--", *python(script, "{base_url}")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_recording_ends_its_command_and_leaves_nothing(shop, by):
    waiting = WALK + "print(os.getpid(), flush=True)\nimport time\ntime.sleep(60)"
    with recording_process(shop, waiting) as process:
        command = int(process.stdout.readline())
        process.send_signal(by)
        output, _ = process.communicate(timeout=30)

    assert (process.returncode, files()) == (2, [])
    assert "interrupted before the flow's end; nothing was written" in output
    with pytest.raises(ProcessLookupError):
        os.kill(command, 0)
