"""Changes are written once each, whatever happens on the way, and what was not written is told."""

import logging
import resource
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from harness.core import (
    FailuresUnread,
    JournalUnusable,
    MassRetirementRefused,
    RetriesExhausted,
    WaitTooLong,
    unfinished,
)
from harness.core.sync import Changes, Create
from harness.dialects.writing import Activation, Version
from tests.core_dialects import dialect, integration
from tests.core_holding import Holding, after, before
from tests.core_vendor import RESET, Clock, reply, vendor

ANN = {"name": "ann", "email": "ann@x.test"}
BOB = {"name": "bob", "email": "bob@x.test"}
CID = {"name": "cid", "email": "cid@x.test"}
STAFF = [{"name": f"n{number:02d}", "email": f"n{number:02d}@x.test"} for number in range(20)]
REFUSED = reply({"error": {"code": 400, "message": "email is odd"}}, 400, x_request_id="req-4")
FAILED = reply({"error": {"code": 503, "message": "down"}}, 503, x_request_id="req-5")
PARKED = reply({"error": {"code": 429}}, 429, retry_after="7200")


def spoken():
    """The small dialect, of a vendor that takes records out of use."""
    told = dialect()
    (users,) = told.collections
    writing = replace(users.writing, activation=Activation(field="enabled"))
    return replace(told, collections=(replace(users, writing=writing),))


class Watched(HTTPAdapter):
    """Calls ``before_post`` before a record is sent."""

    def __init__(self, before_post):
        super().__init__()
        self.before_post = before_post

    def send(self, request, *args, **options):
        if request.method == "POST":
            self.before_post()
        return super().send(request, *args, **options)


@contextmanager
def opened(script, *, before_post=lambda: None):
    session = requests.Session()
    session.mount("http://", Watched(before_post))
    with vendor(script) as serving, integration(serving, spoken(), Clock(), session=session) as core:
        yield core, serving


def methods(serving):
    return [each.method for each in serving.asked]


def synced(script, desired, **options):
    """The report of one sync, and the requests after its listing."""
    with opened(script) as (core, serving):
        report = core.apply("users", core.reconcile("users", desired), **options)
        return report, report.failed, methods(serving)[1:]


def used(record):
    return {"enabled": True, **record}


# -- what is written ---------------------------------------------------------------------------------------------------


def test_each_record_is_written_as_it_differs_and_told_so():
    held = Holding(used({**ANN, "email": "old@x.test"}), used(BOB), used(CID))

    report, failed, asked = synced(held, [ANN, BOB, {"name": "dan"}])

    assert (report.created, report.updated, report.deactivated) == (("dan",), ("ann",), ("cid",))
    assert (report.unchanged, failed) == (("bob",), {})
    assert asked == ["GET", "POST", "GET", "PATCH", "GET", "PATCH"]
    assert held.held["cid"]["enabled"] is False
    assert held.held["ann"]["email"] == ANN["email"]


def test_nothing_to_do_asks_for_the_listing_alone():
    report, _, asked = synced(Holding(*map(used, STAFF)), STAFF)

    assert len(report.unchanged) == 20
    assert asked == []


def test_a_second_run_writes_nothing():
    held = Holding(used(CID))
    synced(held, [ANN, BOB])

    report, _, asked = synced(held, [ANN, BOB])

    assert report.unchanged == ("ann", "bob")
    assert asked == []


def test_a_record_that_is_out_of_use_is_put_into_use_again():
    held = Holding({**ANN, "enabled": False})

    report, _, _ = synced(held, [ANN])

    assert report.updated == ("ann",)
    assert held.held == {"ann": {"id": "u0", **ANN, "enabled": True}}


def test_fields_that_the_source_does_not_own_stay():
    held = Holding(used({**ANN, "email": "old@x.test", "phone": "1"}))

    synced(held, [ANN])

    assert held.held["ann"]["phone"] == "1"


def test_what_somebody_else_wrote_since_the_listing_is_found_before_it_is_written_twice():
    held = Holding(used(BOB))
    with opened(held) as (core, serving):
        changes = core.reconcile("users", [ANN, BOB])
        held.held["ann"] = {"id": "u9", **used(ANN)}
        report = core.apply("users", changes)

    assert report.unchanged == ("bob", "ann")
    assert methods(serving) == ["GET", "GET"]


def test_a_record_that_is_gone_is_not_created_to_be_deactivated():
    held = Holding(used(ANN), used(BOB))
    with opened(held) as (core, serving):
        changes = core.reconcile("users", [ANN])
        del held.held["bob"]
        report = core.apply("users", changes)

    assert report.unchanged == ("ann", "bob")
    assert "POST" not in methods(serving)


