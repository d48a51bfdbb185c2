"""A requirement: a named sentence with a level, a source, and the checker that holds runs to it."""

from dataclasses import dataclass, field
from typing import Literal

from harness.judge.verdict import Checker

Level = Literal["MUST", "SHOULD"]
POST = "blog post"
"""The blog post that this project puts into practice."""
PRACTICE = "practice"
"""Learnt from integrations in production; no standard says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What an integration must do, and how it is seen that it does."""

    id: str
    sentence: str
    source: str
    """An RFC's section, the blog post, or practice; several are separated by semicolons."""
    why: str
    """What goes wrong in production without it."""
    remedy: str
    """What to change, as an order."""
    check: Checker = field(repr=False)
    needs: frozenset[str] = frozenset()
    """What vendor and subject must have for it to apply: ``tokens`` (the vendor sells tokens that end), ``oauth`` (it
    sells them to OAuth2 clients), ``signed`` (it asks for credentials at all), ``pull``, ``push``, ``pages`` (a
    listing), ``promise`` (a total, or a flag, says that there is more), ``moves`` (a record that comes or goes moves
    those of later pages, and a total tells), ``waits`` (a refusal says how long to wait), ``quota`` (answers say what
    is left of it), ``retire`` (records go out of use, and the subject can do that), ``activation`` (records go out of
    use), ``batch`` (several are written at once), ``idempotency`` (a header makes a repeated write count once),
    ``record_limit`` (a limit can be that of one record, and says so), ``search`` (a lookup of a key that nobody holds
    finds an empty list), ``recorded`` (no account is at stake, so that there can be other records), ``status`` and
    ``staleness`` (the subject can be asked for its status, and to check whether it is overdue)."""
    level: Level = "MUST"
    level_elsewhere: Level | None = None
    """For other subjects than the core, where it differs."""

    def level_for(self, *, core: bool) -> Level:
        """The level for the core, or for anybody else's integration."""
        return self.level if core or self.level_elsewhere is None else self.level_elsewhere
