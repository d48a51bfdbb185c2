"""Sound integrations whose jobs are ``async def``: one on httpx, and one on aiohttp that yields record after record.

Each opens its client once, and all its jobs share it.
"""

import asyncio

import aiohttp
import httpx

from tests.correct_async import TLS, OnAiohttp, OnAsyncHttpx


class AsyncDef(OnAsyncHttpx):
    """Every method is ``async def``."""

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


class AsyncGenerator(OnAiohttp):
    """``pull`` is an asynchronous generator, and the other methods are ``async def``."""

    async def open(self, access):
        super().open(access)
        self.here.lane = asyncio.Semaphore(3)
        self.here.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15, sock_connect=5))

    async def pull(self, collection):
        for record in await self.walk():
            yield record

    async def push(self, collection, records):
        await self.bring_all(records)

    async def close(self):
        await self.here.session.close()