@pytest.mark.parametrize("when", [before, after])
def test_a_lost_answer_to_a_deactivation_is_looked_up(when):
    held = Holding(used(ANN), used(BOB), ruin={3: when(RESET)})

    report, _, asked = synced(held, [ANN])

    assert report.deactivated == ("bob",)
    assert asked == ["GET", "PATCH", "GET", *(["PATCH"] if when is before else [])]


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_a_source_that_came_up_short_takes_nobody_out_of_use():
    held = Holding(*map(used, STAFF))

    with pytest.raises(MassRetirementRefused, match=r"17 of 20 records in use \(85%\) are not in the source") as raised:
        synced(held, STAFF[:3])

    assert "more than 10% means that it came up short" in str(raised.value)
    assert all(user["enabled"] for user in held.held.values())


def test_a_source_that_lists_everybody_as_out_of_use_is_not_believed_either():
    with pytest.raises(MassRetirementRefused, match=r"20 of 20 records in use \(100%\)"):
        synced(Holding(*map(used, STAFF)), [{**person, "enabled": False} for person in STAFF])


def test_a_plausible_share_leaves():
    report, _, _ = synced(Holding(*map(used, STAFF)), STAFF[2:])

    assert report.deactivated == ("n00", "n01")


def test_a_single_record_may_always_leave():
    assert synced(Holding(used(ANN), used(BOB)), [ANN])[0].deactivated == ("bob",)


def test_more_may_leave_where_that_is_said():
    report, _, _ = synced(Holding(*map(used, STAFF)), STAFF[:3], most_retired_share=0.85)

    assert len(report.deactivated) == 17


@pytest.mark.parametrize("share", [10, 1.01, -0.1, float("nan")])
def test_a_share_that_is_none_is_refused_and_nobody_leaves(share):
    """Ten percent is 0.1; taken as it stands, 10 would let everybody go."""
    held = Holding(*map(used, STAFF))

    with pytest.raises(ValueError, match=r"a share, from 0 to 1, and not .*; 0\.1 is 10 %"):
        synced(held, STAFF[:3], most_retired_share=share)

    assert all(user["enabled"] for user in held.held.values())


@pytest.mark.parametrize("workers", [0, -1])
def test_without_a_worker_nothing_is_begun(workers, tmp_path):
    held = Holding()

    with pytest.raises(ValueError, match="workers write nothing; name one at least"):
        synced(held, [ANN], workers=workers, journal=tmp_path / "users.journal")

    assert held.held == {}
    assert list(tmp_path.iterdir()) == []


class Lease:
    """A right that somebody else takes over after so many checks."""

    def __init__(self, *, lost_after):
        self.checks_left = lost_after

    def check(self):
        self.checks_left -= 1
        if self.checks_left < 0:
            raise RuntimeError("held by job-1 since 07:00")


@pytest.mark.parametrize(("lost_after", "written"), [(0, 0), (2, 2)])
def test_nothing_is_written_once_somebody_else_has_taken_the_lease_over(lost_after, written):
    held = Holding()
    with pytest.raises(RuntimeError, match="held by job-1"):
        synced(held, STAFF, lease=Lease(lost_after=lost_after))

    assert len(held.held) == written


# -- what failed -------------------------------------------------------------------------------------------------------


def test_a_refused_record_is_named_with_its_context_and_the_others_are_done():
    report, failed, _ = synced(Holding(ruin={3: before(REFUSED)}), [ANN, BOB])

    assert list(failed) == ["ann"]
    assert all(word in failed["ann"] for word in ("users.create", "400", "email is odd", "req-4", "ann"))
    assert report.created == ("bob",)


def test_failures_that_nobody_reads_are_raised_when_the_integration_is_closed():
    with (
        pytest.raises(FailuresUnread, match=r"1 records were not written and nobody read which.*email is odd"),
        opened(Holding(ruin={3: before(REFUSED)})) as (core, _),
    ):
        core.apply("users", core.reconcile("users", [ANN, BOB]))


def test_what_went_wrong_afterwards_is_not_hidden_by_failures_that_nobody_reads():
    def job():
        with opened(Holding(ruin={3: before(REFUSED)})) as (core, _):
            report = core.apply("users", core.reconcile("users", [ANN, BOB]))
            return 1 / len(report.deactivated)

    with pytest.raises(ZeroDivisionError):
        job()


def test_a_key_that_the_vendor_holds_twice_is_named_and_not_touched():
    twice = reply({"rows": [{"id": "u1", **used(ANN)}, {"id": "u2", **used(ANN)}]})

    _, failed, asked = synced(lambda asked: twice, [ANN])

    assert failed == {"ann": "the vendor holds several records of this key; remove all but one"}
    assert asked == []


