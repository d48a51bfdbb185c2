"""The certificate's page: what it says of real runs, and that it is one safe file."""

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from harness.certify.page import page
from harness.certify.page.claims import CLAUSES, FAMILIES, sentence
from harness.certify.page.drawing import drawing
from harness.certify.page.face import ages
from harness.certify.page.failures import WORST_FIRST, failures
from harness.certify.page.matrices import fault_matrices
from harness.certify.page.source import Source, family_of
from harness.certify.page.survived import survived
from harness.certify.page.totals import accounts
from harness.certify.page.window import LEFT, RIGHT, Window, steps, window
from harness.judge.requirements import CATALOGUE
from tests.certifying import certified


@pytest.fixture(scope="module")
def naive(tmp_path_factory):
    return certified("tests.naive_integration:Naive", tmp_path_factory.mktemp("naive"), vendors=("mediawiki",))


@pytest.fixture(scope="module")
def core(tmp_path_factory):
    return certified("core", tmp_path_factory.mktemp("core"), vendors=("mediawiki",))


def test_every_requirement_has_its_clause_and_every_family_its_name():
    assert {one.id for one in CATALOGUE} == CLAUSES.keys()
    assert {family_of(one.id) for one in CATALOGUE} == FAMILIES.keys()


def test_a_claim_names_exactly_the_requirements_that_passed():
    assert sentence("rerun", ["rerun.same-state", "rerun.no-writes"]) == "leaves the state of one and writes nothing."
    assert sentence("rerun", ["rerun.no-writes"]) == "writes nothing."


def test_each_failed_requirement_is_told_in_exactly_one_failure(naive):
    told = [
        name for one in failures(Source.of(naive)) for name in (one.requirement, *(a.requirement for a in one.also))
    ]

    assert len(told) == len(set(told))
    assert set(told) == {judged.requirement.id for judged in naive.judged if judged.findings}


def test_what_must_hold_comes_first_and_the_silent_ones_first_of_it(naive):
    must = [WORST_FIRST.index(one.outcome) for one in failures(Source.of(naive)) if one.level == "MUST"]

    assert must == sorted(must)
    assert must[0] == WORST_FIRST.index("silent")
    assert [one.level for one in failures(Source.of(naive))] == sorted(one.level for one in failures(Source.of(naive)))


def test_a_failure_shows_the_exchange_before_and_after_with_secrets_masked(tmp_path):
    certificate = certified(
        "tests.naive_integration:Naive", tmp_path, vendors=("keystone",), only=("errors.body-error-seen",)
    )
    (one,) = failures(Source.of(certificate))

    assert one.exchange is not None
    before, after = one.exchange.before, one.exchange.after
    assert one.plan == "keystone pull users.list#1:ErrorBody()"
    assert [line.sign for line in before if '"name": "' in line.text] == ["less", "less"]
    assert [line.sign for line in after if '"error": {' in line.text] == ["more"]
    assert "x-auth-token: <token 1>" in [line.text for line in after]


def test_a_certified_subject_shows_a_survived_run_of_each_family_that_was_tried(core):
    shown = survived(Source.of(core))

    assert [one.anchor for one in shown] == [
        *("survived-limits", "survived-errors", "survived-pages", "survived-rerun", "survived-watch", "survived-wire")
    ]
    assert all(one.drawing.startswith("<svg ") and one.history.startswith("histories/") for one in shown)


def test_every_run_with_a_fault_is_counted_in_one_cell(naive):
    (matrix,) = fault_matrices(Source.of(naive))
    counted = sum(cell.runs for group in matrix.groups for row in group.rows for cell in row.cells)

    assert counted == len(naive.document["faults"])


def test_records_are_accounted_for_before_and_after_the_fault(naive):
    before, after, again = accounts(Source.of(naive))

    assert (before.acts, before.expected, before.returned, before.lost) == (1, 11, 2, 9)
    assert after.lost > 0
    assert again.acts > 0


def test_evidence_has_its_age_on_the_day_of_issue(core):
    recorded = core.document["vendors"][0]["recordings"][0]["recorded_at"]
    later = {**core.document, "issued_at": recorded.replace("2026-11", "2026-12")}
    (age,) = ages(Source.of(replace(core, document=later)))

    assert (age.vendor, age.days) == ("mediawiki", 30)


def test_only_the_longest_quiet_stretch_is_cut_and_time_never_runs_back():
    seen = Window(from_us=0, to_us=100_000_000, exchanges=(), first_number=1, cut=(2_000_000, 98_000_000))
    places = [seen.x(at_us) for at_us in range(0, 100_000_001, 500_000)]

    assert places == sorted(places)
    assert (places[0], places[-1]) == (LEFT, RIGHT)
    assert seen.x(98_000_000) - seen.x(2_000_000) == pytest.approx(64)


def test_a_drawing_escapes_its_own_words(naive):
    run = next(run for run in naive.runs if run.faults == ("Throttled",))
    events = tuple(replace(one, fault="<script>&'\"") if getattr(one, "fault", "") else one for one in run.events)
    drawn = drawing(replace(run, events=events), window(replace(run, events=events), None), 0, "<b>\u202e", "bad")

    assert "<script" not in drawn
    assert "&lt;script&gt;&amp;" in drawn
    assert "\\u202e" in drawn


def test_the_same_run_stands_there_in_words(naive):
    run = next(run for run in naive.runs if run.plan == "mediawiki pull")
    told = steps(run, window(run, None))

    assert [one.what for one in told] == ["GET pages.list#1", "It said done (pull 1)"]
    assert [one.answer for one in told] == ["200, 2 records and more to come", "2 of 11 records"]
    assert told[-1].bad == "not what is there"


def test_the_policy_allows_exactly_the_one_style_and_the_one_script(naive):
    text = page(naive)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)

    assert policy
    for kind, content in (("style-src", style), ("script-src", script)):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}';" in policy[1]
    assert policy[1].startswith("default-src 'none';")
    assert not re.search(r"\sstyle=|\son[a-z]+=", text)


def test_the_page_is_small_and_the_same_for_the_same_certificate(naive):
    assert page(naive) == page(naive)
    assert len(page(naive).encode()) < 400_000
