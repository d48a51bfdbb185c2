"""Sound integrations whose jobs are ``async def``: one opens its client once, one yields record after record."""

import asyncio

import httpx

from tests.correct_async import TLS, OnAsyncHttpx


class AsyncDef(OnAsyncHttpx):
    """Every method is ``async def``; one client from ``open`` to ``close``, which all jobs of the loop share."""

    async def open(self, access):
        super().open(access)
        self.here.lane = asyncio.Semaphore(3)
        self.here.client = httpx.AsyncClient(timeout=12, verify=TLS)

    async def pull(self, collection):
        return await self.walk()

    async def push(self, collection, records):
        await self.bring_all(records)

    async def close(self):
        await self.here.client.aclose()


class AsyncGenerator(AsyncDef):
    """``pull`` is an asynchronous generator."""

    async def pull(self, collection):
        for record in await self.walk():
            yield record
