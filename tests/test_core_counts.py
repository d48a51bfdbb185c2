"""Nothing, where something was before, is not taken for the truth."""

import pytest

from harness.core import Incomplete, RetriesExhausted, SourceRefused
from tests.core_dialects import dialect, integration
from tests.core_vendor import Clock, in_turn, reply, vendor

SOME, NONE = reply({"rows": [{"id": "1", "name": "ada"}]}), reply({"rows": []})


def test_a_listing_that_is_empty_where_records_were_ends_loudly_however_often_it_is_read():
    with vendor(in_turn(SOME, NONE, NONE, NONE)) as serving, integration(serving, dialect(), Clock()) as core:
        assert len(list(core.pull("users"))) == 1
        with pytest.raises(RetriesExhausted, match="say fewest_records=0") as raised:
            list(core.pull("users"))

    assert isinstance(raised.value.__cause__, Incomplete)


def test_a_listing_that_was_empty_by_mistake_is_read_again():
    with vendor(in_turn(SOME, NONE, SOME)) as serving, integration(serving, dialect(), Clock()) as core:
        assert [len(list(core.pull("users"))) for _ in range(2)] == [1, 1]


def test_nothing_is_believed_where_nothing_was_or_where_that_is_said_to_be_right():
    with vendor(in_turn(NONE, SOME, NONE, NONE)) as serving, integration(serving, dialect(), Clock()) as core:
        assert list(core.pull("users")) == []
        assert len(list(core.pull("users"))) == 1
        assert list(core.pull("users", fewest_records=0)) == []
        assert list(core.pull("users")) == []


def test_a_process_that_has_just_started_may_be_told_how_many_there_are_at_least():
    with vendor(in_turn(SOME, SOME, SOME)) as serving, integration(serving, dialect(), Clock()) as core:
        walk = core.pull("users", fewest_records=2)
        with pytest.raises(RetriesExhausted, match="the vendor lists 1 records"):
            list(walk)


def test_a_source_that_gives_nothing_where_it_gave_records_is_refused_before_anything_is_sent():
    created = reply({"user": {"id": "1", "name": "ada"}}, 201)
    with vendor(in_turn(NONE, created)) as serving, integration(serving, dialect(), Clock()) as core:
        core.push("users", [{"name": "ada"}])
        with pytest.raises(SourceRefused, match="the source lists 0 records"):
            core.push("users", [])
        assert core.push("users", [], fewest_records=0).created == ()

    assert len(serving.asked) == 2
