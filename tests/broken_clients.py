"""Subjects with one disease each in how they sign, wait and connect: what becomes of a single request."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import requests

from tests.healthy_client import Trouble, dig, log
from tests.healthy_connection import Connection, Reply
from tests.healthy_requests import ByRequests
from tests.healthy_subject import Healthy


class Broken(Healthy):
    """A subject with exactly one disease."""

    fails: ClassVar[frozenset[str]]
    """The exact set of requirements that fail of it: the one it is made for, and those that cannot but fall with it."""
    also_on: ClassVar[tuple[str, ...]] = ()
    """Where else its disease shows than where every subject is certified."""


class BrokenReader(Broken):
    """Its disease is in how it walks through listings, which no push does: it imports alone."""

    push = None
    retire = None


class BrokenWriter(Broken):
    """Its disease is in how it writes: it imports nothing."""

    pull = None


# -- token -------------------------------------------------------------------------------------------------------------


class FetchesATokenEachTime(Broken):
    """Asks for a new token before every request."""

    # Workers that need a token at once ask for one each, as they do at any other time, and by any clock.
    fails = frozenset({"token.reused", "token.single-flight", "token.skew-tolerated"})

    def _why_fetch(self) -> str:
        return super()._why_fetch() or "another request"


class KeepsTokensForEver(Broken):
    """Does not read ``expires_in``; a token serves until the vendor rejects it."""

    # A token beyond its end is inside the margin of its end as well, and beyond it by any clock.
    fails = frozenset({"token.never-expired", "token.refreshed-early", "token.skew-tolerated"})

    def _told_lifetime_s(self, told: Any) -> float:
        return 0.0


class RefreshesLate(Broken):
    """Uses a token until the last moment before its end."""

    fails = frozenset({"token.refreshed-early"})

    def _margin_s(self, lifetime_s: float) -> float:
        return 0.06


class CountsLifetimesByTheWallClock(Broken):
    """Notes the date at which its token ends, and looks at the date to see whether it has."""

    fails = frozenset({"token.skew-tolerated"})

    def _fetch_token(self, reason: str) -> None:
        super()._fetch_token(reason)
        left_s = None if self._ends_s is None else self._ends_s - time.monotonic()
        self._end_date_s = None if left_s is None else time.time() + left_s

    def _why_fetch(self) -> str:
        if not self._held or self._end_date_s is None:
            return super()._why_fetch()
        return "expiring" if time.time() >= self._end_date_s - self._margin_s(self._lifetime_s) else ""


class SharesItsTokenWithEveryAccount(Broken):
    """Keeps its token where every other subject of the process finds it."""

    fails = frozenset({"token.bound"})
    _opened: ClassVar[int] = 0
    _shared: ClassVar[tuple[str, float | None, float] | None] = None

    def open(self, access: Any) -> None:
        super().open(access)
        cls = SharesItsTokenWithEveryAccount
        cls._shared = cls._shared if cls._opened else None
        cls._opened += 1

    def close(self) -> None:
        super().close()
        SharesItsTokenWithEveryAccount._opened -= 1

    def _fetch_token(self, reason: str) -> None:
        super()._fetch_token(reason)
        SharesItsTokenWithEveryAccount._shared = self._held, self._ends_s, self._lifetime_s

    def _why_fetch(self) -> str:
        if not self._held and not self._rejected and self._shared:
            self._held, self._ends_s, self._lifetime_s = self._shared
        return super()._why_fetch()


class GivesUpOnRejection(Broken):
    """Takes a 401 for the end, although a new token would do."""

    fails = frozenset({"token.rejection-recovered", "outcome.survived"})

    def _recovering(self, method: str, url: str, **request: Any) -> dict[str, Any]:
        signed, _ = self._signature()
        return self._answer(method, url, **signed, **request)


class TakesMissingScopeForAStaleToken(Broken):
    """Fetches another token, and another, when the vendor says that the scope does not suffice."""

    # A token that is fetched for nothing is one too many, and what it is fetched for cannot succeed.
    fails = frozenset({"token.scope-failure-distinct", "token.reused", "errors.permanent-not-retried"})

    def _recovering(self, method: str, url: str, **request: Any) -> dict[str, Any]:
        for _ in range(3):
            try:
                return super()._recovering(method, url, **request)
            except Trouble as trouble:
                if "insufficient_scope" not in str(trouble):
                    raise
                self._reject(self._held)
        return super()._recovering(method, url, **request)

    def _context(self, reply: Reply, document: Any, key: str) -> str:
        return f"{super()._context(reply, document, key)} {reply.headers.get('WWW-Authenticate', '')}".rstrip()


class TakesBadCredentialsForNothingToDo(Broken):
    """Ends quietly and empty-handed when the token endpoint does not know it."""

    fails = frozenset({"token.bad-credentials-loud", "outcome.honest"})

    def pull(self, collection: str) -> Iterable[Mapping[str, Any]]:
        return self._unless_unknown(lambda: super(Broken, self).pull(collection), ())

    def push(self, collection: str, records: Sequence[Mapping[str, Any]]) -> None:
        self._unless_unknown(lambda: super(Broken, self).push(collection, records), None)

    def _unless_unknown(self, act: Callable[[], Any], nothing: Any) -> Any:
        try:
            return act()
        except Trouble as trouble:
            if trouble.status != 401:
                raise
            return nothing


class HammersTheTokenEndpoint(Broken):
    """Repeats a throttled token request at once, whatever wait it was told."""

    # The token endpoint is one of the things that are limited.
    fails = frozenset({"token.endpoint-throttled", "limits.wait-honoured"})

    def _token_pause(self, trouble: Trouble, attempt: int) -> None:
        time.sleep(0.1)


class FollowsForeignLinks(BrokenReader):
    """Follows a next link to whichever host it names, token in hand."""

    fails = frozenset({"token.stays-home"})

    def _check_home(self, link: str) -> None:
        return


class FollowsRedirects(ByRequests, Broken):
    """Follows redirects, and its own header goes along; only ``Authorization`` is taken off by requests."""

    fails = frozenset({"token.stays-home"})

    def _transmit(self, method: str, url: str, **request: Any) -> requests.Response:
        request.setdefault("auth", lambda prepared: prepared)
        return self._session.request(method, url, timeout=self.timeout_s, allow_redirects=True, **request)


class LogsItsHeaders(Broken):
    """Writes each request's headers, the credential among them, to the debug log."""

    fails = frozenset({"token.never-leaks"})

    def _transmit(self, method: str, url: str, **request: Any) -> Reply:
        reply = super()._transmit(method, url, **request)
        log.info("sent %s %s", reply.request.url, dict(reply.request.headers))
        return reply


