"""What ``harness sandbox`` does."""

import sys
from typing import Literal

from harness.certify.account_options import live_access
from harness.certify.command import mistakes_told
from harness.certify.visit import held_alone, machine_name, told
from harness.stage.account import TAG, Account

Whose = Literal["this machine's", "everybody's"]


def check(vendor: str, **account: object) -> None:
    """Print what the account holds and what may be done with it."""
    with mistakes_told(so="nothing was changed"):
        access = live_access(vendor, **account)  # type: ignore[arg-type]
        live = access.live()
        here = Account(live)
        with told(live):
            records = here.records()
    tagged = here.tagged(records)
    rules = access.sandbox
    writes = "writes allowed" if rules.writes else "reads only"
    print(f"{rules.host}: {writes}, {rules.max_requests} requests at {rules.per_second:g} a second.")
    print(
        f"It lists {len(records)} {here.collection.name} on {here.pages} pages; {len(tagged)} of them were left by "
        f"live certifications. {live.requests} requests were sent, {live.limited} of them limited."
    )


def clean(vendor: str, whose: Whose, **account: object) -> int:
    """Remove tagged records; 0 where none is left, 1 where one is."""
    with mistakes_told(so="what it had not come to is still there"):
        access = live_access(vendor, **account)  # type: ignore[arg-type]
        live = access.live()
        here = Account(live)
        with held_alone(access.sandbox.host, access.state), told(live):
            mine = machine_name(access.state)
            found = [
                one
                for one in here.tagged(here.records())
                if (tag := TAG.match(str(one[here.collection.key_field])))
                and (whose == "everybody's" or tag["machine"] == mine)
            ]
            cleaning = here.remove(found)
    print(f"{len(cleaning.removed)} records removed from {access.sandbox.host}.")
    for key, why in cleaning.left:
        print(f"{key} is left: {why}", file=sys.stderr)
    return 1 if cleaning.left else 0
