"""From the options that name a live account to the account itself."""

import sys
from pathlib import Path

from harness.certify.live_session import LiveAccess
from harness.certify.sandbox_file import sandbox_at, taken_credentials
from harness.certify.session import UsageError
from harness.certify.visit import state_folder
from harness.dialects import SHIPPED, Dialect
from harness.stage.sandbox import looks_like_production


def live_access(
    vendor: str,
    *,
    base_url: str | None,
    credentials_env: str,
    credentials_file: Path | None,
    sandbox: Path,
    max_requests: int | None,
    per_second: float | None,
    dialect: Dialect | None = None,
) -> LiveAccess:
    """The account that the options name; nothing has been asked of it yet.

    Raises:
        UsageError: An option is missing, or names what does not exist.
        SandboxError: The host may not be touched, or credentials are missing.
    """
    known = {one.name: one for one in (*SHIPPED, *((dialect,) if dialect else ()))}
    if vendor not in known:
        raise UsageError(f"there is no vendor {vendor!r}; known are {', '.join(known)}")
    if not base_url:
        raise UsageError(f"a live account of {vendor} needs --base-url URL, its address")
    rules = sandbox_at(base_url, sandbox, max_requests=max_requests, per_second=per_second)
    if looks_like_production(rules.host):
        print(f"Warning: {rules.host} is listed in {sandbox}, and looks like production.", file=sys.stderr)
    credentials = taken_credentials(known[vendor], prefix=credentials_env, file=credentials_file)
    return LiveAccess(dialect=known[vendor], sandbox=rules, state=state_folder(), credentials=credentials)
