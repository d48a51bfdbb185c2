"""The simulator is checked, not trusted: against the recordings it was built from, and against others."""

import functools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.certify.evidence import evidence_for
from harness.dialects import KEYSTONE, KINTO, MEDIAWIKI, ROUNDUP, SCIM
from harness.dialects.writing import ById
from harness.stage.documents import parsed
from harness.stage.http1 import Reply, Request
from harness.stage.operations import query_of
from harness.stage.pages import Page
from harness.stage.parity import checked_simulator, disagreements
from harness.stage.recordings import load_folder
from harness.stage.shown import learn
from harness.stage.simulator import Simulator
from harness.stage.vendor import NotRecorded
from tests.benchmarks.bench_simulator import grown, peak_kib, requests_of

CASSETTES = Path(__file__).parents[1] / "cassettes"


WRITTEN_TO = (KEYSTONE, ROUNDUP, MEDIAWIKI, KINTO, SCIM)
by_vendor = pytest.mark.parametrize("dialect", WRITTEN_TO, ids=lambda dialect: dialect.name)


@functools.cache
def recorded(folder):
    return load_folder(CASSETTES / folder)


@functools.cache
def shown_in(folder):
    dialect = next(one for one in WRITTEN_TO if one.name == folder.removesuffix("-2"))
    evidence = evidence_for(dialect, recorded(folder))
    return learn(dialect, evidence.pull, evidence.simulates)


@pytest.fixture(scope="module")
def shown():
    return shown_in("keystone")


def get(target):
    return Request("GET", target, (), b"", "keystone.test", True)


def post(body):
    return Request("POST", "/v3/users", (), body, "keystone.test", True)


def names(reply):
    return [user["name"] for user in parsed(reply.body)["users"]]


def simulator(shown, **given):
    serial = iter(range(10_000))
    return Simulator(shown, new_id=lambda: f"{next(serial):032x}", **given)


@by_vendor
def test_every_recorded_exchange_gives_the_recorded_answer(dialect):
    shown, recordings = shown_in(dialect.name), recorded(dialect.name)
    subject = checked_simulator(shown, recordings, records=shown.records, cap=shown.cap)

    assert disagreements(shown, subject, recordings) == ()


@by_vendor
def test_a_second_recording_with_other_names_counts_and_caps_gives_the_recorded_answers(dialect):
    shown, second, others = shown_in(dialect.name), shown_in(f"{dialect.name}-2"), recorded(f"{dialect.name}-2")
    assert second.cap != shown.cap
    assert len(second.records) != len(shown.records)
    assert second.batch_cap != shown.batch_cap or not shown.batch_cap
    subject = checked_simulator(shown, others, records=second.records, cap=second.cap)

    assert disagreements(shown, subject, others) == ()


class Mutant(Simulator):
    """A simulator with one thing wrong."""


class ForgetsTheNextLink(Mutant):
    def handle(self, request):
        reply = super().handle(request)
        page = Page(self._collection, reply)
        return page.without_next().reply if page.next else reply


class ShowsOneRecordMore(Mutant):
    def __init__(self, shown, *, cap=None, **given):
        super().__init__(shown, cap=(cap or shown.cap) + 1, **given)


class TakesDuplicates(Mutant):
    def __init__(self, shown, **given):
        super().__init__(shown, **given)
        self.store.of_key = lambda compared: None


class ForgetsDeletes(Mutant):
    def __init__(self, shown, **given):
        super().__init__(shown, **given)
        self.store.remove = lambda record_id: None


class ForgetsUpdates(Mutant):
    def handle(self, request):
        before = {record["id"]: record for record in self.records()}
        reply = super().handle(request)
        if request.method in ("PATCH", "PUT"):
            for record in before.values():
                self.store.put(record)
        return reply


class ForgetsVersions(Mutant):
    def __init__(self, shown, **given):
        super().__init__(shown, **given | {"new_version": lambda: 0})


class TakesWhatIsStale(Mutant):
    def handle(self, request):
        kept = tuple(pair for pair in request.headers if pair[0].lower() != "if-match")
        return super().handle(replace(request, headers=kept))


class TakesBatchesOfAnySize(Mutant):
    def __init__(self, shown, **given):
        super().__init__(shown, **given | {"batch_cap": 1000})


class EndsABatchAtItsFirstFailure(Mutant):
    def handle(self, request):
        batch = self._collection.writing.batch
        if request.target != batch.path:
            return super().handle(request)
        items = parsed(request.body)[batch.requests[0]][:1]
        return super().handle(replace(request, body=json.dumps({batch.requests[0]: items}).encode()))


