"""A tester that cries wolf is not listened to: sound integrations of other styles and libraries are certified."""

import pytest

from tests.certifying import histories_of, side_by_side, told_of
from tests.correct_async import OnAiohttp, OnAsyncHttpx
from tests.correct_async_def import AsyncDef, AsyncGenerator
from tests.correct_httpx import OnHttpx
from tests.correct_readers import READERS
from tests.correct_stdlib import OnHttpClient
from tests.correct_subjects import InThreads, OnRequests
from tests.correct_urllib import OnUrllibRequest
from tests.correct_urllib3 import OnUrllib3

ALL = (
    OnRequests,
    OnHttpx,
    OnUrllib3,
    OnHttpClient,
    OnUrllibRequest,
    OnAsyncHttpx,
    OnAiohttp,
    AsyncDef,
    AsyncGenerator,
    InThreads,
)
SPOKEN = ("keystone",)
"""What each of them was written for."""
READ = ("roundup", "mediawiki")
"""What each of them only reads, where others write too."""
WHERE_THEY_MEET = "lost_answer or workers"
CONCURRENT = (OnAsyncHttpx, OnAiohttp, AsyncDef, InThreads)


@pytest.fixture(scope="module")
def histories(request):
    met = {"profile": "first", "vendors": ("keystone",), "expression": WHERE_THEY_MEET}
    yield from side_by_side(request, histories_of, lambda subject: met)


@pytest.fixture(scope="module")
def told(request, histories):
    # Started after the histories, of which each takes longer, and which would else wait until all of these have ended.
    yield from side_by_side(
        request, told_of, lambda subject: {"profile": "first", "vendors": READ if subject in READERS else SPOKEN}
    )


@pytest.mark.parametrize("subject", ALL + READERS, ids=lambda subject: subject.__name__)
def test_a_sound_integration_raises_no_alarm(subject, told):
    assert (told(subject).verdict, told(subject).alarms) == ("certified", ())


@pytest.mark.parametrize("subject", CONCURRENT, ids=lambda subject: subject.__name__)
def test_tasks_and_threads_make_the_same_histories_from_the_same_seed(subject, histories):
    first, second, third = histories(subject)

    assert first == second == third
    assert len(first) >= 7
