"""What ``pip install .`` brings to a machine that runs an integration: the core, its ledger and its commands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REQUIRE_ALL = os.environ.get("HARNESS_REQUIRE_ALL") == "1"
SET_UP = "sets up an environment with pip and takes half a minute; set HARNESS_REQUIRE_ALL=1 to run it"
JOB = """
import importlib.util, sys
import harness.core
from harness.core.ledger import Ledger
with Ledger().run("hr"):
    pass
print([name for name in sys.argv[1:] if importlib.util.find_spec(name)])
"""
TEST_TOOLS = ("pytest", "vcr", "freezegun", "hypothesis", "jinja2", "apprise", "prometheus_client", "psycopg")


@pytest.mark.skipif(not REQUIRE_ALL, reason=SET_UP)
def test_a_deployed_core_brings_no_test_tools_and_its_commands_work(tmp_path):
    def run(*command, code=0):
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HARNESS_LEDGER": f"sqlite:///{tmp_path}/x"}
        kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        done = subprocess.run(command, env=environment | kept, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    run(sys.executable, "-m", "venv", "venv")
    run("venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", str(ROOT))

    assert run("venv/bin/python", "-c", JOB, *TEST_TOOLS) == "[]\n"
    assert "fresh" in run("venv/bin/harness", "status")
    assert "pip install 'integration-harness[metrics]'" in run("venv/bin/harness", "metrics", code=2)
    assert "pip install 'integration-harness[alerts]'" in run(
        "venv/bin/harness", "watch", "--notify", "json://127.0.0.1:1", code=2
    )
    assert "pip install 'integration-harness[postgres]'" in run(
        "venv/bin/harness", "status", "--ledger", "postgresql://ada@127.0.0.1:1/x", code=2
    )
    assert "pip install 'integration-harness[certify]'" in run("venv/bin/harness", "certify", code=2)
