"""What became better, worse, new or gone between two certificates of one subject."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from harness.certify.plain import plain

SCHEMA = "harness.comparison/1"
_Key = TypeVar("_Key", bound=Hashable)
Change = Literal["worse", "better", "new", "gone"]
"""``gone``: something was shown, or was wrong, and nothing is shown any more."""
CHANGES: tuple[Change, ...] = ("worse", "better", "new", "gone")

_VERDICTS = ("passed", "not_applicable", "unknown", "failed")
OUTCOMES = ("correct", "loud", "not_exercised", "unknown", "hung", "unexplained", "silent")
"""The best first."""
_SHOW_NOTHING = frozenset({"not_applicable", "unknown", "not_exercised"})
_CONDITIONS = ("harness_version", "seed", "profile", "selection")


class ComparisonError(Exception):
    """The certificates cannot be compared; the message is one sentence that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A certificate's document, and how each of its plans with a fault ended."""

    document: Mapping[str, Any]
    outcomes: Mapping[str, str]
    """By the text of the plan."""


def compared(document: Mapping[str, Any], plans: Sequence[str]) -> Compared:
    """The certificate with its plans that have a fault, in the order played: the order in which it lists how they
    ended."""
    ended = (fault["outcome"] for fault in document["faults"])
    return Compared(document=document, outcomes=dict(zip(plans, ended, strict=True)))


def comparison(old: Compared, new: Compared) -> dict[str, Any]:
    """The comparison as a document: the sides, in what they were made differently, and every change.

    Raises:
        ComparisonError: They are certificates of different subjects.
    """
    before, after = old.document, new.document
    check_same_subject(old, after["subject"]["name"])
    requirements = [
        {"change": change, "requirement": name, "vendor": vendor, "old": was, "new": now}
        for change, (name, vendor), was, now in _changes(_verdicts(before), _verdicts(after), _VERDICTS)
    ]
    faults = [
        {"change": change, "vendor": plan.partition(" ")[0], "plan": plan, "old": was, "new": now}
        for change, plan, was, now in _changes(old.outcomes, new.outcomes, OUTCOMES)
    ]
    return {
        "schema": SCHEMA,
        "subject": after["subject"]["name"],
        "old": _side(before),
        "new": _side(after),
        "conditions": _conditions(before, after),
        "requirements": requirements,
        "faults": faults,
        "regressed": any(one["change"] == "worse" for one in (*requirements, *faults)),
    }


def check_same_subject(old: Compared, name: str) -> None:
    """Nothing, where the older certificate is of the subject of that name.

    Raises:
        ComparisonError: It is of another one.
    """
    before = old.document["subject"]["name"]
    if before != name:
        raise ComparisonError(
            f"the older certificate is of {plain(before)!r} and the newer of {plain(name)!r}; compare one subject"
        )


def _side(document: Mapping[str, Any]) -> dict[str, str]:
    subject = document["subject"]
    return {
        "verdict": document["verdict"],
        "version": subject["version"],
        "commit": subject["commit"],
        "digest": subject["digest"],
        "issued_at": document["issued_at"],
    }


def _conditions(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """What may have changed a verdict and is not the subject's doing."""
    told = [
        {"what": name.replace("_", " "), "old": str(before[name]), "new": str(after[name])}
        for name in _CONDITIONS
        if before[name] != after[name]
    ]
    was, now = _recordings(before), _recordings(after)
    told += [
        {"what": f"recording {path}", "old": was.get(path, "absent")[:12], "new": now.get(path, "absent")[:12]}
        for path in sorted(was.keys() | now.keys())
        if was.get(path) != now.get(path)
    ]
    return told


def _recordings(document: Mapping[str, Any]) -> dict[str, str]:
    return {one["path"]: one["sha256"] for vendor in document["vendors"] for one in vendor["recordings"]}


def _verdicts(document: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (one["id"], vendor): verdict["verdict"]
        for one in document["requirements"]
        for vendor, verdict in one["by_vendor"].items()
    }


def _changes(
    before: Mapping[_Key, str], after: Mapping[_Key, str], best_first: Sequence[str]
) -> Iterator[tuple[Change, _Key, str, str]]:
    for key in dict.fromkeys((*after, *before)):
        was, now = before.get(key, ""), after.get(key, "")
        if was != now:
            yield _change(was, now, best_first), key, was, now


def _change(was: str, now: str, best_first: Sequence[str]) -> Change:
    if not was:
        return "new"
    if not now:
        return "gone"
    if best_first.index(now) > best_first.index(was):
        return "worse"
    # A failure of which nothing is seen any more has not been mended.
    return "gone" if now in _SHOW_NOTHING else "better"
