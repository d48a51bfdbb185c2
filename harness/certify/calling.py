"""Calls a subject's methods, whether they are plain, ``async def``, or asynchronous generators."""

import asyncio
import inspect
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self


class Calls:
    """The calls of one act. What is asynchronous runs on one event loop, made when it is first needed, so that a
    client opened in ``open`` serves ``pull`` and ``close`` as well."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._runner is not None:
            self._runner.close()

    def __call__(self, method: Callable[..., Any], *args: Any) -> Any:
        """What the method returns at last; of an asynchronous generator the list of what it yields."""
        value = method(*args)
        return self._loop().run(_awaited(value)) if _is_asynchronous(value) else value

    def at_once(self, times: int, method: Callable[..., Any], *args: Any) -> list[Any]:
        """So many calls at the same time: tasks of the one loop where the method is asynchronous, threads where not."""
        if is_asynchronous(method):
            return self._loop().run(_gathered([_awaited(method(*args)) for _ in range(times)]))
        with ThreadPoolExecutor(times) as pool:
            return [future.result() for future in [pool.submit(method, *args) for _ in range(times)]]

    def _loop(self) -> asyncio.Runner:
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner


def at_once(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each job returns or raises, each in a thread of its own."""

    def ended(job: Callable[[], Any]) -> Any:
        try:
            return job()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(ended, jobs))


def is_asynchronous(method: Callable[..., Any]) -> bool:
    """Whether the method is ``async def``, with or without ``yield``."""
    return inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)


def _is_asynchronous(value: Any) -> bool:
    return inspect.isawaitable(value) or hasattr(value, "__aiter__")


async def _awaited(value: Any) -> Any:
    return [item async for item in value] if hasattr(value, "__aiter__") else await value


async def _gathered(coroutines: list[Any]) -> list[Any]:
    return list(await asyncio.gather(*coroutines))
