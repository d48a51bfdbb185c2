"""What a series of recordings is: one server in one configuration, and the flows that are played to it in order."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from harness.dialects.facts import Dialect
from tests.vendors.process import Running


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One cassette: what it shows, and how it is played."""

    name: str
    shows: str
    play: Callable[[requests.Session, Running], None]
    prepare: Callable[[Running], None] = lambda running: None
    """Done before the flow and not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One folder of cassettes: one server, one configuration, flows in their order."""

    folder: str
    dialect: Dialect
    licence: str
    start: Callable[[Path, int], Running]
    flows: tuple[Flow, ...]