class TellsNoTotal(Mutant):
    def handle(self, request):
        reply = super().handle(request)
        page = Page(self._collection, reply)
        return page.with_total(0).reply if page.total else reply


class CountsFromZero(Mutant):
    def handle(self, request):
        place = query_of(request.target).get("startIndex")
        shifted = f"startIndex={int(place or 0) + 1}"
        return super().handle(replace(request, target=request.target.replace(f"startIndex={place}", shifted)))


class ShowsAllThatIsAskedFor(Mutant):
    def __init__(self, shown, **given):
        super().__init__(shown, **given | {"cap": 1000})


class TellsKeysApartByCase(Mutant):
    def __init__(self, shown, **given):
        super().__init__(replace(shown, other_case_is_another=True), **given)


class TakesWhatNamesNoVersion(Mutant):
    def handle(self, request):
        if request.header("if-match") is None:
            record = self.store.get(request.target.rpartition("/")[2]) or {}
            condition = ("if-match", record.get("@etag", ""))
            request = replace(request, headers=(*request.headers, condition))
        return super().handle(request)


class TakesAnAddressForEver(Mutant):
    def __init__(self, shown, **given):
        super().__init__(shown, **given)
        self._once.refusal = lambda request: None


class TakesAnAddressUntilItWorks(Mutant):
    """A create that is refused does not use its address up."""

    def handle(self, request):
        good = set(self._once.good)
        reply = super().handle(request)
        if request.method == "POST" and reply.status == 409:
            self._once.good |= good
        return reply


class GivesOutOneAddress(Mutant):
    def __init__(self, shown, **given):
        super().__init__(shown, **given | {"new_token": lambda: "always-the-same"})


class TakesWritesFromNowhere(Mutant):
    def handle(self, request):
        carried = tuple((name.lower(), "x") for name, _ in self._collection.writing.headers)
        return super().handle(replace(request, headers=(*request.headers, *carried)))


class CountsIdsAsText(Mutant):
    def __init__(self, shown, *, records=None, **given):
        super().__init__(shown, records=(), **given)
        self.store._place = lambda record: record["id"]
        for record in records:
            self.store.put(record)


class TakesAnyName(Mutant):
    def __init__(self, shown, **given):
        super().__init__(shown, **given)
        writing = self._collection.writing
        self._answers["create"].__self__._writing = replace(writing, keys=replace(writing.keys, form=""))


class TellsWhatWasSent(Mutant):
    """The answer to an update repeats it, changed or not."""

    def handle(self, request):
        reply = super().handle(request)
        if request.method != "PATCH" or reply.status != 200:
            return reply
        document = parsed(reply.body)
        document["data"]["attribute"] = parsed(request.body)
        return replace(reply, body=json.dumps(document).encode())


@pytest.mark.parametrize(
    ("mutant", "folder"),
    [
        (ForgetsTheNextLink, "roundup"),
        (TellsNoTotal, "roundup"),
        (TakesDuplicates, "roundup"),
        (ForgetsUpdates, "roundup"),
        (ForgetsVersions, "roundup"),
        (TakesWhatIsStale, "roundup"),
        (TakesWhatNamesNoVersion, "roundup"),
        (TakesAnAddressForEver, "roundup"),
        (TakesAnAddressUntilItWorks, "roundup"),
        (GivesOutOneAddress, "roundup"),
        (TakesWritesFromNowhere, "roundup"),
        (CountsIdsAsText, "roundup"),
        (TakesAnyName, "roundup"),
        (TellsWhatWasSent, "roundup"),
        (ForgetsTheNextLink, "keystone"),
        (ShowsOneRecordMore, "keystone"),
        (TakesDuplicates, "keystone"),
        (ForgetsDeletes, "keystone"),
        (ForgetsUpdates, "keystone"),
        (ForgetsTheNextLink, "kinto"),
        (ShowsOneRecordMore, "kinto"),
        (TakesDuplicates, "kinto"),
        (ForgetsDeletes, "kinto"),
        (ForgetsUpdates, "kinto"),
        (ForgetsVersions, "kinto"),
        (TakesWhatIsStale, "kinto"),
        (TakesBatchesOfAnySize, "kinto"),
        (EndsABatchAtItsFirstFailure, "kinto"),
        (TellsNoTotal, "scim"),
        (CountsFromZero, "scim"),
        (ShowsAllThatIsAskedFor, "scim"),
        (TellsKeysApartByCase, "scim"),
        (TakesDuplicates, "scim"),
        (ForgetsDeletes, "scim"),
        (ForgetsUpdates, "scim"),
        (ForgetsVersions, "scim"),
        (TakesWhatIsStale, "scim"),
        (TakesBatchesOfAnySize, "scim"),
        (EndsABatchAtItsFirstFailure, "scim"),
    ],
)
def test_a_simulator_with_one_thing_wrong_disagrees_with_the_recordings(mutant, folder):
    shown, recordings = shown_in(folder), recorded(folder)
    subject = checked_simulator(shown, recordings, records=shown.records, cap=shown.cap, made=mutant)

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


