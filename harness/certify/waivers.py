"""Waivers: failures that a team has looked at and set aside, each with a reason, an owner and an end."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from harness.judge.requirements import CATALOGUE

WAIVERS_FILE = "harness-waivers.toml"
State = Literal["waived", "expired", "needless", "untried"]
"""``waived``: the failure is set aside. ``expired``: it counts again. ``needless``: it no longer happens, and the gate
fails until the waiver is removed. ``untried``: this certification could not show it."""
_KEYS = ("requirement", "vendor", "reason", "owner", "expires")


class WaiverError(Exception):
    """The waivers cannot be used; the message is one sentence that says which, why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One failure set aside, up to and including a day."""

    requirement: str
    vendor: str
    reason: str
    owner: str
    expires: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A waiver, and what it did to a certification."""

    waiver: Waiver
    state: State

    @property
    def waives(self) -> bool:
        """Whether a failure is set aside by it."""
        return self.state == "waived"

    @property
    def sentence(self) -> str:
        """What it did, in one sentence; an order where somebody has to act."""
        one = self.waiver
        what, until = f"{one.requirement} on {one.vendor}", one.expires.isoformat()
        match self.state:
            case "waived":
                return f"The failure of {what} is waived until {until} by {one.owner}: {one.reason}"
            case "expired":
                return f"The waiver of {what} expired on {until}; mend the failure, or ask {one.owner} for a new date."
            case "needless":
                return f"The waiver of {what} waives nothing, the failure no longer happens: remove this line."
            case "untried":
                return f"The waiver of {what} was not needed: this certification did not try it."

    def document(self) -> dict[str, str]:
        """As the certificate lists it."""
        one = self.waiver
        return {
            "requirement": one.requirement,
            "vendor": one.vendor,
            "reason": one.reason,
            "owner": one.owner,
            "expires": one.expires.isoformat(),
            "state": self.state,
            "sentence": self.sentence,
        }


def read_waivers(path: Path, *, vendors: Collection[str]) -> tuple[Waiver, ...]:
    """The waivers of a TOML file, each a table ``[[waiver]]``; ``vendors`` are the names that exist.

    Raises:
        WaiverError: The file cannot be read, or a waiver lacks something, or names what does not exist.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WaiverError(f"the waivers {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WaiverError(f"the waivers {path} are no TOML: {error}") from error
    tables = document.get("waiver", [])
    strange = sorted(document.keys() - {"waiver"})
    if strange or not isinstance(tables, list):
        raise WaiverError(f"{path} holds {strange[0] if strange else 'waiver'!r}; write each waiver as [[waiver]]")
    waivers = tuple(
        _waiver(f"waiver {number} of {path}", table, vendors) for number, table in enumerate(tables, start=1)
    )
    for number, one in enumerate(waivers, start=1):
        if (one.requirement, one.vendor) in {(other.requirement, other.vendor) for other in waivers[: number - 1]}:
            raise WaiverError(
                f"waiver {number} of {path} waives {one.requirement} on {one.vendor} again; keep one of them"
            )
    return waivers


def _waiver(where: str, table: Any, vendors: Collection[str]) -> Waiver:
    if not isinstance(table, dict):
        raise WaiverError(f"{where} is no table; write it as [[waiver]]")
    for name in sorted(table.keys() - set(_KEYS)):
        raise WaiverError(f"{where} has the unknown key {name!r}; known are {', '.join(_KEYS)}")
    requirement, vendor, reason, owner = (_text(where, table, name) for name in _KEYS[:4])
    if requirement not in {one.id for one in CATALOGUE}:
        raise WaiverError(
            f"{where} names the requirement {requirement!r}; 'harness requirements' lists those there are"
        )
    if vendor not in vendors:
        raise WaiverError(f"{where} names the vendor {vendor!r}; known are {', '.join(vendors)}")
    expires = table.get("expires")
    # A moment is a date to Python, and says more than a waiver means.
    if not isinstance(expires, date) or isinstance(expires, datetime):
        raise WaiverError(f"{where} has no day on which it expires; write one without quotes, as expires = 2026-12-31")
    return Waiver(requirement=requirement, vendor=vendor, reason=reason, owner=owner, expires=expires)


def _text(where: str, table: Mapping[str, Any], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip():
        raise WaiverError(f'{where} has no {name}; write one, as {name} = "..."')
    return value


def applied(waivers: Sequence[Waiver], verdicts: Mapping[tuple[str, str], str], *, today: date) -> tuple[Applied, ...]:
    """What each waiver does to the verdicts, which are by requirement and vendor, on the day of issue."""
    return tuple(
        Applied(waiver=one, state=_state(one, verdicts.get((one.requirement, one.vendor)), today)) for one in waivers
    )


def _state(waiver: Waiver, verdict: str | None, today: date) -> State:
    if verdict in (None, "unknown"):
        return "untried"
    if verdict != "failed":
        return "needless"
    return "waived" if today <= waiver.expires else "expired"


def waived(document: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Requirement and vendor of every failure that the certificate's waivers set aside."""
    return frozenset((one["requirement"], one["vendor"]) for one in document["waivers"] if one["state"] == "waived")


def counting(document: Mapping[str, Any], requirement: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The requirement's failures that no waiver sets aside, as the document lists them."""
    set_aside = waived(document)
    return [one for one in requirement["failures"] if (requirement["id"], one["vendor"]) not in set_aside]
