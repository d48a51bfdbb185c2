"""The simulator is checked, not trusted: against the recordings it was built from, and against others."""

from pathlib import Path

import pytest

from harness.certify.evidence import evidence_for
from harness.dialects import KEYSTONE
from harness.stage.documents import parsed
from harness.stage.http1 import Reply, Request
from harness.stage.parity import checked_simulator, disagreements
from harness.stage.recordings import load_folder
from harness.stage.shown import learn
from harness.stage.simulator import Simulator
from harness.stage.vendor import NotRecorded

CASSETTES = Path(__file__).parents[1] / "cassettes"


@pytest.fixture(scope="module")
def recordings():
    return load_folder(CASSETTES / "keystone")


@pytest.fixture(scope="module")
def others():
    return load_folder(CASSETTES / "keystone-2")


def shown_by(recordings):
    evidence = evidence_for(KEYSTONE, recordings)
    return learn(KEYSTONE, evidence.pull, evidence.simulates)


@pytest.fixture(scope="module")
def shown(recordings):
    return shown_by(recordings)


def get(target):
    return Request("GET", target, (), b"", "keystone.test", True)


def post(body):
    return Request("POST", "/v3/users", (), body, "keystone.test", True)


def names(reply):
    return [user["name"] for user in parsed(reply.body)["users"]]


def simulator(shown, **given):
    serial = iter(range(10_000))
    return Simulator(shown, new_id=lambda: f"{next(serial):032x}", **given)


def test_every_recorded_exchange_gives_the_recorded_answer(shown, recordings):
    subject = checked_simulator(shown, recordings, records=shown.records, cap=shown.cap)

    assert disagreements(shown, subject, recordings) == ()


def test_a_second_recording_with_other_names_counts_and_cap_gives_the_recorded_answers(shown, others):
    second = shown_by(others)
    assert second.cap != shown.cap
    assert len(second.records) != len(shown.records)
    subject = checked_simulator(shown, others, records=second.records, cap=second.cap)

    assert disagreements(shown, subject, others) == ()


class Mutant(Simulator):
    """A simulator with one thing wrong."""


class ForgetsTheNextLink(Mutant):
    def _next_link(self, request, last_id):
        return ""


class ShowsOneRecordMore(Mutant):
    def __init__(self, shown, *, cap=None, **given):
        super().__init__(shown, cap=(cap or shown.cap) + 1, **given)


class TakesDuplicates(Mutant):
    def _compared(self, record):
        return str(record.get("id", id(record)))


class ForgetsDeletes(Mutant):
    def _delete(self, request, what):
        return self._sample("delete", 204, request).reply


class ForgetsUpdates(Mutant):
    def _update(self, request, what):
        before = self._by_id.get(what.record_id)
        reply = super()._update(request, what)
        self._by_id[what.record_id] = before
        return reply


@pytest.mark.parametrize(
    "mutant", [ForgetsTheNextLink, ShowsOneRecordMore, TakesDuplicates, ForgetsDeletes, ForgetsUpdates]
)
def test_a_simulator_with_one_thing_wrong_disagrees_with_the_recordings(mutant, shown, recordings):
    from harness.stage.parity import recorded_ids

    ids = recorded_ids(shown, recordings)
    subject = mutant(shown, new_id=lambda: next(ids, "none"))

    assert disagreements(shown, subject, recordings) != ()


def test_the_cap_is_the_vendors_whatever_is_asked_for(shown):
    assert len(names(simulator(shown).handle(get("/v3/users?limit=99")))) == shown.cap


def test_a_walk_over_the_next_links_shows_every_record_once(shown):
    subject, target, seen = simulator(shown), "/v3/users", []
    while target:
        document = parsed(subject.handle(get(target)).body)
        seen += [user["id"] for user in document["users"]]
        target = (document["links"]["next"] or "").removeprefix("https://keystone.test")

    assert seen == [user["id"] for user in subject.records()]


def test_a_created_record_is_listed_and_found(shown):
    subject = simulator(shown)
    reply = subject.handle(post(b'{"user": {"name": "newcomer", "domain_id": "default"}}'))

    assert reply.status == 201
    assert names(subject.handle(get("/v3/users?name=newcomer"))) == ["newcomer"]
    assert len(subject.records()) == len(shown.records) + 1


def test_a_second_create_of_one_key_is_refused_and_changes_nothing(shown):
    subject = simulator(shown)
    subject.handle(post(b'{"user": {"name": "newcomer", "domain_id": "default"}}'))
    reply = subject.handle(post(b'{"user": {"name": "newcomer", "domain_id": "default"}}'))

    assert reply.status == 409
    assert b"Duplicate entry found with name newcomer at domain ID default" in reply.body
    assert len(subject.records()) == len(shown.records) + 1


@pytest.mark.parametrize(
    "request_",
    [
        get("/v3/users?limit=7"),
        get("/v3/users?marker=nobody"),
        get("/v3/users?enabled=false"),
        get("/v3/groups"),
        post(b'{"user": {"name": "x", "domain_id": "default", "password": "p"}}'),
        post(b"no json"),
        post(b'{"user": {"name": " spaced ", "domain_id": "default"}}'),
    ],
    ids=lambda request: request.target.rpartition("/")[2] + request.body.decode()[-12:],
)
def test_what_no_recording_showed_is_refused(request_, shown):
    with pytest.raises(NotRecorded):
        simulator(shown).handle(request_)


def test_it_grows_to_any_number_of_records(shown):
    template = shown.records[0]
    crowd = [{**template, "id": f"{number:032x}", "name": f"user-{number}"} for number in range(20_000)]
    subject = simulator(shown, records=crowd)
    reply: Reply = subject.handle(get(f"/v3/users?marker={19_990:032x}&limit=5"))

    assert names(reply) == [f"user-{number}" for number in range(19_991, 19_996)]
