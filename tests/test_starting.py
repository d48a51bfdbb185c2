"""Workers are copies of one process, which knows no subject; whoever ends it costs nobody a run."""

import os
import signal
from pathlib import Path

import pytest

from harness.certify.starting import started


@pytest.fixture
def worker():
    """Starts a worker; it ends when its orders do, at the latest with the test."""
    orders, processes = [], []

    def start():
        taken, given = os.pipe()
        answers = os.open(os.devnull, os.O_WRONLY)
        processes.append(started((taken, answers)))
        orders.append(given)
        os.close(taken)
        os.close(answers)
        return processes[-1]

    yield start
    for given in orders:
        os.close(given)
    for process in processes:
        process.kill()
        process.wait()


def parent_of(process):
    return int(Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_workers_have_one_parent_which_is_not_this_process(worker):
    first, second = worker(), worker()

    assert parent_of(first) == parent_of(second) != os.getpid()


def test_each_leads_a_process_group_of_its_own(worker):
    process = worker()

    assert os.getpgid(process.pid) == process.pid


def test_a_killed_worker_ends_with_its_signal(worker):
    process = worker()
    process.kill()

    assert (process.wait(), process.returncode) == (-signal.SIGKILL, -signal.SIGKILL)


def test_a_parent_that_was_killed_is_replaced(worker):
    orphan = worker()
    before = parent_of(orphan)
    os.kill(before, signal.SIGKILL)
    after = worker()

    assert parent_of(after) not in (before, os.getpid())


def test_the_end_of_a_worker_whose_parent_was_killed_is_taken_for_a_kill(worker):
    orphan = worker()
    os.kill(parent_of(orphan), signal.SIGKILL)
    orphan.kill()

    assert orphan.wait() == -signal.SIGKILL


def test_another_environment_has_another_parent(worker, monkeypatch):
    before = worker()
    monkeypatch.setenv("TOLD_TO_THE_SUBJECT", "yes")
    after = worker()

    assert parent_of(after) != parent_of(before)
    assert b"TOLD_TO_THE_SUBJECT=yes" in Path(f"/proc/{after.pid}/environ").read_bytes().split(b"\0")


def test_proxies_and_netrc_are_kept_from_it(worker, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test")
    told = Path(f"/proc/{worker().pid}/environ").read_bytes().split(b"\0")

    assert not [line for line in told if b"PROXY" in line]
    assert f"NETRC={os.devnull}".encode() in told
