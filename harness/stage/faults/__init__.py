"""Every kind of fault that a plan can name."""

from harness.stage.faults.batches import PartlyFailed
from harness.stage.faults.clocks import ClockSetBack, ClockSetForward, VendorClockAhead, VendorClockBehind
from harness.stage.faults.lies import EmptyBody, ErrorBody, HtmlPage, NullRecord
from harness.stage.faults.limits import Forbidden, QuotaTaken, RecordThrottled, Throttled
from harness.stage.faults.others import RowCreated, RowDeleted
from harness.stage.faults.pages import (
    CursorLoop,
    DroppedNext,
    EmptyPage,
    ForeignNext,
    OverlappingPage,
    Redirected,
    RepeatedPage,
    ShortPage,
    TotalDisagrees,
)
from harness.stage.faults.refusals import Ceiling, CursorExpired, NotFoundForWant
from harness.stage.faults.runs import (
    Again,
    Crash,
    Emptied,
    Interrupted,
    Leavers,
    Overlap,
    ShortSource,
    TwoAccounts,
    Workers,
)
from harness.stage.faults.scene import Fault, named, spelled
from harness.stage.faults.sizes import Oversized
from harness.stage.faults.sources import Backwards, KeptByHand, Returner, TwinRows, UnusualText
from harness.stage.faults.tokens import (
    CredentialsRejected,
    InsufficientScope,
    LifetimeAsText,
    LifetimeUnsaid,
    LifetimeZero,
    Revoked,
    ShortLived,
)
from harness.stage.faults.watch import DeafChannel, NoRuns, OnlyFailures
from harness.stage.faults.wire import Cut, CutSilently, Garbage, HangUp, ServerError, Slow, StaleConnection, Stalled
from harness.stage.faults.writes import ChangedMeanwhile, LaggingLookup, RedirectedWrite

KINDS: tuple[type[Fault], ...] = (
    Revoked,
    ShortLived,
    LifetimeUnsaid,
    LifetimeAsText,
    LifetimeZero,
    CredentialsRejected,
    InsufficientScope,
    ClockSetBack,
    ClockSetForward,
    VendorClockAhead,
    VendorClockBehind,
    Throttled,
    RecordThrottled,
    QuotaTaken,
    Forbidden,
    ErrorBody,
    HtmlPage,
    EmptyBody,
    NullRecord,
    PartlyFailed,
    RedirectedWrite,
    Oversized,
    UnusualText,
    NotFoundForWant,
    ShortPage,
    EmptyPage,
    OverlappingPage,
    DroppedNext,
    TotalDisagrees,
    RepeatedPage,
    CursorLoop,
    RowDeleted,
    RowCreated,
    CursorExpired,
    Ceiling,
    ForeignNext,
    Redirected,
    HangUp,
    Cut,
    CutSilently,
    Stalled,
    Garbage,
    Slow,
    ServerError,
    StaleConnection,
    Crash,
    Interrupted,
    Again,
    Emptied,
    Overlap,
    Leavers,
    ShortSource,
    TwoAccounts,
    Workers,
    Backwards,
    TwinRows,
    Returner,
    KeptByHand,
    LaggingLookup,
    ChangedMeanwhile,
    NoRuns,
    OnlyFailures,
    DeafChannel,
)

__all__ = ["KINDS", "Fault", "named", "spelled", *(kind.__name__ for kind in KINDS)]
