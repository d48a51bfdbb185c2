"""A tester is tested on known patients: each broken subject fails exactly what its disease breaks, the healthy nothing.

Each is certified on keystone, which shows every family, and on kinto, which keeps its pages in a header, writes
together and knows versions, at the first exchange of each operation; those whose disease neither can show on another
too: limits that come under status 200 on mediawiki, quotas told in headers, pages that are counted, and updates that
have to name a version on roundup. Keys of writes are shown on a vendor that takes them, limits of single records on one
that has them. Whose disease is in how it reads, or in how it writes, does that alone.
"""

import pytest

from harness.judge.requirements import CATALOGUE
from tests import keyed_vendor, limiting_vendor
from tests.broken_clients import BrokenReader, BrokenWriter
from tests.broken_subjects import ALL
from tests.certifying import side_by_side, told_of
from tests.healthy_halves import ReadsAlone, WritesAlone, diseased_methods
from tests.healthy_subject import Healthy, HealthyReader
from tests.watched_subject import Watched

SPOKEN = {
    Healthy: ("keystone", "roundup", "mediawiki", "kinto"),
    HealthyReader: ("scim",),
    Watched: ("keystone", "roundup", "mediawiki"),
}
"""The subjects without a disease, and every vendor that each of them speaks to."""
HALVES = (ReadsAlone, WritesAlone)


def vendors_for(subject):
    more = {
        "limits.not-mistaken": "mediawiki",
        "limits.shared-quota": "roundup",
        "pages.concurrent-change": "roundup",
    }
    named = (vendor for name, vendor in more.items() if name in subject.fails)
    return ("keystone", "kinto", *named, *subject.also_on)


def options_for(subject):
    if subject in SPOKEN:
        return {"vendors": SPOKEN[subject]}
    if subject in HALVES:
        return {"vendors": ("keystone", "kinto"), "profile": "first"}
    if "errors.idempotency-key-stable" in subject.fails:
        return {"profile": "first", **keyed_vendor.OPTIONS}
    if "limits.rest-goes-on" in subject.fails:
        return {"profile": "first", **limiting_vendor.OPTIONS}
    return {"vendors": vendors_for(subject), "profile": "first"}


@pytest.fixture(scope="module")
def told(request):
    yield from side_by_side(request, told_of, options_for)


@pytest.mark.parametrize("subject", ALL, ids=lambda subject: subject.__name__)
def test_a_broken_subject_fails_exactly_what_its_disease_breaks(subject, told):
    assert told(subject).failed == subject.fails


def test_every_requirement_has_a_subject_that_fails_it():
    assert frozenset().union(*(subject.fails for subject in ALL)) == {requirement.id for requirement in CATALOGUE}


@pytest.mark.parametrize("subject", SPOKEN, ids=lambda subject: subject.__name__)
def test_the_healthy_subject_is_certified_on_every_vendor_that_it_speaks_to(subject, told):
    assert told(subject).verdict == "certified", told(subject).alarms


@pytest.mark.parametrize("subject", HALVES, ids=lambda subject: subject.__name__)
def test_a_disease_of_one_half_changes_nothing_of_the_other(subject, told):
    """What those that only read, or only write, are not tried in would be as it is with the healthy subject."""
    assert told(subject).failed == frozenset(), told(subject).alarms


def test_the_halves_know_what_no_disease_of_the_other_half_changes():
    assert {"_next_page", "_unique", "_check_complete"} <= diseased_methods(BrokenReader)
    assert {"_provision", "_create", "_update"} <= diseased_methods(BrokenWriter)
    assert not diseased_methods(BrokenReader) & diseased_methods(BrokenWriter)
