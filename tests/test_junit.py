"""``junit.xml``: one case for each requirement on each vendor, and nothing unproven among the passed."""

from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema

from harness.certify.certificate import Certificate
from harness.certify.judged import Judged
from harness.certify.junit import junit
from harness.certify.waivers import Applied, Waiver
from harness.judge.requirements import CATALOGUE
from harness.judge.verdict import Finding, Verdict, merged
from harness.stage.history import Run
from tests.certifying import certified

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "schemas" / "junit.xsd")
PLAN = "keystone pull users.list#2:HangUp()"
FINDING = Finding("keystone", PLAN, "It returned 3 of 12 users.", "12 users", "3 users", None, "silent")
FAILED = Verdict("failed", 4, (FINDING,))
PASSED = Verdict("passed", 4)


def run(plan=PLAN, **facts):
    return Run(vendor="keystone", against="replay", plan=plan, job="pull", asks="correct", faults=("HangUp",), **facts)


def certificate(runs=(), waivers=(), name="acme:Sync", **by_vendor):
    """A certificate with one requirement, ``pages.complete``."""
    requirement = next(one for one in CATALOGUE if one.id == "pages.complete")
    judged = Judged(requirement=requirement, level="MUST", by_vendor=by_vendor, value=merged(by_vendor.values()).value)
    document = {"subject": {"name": name}, "seed": 7, "waivers": [one.document() for one in waivers]}
    return Certificate(verdict="not_certified", judged=(judged,), runs=tuple(runs), document=document)


def parsed(certificate):
    """The root of the file, which is valid by the schema."""
    text = junit(certificate)
    SCHEMA.validate(text)
    return ElementTree.fromstring(text.encode())


def case_of(certificate):
    """The only case, and what is said of it: failure, error, skipped, or nothing."""
    (case,) = parsed(certificate).iter("testcase")
    return case, [child.tag for child in case]


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (PASSED, []),
        (FAILED, ["failure"]),
        (Verdict("unknown", 0, (), "no run showed anything to judge"), ["error"]),
        (Verdict("not_applicable", 0, (), "needs oauth"), ["skipped"]),
    ],
    ids=lambda value: getattr(value, "value", ""),
)
def test_a_verdict_is_said_in_the_words_of_junit(verdict, said):
    assert case_of(certificate(keystone=verdict))[1] == said


def test_there_is_a_case_for_each_vendor():
    cases = list(parsed(certificate(keystone=FAILED, mediawiki=PASSED)).iter("testcase"))

    assert [(case.get("classname"), case.get("name")) for case in cases] == [
        ("keystone.pages", "pages.complete"),
        ("mediawiki.pages", "pages.complete"),
    ]


def test_plan_seed_and_history_are_properties():
    root = parsed(certificate([run("keystone pull"), run()], keystone=FAILED))
    properties = {one.get("name"): one.get("value") for one in root.iter("property")}

    assert properties == {
        "requirement": "pages.complete",
        "vendor": "keystone",
        "level": "MUST",
        "verdict": "failed",
        "runs": "4",
        "seed": "7",
        "plan": PLAN,
        "history": "histories/0002.json",
    }


def test_a_failure_tells_what_happened_how_to_see_it_and_the_remedy():
    case, _ = case_of(certificate(keystone=FAILED))

    assert case[0].get("message") == "1 failures: every record of the vendor is returned exactly once"
    for told in ("It returned 3 of 12 users.", f"harness reproduce acme:Sync '{PLAN}' --seed 7", "Remedy: "):
        assert told in case[0].text


def test_a_plan_that_never_struck_is_an_error_of_its_own():
    root = parsed(certificate([run(not_fired=("users.list#2:HangUp()",))], keystone=PASSED))

    assert [child.get("message") for case in root.iter("testcase") for child in case] == [
        "never struck: users.list#2:HangUp()"
    ]
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("2", "0", "1")


WAIVER = Waiver(requirement="pages.complete", vendor="keystone", reason="soon", owner="ada", expires=date(2027, 1, 1))


def test_a_waived_failure_is_skipped_with_the_waiver():
    case, said = case_of(certificate(waivers=[Applied(waiver=WAIVER, state="waived")], keystone=FAILED))

    assert said == ["skipped"]
    assert "is waived until 2027-01-01 by ada: soon" in case[0].get("message")


def test_an_expired_waiver_leaves_the_failure():
    assert case_of(certificate(waivers=[Applied(waiver=WAIVER, state="expired")], keystone=FAILED))[1] == ["failure"]


def test_a_needless_waiver_fails():
    root = parsed(certificate(waivers=[Applied(waiver=WAIVER, state="needless")], keystone=PASSED))

    assert root.get("failures") == "1"
    assert [case.get("classname") for case in root.iter("testcase") if len(case)] == ["waivers"]


def test_text_that_is_no_xml_is_spelled_out():
    hostile = "\x00\x1b[31m\ud800\ufffe ]]> <script>&\u202e" + "x" * 1_000_000
    finding = Finding("keystone", hostile[:40], hostile, hostile, hostile, None, "silent")
    text = junit(certificate(name=hostile, keystone=Verdict("failed", 1, (finding,))))

    SCHEMA.validate(text)
    assert r"\x00\x1b[31m\ud800\ufffe ]]&gt; &lt;script&gt;&amp;" in text
    assert len(text) < 1_200_000


def test_a_real_certification_writes_the_file_with_every_requirement_on_every_vendor(tmp_path):
    certificate = certified("tests.naive_integration:Naive", tmp_path, vendors=("mediawiki",), profile="first")
    text = (tmp_path / "junit.xml").read_text()

    SCHEMA.validate(text)
    cases = {case.get("name"): [child.tag for child in case] for case in ElementTree.fromstring(text).iter("testcase")}
    said = {"passed": [], "failed": ["failure"], "unknown": ["error"], "not_applicable": ["skipped"]}
    assert cases == {judged.requirement.id: said[judged.value] for judged in certificate.judged}


def test_the_same_seed_gives_the_same_file(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        certified("core", tmp_path / name, vendors=("mediawiki",), only=("pages.complete",), profile="first")

    assert (tmp_path / "one" / "junit.xml").read_bytes() == (tmp_path / "other" / "junit.xml").read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        '<testsuites><testsuite name="a"/></testsuites>',
        '<testsuites><testsuite name="a" tests="1" failures="0" errors="0"><testcase/></testsuite></testsuites>',
        '<testsuites><testcase name="a"/></testsuites>',
    ],
)
def test_the_schema_of_these_tests_refuses_what_readers_would(text):
    assert not SCHEMA.is_valid(text)
