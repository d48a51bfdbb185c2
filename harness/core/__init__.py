"""The production integration core: imports from a vendor and provisions it, and is never silently wrong."""

from harness.core.errors import (
    BodyError,
    Context,
    CredentialsRejected,
    DeadlineReached,
    Incomplete,
    IntegrationError,
    KeyTaken,
    LeadsElsewhere,
    MalformedReply,
    NotSent,
    Oversized,
    PageLoop,
    Redirected,
    Refused,
    RetriesExhausted,
    ServerFailed,
    SourceRefused,
    Stale,
    Throttled,
    Unanswered,
    Unauthorized,
    Unsendable,
    WaitTooLong,
)
from harness.core.integration import Integration
from harness.core.journal import Counts
from harness.core.pacing import Pacing
from harness.core.push import PushReport
from harness.core.retry import RetryPolicy
from harness.core.tokens import TokenManager
from harness.core.transport import Bounds

__all__ = [
    "BodyError",
    "Bounds",
    "Context",
    "Counts",
    "CredentialsRejected",
    "DeadlineReached",
    "Incomplete",
    "Integration",
    "IntegrationError",
    "KeyTaken",
    "LeadsElsewhere",
    "MalformedReply",
    "NotSent",
    "Oversized",
    "Pacing",
    "PageLoop",
    "PushReport",
    "Redirected",
    "Refused",
    "RetriesExhausted",
    "RetryPolicy",
    "ServerFailed",
    "SourceRefused",
    "Stale",
    "Throttled",
    "TokenManager",
    "Unanswered",
    "Unauthorized",
    "Unsendable",
    "WaitTooLong",
]
