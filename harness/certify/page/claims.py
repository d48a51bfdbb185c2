"""What is claimed, in plain sentences: each is put together from exactly the requirements that passed."""

from collections.abc import Iterable, Sequence

FAMILIES = {
    "token": "Its token",
    "limits": "Limits",
    "errors": "Errors",
    "outcome": "Its runs",
    "pages": "Listings",
    "rerun": "A second run",
    "watch": "Its operators",
    "wire": "Broken connections",
}
"""Family -> what its claims are about."""

CLAUSES = {
    "token.reused": "is reused for its lifetime",
    "token.refresh-logged": "is renewed with a reason in the log",
    "token.single-flight": "is fetched once for all workers",
    "token.never-expired": "is never sent expired",
    "token.refreshed-early": "is renewed before its end",
    "token.skew-tolerated": "lives as long as it was told by any clock",
    "token.rejection-recovered": "is replaced when refused",
    "token.bad-credentials-loud": "is given up loudly when credentials are refused",
    "token.endpoint-throttled": "is fetched no faster than the vendor allows",
    "token.bound": "serves the account that it was bought for",
    "token.scope-failure-distinct": "is not replaced for want of scope",
    "token.stays-home": "is sent to no other host",
    "token.never-leaks": "is written nowhere",
    "limits.wait-honoured": "are waited out as long as asked",
    "limits.backoff-grows": "without a time are met with growing waits",
    "limits.bounded": "that never end are given up loudly",
    "limits.storm-survived": "that end are survived",
    "limits.not-mistaken": "are told from other refusals",
    "limits.hits-logged": "are logged",
    "limits.shared-quota": "are obeyed though some quota seems left",
    "limits.scope-respected": "hold for all workers",
    "limits.rest-goes-on": "of one record stop no other",
    "limits.long-wait-parks": "of hours end the run with the time to resume",
    "limits.amplification": "are not answered with a multiple of requests",
    "errors.body-error-seen": "under a success status are seen",
    "errors.null-record-seen": "in place of a record are seen",
    "errors.context-logged": "are told with status, message and request id",
    "errors.permanent-not-retried": "that last are not retried",
    "errors.lost-answer-reconciled": "that lose an answer are looked up, not guessed",
    "errors.partial-failure-named": "within a batch are named one by one",
    "errors.redirect-not-a-write": "that are redirects of a write count for no write",
    "errors.body-bounded": "without end are cut off at a set size",
    "errors.not-found-not-deleted": "that hide a record do not make another",
    "errors.idempotency-key-stable": "are met with the key of the first attempt",
    "errors.text-exact": "of charset, quoting and precision do not occur",
    "outcome.honest": "never say done when it is not",
    "outcome.survived": "end correct where a fault passes by itself",
    "outcome.ends": "all end",
    "outcome.zero-suspicious": "do not take nothing for all where records were",
    "outcome.interrupt-clean": "stop when they are told to, and are finished by the next",
    "pages.complete": "return every record once",
    "pages.truncation-seen": "that break off are noticed",
    "pages.loops-end": "that repeat for ever are ended loudly",
    "pages.duplicates-merged": "that show a record twice return it once",
    "pages.short-page-continued": "are followed past a short page",
    "pages.concurrent-change": "that change meanwhile lose no record",
    "pages.cursor-expired": "whose cursor expires leave no gap",
    "pages.ceiling-noticed": "that stop at a ceiling are not taken for whole",
    "rerun.same-state": "leaves the state of one",
    "rerun.no-writes": "writes nothing",
    "rerun.crash-converges": "after a crash leaves the state of one clean run",
    "rerun.mass-retire-refused": "on a source cut short takes no more than a share out of use",
    "rerun.overlap-safe": "beside the first duplicates nothing",
    "rerun.key-as-vendor": "is refused where two rows share a key",
    "rerun.inactive-matched": "puts who comes back into use again, or names them",
    "rerun.read-lag-safe": "makes nothing twice where a lookup is behind",
    "rerun.foreign-fields-kept": "keeps the fields of others",
    "watch.run-recorded": "find each run with its true end",
    "watch.status-true": "are told of no success that was none",
    "watch.staleness-alerts": "are alerted once when none comes",
    "wire.broken-reply-survived": "are survived when reading",
    "wire.stale-connection": "are replaced when kept too long",
}
"""Requirement -> what holds when it passed, as the rest of its family's sentence."""


def sentence(family: str, passed: Sequence[str]) -> str:
    """The claim of one family, without the words that it is about; names exactly the requirements given."""
    return f"{_listed([CLAUSES.get(name, f'hold {name}') for name in passed])}."


def _listed(parts: Iterable[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
