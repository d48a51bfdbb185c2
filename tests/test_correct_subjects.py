"""A tester that cries wolf is not listened to: sound integrations of other styles and libraries are certified."""

import pytest

from tests.certifying import certified, name_of, side_by_side
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
def told(request):
    with side_by_side(
        request, lambda subject: {"profile": "first", "vendors": READ if subject in READERS else SPOKEN}
    ) as told:
        yield told


@pytest.mark.parametrize("subject", ALL + READERS, ids=lambda subject: subject.__name__)
def test_a_sound_integration_raises_no_alarm(subject, told):
    assert (told(subject).verdict, told(subject).alarms) == ("certified", ())


@pytest.mark.parametrize("subject", CONCURRENT, ids=lambda subject: subject.__name__)
def test_tasks_and_threads_make_the_same_histories_from_the_same_seed(subject, tmp_path):
    first, second, third = (
        certified(
            name_of(subject),
            tmp_path / str(number),
            vendors=("keystone",),
            profile="first",
            expression=WHERE_THEY_MEET,
        )
        for number in range(3)
    )

    assert first.runs == second.runs == third.runs
    assert len(first.runs) >= 7
