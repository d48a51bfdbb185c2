"""The whole product: a subject goes in, a certificate comes out, and it means what it says."""

import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

from harness.certify.evidence import against, capabilities, check_simulator
from harness.certify.families import FAMILIES
from harness.certify.session import Options, UsageError, read_evidence
from harness.certify.shipped import shipped
from harness.judge.requirements import CATALOGUE
from harness.stage.faults import ShortPage
from harness.stage.recordings import RecordingError
from tests.certifying import certified, values

CITED = re.compile(r'"([a-z]+\.[a-z-]+)"')


@pytest.fixture(scope="module")
def core(tmp_path_factory):
    """The core, certified as ``harness certify`` does by default."""
    folder = tmp_path_factory.mktemp("core")
    return certified("core", folder), folder


@pytest.fixture(scope="module")
def naive(tmp_path_factory):
    """An integration as most people write it."""
    folder = tmp_path_factory.mktemp("naive")
    return certified("tests.naive_integration:Naive", folder), folder


def test_the_core_is_certified_and_no_run_of_it_is_silent(core):
    document = core[0].document

    assert document["verdict"] == "certified"
    assert [document["outcomes"][kind] for kind in ("unexplained", "silent", "hung")] == [0, 0, 0]


def test_at_least_300_distinct_plans_at_least_20_a_vendor_and_none_left_not_exercised(core):
    document = core[0].document
    plans = {run.plan for run in core[0].runs}

    assert len(plans) == len(core[0].runs) >= 300
    assert min(Counter(plan.split()[0] for plan in plans).values()) >= 20
    assert document["plans"]["not_exercised"] == 0
    assert document["plans"]["armed"] == document["plans"]["fired"]


def test_every_requirement_is_judged_on_every_vendor_that_can_show_it(core):
    evidence = read_evidence(Options())
    for judged in core[0].judged:
        for vendor, verdict in judged.by_vendor.items():
            able = judged.requirement.needs <= capabilities(
                evidence[vendor], jobs=("pull", "push", "retire"), tells=("status", "check_staleness")
            )
            assert verdict.value == ("passed" if able else "not_applicable"), (judged.requirement.id, vendor)
            assert (verdict.runs > 0) == able


def test_the_document_has_the_keys_of_the_schema_and_no_others(core):
    document = json.loads((core[1] / "certificate.json").read_text())

    assert set(document) == {
        *("schema", "verdict", "selection", "subject", "harness_version", "seed", "issued_at", "profile", "vendors"),
        *("requirements", "faults", "outcomes", "plans", "runs", "wall_s", "virtual_s", "waivers", "not_claimed"),
    }
    assert document["schema"] == "harness.certificate/1"
    assert set(document["subject"]) == {"name", "version", "digest", "commit"}
    assert {frozenset(one) for one in document["vendors"]} == {frozenset({"name", "against", "recordings"})}
    assert {frozenset(one) for vendor in document["vendors"] for one in vendor["recordings"]} == {
        frozenset({"path", "sha256", "recorded_at", "product", "interactions", "drift"})
    }
    assert {frozenset(one) for one in document["requirements"]} == {
        frozenset({"id", "level", "sentence", "source", "verdict", "runs", "by_vendor", "failures"})
    }
    assert {frozenset(one) for one in document["faults"]} == {frozenset({"vendor", "point", "kind", "outcome"})}
    assert set(document["plans"]) == {"points", "possible", "armed", "fired", "not_exercised"}


def test_the_naive_integration_is_not_certified_for_the_reasons_that_it_was_written_with(naive):
    certificate, folder = naive

    assert certificate.verdict == "not_certified"
    assert values(certificate, "failed") >= {
        "token.rejection-recovered",
        "token.single-flight",
        "limits.wait-honoured",
        "errors.body-error-seen",
        "pages.complete",
        "outcome.survived",
        "outcome.honest",
        "outcome.ends",
    }
    assert all((folder / finding["history"]).is_file() for finding in _failures(certificate.document))
    assert {frozenset(one) for one in _failures(certificate.document)} == {
        frozenset({"vendor", "plan", "outcome", "sentence", "expected", "seen", "history"})
    }


def _failures(document):
    return [failure for requirement in document["requirements"] for failure in requirement["failures"]]


@pytest.mark.parametrize(
    ("subject", "vendor"),
    [
        ("core", "mediawiki"),
        ("tests.naive_integration:Naive", "mediawiki"),
        ("tests.ill_behaved_subjects:RemembersInTheModule", "keystone"),
    ],
)
def test_the_same_seed_gives_the_same_certificate_in_one_worker_and_in_two(subject, vendor, tmp_path):
    documents = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        folder.mkdir()
        certificate = certified(subject, folder, vendors=(vendor,), seed=7, workers=workers, profile="first")
        documents.append({**certificate.document, "issued_at": "", "wall_s": 0})

    assert documents[0] == documents[1]


