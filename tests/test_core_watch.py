"""Watching: an alert once, its recovery once, and a channel that fails is no secret."""

import logging
import time
from datetime import timedelta

import pytest

from harness.core.alerts import AlertFailed, Apprise, Webhook
from harness.core.ledger import LeaseHeld, Ledger
from harness.core.watch import LEASE, Watched, watch
from tests.core_vendor import Sent, in_turn, reply, vendor
from tests.ledgers import address, clock, postgres_server  # noqa: F401

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""Apprise imports it."""


@pytest.fixture
def ledger(tmp_path, clock):  # noqa: F811
    return Ledger(f"sqlite:///{tmp_path}/ledger.sqlite", clock=clock)


def succeed(ledger):
    with ledger.run("hr", expected_every=HOUR):
        pass


def fail(ledger):
    with pytest.raises(ValueError, match="row 7"), ledger.run("hr", expected_every=HOUR):
        raise ValueError("row 7")


def hours(clock, count):  # noqa: F811
    clock.passed_s += count * 3600


def test_an_integration_that_succeeded_lately_raises_no_alarm(ledger, clock):  # noqa: F811
    told = []
    succeed(ledger)
    hours(clock, 0.9)

    assert watch(ledger, told.append) == Watched()
    assert told == []


def test_one_that_had_no_success_for_longer_than_expected_raises_it_once(ledger, clock):  # noqa: F811
    told = []
    succeed(ledger)
    hours(clock, 3)

    assert watch(ledger, told.append) == Watched(stale=("hr",), raised=("hr",))
    assert watch(ledger, told.append) == Watched(stale=("hr",))
    assert told == ["hr had no success for longer than 60.0 min: the last was 3.0 h ago."]


def test_failures_are_no_success_and_the_last_is_told(ledger, clock):  # noqa: F811
    told = []
    succeed(ledger)
    hours(clock, 0.9)
    fail(ledger)
    hours(clock, 0.9)
    watch(ledger, told.append)

    assert told == ["hr had no success for longer than 60.0 min: the last was 1.8 h ago. Last error: ValueError: row 7"]


def test_one_that_never_succeeded_is_counted_from_its_first_run(ledger, clock):  # noqa: F811
    told = []
    fail(ledger)
    watch(ledger, told.append)
    hours(clock, 1.1)
    watch(ledger, told.append)

    assert len(told) == 1
    assert "there was none yet" in told[0]


def test_a_run_that_does_not_say_what_is_expected_does_not_end_the_watch(ledger, clock):  # noqa: F811
    succeed(ledger)
    with ledger.run("hr"):
        pass
    hours(clock, 2)

    assert watch(ledger, [].append).raised == ("hr",)


def test_an_integration_that_is_no_longer_expected_is_not_watched(ledger, clock):  # noqa: F811
    succeed(ledger)
    with ledger.run("hr", expected_every=timedelta.max):
        pass
    hours(clock, 1_000_000)

    assert watch(ledger, [].append).stale == ()


def test_recovery_is_told_once_and_the_next_silence_again(ledger, clock):  # noqa: F811
    told = []
    succeed(ledger)
    hours(clock, 2)
    watch(ledger, told.append)
    succeed(ledger)

    assert watch(ledger, told.append).recovered == ("hr",)
    assert watch(ledger, told.append) == Watched()

    hours(clock, 2)

    assert watch(ledger, told.append).raised == ("hr",)
    assert [text.partition(":")[0] for text in told] == [
        "hr had no success for longer than 60.0 min",
        "hr has recovered",
        "hr had no success for longer than 60.0 min",
    ]


def deaf(text):
    raise AlertFailed("the web hook at chat.test answered 503")


def test_a_channel_that_fails_is_logged_kept_and_tried_again(ledger, clock, caplog):  # noqa: F811
    told = []
    succeed(ledger)
    hours(clock, 2)
    with caplog.at_level(logging.ERROR, "harness.core"):
        watched = watch(ledger, deaf)

    assert watched.undelivered == ("hr",)
    assert watched.error == "AlertFailed: the web hook at chat.test answered 503"
    assert "the alert about hr could not be delivered" in caplog.text
    assert ledger.status()[0].alert.error == watched.error
    assert watch(ledger, told.append).raised == ("hr",)
    assert ledger.status()[0].alert.error == ""


def test_an_alert_that_never_got_through_needs_no_recovery(ledger, clock):  # noqa: F811
    told = []
    succeed(ledger)
    hours(clock, 2)
    watch(ledger, deaf)
    succeed(ledger)

    assert watch(ledger, told.append) == Watched()
    assert told == []
    assert ledger.status()[0].alert.error == ""


def test_a_recovery_that_did_not_get_through_is_told_at_the_next_look(ledger, clock):  # noqa: F811
    told = []
    succeed(ledger)
    hours(clock, 2)
    watch(ledger, told.append)
    succeed(ledger)

    assert watch(ledger, deaf).undelivered == ("hr",)
    assert watch(ledger, told.append).recovered == ("hr",)


def test_two_that_watch_at_once_do_not_tell_twice(ledger):
    with ledger.lease(LEASE), pytest.raises(LeaseHeld, match="the watch over this ledger is being done by process"):
        watch(ledger, print)


def test_the_alert_works_on_both_databases(address, clock):  # noqa: F811
    ledger, told = Ledger(address), []
    with ledger.run("hr", expected_every=timedelta(microseconds=1)):
        pass
    watch(ledger, deaf)
    watch(ledger, told.append)
    watch(ledger, told.append)

    assert len(told) == 1


# -- channels ----------------------------------------------------------------------------------------------------------


def test_a_web_hook_is_given_the_text():
    with vendor(in_turn(reply({}))) as chat:
        Webhook(f"{chat.url}/hooks/secret")("hr is stale")

    assert (chat.asked[0].path, chat.asked[0].document) == ("/hooks/secret", {"text": "hr is stale"})


def test_a_web_hook_that_takes_the_text_and_never_ends_its_answer_holds_nobody_up():
    unending = Sent(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{", then="silence")
    began_s = time.monotonic()
    with vendor(in_turn(unending)) as chat:
        Webhook(chat.url)("hr is stale")

    assert len(chat.asked) == 1
    assert time.monotonic() - began_s < 5


@pytest.mark.parametrize("answer", [reply({}, 500), reply({}, 302, location="http://127.0.0.1:1/")])
def test_a_web_hook_that_refuses_is_told_without_its_address(answer):
    with vendor(in_turn(answer)) as chat, pytest.raises(AlertFailed) as told:
        Webhook(f"{chat.url}/hooks/secret")("hr is stale")

    assert str(told.value).startswith("the web hook at 127.0.0.1 answered ")
    assert "secret" not in str(told.value)


def test_a_web_hook_that_cannot_be_reached_is_told_without_its_address():
    with pytest.raises(AlertFailed, match=r"at 127\.0\.0\.1 cannot be reached: ConnectionError") as told:
        Webhook("http://127.0.0.1:1/hooks/secret")("hr is stale")

    assert "secret" not in str(told.value)


def test_apprise_is_given_the_text():
    with vendor(in_turn(reply({}))) as chat:
        Apprise(chat.url.replace("http://", "json://") + "/secret")("hr is stale")

    assert chat.asked[0].document["message"] == "hr is stale"


def test_a_service_that_apprise_cannot_reach_is_told_without_its_address():
    with pytest.raises(AlertFailed, match="the json channel did not take the alert") as told:
        Apprise("json://127.0.0.1:1/secret")("hr is stale")

    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("channel", "wrong", "sentence"),
    [
        (Webhook, "chat.test/hook", "begins with http"),
        (Apprise, "nonsense://x", "Apprise knows no such nonsense:// address"),
    ],
)
def test_an_address_that_is_none_is_refused(channel, wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        channel(wrong)