def test_three_records_in_a_row_that_fail_for_ever_end_the_run():
    def script(asked):
        return reply({"rows": []}) if asked.method == "GET" else FAILED

    with pytest.raises(RetriesExhausted) as raised:
        synced(script, STAFF)

    assert raised.value.__notes__ == [
        "when it ended: created=0 updated=0 deactivated=0 unchanged=0 failed=20; failed first: n00, n01, n02"
    ]


def test_a_wait_of_hours_ends_the_run_at_once():
    def script(asked):
        return PARKED if asked.query else reply({"rows": []})

    with vendor(script) as serving, integration(serving, spoken(), Clock()) as core:
        changes = core.reconcile("users", STAFF)
        with pytest.raises(WaitTooLong):
            core.apply("users", changes)

    assert len(serving.asked) == 2


def test_how_a_sync_ended_is_logged_in_one_line(caplog):
    caplog.set_level(logging.INFO)
    synced(Holding(used(BOB)), [ANN, BOB])

    (told,) = [record for record in caplog.records if record.event == "synced"]

    assert told.getMessage() == ("synced operation=users.sync created=1 updated=0 deactivated=0 unchanged=1 failed=0")


# -- several at a time -------------------------------------------------------------------------------------------------


def test_workers_write_each_record_once():
    held = Holding()
    with opened(held) as (core, serving):
        report = core.apply("users", core.reconcile("users", STAFF), workers=4)

    assert sorted(report.created) == sorted(held.held) == [person["name"] for person in STAFF]
    assert methods(serving).count("POST") == 20


def test_workers_are_at_work_at_the_same_time():
    together = threading.Barrier(3, timeout=10)
    with opened(Holding(), before_post=together.wait) as (core, _):
        report = core.apply("users", core.reconcile("users", STAFF[:3]), workers=3)

    assert len(report.created) == 3


def test_results_are_in_the_order_of_the_changes_however_many_write():
    with opened(Holding()) as (core, _):
        report = core.apply("users", core.reconcile("users", STAFF), workers=4)

    assert report.created == tuple(person["name"] for person in STAFF)


# -- after a crash -----------------------------------------------------------------------------------------------------


class Died(BaseException):
    """The process ends here."""


def crashed(held, journal, *, after_creates):
    """A run whose process ends once so many records are created."""

    def die():
        if len(held.held) == after_creates:
            raise Died

    with opened(held, before_post=die) as (core, _):
        changes = core.reconcile("users", STAFF)
        with pytest.raises(Died):
            core.apply("users", changes, journal=journal)


def test_running_again_after_a_crash_writes_what_is_left():
    held = Holding()
    crashed(held, None, after_creates=5)

    report, _, asked = synced(held, STAFF)

    assert (len(report.unchanged), len(report.created)) == (5, 15)
    assert asked == ["GET", "POST"] * 15


def test_a_journal_saves_the_listing_and_what_was_done(tmp_path):
    held, journal = Holding(), tmp_path / "users.journal"
    crashed(held, journal, after_creates=5)
    left = unfinished(journal)
    with opened(held) as (core, serving):
        report = core.apply("users", left, journal=journal)

    assert [create.key for create in left.creates] == [person["name"] for person in STAFF[5:]]
    assert len(report.created) == 15
    assert methods(serving) == ["GET", "POST"] * 15
    assert unfinished(journal) is None
    assert not journal.exists()


def test_a_journal_keeps_records_that_failed(tmp_path):
    journal = tmp_path / "users.journal"
    synced(Holding(ruin={3: before(REFUSED)}), [ANN, BOB], journal=journal)

    assert unfinished(journal) == Changes(creates=(Create("ann", ANN),))


def test_a_journal_leaves_deactivations_to_a_fresh_look_at_the_source(tmp_path):
    journal = tmp_path / "users.journal"
    synced(Holding(used(ANN), used(BOB), ruin={3: before(REFUSED)}), [ANN], journal=journal)

    assert unfinished(journal) is None


def test_a_line_that_a_crash_cut_off_is_not_believed(tmp_path):
    journal = tmp_path / "users.journal"
    journal.write_text('{"create": "ann", "record": {"name": "ann"}}\n{"done": "an')

    assert [create.key for create in unfinished(journal).creates] == ["ann"]


def test_only_its_owner_may_read_a_journal(tmp_path):
    journal = tmp_path / "users.journal"
    synced(Holding(ruin={3: before(REFUSED)}), [ANN, BOB], journal=journal)

    assert journal.stat().st_mode & 0o777 == 0o600


def test_a_journal_that_cannot_be_written_keeps_everything_unwritten(tmp_path):
    held = Holding()
    with pytest.raises(JournalUnusable, match=r"cannot be used: .*; name another file, or none"):
        synced(held, [ANN], journal=tmp_path / "missing" / "users.journal")

    assert held.held == {}


