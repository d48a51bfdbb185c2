"""Subjects that do to their process, and to what they are given, what no test author expects."""

import logging
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.healthy_subject import Healthy

MARKUP = "<img src=x onerror=alert(1)></script><script>alert(2)</script> {{7*7}} javascript:alert(3) \x1b[2J\u202e\x00"


class RaisesMarkup(Healthy):
    """Raises and logs what would run as a script in a careless page."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        rows = list(super().pull(collection))
        logging.getLogger(__name__).warning(MARKUP)
        if self.access.vendor == "mediawiki":
            raise RuntimeError(MARKUP)
        return rows


class ClosesDescriptors(Healthy):
    """Closes every descriptor but the standard ones, as daemons do."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        os.closerange(3, 1024)
        return super().pull(collection)


class ForksOn(Healthy):
    """Forks, and lets both processes go on."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        if os.fork() == 0:
            return []
        return super().pull(collection)


class ForksAndDies(Healthy):
    """Dies while a child of it lives on with every descriptor open."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        if os.fork() == 0:
            os.execv("/bin/sleep", ["sleep", "3"])
        os._exit(4)


class WritesToDescriptors(Healthy):
    """Writes to standard output and standard error past the interpreter."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        for descriptor in (1, 2):
            os.write(descriptor, b"x" * 1_000_000)
        return super().pull(collection)


class ClosesStandardOutput(Healthy):
    """Prints bytes, then closes what it printed to."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        sys.stdout.buffer.write(b"bytes\xff")
        sys.stdout.close()
        sys.stderr.detach()
        return super().pull(collection)


class RaisesOnClose(Healthy):
    """Cannot say goodbye."""

    def close(self) -> None:
        raise RuntimeError("the connection pool is gone")


class BreaksOffItself(Healthy):
    """Hands out one record and raises at the second."""

    def pull(self, collection: str) -> Iterator[Mapping[str, Any]]:
        yield from list(super().pull(collection))[:1]
        raise RuntimeError("lost my place")


class ReturnsNone(Healthy):
    """Does its work and forgets to return it."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        list(super().pull(collection))
        return None  # type: ignore[return-value]


class NeverStops(Healthy):
    """Hands out the same records for ever."""

    def pull(self, collection: str) -> Iterator[Mapping[str, Any]]:
        rows = list(super().pull(collection))
        while True:
            yield from rows


class MutatesRecords(Healthy):
    """Empties every record that it was given, after it has pushed it."""

    def push(self, collection: str, records: Sequence[Mapping[str, Any]]) -> None:
        super().push(collection, records)
        for record in records:
            record.clear()  # type: ignore[attr-defined]
        records.clear()  # type: ignore[attr-defined]


class FieldsRaise(Healthy):
    """Cannot name the vendor's fields."""

    def fields(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        raise KeyError("name")


class MadeOnce(Healthy):
    """Can be made once in a process."""

    made = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).made += 1
        if self.made > 1:
            raise RuntimeError("there is another one already")


class Unreadable:
    """A result whose failures raise when looked at."""

    @property
    def failed(self) -> Mapping[str, str]:
        raise RuntimeError("the result was closed")


class ReturnsTheUnreadable(Healthy):
    """Pushes, and returns a result that cannot be read."""

    def push(self, collection: str, records: Sequence[Mapping[str, Any]]) -> Any:
        super().push(collection, records)
        return Unreadable()


class Sly(str):
    """A text that stays what it is when it is asked to be one, and cannot be copied to another process."""

    def __str__(self) -> str:
        return self

    def __reduce__(self) -> Any:
        return os._exit, (9,)


class SpeaksSlyly(Healthy):
    """Raises and logs texts of a class of its own, one with half a character in it."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        logging.getLogger(__name__).warning("%s", Sly("half \udc80"), extra={"sly": Sly("sly"), "half": "\udc80"})
        raise RuntimeError(Sly("half \udc80"))


class LogsTheUnprintable(Healthy):
    """Logs what raises when it is put into words or shown."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        class Unprintable:
            def __repr__(self) -> str:
                raise ValueError("no words")

        logging.getLogger(__name__).warning(Unprintable())
        return super().pull(collection)


class ConfiguresLogging(Healthy):
    """Sets up logging anew when opened, as an application does."""

    def open(self, access: Any) -> None:
        logging.basicConfig(force=True, level=logging.INFO)
        super().open(access)


class SleepsOddly(Healthy):
    """Sleeps for what counts as a number and is none."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        time.sleep(True)
        return super().pull(collection)


class KillsItsGroup(Healthy):
    """Ends its process group, as a careless clean-up does."""

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        os.killpg(0, signal.SIGTERM)
        return super().pull(collection)
