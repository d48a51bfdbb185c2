"""Every example in the README runs as written."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness.certify.waivers import read_waivers
from tests.core_vendor import in_turn, reply, vendor
from tests.sandbox_account import CREDENTIALS, rules_in, sandbox_account

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
REQUIRE_ALL = os.environ.get("HARNESS_REQUIRE_ALL") == "1"
SET_UP = "sets up an environment with pip and takes half a minute; set HARNESS_REQUIRE_ALL=1 to run it"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def block(language, holding):
    return next(one for one in blocks(language) if holding in one)


def shell(command, cwd, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "VIRTUAL_ENV"))}
    return subprocess.run(
        ["bash", "-euc", command],
        cwd=cwd,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=500,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """What a user has after a clone: the tracked files alone, in a new folder."""
    folder = tmp_path_factory.mktemp("clone") / "integration-harness"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def with_harness():
    """PATH as in an activated environment."""
    return {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_the_readme_opens_with_the_command_that_certifies_and_the_one_that_tests():
    assert [command.split()[-1] for command in blocks("sh")[:2]] == ["certify", "pytest"]


@pytest.mark.skipif(not REQUIRE_ALL, reason=SET_UP)
def test_the_first_command_certifies_the_core_from_nothing(checkout):
    result = shell(blocks("sh")[0], checkout)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "core is certified against recordings of" in result.stdout
    assert (checkout / "certificate" / "certificate.html").is_file()


@pytest.mark.skipif(not REQUIRE_ALL, reason=SET_UP)
def test_the_installed_wheel_certifies_outside_a_checkout(checkout, tmp_path):
    harness = checkout / ".venv" / "bin" / "harness"
    assert harness.exists(), "the first command, tested before, installs it"
    result = shell(f"{harness} certify --vendor mediawiki && {harness} vendors", tmp_path)

    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "certificate" / "certificate.json").is_file()


def test_the_second_command_is_the_one_that_ci_runs():
    environment, install, run = (part.strip() for part in blocks("sh")[1].split("&&"))
    ci = (ROOT / ".ci" / "run").read_text()

    assert environment in ci
    assert install in ci
    assert run in ci


def test_the_sketch_of_a_subject_is_python():
    sketch = next(block for block in blocks("python") if "def open" in block)

    compile(sketch, "README.md", "exec")


def test_the_commands_of_the_own_integration_are_spelled_right(with_harness):
    commands = next(block for block in blocks("sh") if "contacts:Contacts" in block)
    for command in commands.strip().splitlines():
        words = command.replace("contacts:Contacts", "tests.healthy_subject:Healthy")
        if "certify" in command:
            words += " -k test_every_record --out $(mktemp -d)/certificate"
            words = words.replace("--only limits.wait-honoured", "--only pages.complete")
        result = shell(words, ROOT, **with_harness)
        assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"


def test_the_dialect_in_the_readme_is_the_one_in_the_example_and_under_40_lines():
    dialect = (ROOT / "tests" / "user_example" / "acme_dialect.py").read_text()

    assert dialect in blocks("python")
    assert len(dialect.splitlines()) < 40


def test_the_example_with_an_own_vendor_is_certified(with_harness, tmp_path):
    folder = tmp_path / "user_example"
    shutil.copytree(ROOT / "tests" / "user_example", folder, ignore=shutil.ignore_patterns("__pycache__", "cass*"))
    commands = next(block for block in blocks("sh") if "record_acme.py" in block)
    result = shell(commands, folder, **with_harness)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "acme_integration:Acme is certified against recordings of" in result.stdout


def test_recordings_of_another_tool_are_checked_and_imported(with_harness, tmp_path):
    request = {"method": "GET", "uri": "https://shop.test/orders", "body": "", "headers": {}}
    response = {"status": {"code": 200}, "url": request["uri"], "headers": {}, "body": {"string": "[]"}}
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "orders.json").write_text(
        json.dumps({"http_interactions": [{"request": request, "response": response}], "recorded_with": "betamax"})
    )
    commands = next(block for block in blocks("sh") if "harness recordings" in block)

    result = shell(commands, tmp_path, **with_harness)

    assert result.returncode == 0, result.stdout + result.stderr
    assert [path.name for path in (tmp_path / "cassettes-imported").iterdir()] == ["orders.yaml"]


def test_the_core_too_is_certified_on_the_users_own_vendor(with_harness, tmp_path):
    folder = tmp_path / "user_example"
    shutil.copytree(ROOT / "tests" / "user_example", folder, ignore=shutil.ignore_patterns("__pycache__", "cass*"))
    commands = next(block for block in blocks("sh") if "record_acme.py" in block)
    result = shell(commands.replace("acme_integration:Acme", "core"), folder, **with_harness)

    assert result.returncode == 0, result.stdout + result.stderr


def on_the_stage(example, wanted):
    """What ``wanted`` is after the example ran as written, the vendor being the simulator on the stage."""
    program = f"""
