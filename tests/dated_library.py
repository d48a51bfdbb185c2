"""A library as pydantic 1 is one: its dates have a metaclass of their own, and it asks the calendar itself."""

from datetime import UTC, date, datetime


class Bounded(type):
    """What makes a metaclass conflict of a calendar whose ``date`` has a metaclass too."""


class Day(date, metaclass=Bounded):
    """A date within bounds."""


def stamped() -> datetime:
    """The moment by this module's own ``datetime``."""
    return datetime.now(UTC)