class RefreshesInSilence(Broken):
    """Logs nothing about the tokens that it fetches."""

    fails = frozenset({"token.refresh-logged"})

    def _log_refresh(self, reason: str) -> None:
        return


class RacesForTokens(Broken):
    """Looks for a token without a lock, so that each worker fetches its own."""

    fails = frozenset({"token.single-flight"})

    def _token(self) -> str:
        if reason := self._why_fetch():
            self._fetch_token(reason)
        return self._held


# -- limits ------------------------------------------------------------------------------------------------------------


class IgnoresRetryAfter(Broken):
    """Backs off by its own measure, whatever wait the vendor asked for."""

    # The token endpoint asks for waits in the same header; so do limits of a day, and those that other workers meet.
    fails = frozenset({
        "limits.wait-honoured",
        "token.endpoint-throttled",
        "limits.long-wait-parks",
        "limits.scope-respected",
    })  # fmt: skip

    def _told_s(self, reply: Reply) -> float | None:
        return None


class ReadsSecondsAlone(Broken):
    """Reads a Retry-After in seconds and takes an HTTP date for none."""

    # The token endpoint asks for waits in the same forms; so do limits of a day, and those that other workers meet.
    fails = frozenset({
        "limits.wait-honoured",
        "token.endpoint-throttled",
        "limits.long-wait-parks",
        "limits.scope-respected",
    })  # fmt: skip

    def _told_s(self, reply: Reply) -> float | None:
        told = reply.headers.get("Retry-After", "")
        return float(told) if told.isdecimal() else None


class WaitsTheSameEachTime(Broken):
    """Waits five seconds before each retry when the vendor names no time."""

    fails = frozenset({"limits.backoff-grows"})

    def _wait_s(self, trouble: Trouble, attempt: int) -> float:
        return super()._wait_s(trouble, attempt) if trouble.told_s else 5.0