import re, sys, time
from harness.stage.patch import install
install()
from harness.certify.evidence import evidence_for
from harness.certify.shipped import shipped
from harness.dialects import KEYSTONE
from harness.stage.http1 import render
from harness.stage.play import play
from harness.stage.recordings import load_folder
from harness.stage.shown import learn
from harness.stage.simulator import Simulator
evidence = evidence_for(KEYSTONE, load_folder(shipped("cassettes") / "keystone"))
shown = learn(KEYSTONE, evidence.pull, evidence.simulates)
simulator = Simulator(shown, new_id=lambda ids=iter(range(9)): f"{{next(ids):032x}}")
names = {{}}
def act():
    exec({example!r}, names)
def answer(request, world):
    reply = simulator.handle(request)
    body = reply.body.replace(b"keystone.test", b"identity.example.com")
    return (render(type(reply)(reply.status, (), body), request.method),)
played = play(act, answer=answer, resolve=lambda host: host == "identity.example.com")
assert played.ended == "returned", played
print(eval({wanted!r}, names))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, cwd=ROOT)

    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


CORE_EXAMPLE = next(block for block in blocks("python") if "from harness.core import Integration" in block)


def test_the_core_example_runs_against_a_vendor():
    told = on_the_stage(
        CORE_EXAMPLE, "len(users), {'ada', 'grace'} <= {user['name'] for user in users}, dict(report.failed)"
    )

    assert told == "(50, True, {})"


def test_the_deployments_example_runs_against_a_vendor(tmp_path):
    imports = CORE_EXAMPLE.partition("with Integration")[0]
    example = next(block for block in blocks("python") if "FileTokens(" in block)
    folder = tmp_path / "tokens"

    assert on_the_stage(imports + example.replace("/var/lib/my-integration/tokens", str(folder)), "len(users)") == "48"
    assert len(list(folder.glob("*.json"))) == 1


def test_a_walk_is_left_and_resumed_as_the_readme_says():
    imports = CORE_EXAMPLE.partition("with Integration")[0]
    opened = CORE_EXAMPLE.partition("    report =")[0].removeprefix(imports)
    example = next(block for block in blocks("python") if "after=stored_position" in block)
    broken_off = example.replace("listing.position)\n", "listing.position)\n    if len(stored) == 20: break\n")
    walks = "".join(f"stored_position = stored[-1][1] if stored else None\n{walk}" for walk in (broken_off, example))
    kept = "stored = []\ndef store(page, position):\n    stored.extend((row['id'], position) for row in page)\n"
    program = imports + kept + opened + re.sub(r"(?m)^", "    ", walks).rstrip() + "\n"

    assert on_the_stage(program, "len(stored), len({one for one, _ in stored}), stored[-1][1]") == "(48, 48, None)"


