"""Subjects that endanger whoever runs them: their worker must hold, and say what became of them."""

import concurrent.futures
import logging
import os
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from tests.healthy_subject import Healthy


class Hangs(Healthy):
    """Computes without end."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        while True:
            pass


class Exits(Healthy):
    """Leaves the interpreter without a goodbye."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        os._exit(3)


class CatchesEverything(Healthy):
    """Begins anew whatever happens, a crash included."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        while True:
            try:
                return super().pull(collection)
            except:  # noqa: E722 - the disease
                continue


class Prints(Healthy):
    """Writes a megabyte to stdout and one to stderr."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        for stream in (sys.stdout, sys.stderr):
            stream.write(("x" * 1023 + "\n") * 1024)
        os.write(1, b"past the interpreter's own streams\n")
        return super().pull(collection)


class LeavesThreads(Healthy):
    """Returns while threads of its own sleep on, one of which keeps an interpreter from ending."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        for daemon in (True, False):
            threading.Thread(target=lambda: time.sleep(1_000_000), daemon=daemon).start()
        return super().pull(collection)


class RaisesTheUnprintable(Healthy):
    """Raises what raises when it is put into words."""

    class Unprintable(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        raise self.Unprintable


class NeitherJob:
    """Has no job."""

    def open(self, access: Any) -> None:
        logging.getLogger(__name__).info("opened")

    def close(self) -> None:
        return


class PullOnly:
    """Imports and does not provision; without a disease."""

    def __init__(self) -> None:
        self._healthy = Healthy()

    def open(self, access: Any) -> None:
        self._healthy.open(access)

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        return self._healthy.pull(collection)

    def close(self) -> None:
        self._healthy.close()


class KeepsAPool(Healthy):
    """Pulls in a thread of a pool that the module keeps from run to run."""

    pool = concurrent.futures.ThreadPoolExecutor(1)

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        return self.pool.submit(lambda: list(super(KeepsAPool, self).pull(collection))).result()


class RemembersInTheModule(Healthy):
    """Keeps its token in the module, as a cached function would: soundly, but beyond one run."""

    kept: dict[str, Any] = {}  # noqa: RUF012 - that it is shared is the point

    def open(self, access: Any) -> None:
        super().open(access)
        self.__dict__.update(self.kept)

    def close(self) -> None:
        self.kept.update(_held=self._held, _ends_s=self._ends_s, _lifetime_s=self._lifetime_s)
        super().close()
