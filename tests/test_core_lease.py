"""The lease: of two runs at once the second is told of the first. Each test on SQLite and on PostgreSQL."""

import os
import pickle
import threading

import pytest

from harness.core.database import LEASES
from harness.core.ledger import LeaseHeld, LeaseLost, Ledger
from harness.core.owner import this_process
from harness.core.records import SILENT_S
from tests.ledgers import address, clock, death, dies, postgres_server  # noqa: F401


@pytest.fixture
def ledger(address, clock):  # noqa: F811
    return Ledger(address, clock=clock)


def test_the_second_is_told_who_holds_the_lease_and_since_when(ledger):
    with ledger.lease("hr"), pytest.raises(LeaseHeld) as told, Ledger(ledger.database.name).lease("hr"):
        pass

    assert told.value.holder == this_process()
    assert f"hr is being done by process {os.getpid()} on " in str(told.value)
    assert " since 20" in str(told.value)
    assert pickle.loads(pickle.dumps(told.value)).since_s == told.value.since_s


def test_a_lease_that_was_given_back_can_be_had(ledger):
    with ledger.lease("hr"):
        pass
    with ledger.lease("hr") as lease:
        lease.check()


def test_leases_of_other_names_do_not_meet(ledger):
    with ledger.lease("hr"), ledger.lease("crm") as lease:
        lease.check()


def test_a_dead_holder_s_lease_is_taken_over(ledger):
    def job():
        ledger.lease("hr").__enter__()
        death()

    dies(job)

    with ledger.lease("hr") as lease:
        lease.check()


def test_a_living_holder_keeps_its_lease_however_long_it_says_nothing(ledger, clock):  # noqa: F811
    with ledger.lease("hr"):
        clock.passed_s += 100 * SILENT_S
        with pytest.raises(LeaseHeld), ledger.lease("hr"):
            pass


def on_another_machine(ledger, **facts):
    with ledger.database.writing() as connection:
        connection.execute(LEASES.update().values(boot="another boot", host="web-2", **facts))


def test_a_holder_on_another_machine_is_replaced_only_after_long_silence(ledger):
    with ledger.lease("hr") as first:
        on_another_machine(ledger)
        with pytest.raises(LeaseHeld, match="on web-2 since"), ledger.lease("hr"):
            pass

        on_another_machine(ledger, heard_s=0.0)
        with ledger.lease("hr") as second:
            second.check()
            with pytest.raises(LeaseLost, match="the lease of hr was taken over"):
                first.check()


def test_who_lost_the_lease_does_not_give_back_the_other_s(ledger):
    with ledger.lease("hr"):
        on_another_machine(ledger, heard_s=0.0)
        second = ledger.lease("hr").__enter__()

    second.check()
    second.__exit__(None, None, None)


def test_of_threads_that_ask_at_once_one_gets_it(address):  # noqa: F811
    ledger, together, got = Ledger(address), threading.Barrier(4), []
    over = threading.Barrier(4)

    def ask():
        together.wait()
        try:
            with ledger.lease("hr"):
                got.append("held")
                over.wait()
        except LeaseHeld:
            got.append("refused")
            over.wait()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(got) == ["held", "refused", "refused", "refused"]
