"""The production integration core: imports from a vendor and provisions it, and is never silently wrong."""

from harness.core.errors import (
    BodyError,
    Context,
    CredentialsRejected,
    DeadlineReached,
    FailuresUnread,
    FormTokenRefused,
    Incomplete,
    IntegrationError,
    JournalUnusable,
    KeyTaken,
    LeadsElsewhere,
    ListingChanged,
    MalformedReply,
    MassRetirementRefused,
    NotSent,
    Oversized,
    PageLoop,
    RecordThrottled,
    Redirected,
    Refused,
    RetriesExhausted,
    ServerFailed,
    SourceRefused,
    Spent,
    Stale,
    Throttled,
    TokensUnusable,
    Unanswered,
    Unauthorized,
    Unsendable,
    WaitTooLong,
)
from harness.core.integration import Integration
from harness.core.journal import Counts
from harness.core.log import log_json
from harness.core.pacing import Pacing
from harness.core.retry import RetryPolicy
from harness.core.source import csv_records
from harness.core.sync import Changes, reconcile
from harness.core.sync_journal import unfinished
from harness.core.sync_report import SyncReport
from harness.core.token_files import FileTokens
from harness.core.token_stores import MemoryTokens, TokenStore
from harness.core.tokens import TokenManager
from harness.core.transport import Bounds

__all__ = [
    "BodyError",
    "Bounds",
    "Changes",
    "Context",
    "Counts",
    "CredentialsRejected",
    "DeadlineReached",
    "FailuresUnread",
    "FileTokens",
    "FormTokenRefused",
    "Incomplete",
    "Integration",
    "IntegrationError",
    "JournalUnusable",
    "KeyTaken",
    "LeadsElsewhere",
    "ListingChanged",
    "MalformedReply",
    "MassRetirementRefused",
    "MemoryTokens",
    "NotSent",
    "Oversized",
    "Pacing",
    "PageLoop",
    "RecordThrottled",
    "Redirected",
    "Refused",
    "RetriesExhausted",
    "RetryPolicy",
    "ServerFailed",
    "SourceRefused",
    "Spent",
    "Stale",
    "SyncReport",
    "Throttled",
    "TokenManager",
    "TokenStore",
    "TokensUnusable",
    "Unanswered",
    "Unauthorized",
    "Unsendable",
    "WaitTooLong",
    "csv_records",
    "log_json",
    "reconcile",
    "unfinished",
]
