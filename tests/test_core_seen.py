"""Which ids were shown is known exactly, whatever their digests and wherever they are kept."""

import tempfile
import tracemalloc
from contextlib import closing
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.seen import SeenIds

IDS = st.one_of(st.integers(-50, 50), st.text(alphabet="ab1-\n'\\é\ud800", max_size=3))
PAGES = st.lists(st.lists(IDS, max_size=6, unique_by=lambda one: (type(one), one)), max_size=12)


def shown(pages, seen):
    """For each page, the ids of it that were shown before."""
    told = []
    for page in pages:
        before = seen.among(page)
        seen.add([one for one in page if one not in before])
        told.append(before)
    return told


def as_a_set_tells(pages):
    kept, told = set(), []
    for page in pages:
        told.append(kept & set(page))
        kept |= set(page)
    return told, len(kept)


@given(pages=PAGES, digests=st.sampled_from([1, 2, 7, 2**42]), whole=st.sampled_from([0, 2, 5, 100]))
def test_ids_are_told_apart_however_many_share_a_digest(pages, digests, whole):
    with closing(SeenIds(digests=lambda ids: (hash((one,)) % digests for one in ids), whole_at_most=whole)) as seen:
        assert (shown(pages, seen), len(seen)) == as_a_set_tells(pages)


def test_a_number_and_the_text_of_it_are_two_ids():
    with closing(SeenIds(digests=lambda ids: [0] * len(ids), whole_at_most=0)) as seen:
        seen.add([1])

        assert seen.among(["1"]) == set()
        assert seen.among([1]) == {1}


def test_without_room_for_a_file_all_ids_stay_in_memory(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    seen = SeenIds(whole_at_most=2)
    seen.add(range(10))

    assert seen.among([3, 11]) == {3}
    assert len(seen) == 10


@pytest.mark.parametrize("named", [str, int], ids=["text", "number"])
def test_ids_in_order_cost_memory_only_once_an_earlier_page_may_come_again(named):
    listed = sorted(map(named, range(30_000)))
    tracemalloc.start()
    try:
        with closing(SeenIds(whole_at_most=1000)) as seen:
            for begin in range(0, 30_000, 100):
                page = listed[begin : begin + 100]
                assert seen.among(page) == set()
                seen.add(page)
            ordered_bytes = tracemalloc.get_traced_memory()[0]

            assert seen.among([listed[7], named(30_001)]) == {listed[7]}
            digests_bytes = tracemalloc.get_traced_memory()[0] - ordered_bytes
    finally:
        tracemalloc.stop()

    assert digests_bytes > 4 * 28_000


def test_the_file_has_no_name(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with closing(SeenIds(whole_at_most=2)) as seen:
        seen.add(range(10))

        assert seen.among([3]) == {3}
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("named", [lambda number: f"{number:032x}", lambda number: number], ids=["text", "number"])
def test_each_id_that_is_put_away_takes_less_than_seven_bytes(named):
    tracemalloc.start()
    try:
        with closing(SeenIds(whole_at_most=1000)) as seen:
            _fill(seen, named, 0, 5_000)
            assert seen.among([named(3)]) == {named(3)}  # from here on a digest of each is held
            few_bytes = tracemalloc.get_traced_memory()[0]
            _fill(seen, named, 5_000, 25_000)
            grown_bytes = tracemalloc.get_traced_memory()[0] - few_bytes
    finally:
        tracemalloc.stop()

    assert len(seen) == 25_000
    assert grown_bytes < 7 * 20_000


def _fill(seen, named, begin, end):
    ids = map(named, range(begin, end))
    while page := list(islice(ids, 1000)):
        seen.add(page)
