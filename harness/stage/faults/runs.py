"""What happens to whole runs: a crash in the middle, the same run again, several at once, a source cut short."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from harness.dialects.facts import Dialect, OAuth2
from harness.stage.faults.scene import Asks, Scene, Struck, whole
from harness.stage.history import Exchange

RUN_POINT = "run#1"
"""Where faults of a whole run are injected."""


@dataclass(frozen=True, slots=True)
class Crash:
    """The subject's process dies at the exchange, before or after the vendor's effect; then it runs again."""

    after_effect: bool = False
    family: ClassVar[str] = "rerun"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return True

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "correct"

    def strike(self, scene: Scene) -> Struck:
        if self.after_effect:
            scene.answer()
        scene.crash()


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The subject is told to stop while it waits for the answer (SIGTERM, or SIGINT where it has no handler for that);
    then it runs again."""

    family: ClassVar[str] = "outcome"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return True

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "correct"

    def strike(self, scene: Scene) -> Struck:
        scene.stop()
        return Struck(script=whole(scene, scene.answer()), passes=True)


class OfTheWholeRun:
    """Strikes no exchange: the run itself is another."""

    __slots__ = ()
    family: ClassVar[str] = "rerun"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return clean.point == RUN_POINT

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "correct"

    def strike(self, scene: Scene) -> Struck:
        raise AssertionError("a fault of the whole run strikes no exchange")


@dataclass(frozen=True, slots=True)
class Again(OfTheWholeRun):
    """The same run, once more, by a subject that remembers nothing."""


@dataclass(frozen=True, slots=True)
class Overlap(OfTheWholeRun):
    """Several subjects of the same integration do the same job at once, each a process of its own."""

    subjects: int = 2

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        # All but one may refuse, by a lease or by what the vendor refuses them; the work is done all the same.
        return "either"


class _OfTheSource(OfTheWholeRun):
    """What the source still lists is kept; the subject is asked to retire the rest."""

    __slots__ = ()

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        writing = dialect.collections[0].writing
        return clean.point == RUN_POINT and writing is not None and writing.activation is not None


@dataclass(frozen=True, slots=True)
class Leavers(_OfTheSource):
    """So many have left, and everybody else is listed."""

    records: int = 1

    def listed(self, keys: Sequence[str]) -> Sequence[str]:
        """What the source lists, of all the keys in use."""
        return keys[: -self.records]


@dataclass(frozen=True, slots=True)
class ShortSource(_OfTheSource):
    """The source came up short: it lists so few that the others cannot all have left."""

    records: int = 3

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        return "loud"

    def listed(self, keys: Sequence[str]) -> Sequence[str]:
        """What the source lists, of all the keys in use."""
        return keys[: self.records]


@dataclass(frozen=True, slots=True)
class Emptied(OfTheWholeRun):
    """The opened subject does its job, and once more when nothing is left: the vendor lists no record, with status 200;
    of a push, the source gives none."""

    family: ClassVar[str] = "outcome"

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        # Returning what is there, with a warning, is as right as refusing to believe it.
        return "either"


@dataclass(frozen=True, slots=True)
class TwoAccounts(OfTheWholeRun):
    """One process serves two accounts of the vendor, in turns: of two clients, or of one client in two tenants."""

    differ: Literal["client", "issuer"] = "client"
    family: ClassVar[str] = "token"

    def fits(self, clean: Exchange, dialect: Dialect) -> bool:
        return clean.point == RUN_POINT and isinstance(dialect.signing, OAuth2)

    def asks(self, clean: Exchange, times: int | None) -> Asks:
        # A process may refuse to serve two.
        return "either"


@dataclass(frozen=True, slots=True)
class Workers(OfTheWholeRun):
    """Several threads of one subject do the job at once."""

    threads: int = 4