def test_where_the_natural_key_is_an_address_too_the_record_is_shown_there():
    users = KEYSTONE.collection("users")
    writing = replace(users.writing, confirming=ById())
    dialect = replace(KEYSTONE, collections=(replace(users, writing=writing),))
    evidence = evidence_for(dialect, recorded("keystone"))
    subject = simulator(learn(dialect, evidence.pull, evidence.simulates))
    before = subject.handle(get("/v3/users/newcomer"))
    subject.handle(post(b'{"user": {"name": "newcomer", "domain_id": "default"}}'))
    reply = subject.handle(get("/v3/users/newcomer"))

    assert (before.status, reply.status, parsed(reply.body)["user"]["name"]) == (404, 200, "newcomer")


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


# -- users that are counted from one -----------------------------------------------------------------------------------

USERS = "/v2/Users"


def scim_users(**given):
    serial = iter(range(10_000))
    return Simulator(shown_in("scim"), new_id=lambda: f"{next(serial):032x}", **given)


def scim(method, target, document=None, **headers):
    told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(method, target, told, b"" if document is None else json.dumps(document).encode(), "scim.test", True)


def user_named(subject, name):
    return parsed(subject.handle(scim("GET", f"{USERS}?filter=userName+eq+%22{name}%22")).body)["Resources"]


def test_any_place_and_size_can_be_asked_for_up_to_the_cap_and_the_end():
    subject, held = scim_users(), [record["id"] for record in shown_in("scim").records]

    def shown_at(query):
        page = parsed(subject.handle(scim("GET", f"{USERS}?{query}")).body)
        assert (page["itemsPerPage"], page["totalResults"]) == (len(page["Resources"]), len(held))
        return page["startIndex"], [user["id"] for user in page["Resources"]]

    assert shown_at("startIndex=3&count=2") == (3, held[2:4])
    assert shown_at("startIndex=12&count=100") == (12, held[11:])
    assert shown_at("startIndex=14&count=100") == (14, [])


def test_a_new_users_address_and_version_are_its_own():
    reply = scim_users().handle(scim("POST", USERS, {"schemas": [], "userName": "newcomer"}))
    made = parsed(reply.body)

    assert reply.status == 201
    assert reply.header("Location") == made["meta"]["location"] == f"https://scim.test{USERS}/{made['id']}"
    assert reply.header("ETag") == made["meta"]["version"]


def test_a_patch_answers_without_a_body_and_with_the_new_version():
    subject = scim_users()
    user = user_named(subject, "daria.okafor")[0]
    change = {"Operations": [{"op": "replace", "path": "active", "value": False}]}
    reply = subject.handle(scim("PATCH", f"{USERS}/{user['id']}", change, if_match=user["meta"]["version"]))

    assert (reply.status, reply.body) == (204, b"")
    after = user_named(subject, "DARIA.OKAFOR")[0]
    assert (after["active"], after["meta"]["version"]) == (False, reply.header("ETag"))


@pytest.mark.parametrize(
    "request_",
    [
        scim("GET", f"{USERS}?startIndex=-1&count=2"),
        scim("GET", f"{USERS}?count=many"),
        scim("GET", f"{USERS}?sortBy=userName"),
        scim("GET", f"{USERS}?cursor=&count=2"),
        scim("GET", f"{USERS}?count=100&filter=userName+eq+%22a%22&startIndex=2"),
        scim("PATCH", f"{USERS}/0", {"Operations": [{"op": "remove", "path": "displayName"}]}),
    ],
    ids=lambda request: f"{request.method}-{request.target.partition('?')[2].replace('%22', '')}",
)
def test_what_no_recording_of_scim_showed_is_refused(request_):
    with pytest.raises(NotRecorded):
        scim_users().handle(request_)


# -- size --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", [KEYSTONE, KINTO], ids=lambda dialect: dialect.name)
def test_a_request_needs_the_same_memory_however_many_records_there_are(dialect):
    few, many = 1_000, 20_000
    shown = shown_in(dialect.name)
    small = peak_kib(grown(shown, few), requests_of(dialect, few))
    large = peak_kib(grown(shown, many), requests_of(dialect, many))

    assert small.keys() == large.keys() >= {"lookup", "update"}
    assert all(large[kind] <= 1.25 * small[kind] for kind in small)
