"""How old a certificate's evidence may be: what is too old proves nothing of the vendor of today."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

_AGE = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
UNCHECKED = {"checked_at": "", "result": ""}


def age_of(text: str) -> timedelta | None:
    """The age that ``12h``, ``30d`` or ``4w`` names; None where the text names none."""
    found = _AGE.fullmatch(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


def with_ages(document: Mapping[str, Any], checks: Mapping[str, Mapping[str, str]], max_age: str) -> dict[str, Any]:
    """The document with each recording's last drift check and, where ``max_age`` is not empty, with what is stale.

    A recording is as old as the day it was made, or as its last drift check that found nothing breaking. One without a
    date is stale, and so is one from which the vendor has drifted away.

    Args:
        checks: Digest of a recording -> date and result of its last check.
        max_age: As ``age_of`` reads it.
    """
    vendors = [
        {
            **vendor,
            "recordings": [{**one, "drift": checks.get(one["sha256"], UNCHECKED)} for one in vendor["recordings"]],
        }
        for vendor in document["vendors"]
    ]
    if not max_age:
        return {**document, "vendors": vendors}
    most, now = age_of(max_age), datetime.fromisoformat(document["issued_at"])
    assert most is not None, "an age that is none is refused where it is read"
    recordings = [one for vendor in vendors for one in vendor["recordings"]]
    stale = sorted({one["path"] for one in recordings if not _is_fresh(one, now - most)})
    verdict = by_age(document["verdict"], stale)
    return {**document, "vendors": vendors, "verdict": verdict, "max_age": max_age, "stale": stale}


def by_age(verdict: Any, stale: Iterable[str]) -> Any:
    """The verdict; nothing is certified on stale evidence, and what failed on it has failed."""
    return "inconclusive" if verdict == "certified" and tuple(stale) else verdict


def stale_told(document: Mapping[str, Any]) -> str:
    """Which recordings are too old, in one sentence; empty where none is."""
    stale = document.get("stale") or []
    if not stale:
        return ""
    some = ", ".join(stale[:3]) + (f" and {len(stale) - 3} more" if len(stale) > 3 else "")
    return (
        f"Stale evidence: {some}; older than {document['max_age']}, without a date, or the vendor has drifted away."
        " Record again, or let harness drift check it."
    )


def drift_told(recording: Mapping[str, Any]) -> str:
    """Date and result of the recording's last drift check; ``never`` where there was none."""
    drift = recording.get("drift") or UNCHECKED
    words = {"none": "no drift", "notes": "nothing breaking", "breaking": "breaking drift"}
    return f"{drift['checked_at'][:10]}: {words.get(drift['result'], 'unknown')}" if drift["checked_at"] else "never"


def days_old(recorded_at: str, issued_at: str) -> int | None:
    """Whole days between the two; None where the recording tells no date."""
    recorded = _moment(recorded_at)
    return max(0, (datetime.fromisoformat(issued_at).date() - recorded.date()).days) if recorded else None


def _is_fresh(recording: Mapping[str, Any], earliest: datetime) -> bool:
    drift = recording["drift"]
    if drift["result"] == "breaking":
        return False
    told = [moment for text in (recording["recorded_at"], drift["checked_at"]) if (moment := _moment(text))]
    return any(moment >= earliest for moment in told)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.astimezone()
