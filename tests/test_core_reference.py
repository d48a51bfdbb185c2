"""The core as a subject, and what a deployment of it costs."""

import subprocess
import sys

import pytest

from harness.certify.reference import CoreSubject
from harness.certify.subject import Access, Pulls, Pushes, PushResult
from harness.dialects.credentials import ClientCredentials
from tests.core_dialects import dialect
from tests.core_vendor import in_turn, reply, vendor

LIGHT = """
import sys, time
began = time.process_time()
import harness.core
spent = time.process_time() - began
heavy = {"vcr", "pytest", "freezegun", "hypothesis", "sqlalchemy", "jinja2", "click", "harness.stage", "harness.judge"}
heavy |= {"rich", "pythonjsonlogger", "apprise", "prometheus_client"}
# Not ru_maxrss, which a process inherits from the one that started it.
peak_kb = int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0])
print(spent, peak_kb / 1024, sorted(heavy & set(sys.modules)))
"""


def test_the_core_pulls_and_pushes_as_a_subject():
    assert isinstance(CoreSubject(), Pulls)
    assert isinstance(CoreSubject(), Pushes)


def test_a_vendor_of_the_users_own_is_spoken_to_in_the_dialect_given():
    with vendor(in_turn(reply({"rows": [{"id": 1, "name": "ann"}], "user": {"id": 1}}))) as serving:
        subject = CoreSubject(dialect())
        subject.open(Access(vendor="vendor", base_url=serving.url))
        rows, result = subject.pull("users"), subject.push("users", [{"name": "ann"}])
        subject.close()

    assert rows == [{"id": 1, "name": "ann"}]
    assert result == PushResult()


def test_a_shipped_vendor_is_spoken_to_in_its_own_dialect():
    script = in_turn(
        reply({"access_token": "token-1", "expires_in": 20}),
        reply({"users": [{"id": "u1", "name": "ann"}], "links": {"next": None}}),
    )
    with vendor(script) as serving:
        subject = CoreSubject()
        access = Access(
            vendor="keystone",
            base_url=serving.url,
            token_url=f"{serving.url}/v3/OS-OAUTH2/token",
            credentials=ClientCredentials("id", "word"),
        )
        subject.open(access)
        rows = subject.pull("users")
        subject.close()

    assert rows == [{"id": "u1", "name": "ann"}]
    assert serving.asked[1].headers["x-auth-token"] == "token-1"


def test_an_unknown_vendor_is_told_with_the_known_ones():
    with pytest.raises(LookupError, match="no dialect of 'acme' ships with the product, only of keystone, roundup"):
        CoreSubject().open(Access(vendor="acme", base_url="https://acme.test"))


def test_a_subject_that_was_not_opened_says_so():
    with pytest.raises(RuntimeError, match="call open"):
        CoreSubject().pull("users")


def test_importing_the_core_is_light():
    told = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True).stdout

    seconds, megabytes, heavy = told.split(maxsplit=2)
    # 0.18 s, of which requests and tenacity are 0.16; the bound leaves room for a slower machine.
    assert float(seconds) < 0.5
    assert float(megabytes) < 35
    assert heavy.strip() == "[]"
