"""A certificate's folder as later commands read it: nothing is taken for a certificate that is not a whole one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.certify.comparison import OUTCOMES, Compared, compared
from harness.certify.folder import FolderError
from harness.certify.stored_runs import read_certificate, read_runs

_NUMBER = (int, float)
_FAILURE = dict.fromkeys(("vendor", "plan", "outcome", "sentence", "expected", "seen", "history"), str)
_REQUIREMENT = {
    **dict.fromkeys(("id", "level", "sentence", "source"), str),
    "verdict": ("passed", "failed", "unknown", "not_applicable"),
    "by_vendor": Mapping,
    "failures": [_FAILURE],
}
_RECORDING = dict.fromkeys(("path", "sha256", "recorded_at", "product"), str)
_SHAPE = {
    "verdict": ("certified", "not_certified", "inconclusive"),
    **dict.fromkeys(("selection", "harness_version", "issued_at", "profile"), str),
    "subject": dict.fromkeys(("name", "version", "digest", "commit"), str),
    **dict.fromkeys(("seed", "runs", "wall_s", "virtual_s"), _NUMBER),
    "vendors": [{"name": str, "against": str, "recordings": [_RECORDING]}],
    "requirements": [_REQUIREMENT],
    "faults": [{**dict.fromkeys(("vendor", "point", "kind"), str), "outcome": OUTCOMES}],
    "outcomes": dict.fromkeys(("correct", "loud", "unexplained", "silent", "hung"), _NUMBER),
    "plans": dict.fromkeys(("points", "possible", "armed", "fired", "not_exercised"), _NUMBER),
    "waivers": [dict.fromkeys(("requirement", "vendor", "reason", "owner", "expires", "state", "sentence"), str)],
    "not_claimed": [str],
}
"""What every reader of a certificate relies on: a type, one of some words, each entry of a list, keys of an object."""
_VERDICT = {"verdict": _REQUIREMENT["verdict"], "runs": _NUMBER}


def stored_document(folder: Path) -> Mapping[str, Any]:
    """The certificate's document, with everything in it that its readers rely on.

    Raises:
        FolderError: The folder holds no certificate, a half written one, or one of another schema.
    """
    document = read_certificate(folder)
    wrong = _misfit(document, _SHAPE, "") or next(
        (
            told
            for number, one in enumerate(document["requirements"])
            for vendor, verdict in one["by_vendor"].items()
            if (told := _misfit(verdict, _VERDICT, f"requirements[{number}].by_vendor.{vendor}"))
        ),
        "",
    )
    if wrong:
        raise FolderError(f"{folder / 'certificate.json'} is half written or was edited: {wrong}; certify again")
    return document


def stored_certificate(folder: Path) -> Compared:
    """The certificate's document, and how each of its plans with a fault ended.

    Raises:
        FolderError: As ``stored_document``; also where histories are missing or cut.
    """
    document = stored_document(folder)
    plans = [run.plan for run in read_runs(folder) if run.faults]
    if len(plans) != len(document["faults"]):
        raise FolderError(
            f"{folder} is half written: certificate.json lists {len(document['faults'])} plans with a fault and"
            f" histories/ holds {len(plans)}; certify again, or take a whole copy"
        )
    return compared(document, plans)


def _misfit(value: Any, shape: Any, place: str) -> str:
    """Where the value is not of the shape, in a few words; empty where it is."""
    match shape:
        case dict():
            if not isinstance(value, dict):
                return f"{place or 'it'} is no object"
            missing = [name for name in shape if name not in value]
            if missing:
                return f"{place + '.' if place else ''}{missing[0]} is missing"
            inside = (_misfit(value[name], one, f"{place}.{name}".lstrip(".")) for name, one in shape.items())
            return next(filter(None, inside), "")
        case list():
            (one,) = shape
            if not isinstance(value, list):
                return f"{place} is no list"
            return next(filter(None, (_misfit(part, one, f"{place}[{at}]") for at, part in enumerate(value))), "")
        case tuple() if isinstance(shape[0], str):
            return "" if value in shape else f"{place} is none of {', '.join(shape)}"
        case _:
            return "" if isinstance(value, shape) and not isinstance(value, bool) else f"{place} is of another type"