def test_a_token_kept_in_a_module_does_not_reach_from_one_run_into_the_next(tmp_path):
    certificate = certified(
        "tests.ill_behaved_subjects:RemembersInTheModule", tmp_path, vendors=("keystone",), profile="first"
    )

    assert certificate.verdict == "certified"
    # A source with two rows of one key is refused before anything is asked of the vendor.
    assert all(run.exchanges("token") for run in certificate.runs if run.exchanges())


def test_a_scenario_that_breaks_certifies_nothing(tmp_path, monkeypatch):
    def broken(self, clean, dialect):
        raise NameError("name 'pagse' is not defined")

    monkeypatch.setattr(ShortPage, "fits", broken)

    with pytest.raises(UsageError, match=r"a scenario broke, so nothing is certified: .*NameError: name 'pagse'"):
        certified("core", tmp_path, vendors=("mediawiki",))


@pytest.mark.parametrize(
    ("disease", "requirement"),
    [
        ("DiesOfAFailingTokenEndpoint", "outcome.survived"),
        ("TakesARefusedPasswordForNothing", "token.bad-credentials-loud"),
        ("TalksInClear", "token.stays-home"),
        ("LogsItsTokenInBase64", "token.never-leaks"),
        ("ReturnsIdsAlone", "outcome.honest"),
        ("CreatesDisabled", "outcome.honest"),
    ],
)
def test_a_rarer_disease_is_found_too(disease, requirement, tmp_path):
    vendor = "roundup" if disease == "TakesARefusedPasswordForNothing" else "keystone"
    certificate = certified(f"tests.rarer_diseases:{disease}", tmp_path, vendors=(vendor,), profile="first")

    assert requirement in values(certificate, "failed")


def test_another_seed_gives_other_waits(tmp_path):
    runs = []
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        runs.append(certified("core", folder, vendors=("mediawiki",), only=("limits.backoff-grows",), seed=seed).runs)

    assert runs[0] != runs[1]
    assert [run.plan for run in runs[0]] == [run.plan for run in runs[1]]


def test_a_subject_with_one_job_is_certified_for_that_job(tmp_path):
    certificate = certified("tests.ill_behaved_subjects:PullOnly", tmp_path, vendors=("keystone",), profile="first")

    assert certificate.verdict == "certified"
    assert values(certificate, "not_applicable") >= {"rerun.same-state", "errors.lost-answer-reconciled"}
    assert any(line.startswith("rerun.same-state") for line in certificate.document["not_claimed"])


def test_every_requirement_is_cited_by_a_scenario_and_every_cited_one_exists():
    cited = {
        name
        for module in shipped("scenarios").glob("*.py")
        for line in module.read_text().splitlines()
        if "mark.requires" in line
        for name in CITED.findall(line)
    }

    assert cited == {requirement.id for requirement in CATALOGUE}


def test_the_table_of_families_says_what_is_run(core):
    documents = {}
    for run in core[0].runs:
        documents.setdefault(run.vendor, set()).add(run.against)
    evidence = read_evidence(Options())
    assert {family.scenarios for family in FAMILIES} == {
        module.stem for module in shipped("scenarios").glob("*.py") if module.stem != "conftest"
    }
    for family in FAMILIES:
        assert {vendor for vendor, _ in (*family.expected, *family.empty)} == set(evidence)
        for vendor, told in family.expected:
            assert set(told.split(", ")) <= documents[vendor], (family.scenarios, vendor)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.scenarios)
def test_a_family_is_run_on_the_vendors_that_its_table_names(family, tmp_path):
    report = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--collect-only", "-q"),
            *("-p", "no:cacheprovider", str(shipped("scenarios") / f"{family.scenarios}.py")),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
    ).stdout
    evidence = read_evidence(Options())
    collected = {
        (vendor, against(evidence[vendor], job))
        for vendor in evidence
        for job in ("pull", "push")
        if any(re.search(rf"[\[-]{vendor}[\]-]", line) and _job(line, family) == job for line in report.splitlines())
    }

    assert collected == {(vendor, kind) for vendor, told in family.expected for kind in told.split(", ")}


def _job(line, family):
    """The job of a collected scenario, by the fixture that its function takes."""
    name = re.search(r"::(\w+)", line)
    source = (shipped("scenarios") / f"{family.scenarios}.py").read_text()
    return "push" if name and re.search(rf"def {name[1]}\(push\b", source) else "pull"


def test_a_simulator_that_disagrees_with_its_recordings_certifies_nothing():
    evidence = read_evidence(Options(vendors=("keystone",)))["keystone"]
    check_simulator(evidence)
    push = next(one for one in evidence.simulates if one.name == "push_users_again")
    forged = replace(
        push,
        exchanges=tuple(
            replace(one, reply_body=one.reply_body.replace(b'"enabled": true', b'"enabled": false'))
            for one in push.exchanges
        ),
    )
    others = tuple(forged if one.name == push.name else one for one in evidence.simulates)

    with pytest.raises(RecordingError, match="the simulator of keystone disagrees with its recordings"):
        check_simulator(replace(evidence, simulates=others))
