"""One drift check: a vendor's recordings against a sandbox account, from the first question to a clean account."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import harness
from harness.certify.evidence import Evidence, push_records
from harness.certify.live_session import LiveAccess
from harness.certify.questions import Recorded, created, creates, listed, put_again
from harness.certify.visit import VendorTrouble, Visit, told
from harness.stage.account import Account, Changed, Cleaning, Record
from harness.stage.drift import Answer, Drift, drifts
from harness.stage.recordings import Recording
from harness.stage.sandbox import SandboxError
from harness.stage.shown import learn

Result = Literal["none", "notes", "breaking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of it."""

    vendor: str
    host: str
    checked_at: str
    harness_version: str
    result: Result
    drifts: tuple[Drift, ...]
    questions: int
    """How many were compared."""
    requests: int
    recordings: tuple[dict[str, str], ...]
    """Path, digest and date of each recording that was compared."""
    not_asked: dict[str, str]
    """What the recordings show and the account was not asked, and why."""
    left_behind: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def check(access: LiveAccess, evidence: Evidence, recordings: Sequence[Recording]) -> Checked:
    """Put what the recordings asked to the account and compare; what was created for it is removed again.

    Raises:
        SandboxError: Credentials, rights, budget or rules stand in the way, somebody else is in the account, or it was
            interrupted.
        VendorTrouble: The vendor is down.
    """
    live = access.live()
    recorded = Recorded.of(access.dialect, recordings)
    seen: list[Answer] = []
    broken: list[Drift] = []
    cleaning, reads_only = Cleaning(), ""
    try:
        with told(live):
            if _still_lists(Account(live), seen, broken):
                pattern = _pattern(evidence)
                visit = Visit.enter(live, state=access.state)
                try:
                    _ask(recorded, visit, pattern, seen, broken)
                finally:
                    cleaning, reads_only = visit.end(), visit.left_out
    except VendorTrouble as trouble:
        raise VendorTrouble(f"{trouble}{_left(cleaning)}") from trouble
    except KeyboardInterrupt:
        raise SandboxError(f"interrupted before its end; nothing was compared{_left(cleaning)}") from None
    found = tuple(dict.fromkeys((*broken, *drifts(access.dialect, recorded.answers, seen))))
    grades = {one.grade for one in found}
    both = recorded.questions & {one.question for one in seen}
    silent = {
        question: reads_only if reads_only and creates(question) else "the account gave no occasion to"
        for question in sorted(recorded.questions - both)
    }
    return Checked(
        vendor=access.dialect.name,
        host=access.sandbox.host,
        checked_at=datetime.now(UTC).isoformat(timespec="seconds"),
        harness_version=harness.__version__,
        result="breaking" if "breaking" in grades else "notes" if grades else "none",
        drifts=found,
        questions=len(both),
        requests=live.requests,
        recordings=tuple(
            {"path": f"{access.dialect.name}/{one.path.name}", "sha256": one.sha256, "recorded_at": one.recorded_at}
            for one in recordings
        ),
        not_asked={**silent, **recorded.left_out},
        left_behind=tuple(f"{key}: {why}" for key, why in cleaning.left),
    )


def _left(cleaning: Cleaning) -> str:
    keys = ", ".join(key for key, _ in cleaning.left)
    return f"; {keys} is left in the account until the next run, or harness sandbox clean" if keys else ""


def _still_lists(account: Account, seen: list[Answer], broken: list[Drift]) -> bool:
    """Whether the listing is what the dialect tells; where it is not, that is a drift, and all there is to say."""
    try:
        listed(account, seen)
    except Changed as changed:
        if "may not list" in str(changed):
            raise
        broken.append(_as_drift(account, changed))
        return False
    return True


def _pattern(evidence: Evidence) -> Record | None:
    if not evidence.simulates:
        return None
    record: Record = push_records(learn(evidence.dialect, evidence.pull, evidence.simulates), 1)[0]
    return record


def _ask(recorded: Recorded, visit: Visit, pattern: Record | None, seen: list[Answer], broken: list[Drift]) -> None:
    account = visit.account
    try:
        # Before anything is created: a lease is a record too, and need not look like the account's own.
        seen.extend(put_again(recorded, account, records=visit.records))
        visit.lease(pattern)
        if visit.rights == "writes" and pattern is not None:
            seen.extend(created(account, f"{visit.tag}drift", pattern))
    except Changed as changed:
        broken.append(_as_drift(account, changed))


def _as_drift(account: Account, changed: Changed) -> Drift:
    return Drift(grade="breaking", what="paging", where=f"{account.collection.name}.list", sentence=str(changed))
