"""The catalogue: every requirement that a certificate is made of, by family."""

from harness.judge.amplification import AMPLIFICATION
from harness.judge.batches import BATCHES
from harness.judge.errors import ERRORS
from harness.judge.exposure import EXPOSURE
from harness.judge.honesty import HONESTY
from harness.judge.idempotency import IDEMPOTENCY
from harness.judge.keys import KEYS
from harness.judge.limits import LIMITS
from harness.judge.long_waits import LONG_WAITS
from harness.judge.pages import PAGES
from harness.judge.quotas import QUOTAS
from harness.judge.replies import REPLIES
from harness.judge.requirement import Level, Requirement
from harness.judge.rerun import RERUN
from harness.judge.token_calls import TOKEN_CALLS
from harness.judge.token_lifetime import TOKEN_LIFETIME
from harness.judge.token_trouble import TOKEN_TROUBLE
from harness.judge.token_use import TOKEN_USE
from harness.judge.walks import WALKS
from harness.judge.watch import WATCH
from harness.judge.wire import WIRE

CATALOGUE: tuple[Requirement, ...] = (
    *TOKEN_CALLS,
    *TOKEN_LIFETIME,
    *TOKEN_TROUBLE,
    *TOKEN_USE,
    *EXPOSURE,
    *LIMITS,
    *QUOTAS,
    *LONG_WAITS,
    *AMPLIFICATION,
    *ERRORS,
    *BATCHES,
    *REPLIES,
    *IDEMPOTENCY,
    *HONESTY,
    *PAGES,
    *WALKS,
    *RERUN,
    *KEYS,
    *WATCH,
    *WIRE,
)
"""In the order in which certificates list them."""

__all__ = ["CATALOGUE", "Level", "Requirement"]