@contextmanager
def no_file_larger(size_bytes):
    """The process's files grow no further than this, as on a full disk."""
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, allowed[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)


def test_half_a_plan_never_passes_for_all_that_is_left(tmp_path):
    held, journal = Holding(), tmp_path / "users.journal"
    crashed(held, journal, after_creates=5)
    left = unfinished(journal)
    with opened(held) as (core, _):
        changes = core.reconcile("users", STAFF)
        with no_file_larger(100), pytest.raises(JournalUnusable, match="too large"):
            core.apply("users", changes, journal=journal)

    assert unfinished(journal) == left
    assert list(tmp_path.iterdir()) == [journal]
    assert len(held.held) == 5


@pytest.mark.parametrize("workers", [1, 4])
def test_a_disk_that_is_full_in_the_middle_costs_no_record_and_no_report_and_is_told_once(tmp_path, caplog, workers):
    held, journal, full = Holding(), tmp_path / "users.journal", ExitStack()

    def fill():
        if not held.held:
            full.enter_context(no_file_larger(journal.stat().st_size))

    with full, opened(held, before_post=fill) as (core, _):
        report = core.apply("users", core.reconcile("users", STAFF), journal=journal, workers=workers)

    assert len(report.created) == len(held.held) == 20
    assert not journal.exists()
    if workers == 1:
        assert [record.event for record in caplog.records].count("journal_lost") == 1


@pytest.mark.parametrize("text", ["no journal\n", '["a", "list"]\n', '{"create": "ann"}\n'])
def test_a_file_that_is_no_journal_is_refused(tmp_path, text):
    journal = tmp_path / "users.journal"
    journal.write_text(text)

    with pytest.raises(JournalUnusable):
        unfinished(journal)


# -- idempotency keys and states ---------------------------------------------------------------------------------------


def told(**facts):
    """The small dialect with other facts of writing."""
    (users,) = spoken().collections
    return replace(spoken(), collections=(replace(users, writing=replace(users.writing, **facts)),))


def test_each_write_has_one_idempotency_key_and_one_body_in_all_its_attempts():
    held = Holding(used(CID), used(BOB), ruin={3: before(RESET), 7: before(RESET)})
    keyed = told(idempotency_header="Idempotency-Key")
    with vendor(held) as serving, integration(serving, keyed, Clock()) as core:
        core.apply("users", core.reconcile("users", [ANN, BOB]))
    sent = [(one.headers["idempotency-key"], one.body) for one in serving.asked if one.method in ("POST", "PATCH")]

    create, update = dict.fromkeys(sent)
    assert sent == [create, create, update, update]
    assert create[0] != update[0]


def test_a_deactivation_made_for_an_older_state_is_read_again_and_blanks_nothing():
    held = Holding({**used(BOB), "version": 1}, used(ANN))
    stale = reply({"error": {"code": 412, "message": "modified"}}, 412)

    def changed_meanwhile(answer):
        held.held["bob"] |= {"phone": "1", "version": 2}
        return stale

    held.ruin = {3: changed_meanwhile}
    versioned = told(version=Version(path=("version",)))
    with vendor(held) as serving, integration(serving, versioned, Clock()) as core:
        report = core.apply("users", core.reconcile("users", [ANN]))
    states = [one.headers["if-match"] for one in serving.asked if one.method == "PATCH"]

    assert report.deactivated == ("bob",)
    assert states == ["1", "2"]
    assert held.held["bob"] == {"id": "u0", **BOB, "enabled": False, "phone": "1", "version": 2}


# -- whatever happens --------------------------------------------------------------------------------------------------

LIMITED = reply({"error": {"code": 429, "message": "too many"}}, 429, retry_after="30")
RUINS = st.sampled_from([before, after]).flatmap(
    lambda when: st.sampled_from([RESET, FAILED, LIMITED, reply({"ok": True})]).map(when)
)


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.integers(1, 14), RUINS, max_size=4), st.sampled_from([1, 3]))
def test_whatever_goes_wrong_four_times_the_vendor_ends_as_the_source_lists_it(ruin, workers):
    held = Holding(used({**ANN, "email": "old@x.test"}), used(CID), {**BOB, "enabled": False}, ruin=ruin)
    dan = {"name": "dan", "email": "dan@x.test"}
    for _ in range(2):
        report, failed, _ = synced(held, [ANN, BOB, dan], workers=workers)

    assert (set(report.unchanged), failed) == ({"ann", "bob", "dan"}, {})
    assert {name: user["email"] for name, user in held.held.items() if user.get("enabled", True)} == {
        "ann": ANN["email"],
        "bob": BOB["email"],
        "dan": "dan@x.test",
    }
    assert held.held["cid"]["enabled"] is False
