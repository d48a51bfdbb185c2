"""The sound integrations where they only import: they know how records are written to Keystone, and nowhere else."""

from tests.correct_async import OnAiohttp, OnAsyncHttpx
from tests.correct_async_def import AsyncDef, AsyncGenerator
from tests.correct_httpx import OnHttpx
from tests.correct_stdlib import OnHttpClient
from tests.correct_subjects import InThreads, OnRequests
from tests.correct_urllib import OnUrllibRequest
from tests.correct_urllib3 import OnUrllib3


class ReadsOnRequests(OnRequests):
    push = retire = None


class ReadsOnHttpx(OnHttpx):
    push = retire = None


class ReadsOnUrllib3(OnUrllib3):
    push = retire = None


class ReadsOnHttpClient(OnHttpClient):
    push = retire = None


class ReadsOnUrllibRequest(OnUrllibRequest):
    push = retire = None


class ReadsOnAsyncHttpx(OnAsyncHttpx):
    push = retire = None


class ReadsOnAiohttp(OnAiohttp):
    push = retire = None


class ReadsInAsyncDef(AsyncDef):
    push = retire = None


class ReadsInAsyncGenerator(AsyncGenerator):
    push = retire = None


class ReadsInThreads(InThreads):
    push = retire = None


READERS = (
    ReadsOnRequests,
    ReadsOnHttpx,
    ReadsOnUrllib3,
    ReadsOnHttpClient,
    ReadsOnUrllibRequest,
    ReadsOnAsyncHttpx,
    ReadsOnAiohttp,
    ReadsInAsyncDef,
    ReadsInAsyncGenerator,
    ReadsInThreads,
)
