"""From a sandbox account to a campaign on it, and what a certificate says of the stay."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.certify.campaign import Profile
from harness.certify.evidence import Evidence, push_records
from harness.certify.live_campaign import ByVendor, LiveCampaign
from harness.certify.orders import Setup
from harness.certify.pool import Pool, Workers
from harness.certify.relay import Attendant
from harness.certify.visit import Visit
from harness.dialects import Dialect
from harness.dialects.credentials import Credentials
from harness.stage.account import Cleaning
from harness.stage.live import Live
from harness.stage.sandbox import Sandbox
from harness.stage.shapes import differences
from harness.stage.shown import learn

REAL_LIMIT_S = 90.0
"""Real time that one live run may take."""
_LABELS = {"vendor_down": "VENDOR-DOWN", "budget_spent": "BUDGET-SPENT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAccess:
    """Which account is certified against, and how it is reached."""

    dialect: Dialect
    sandbox: Sandbox
    state: Path
    """Where this machine's name and locks are kept."""
    credentials: Credentials = field(default=None, repr=False)

    def live(self) -> Live:
        """The account as a vendor, with its whole budget."""
        return Live(self.dialect, self.sandbox, self.credentials)


def live_campaign(
    access: LiveAccess, setup: Setup, recorded: Pool, evidence: Mapping[str, Evidence], profile: Profile
) -> LiveCampaign:
    """A campaign on the recordings and on the account, which is entered.

    Raises:
        SandboxError: The account cannot be used; the sentence says why and what to do.
        VendorTrouble: The vendor is down or has changed.
    """
    mine = evidence[access.dialect.name]
    pattern = None
    if "push" in recorded.loaded.jobs and mine.simulates:
        pattern = push_records(learn(mine.dialect, mine.pull, mine.simulates), 1)[0]
    visit = Visit.begin(access.live(), state=access.state, pattern=pattern)
    try:
        live = replace(mine, live=visit.rights)
        attendant = Attendant(visit.account, visit.records)
        pool = Workers(
            replace(setup, evidence=(live,), tag=visit.tag, real_limit_s=REAL_LIMIT_S),
            count=1,
            against=lambda task: "live",
            worker_end=attendant.worker_end,
        )
    except BaseException:
        visit.end()
        raise
    pools = ByVendor(dict.fromkeys(evidence, recorded) | {live.name: pool})
    return LiveCampaign({**evidence, live.name: live}, pools, profile, visit=visit)


def told_of(campaign: LiveCampaign, cleaning: Cleaning, product: str) -> dict[str, Any]:
    """What the certificate says of the stay: where, how much was asked, what was left out, what stood in the way."""
    visit, live = campaign.visit, campaign.visit.account.live
    trouble = live.trouble
    return {
        "host": live.sandbox.host,
        "product": product,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "requests": live.requests,
        "most_requests": live.sandbox.max_requests,
        "limited": live.limited,
        "records": len(visit.records),
        "reads_only": visit.left_out,
        "drift": list(differences(campaign.recorded(), live.seen)),
        "left_out": [f"{plan}: {why}" for plan, why in campaign.selection.left_out.items()],
        "trouble": f"{_LABELS.get(trouble.kind, trouble.kind)}: {trouble}" if trouble else "",
        "removed": [*visit.swept.removed, *cleaning.removed],
        "left_behind": [f"{key}: {why}" for key, why in (*visit.swept.left, *cleaning.left)],
    }
