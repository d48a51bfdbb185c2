"""What real products meet in a live certification: kills in the middle, and limits of their own. Needs them: see
``vendors`` for when these tests run."""

import json
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from harness.dialects import KINTO
from harness.dialects.credentials import Basic
from harness.stage.account import Account
from harness.stage.live import Live
from harness.stage.sandbox import Sandbox
from tests.product_front import fronted
from tests.test_live_products import PRODUCTS, certifying, started
from tests.vendors import kinto, roundup, seeds
from tests.vendors.process import Running, stop

LIMIT_S = 240
READS = ("-k", "every_record")
WRITES = ("-k", "leaves_each_record")
MOMENTS = range(3, 23, 2)
CALLS, INTERVAL_S = 2, 6


@contextmanager
def product(name: str, vendors: Path, account: str, start: Callable[[Path, int], Running]) -> Iterator[Running]:
    running = started(name, vendors, replace(PRODUCTS[name], start=start), account)
    try:
        yield running
    finally:
        stop(running.state, name)


def tagged(running: Running) -> list[str]:
    """The keys of what live runs left in this Kinto, asked of it directly."""
    sandbox = Sandbox(base_url=running.origin, writes=False, max_requests=100, per_second=100)
    account = Account(Live(KINTO, sandbox, Basic(kinto.ACCOUNT, running.secrets["password"])))
    return [str(record[account.collection.key_field]) for record in account.tagged(account.records())]


def ended(process: subprocess.Popen) -> tuple[int, str]:
    try:
        output, _ = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
    return process.returncode, output


def test_killed_at_ten_different_moments_a_products_account_is_clean_after_the_next_run(vendors, tmp_path):
    left = []
    with (
        product("kinto", vendors, "killed", PRODUCTS["kinto"].start) as running,
        fronted(running.origin) as front,
    ):
        behind = replace(running, origin=front.url)
        for moment in MOMENTS:
            front.requests = 0
            process = certifying("kinto", behind, tmp_path, *WRITES)

            def kill(process=process, moment=moment):
                if front.requests == moment:
                    process.kill()

            front.before = kill
            code, output = ended(process)
            assert code == -signal.SIGKILL, (moment, output)
            left.append(tagged(running))
        front.before = lambda: None
        code, output = ended(certifying("kinto", behind, tmp_path, *WRITES))
        at_the_end = tagged(running)

    assert len(left) == 10
    assert any(key.endswith("-lease") for keys in left for key in keys), left
    assert any(not key.endswith("-lease") for keys in left for key in keys), left
    assert code == 0, output
    assert at_the_end == []


def test_a_products_own_limit_is_obeyed_and_counted_and_nobody_is_blamed(vendors, tmp_path):
    """Roundup lets one call through every three seconds once two were made at once."""

    def limited(state: Path, port: int) -> Running:
        users = seeds.ROUNDUP_USERS[:2]
        return roundup.start(state, port, users=users, calls=CALLS, interval_s=INTERVAL_S)

    with product("roundup", vendors, "limited", limited) as running:
        code, output = ended(certifying("roundup", running, tmp_path, *READS))

    assert code == 0, output
    document = json.loads((tmp_path / "certificate" / "certificate.json").read_text())
    stay = next(one["live"] for one in document["vendors"] if one["against"] == "live")
    assert stay["limited"] > 0
    assert stay["trouble"] == ""
    assert re.search(rf"\b{stay['limited']} of them limited and asked again", output)
    assert {one["verdict"] for one in document["requirements"]} <= {"passed", "not_applicable"}
