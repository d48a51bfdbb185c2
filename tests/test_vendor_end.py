"""What the vendor's end does with plans: which exchange a fault strikes, and what is held back is not lost."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from harness.certify.evidence import capabilities, evidence_for
from harness.certify.performance import Order, Performance
from harness.certify.plan import parse
from harness.certify.venue import RecordedVenue
from harness.dialects import SHIPPED
from harness.judge.outcome import outcome
from harness.stage.door import SECRETS
from harness.stage.recordings import load_folder
from tests.healthy_subject import Healthy
from tests.on_stage import stage  # noqa: F401 - a fixture

CASSETTES = Path(__file__).parents[1] / "cassettes"


@pytest.fixture(scope="module")
def performances():
    evidence = {dialect.name: evidence_for(dialect, load_folder(CASSETTES / dialect.name)) for dialect in SHIPPED}
    return {name: Performance(one, RecordedVenue(one), Healthy, 0) for name, one in evidence.items()}


@pytest.fixture
def run(performances):
    return lambda text: performances[text.split()[0]].run(Order(parse(text), "correct", 400))


def points(run):
    return [exchange.point for exchange in run.exchanges()]


def test_a_repeated_attempt_belongs_where_the_first_did(run):
    played = run("roundup pull users.list#2:ServerError()x2")

    assert points(played)[:5] == ["users.list#1", "users.list#2", "users.list#2", "users.list#2", "users.list#3"]


def test_a_fault_before_the_effect_does_not_consume_the_recorded_answer(run):
    assert outcome(run("mediawiki pull pages.list#3:HangUp()")) == "correct"


def test_a_fault_that_never_struck_is_named(run):
    played = run("roundup pull users.list#99:HangUp()")

    assert played.not_fired == ("users.list#99:HangUp()",)
    assert not played.exercised


def test_for_ever_means_from_there_on(run):
    faults = [bool(exchange.fault) for exchange in run("roundup pull users.list#3:Slow(seconds=1)x*").exchanges()]

    assert faults == [False, False, True, True, True, True]


@pytest.mark.parametrize("vendor", ["keystone pull users", "roundup pull users", "mediawiki pull pages"])
@pytest.mark.parametrize("fault", ["ShortPage()x*", "EmptyPage()x*", "OverlappingPage()x*"])
def test_rows_that_are_held_back_are_shown_in_the_end(run, vendor, fault):
    assert outcome(run(f"{vendor}.list#1:{fault}")) == "correct"


def test_rows_that_are_held_back_survive_a_ruined_reply(run):
    assert outcome(run("mediawiki pull pages.list#3:ShortPage() pages.list#4:NullRecord()")) == "correct"


def test_a_token_lives_on_the_runs_clock(run):
    played = run("keystone pull token#1:ShortLived(expires_in_s=1)x*")
    grants = [exchange for exchange in played.exchanges("token") if exchange.token_granted]

    assert outcome(played) == "correct"
    assert len(grants) > 1
    assert all(later.sent_us - earlier.sent_us >= 500_000 for earlier, later in pairwise(grants))


def test_no_secret_gets_into_the_history(run):
    told = repr(run("keystone push users.create#2:Revoked()").events)

    assert not [name for name, secret in SECRETS.items() if secret in told]
    assert "<token 1>" in told


def test_a_push_asks_for_what_is_new_for_what_differs_and_for_what_is_there(run):
    played = run("keystone push")
    count = {verb: len(played.exchanges(f"users.{verb}")) for verb in ("lookup", "create", "update")}

    assert count == {"lookup": 8, "create": 6, "update": 1}


def test_an_update_names_an_id_and_is_about_the_record_by_its_key(run):
    (update,) = run("keystone push").exchanges("users.update")

    assert update.record_key == "farah.tanaka"
    assert update.record_key not in update.target


def test_nobody_is_asked_to_retire_the_records_of_a_live_account(performances):
    evidence = performances["keystone"].evidence
    jobs = ("pull", "push", "retire")

    assert "retire" in capabilities(evidence, jobs=jobs)
    assert "retire" not in capabilities(evidence, jobs=("pull", "push"))
    assert "retire" not in capabilities(replace(evidence, live="writes"), jobs=jobs)


def test_what_no_recording_shows_ends_as_unknown(performances):
    class Asks(Healthy):
        def pull(self, collection):
            return requests.get("https://mediawiki.test/rest.php/v1/page/Main", timeout=5).json()

    performance = Performance(performances["mediawiki"].evidence, performances["mediawiki"].venue, Asks, 0)
    played = performance.run(Order(parse("mediawiki pull"), "correct", 400))

    assert [note.text for note in played.noted("not_recorded")] == ["GET /rest.php/v1/page/Main"]
    assert outcome(played) == "unknown"


def test_the_same_plan_and_seed_give_the_same_history(run):
    text = "keystone push users.create#2:Throttled(form='absent')x3"

    assert run(text) == run(text)


def items(exchange):
    return [(item.record_key, item.status) for item in exchange.items]


def test_a_batch_fails_in_part_item_by_item_and_the_rest_is_done(run):
    played = run("kinto push contacts.batch#1:PartlyFailed()")
    first, second, *_ = played.exchanges("contacts.batch")

    assert (first.status, first.error, first.effect) == (200, False, True)
    assert items(first)[:3] == [("newcomer-01", 503), ("newcomer-02", 503), ("newcomer-03", 201)]
    assert items(second) == [("newcomer-01", 201), ("newcomer-02", 201)]
    assert outcome(played) == "correct"


def test_answers_in_another_order_still_say_to_which_request_they_belong(run):
    kept, turned = (
        run(f"kinto push contacts.batch#1:PartlyFailed({more})").exchanges("contacts.batch")[0]
        for more in ("status=403", "status=403,order='reversed'")
    )

    assert items(kept) == items(turned)
    assert turned.reply_body.index("newcomer-03") < turned.reply_body.index("newcomer-02")


def test_a_lookup_that_finds_nobody_at_the_address_of_the_key_is_no_failure(run):
    missed = run("kinto push").exchanges("contacts.lookup")[0]

    assert (missed.status, missed.error) == (404, False)
