"""Whatever a subject does to its worker, its run ends with a sane outcome, and the next run is right."""

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.certify.campaign import Campaign
from harness.certify.evidence import evidence_for
from harness.certify.folder import write_histories
from harness.certify.orders import Setup, Task
from harness.certify.performance import Order, Performance
from harness.certify.plan import Plan, parse
from harness.certify.pool import Workers
from harness.certify.session import Options, read_evidence
from harness.certify.shipped import shipped
from harness.certify.stored_runs import read_runs
from harness.certify.venue import RecordedVenue
from harness.cli import main
from harness.dialects import KEYSTONE
from harness.judge.outcome import outcome, unjudgeable
from harness.stage.recordings import load_folder
from tests.healthy_subject import Healthy
from tests.on_stage import stage  # noqa: F401 - a fixture

ROOT = Path(__file__).parents[1]
PULL, PUSH = Plan("mediawiki", "pull"), Plan("keystone", "push")


@pytest.fixture(scope="module")
def evidence():
    return tuple(read_evidence(Options(vendors=("mediawiki", "keystone"))).values())


@pytest.fixture
def pool(evidence):
    """A pool with one worker for the subject of that name."""
    with contextlib.ExitStack() as stack:

        def start(name, evidence=evidence):
            setup = Setup(
                subject=f"tests.odd_subjects:{name}", folder=str(ROOT), evidence=evidence, seed=0, real_limit_s=5.0
            )
            return stack.enter_context(contextlib.closing(Workers(setup, count=1, against=lambda task: "replay")))

        yield start


def performed(pool, *plans):
    return pool.perform([Task(plan.vendor, Order(plan, "correct", 200)) for plan in plans])


def ends(runs):
    return [(run.acts()[-1].ended, outcome(run)) for run in runs]


def stored(folder, runs):
    """The runs as they come back from a certificate's folder."""

    class Certificate:
        pass

    certificate = Certificate()
    certificate.runs = runs
    write_histories(folder, certificate)
    return read_runs(folder)


ODD = {
    "ClosesDescriptors": ("exited", "unexplained"),
    "ForksOn": ("returned", "unknown"),
    "ForksAndDies": ("exited", "unexplained"),
    "WritesToDescriptors": ("returned", "correct"),
    "ClosesStandardOutput": ("returned", "correct"),
    "RaisesOnClose": ("raised", "loud"),
    "BreaksOffItself": ("raised", "loud"),
    "ReturnsNone": ("raised", "loud"),
    "NeverStops": ("returned", "silent"),
    "FieldsRaise": ("raised", "loud"),
    "SpeaksSlyly": ("raised", "loud"),
    "LogsTheUnprintable": ("returned", "correct"),
    "ConfiguresLogging": ("returned", "correct"),
    "SleepsOddly": ("returned", "correct"),
    "KillsItsGroup": ("exited", "unexplained"),
}


@pytest.mark.parametrize(("name", "ended"), ODD.items(), ids=list(ODD))
def test_an_odd_pull_ends_the_same_way_again_and_the_push_after_it_is_right(pool, tmp_path, name, ended):
    push = ended if name == "RaisesOnClose" else ("returned", "correct")
    runs = performed(pool(name), PULL, parse("mediawiki pull seed=1"), PUSH)

    assert ends(runs) == [ended, ended, push]
    assert stored(tmp_path, runs) == runs


def test_records_that_the_subject_emptied_are_whole_in_the_next_run(pool):
    runs = performed(pool("MutatesRecords"), PUSH, parse("keystone push seed=1"))

    assert ends(runs) == [("returned", "correct")] * 2
    assert all(run.acts()[0].held.expected == run.acts()[0].held.found for run in runs)


def test_a_subject_that_can_be_made_once_in_a_process_gets_a_process_for_each_run(pool):
    runs = performed(pool("MadeOnce"), PULL, parse("mediawiki pull seed=1"))

    assert ends(runs) == [("returned", "correct"), ("returned", "correct")]


def test_a_result_that_cannot_be_read_is_the_subjects_own_error(pool):
    runs = performed(pool("ReturnsTheUnreadable"), PUSH, parse("keystone push seed=1"))

    assert ends(runs) == [("raised", "loud")] * 2
    assert "the result was closed" in runs[0].acts()[0].error


def test_a_pull_that_returns_nothing_is_told_what_to_return(pool):
    (run,) = performed(pool("ReturnsNone"), PULL)

    assert "pull returned None; return every record" in run.acts()[0].error


def test_texts_come_back_as_plain_text(pool):
    (run,) = performed(pool("SpeaksSlyly"), PULL)
    logged = next(one for one in run.logged() if one.logger == "tests.odd_subjects")

    assert run.acts()[0].error == "RuntimeError: half \\udc80"
    assert (logged.message, sorted(logged.fields)) == ("half \\udc80", [("half", "\\udc80"), ("sly", "sly")])


def test_logging_that_the_subject_sets_up_anew_is_heard_all_the_same(pool):
    plan = parse("mediawiki pull pages.list#1:ServerError()")
    (run,) = performed(pool("ConfiguresLogging"), plan)

    assert run.exercised
    assert any(one.logger == "healthy" for one in run.logged())


def test_a_harness_that_breaks_is_not_the_subjects_fault(pool):
    dialect = replace(KEYSTONE, limits=replace(KEYSTONE.limits, body="\udc80"))
    evidence = evidence_for(dialect, load_folder(shipped("cassettes") / "keystone"))
    workers = pool("WritesToDescriptors", (evidence,))
    runs = performed(workers, parse("keystone pull users.list#1:Throttled(retry_after_s=30)"), PUSH)

    assert [outcome(run) for run in runs] == ["unknown", "correct"]
    assert unjudgeable(runs[0]).startswith("no act: the harness itself broke: UnicodeEncodeError: ")


def test_a_worker_that_died_while_idle_is_replaced(pool):
    workers = pool("WritesToDescriptors")
    first = performed(workers, PULL)
    workers._idle[0]._process.kill()
    workers._idle[0]._process.wait()

    assert ends(first + performed(workers, parse("mediawiki pull seed=1"))) == [("returned", "correct")] * 2


def test_closing_the_pool_ends_every_worker(pool):
    workers = pool("WritesToDescriptors")
    processes = [worker._process for worker in workers._idle]
    workers.close()

    assert processes
    assert all(process.returncode is not None for process in processes)


def test_half_a_character_in_a_vendors_answer_can_be_written_down(tmp_path):
    body = '{"error": {"code": 500, "title": "half", "message": "half \\ud800"}}'
    dialect = replace(KEYSTONE, errors=replace(KEYSTONE.errors, in_success_body=body))
    evidence = evidence_for(dialect, load_folder(shipped("cassettes") / "keystone"))
    order = Order(parse("keystone pull users.list#1:ErrorBody()"), "correct", 200)
    run = Performance(evidence, RecordedVenue(evidence), Healthy, 0).run(order)

    assert "half \\ud800" in {one.vendor_message for one in run.exchanges()}
    assert stored(tmp_path, (run,)) == (run,)


def test_a_certification_that_was_interrupted_certifies_nothing(tmp_path, monkeypatch):
    def interrupted(campaign, orders):
        raise KeyboardInterrupt

    monkeypatch.setattr(Campaign, "play", interrupted)
    result = CliRunner().invoke(main, ["certify", "--vendor", "mediawiki", "--out", str(tmp_path / "out")])

    assert result.exit_code == 2, result.output
    assert "the certification was interrupted before its end; nothing is certified" in " ".join(result.output.split())
    assert not (tmp_path / "out").exists()