def test_the_ledger_example_runs_and_its_commands_tell_of_it(with_harness, tmp_path):
    """As written, the job being a function of this test's and the web hook a server on this machine."""
    ledger = f"sqlite:///{tmp_path}/ledger.sqlite"
    example = next(block for block in blocks("python") if "sync_people(run)" in block)
    program = f"sync_people = lambda run: {{'created': 3}}\n{example}"
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "HARNESS_LEDGER": ledger},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr

    commands = next(block for block in blocks("sh") if "harness watch" in block)
    with vendor(in_turn(reply({}))) as chat:
        commands = re.sub(r"https://chat\S+", chat.url, commands)
        told = shell(commands, tmp_path, HARNESS_LEDGER=ledger, **with_harness)

    assert told.returncode == 0, told.stderr
    assert "3 created" in told.stdout
    assert 'harness_runs_total{end="succeeded",integration="hr-to-keystone"} 1.0' in told.stdout
    assert chat.asked == []


def test_the_samples_are_one_certified_and_one_not(with_harness, tmp_path):
    command = next(block for block in blocks("sh") if "tests.samples" in block)
    result = shell(re.sub(r"\bcertificates\b", str(tmp_path), command), ROOT, **with_harness)
    verdicts = {
        folder.name: json.loads((folder / "certificate.json").read_text())["verdict"] for folder in tmp_path.iterdir()
    }

    assert result.returncode == 0, result.stderr
    assert verdicts == {"certified": "certified", "not_certified": "not_certified"}


def test_the_gate_of_no_worse_than_main_runs_in_a_clone(with_harness, tmp_path):
    """As written, but for one vendor only, and with the certificate of main in this test's folder."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    origin.mkdir()
    (origin / "contacts.py").write_text("from tests.naive_integration import Naive as Contacts\n")
    made = "git init -q -b main && git add . && git -c user.name=a -c user.email=a@example.org commit -qm first"
    shell(made, origin)
    shell(f"git clone -q {origin} {clone}", tmp_path)
    commands = next(block for block in blocks("sh") if "git worktree" in block)
    commands = commands.replace("/tmp/main-certificate", str(tmp_path / "main-certificate"))
    commands = commands.replace("contacts:Contacts", "contacts:Contacts --vendor mediawiki")
    result = shell(commands, clone, PYTHONPATH=str(ROOT), **with_harness)

    assert result.returncode == 0, result.stdout + result.stderr


def test_the_waivers_in_the_readme_are_read(tmp_path):
    file = tmp_path / "harness-waivers.toml"
    file.write_text(block("toml", "[[waiver]]"))
    waivers = read_waivers(file, vendors=("keystone", "mediawiki"))

    assert [(one.requirement, one.vendor) for one in waivers] == [("pages.complete", "mediawiki")]


def test_the_steps_of_a_live_certification_run_against_a_sandbox_account(with_harness, tmp_path):
    """As written, but for the account's address and credentials, and with a few scenarios only."""
    with sandbox_account() as account:
        host = account.url.partition("://")[2]
        rules = block("toml", "[[host]]").replace("identity.sandbox.example.com", host)
        (tmp_path / "sandbox.toml").write_text(rules.replace("per_second = 5", "per_second = 500"))
        commands = block("sh", "--live").replace("https://identity.sandbox.example.com", account.url)
        commands = commands.replace("SECRET=...", f"SECRET={CREDENTIALS.client_secret}")
        commands = commands.replace("ID=...", f"ID={CREDENTIALS.client_id}")
        commands = commands.replace("certify core", "certify core -k every_record")
        result = shell(commands, tmp_path, XDG_STATE_HOME=str(tmp_path / "state"), **with_harness)
        left = account.tagged()

    assert result.returncode == 0, result.stdout + result.stderr
    assert "It lists 7 users on 3 pages" in result.stdout
    assert "and live against OpenStack Keystone 30.0.0 at 127.0.0.1" in result.stdout
    assert left == []