class BacksOffInStep(Broken):
    """Doubles its waits without jitter: all its workers come back at the same moment."""

    fails = frozenset({"limits.backoff-grows"})

    def _wait_s(self, trouble: Trouble, attempt: int) -> float:
        return super()._wait_s(trouble, attempt) if trouble.told_s else float(2**attempt)


class RetriesWithoutMeasure(Broken):
    """Tries forty times, a minute apart, before it gives up."""

    # Forty requests for one answer are more than the vendor's trouble may cost it.
    fails = frozenset({"limits.bounded", "limits.amplification"})
    tries = 40

    def _wait_s(self, trouble: Trouble, attempt: int) -> float:
        return super()._wait_s(trouble, min(attempt, 6))


class GivesUpInAStorm(Broken):
    """Gives up at the third refusal in a row."""

    fails = frozenset({"limits.storm-survived", "outcome.survived"})
    tries = 3


class TakesForbiddenForALimit(Broken):
    """Waits and repeats what it is not allowed to do."""

    # A refusal for good is what cannot succeed.
    fails = frozenset({"limits.not-mistaken", "errors.permanent-not-retried"})

    def _is_limit(self, reply: Reply, document: Any) -> bool:
        forbidden = reply.status_code == 403 or dig(document, ("error", "code")) == "permissiondenied"
        return forbidden or super()._is_limit(reply, document)


class KnowsLimitsByStatusAlone(Broken):
    """Takes a limit that is told in the body of a 200 for a refusal for good."""

    # Not seen as a limit, it is neither survived nor logged as one.
    fails = frozenset({"limits.not-mistaken", "limits.storm-survived", "limits.hits-logged", "outcome.survived"})

    def _is_limit(self, reply: Reply, document: Any) -> bool:
        return reply.status_code == 429


class SilentAboutLimits(Broken):
    """Survives limits without a word in the log."""

    fails = frozenset({"limits.hits-logged"})

    def _log_limit(self, context: str, told_s: float | None) -> None:
        return


class TrustsWhatIsSaidToBeLeft(Broken):
    """Takes a refusal for a mistake while the headers say that some of the quota is left."""

    # The wait that it does not keep is one that the vendor gave.
    fails = frozenset({"limits.shared-quota", "limits.wait-honoured"})

    def _told_s(self, reply: Reply) -> float | None:
        return None if int(reply.headers.get("X-RateLimit-Remaining", "0")) else super()._told_s(reply)


class LetsEachWorkerFindOut(Broken):
    """Keeps the end of a wait from its other workers."""

    fails = frozenset({"limits.scope-respected"})

    def _held_back_s(self) -> float:
        return 0.0


class SleepsThroughTheDay(Broken):
    """Waits as long as it is told, if that is until tomorrow."""

    fails = frozenset({"limits.long-wait-parks"})
    longest_wait_s = float("inf")


class StopsForOneRecord(Broken):
    """Takes a limit of one record for a limit of everything, and leaves the rest for another day."""

    fails = frozenset({"limits.rest-goes-on"})


class RetriesInLayers(Broken):
    """Four tries around four tries: what has been given up is tried again by whoever asked for it."""

    fails = frozenset({"limits.amplification"})
    tries = 4

    def _ask(self, method: str, url: str, **request: Any) -> dict[str, Any]:
        for attempt in range(self.tries - 1):
            try:
                return super()._ask(method, url, **request)
            except Trouble as trouble:
                if trouble.status not in (429, 503) or self._too_long(trouble):
                    raise
                self._pause(trouble, attempt)
        return super()._ask(method, url, **request)


# -- wire --------------------------------------------------------------------------------------------------------------


class DiesOfABrokenReply(Broken):
    """Ends the run at the first answer that is cut, garbled or missing, also to a safe request."""

    fails = frozenset({"wire.broken-reply-survived", "outcome.survived"})

    def _broken(self, text: str, *, status: int = 0) -> Trouble:
        trouble = super()._broken(text, status=status)
        trouble.passes = False
        return trouble


class TrustsItsConnection(Broken):
    """Gives up when the vendor has closed the connection that it kept."""

    fails = frozenset({"wire.stale-connection", "outcome.survived"})

    def _replace(self, dropped: Connection) -> None:
        raise Trouble(f"nothing was sent to {dropped.host}: the connection is closed")
