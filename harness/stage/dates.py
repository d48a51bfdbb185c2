"""The calendar of a run: datetime, date, gmtime, localtime, strftime tell its time. No other module knows freezegun.

Freezing walks through every loaded module, so it is done once; a run nests its own start in it, which costs 4 us.
The process should live in UTC: elsewhere the outer freeze shifts ``datetime.now()`` by the zone's offset.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import freezegun
import freezegun.config

_outer = freezegun.freeze_time(tick=True)


def install() -> None:
    """From here on the calendar can be set; outside a run it goes on with real time."""
    # freezegun's own list of modules to leave in real time matches prefixes: "gi" would hit "github_sync".
    freezegun.configure(default_ignore_list=[])
    global _outer
    _outer = freezegun.freeze_time(tick=True)
    _outer.start()


def uninstall() -> None:
    """Put the real calendar back."""
    _outer.stop()
    freezegun.config.reset_config()


@contextmanager
def calendar(start: datetime) -> Iterator[Callable[[int], None]]:
    """The calendar stands at ``start`` and moves on by so many microseconds at each call of what is given."""
    with freezegun.freeze_time(start) as frozen:

        def move(by_us: int) -> None:
            frozen.tick(timedelta(microseconds=by_us))

        yield move