PULL_USERS = f"""
import sys
from harness.core import Integration
from harness.dialects import KEYSTONE
from harness.dialects.credentials import ClientCredentials

def pull_users(base_url):
    credentials = ClientCredentials({CREDENTIALS.client_id!r}, {CREDENTIALS.client_secret!r})
    with Integration(KEYSTONE, base_url=base_url, credentials=credentials) as keystone:
        list(keystone.pull("users"))

if __name__ == "__main__":
    pull_users(sys.argv[1])
"""


def test_the_steps_that_record_and_check_the_drift_run_against_a_sandbox_account(with_harness, tmp_path):
    """As written, but for the account's address and credentials."""
    (tmp_path / "pull_users.py").write_text(PULL_USERS)
    with sandbox_account() as account:
        rules_in(tmp_path, account)
        commands = block("sh", "harness record --vendor").replace("https://identity.sandbox.example.com", account.url)
        signed = {"SANDBOX_CLIENT_ID": CREDENTIALS.client_id, "SANDBOX_CLIENT_SECRET": CREDENTIALS.client_secret}
        state = {"XDG_STATE_HOME": str(tmp_path / "state")}
        result = shell(commands, tmp_path, **signed, **state, **with_harness)
        python = f"from pull_users import pull_users\nsandbox_url = {account.url!r}\n"
        (tmp_path / "again.py").write_text(python + block("python", "harness.recording"))
        again = shell("python again.py", tmp_path, **with_harness)
        left = account.tagged()

    assert result.returncode == 0, result.stdout + result.stderr
    assert "cassettes/keystone/pull_users.yaml holds 4 requests" in result.stdout
    assert "keystone answers as recorded" in result.stdout
    assert again.returncode == 0, again.stdout + again.stderr
    assert (tmp_path / "cassettes" / "keystone" / "pull_users_again.yaml").exists()
    assert left == []


def test_the_nightly_job_runs_against_a_sandbox_account(with_harness, tmp_path):
    """As written, with a few scenarios only."""
    steps = yaml.safe_load(block("yaml", "schedule"))["jobs"]["nightly"]["steps"]
    commands = [step["run"] for step in steps if step.get("run", "").startswith("harness ")]
    signed = {"SANDBOX_CLIENT_ID": CREDENTIALS.client_id, "SANDBOX_CLIENT_SECRET": CREDENTIALS.client_secret}
    with sandbox_account() as account:
        rules_in(tmp_path, account)
        told = {"SANDBOX_URL": account.url, "XDG_STATE_HOME": str(tmp_path / "state"), **signed, **with_harness}
        results = [
            shell(command.replace("certify core", "certify core -k every_record"), tmp_path, **told)
            for command in commands
        ]
    kept = next(step for step in steps if step.get("uses", "").startswith("actions/upload-artifact"))["with"]["path"]

    assert [result.returncode for result in results] == [0, 0], [one.stdout + one.stderr for one in results]
    assert all((tmp_path / name).exists() for name in kept.split())
    document = json.loads((tmp_path / "certificate" / "certificate.json").read_text())
    recordings = [one for vendor in document["vendors"] for one in vendor["recordings"]]
    assert {one["drift"]["result"] for one in recordings} == {"notes"}


@pytest.mark.skipif(not REQUIRE_ALL, reason=SET_UP)
def test_the_steps_of_the_github_actions_example_run_as_written(checkout):
    job = yaml.safe_load(blocks("yaml")[0])["jobs"]["certify"]
    for step in job["steps"]:
        if "run" in step:
            result = shell(step["run"], checkout)
            assert result.returncode == 0, f"{step['run']}\n{result.stdout}{result.stderr}"
    upload = next(step for step in job["steps"] if "upload-artifact" in step.get("uses", ""))

    assert (checkout / upload["with"]["path"] / "certificate.json").is_file()


def test_every_command_that_the_readme_names_exists(with_harness):
    help_ = shell("harness --help", ROOT, **with_harness).stdout
    named = set(re.findall(r"harness (certify|vendors|requirements|explain|reproduce|[a-z]+ DIR)", README))

    assert all(name.split()[0] in help_ for name in named)
