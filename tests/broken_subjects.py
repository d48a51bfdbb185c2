"""Subjects with exactly one disease each: what a certification must tell from ``Healthy``.

``ALL`` lists them; those that sign, wait or connect wrongly are in ``broken_clients``. ``ILL_BEHAVED`` lists subjects
that endanger whoever runs them.
"""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import requests

from tests import watched_subject
from tests.broken_batches import BelievesTheBatch, FindsAnswersByTheirPlace, SendsTheWholeBatchAgain
from tests.broken_clients import (
    BacksOffInStep,
    Broken,
    BrokenReader,
    BrokenWriter,
    CountsLifetimesByTheWallClock,
    DiesOfABrokenReply,
    FetchesATokenEachTime,
    FollowsForeignLinks,
    FollowsRedirects,
    GivesUpInAStorm,
    GivesUpOnRejection,
    HammersTheTokenEndpoint,
    IgnoresRetryAfter,
    KeepsTokensForEver,
    KnowsLimitsByStatusAlone,
    LetsEachWorkerFindOut,
    LogsItsHeaders,
    RacesForTokens,
    ReadsSecondsAlone,
    RefreshesInSilence,
    RefreshesLate,
    RetriesInLayers,
    RetriesWithoutMeasure,
    SharesItsTokenWithEveryAccount,
    SilentAboutLimits,
    SleepsThroughTheDay,
    StopsForOneRecord,
    TakesBadCredentialsForNothingToDo,
    TakesForbiddenForALimit,
    TakesMissingScopeForAStaleToken,
    TrustsItsConnection,
    TrustsWhatIsSaidToBeLeft,
    WaitsTheSameEachTime,
)
from tests.broken_listings import BelievesTheLastTotal
from tests.healthy_client import Trouble, dig, log
from tests.healthy_connection import Reply
from tests.healthy_requests import ByRequests
from tests.healthy_subject import APIS, Api, Page
from tests.ill_behaved_subjects import (
    CatchesEverything,
    Exits,
    Hangs,
    LeavesThreads,
    NeitherJob,
    Prints,
    PullOnly,
    RaisesTheUnprintable,
)

# -- errors ------------------------------------------------------------------------------------------------------------


class BelievesStatus200(Broken):
    """Takes every 200 for a success; where no records are, there are none."""

    fails = frozenset({"errors.body-error-seen", "outcome.honest"})

    def _body_error(self, document: dict[str, Any]) -> Any:
        return None

    def _rows(self, api: Api, document: dict[str, Any]) -> list[Any]:
        return super()._rows(api, document) if dig(document, api.rows) is not None else []

    def _check_complete(self, api: Api, last: dict[str, Any], rows: list[Any]) -> None:
        if dig(last, api.rows) is not None:
            super()._check_complete(api, last, rows)


class KeepsNullRecords(Broken):
    """Stores a null as a record without a field."""

    fails = frozenset({"errors.null-record-seen", "outcome.honest"})

    def _rows(self, api: Api, document: dict[str, Any]) -> list[Any]:
        rows = dig(document, api.rows)
        if not isinstance(rows, list):
            raise ValueError("no list of records")
        return [row or {api.id_field: "", api.key_field: ""} for row in rows]


class FailsWithoutContext(Broken):
    """Says that something failed, and not what."""

    fails = frozenset({"errors.context-logged"})

    def _context(self, reply: Reply, document: Any, key: str) -> str:
        return "the vendor said no"


class RepeatsWhatCannotSucceed(Broken):
    """Repeats a request that was refused for good as if it had been unlucky."""

    # A refusal that looks like a limit is one of those. And on kinto, each round after a refusal looks up again what is
    # not there, each time six times over.
    fails = frozenset({"errors.permanent-not-retried", "limits.not-mistaken", "limits.amplification"})

    def _passes(self, code: Any) -> bool:
        return code != 401


class TakesARedirectedWriteForDone(ByRequests, Broken):
    """Leaves redirects to its library, which goes on with a GET, and looks no further than at the status."""

    fails = frozenset({"errors.redirect-not-a-write", "outcome.honest"})

    def _transmit(self, method: str, url: str, **request: Any) -> requests.Response:
        if method != "POST" or "json" not in request:
            return super()._transmit(method, url, **request)
        return self._session.request(method, url, timeout=self.timeout_s, allow_redirects=True, **request)

    def _post(self, api: Api, record: Mapping[str, Any]) -> None:
        wrapped = {api.envelope: {**api.new, **record}}
        self._ask("POST", self.access.base_url + api.path, json=wrapped, key=record[api.key_field])


class ReadsWhateverComes(ByRequests, Broken):
    """Reads every body to its end, and unpacks what is packed."""

    fails = frozenset({"errors.body-bounded"})
    session = requests.Session


class FloatReply(Reply):
    """Reads every number of a document as a float."""

    def json(self) -> Any:
        return json.loads(self.content, parse_int=lambda digits: int(float(digits)))


class ReadsNumbersAsFloats(Broken):
    """Reads JSON as a language without integers does."""

    fails = frozenset({"errors.text-exact", "outcome.honest"})

    def _transmit(self, method: str, url: str, **request: Any) -> Reply:
        reply = super()._transmit(method, url, **request)
        return FloatReply(reply.request, reply.status_code, reply.headers, reply.content)


class LeavesUrlsUnquoted(Broken):
    """Puts a name into a URL as it is, where a plus stands for a space."""

    # What it has written itself it does not find again, and ends loudly where nothing stood in its way.
    fails = frozenset({"errors.text-exact", "outcome.survived"})

    def _transmit(self, method: str, url: str, **request: Any) -> Reply:
        params = request.get("params")
        if isinstance(params, dict) and (name := params.get("name")):
            url, request = f"{url}?name={name}", {**request, "params": None}
        return super()._transmit(method, url, **request)


class TakesNotFoundForNobody(BrokenWriter):
    """Takes any 404 for the answer that there is no such record."""

    fails = frozenset({"errors.not-found-not-deleted"})

    def _look_up(self, api: Api, key: str) -> dict[str, Any] | None:
        try:
            return super()._look_up(api, key)
        except Trouble as trouble:
            if trouble.status != 404:
                raise
            return None


class DrawsAKeyForEachAttempt(Broken):
    """Sends an Idempotency-Key, and another one with each attempt."""

    fails = frozenset({"errors.idempotency-key-stable"})

    def _transmit(self, method: str, url: str, **request: Any) -> Reply:
        if method == "POST" and "json" in request:
            request["headers"] = {**request.get("headers", {}), "Idempotency-Key": str(uuid.uuid4())}
        return super()._transmit(method, url, **request)


class TakesALostAnswerForDone(BrokenWriter):
    """Believes that a write whose answer was lost was done."""

    fails = frozenset({"errors.lost-answer-reconciled", "outcome.honest"})

    def _after_lost_answer(self, api: Api, record: Mapping[str, Any], lost: Trouble) -> dict[str, Any] | None:
        return super()._after_lost_answer(api, record, lost) if lost.status else dict(record)


class TakesALostAnswerForUndone(BrokenWriter):
    """Believes that a write whose answer was lost was not done, and stumbles over its own record."""

    fails = frozenset({"errors.lost-answer-reconciled"})

    def _after_lost_answer(self, api: Api, record: Mapping[str, Any], lost: Trouble) -> dict[str, Any] | None:
        return None


# -- outcome -----------------------------------------------------------------------------------------------------------


class SkipsRefusedRecords(BrokenWriter):
    """Logs a record that the vendor refused, goes on with the next, and says done."""

    fails = frozenset({"outcome.honest"})

    def _provision(self, api: Api, record: Mapping[str, Any]) -> None:
        try:
            super()._provision(api, record)
        except Trouble as trouble:
            if trouble.status != 403:
                raise
            log.exception("skipped record=%s", record[api.key_field])


class WaitsForEver(Broken):
    """Sets no timeout, so that a vendor who never answers holds it for ever."""

    # A stalled answer is one of the broken ones that a retry survives.
    fails = frozenset({"outcome.ends", "wire.broken-reply-survived"})
    timeout_s = None


class GoesOnWhenToldToStop(BrokenWriter):
    """Takes being told to stop for one more thing that may go wrong with a record, and tries it again."""

    fails = frozenset({"outcome.interrupt-clean"})

    def _provision(self, api: Api, record: Mapping[str, Any]) -> None:
        try:
            super()._provision(api, record)
        except KeyboardInterrupt:
            log.warning("once more record=%s", record[api.key_field])
            super()._provision(api, record)


class TakesNothingForAll(Broken):
    """Finds nothing where records were before, and says done."""

    fails = frozenset({"outcome.zero-suspicious"})

    def _check_not_emptied(self, what: str, found: int) -> None:
        return


class SaysDoneWhenToldToStop(BrokenWriter):
    """Stops when it is told to, and returns as if that were the end."""

    # What it had not got to yet is missing, and it says done.
    fails = frozenset({"outcome.interrupt-clean", "outcome.honest"})

    def push(self, collection: str, records: Sequence[Mapping[str, Any]]) -> None:
        try:
            super().push(collection, records)
        except KeyboardInterrupt:
            log.warning("stopped")


# -- pages -------------------------------------------------------------------------------------------------------------


class ReadsTheFirstPageAlone(BrokenReader):
    """Takes the first page for the whole collection."""

    # It says done with a part of the records, on every run and whatever the later pages would have shown.
    fails = frozenset({"pages.complete", "outcome.honest", "pages.truncation-seen", "pages.short-page-continued"})

    def _next_page(self, api: Api, document: dict[str, Any]) -> Page | None:
        return None

    def _check_complete(self, api: Api, last: dict[str, Any], rows: list[Any]) -> None:
        return


class BelievesAMissingLink(BrokenReader):
    """Takes a page without a next link for the last, whatever total or flag says otherwise."""

    fails = frozenset({"pages.truncation-seen", "outcome.honest"})

    def _check_complete(self, api: Api, last: dict[str, Any], rows: list[Any]) -> None:
        return


class WalksInCircles(BrokenReader):
    """Follows next links without remembering where it has been."""

    fails = frozenset({"pages.loops-end", "outcome.ends"})

    def _is_new(self, page: Page, seen: set[Page]) -> bool:
        return True

    def _check_progress(self, api: Api, known: set[Any], ids: set[Any]) -> None:
        return


class StopsQuietlyInALoop(BrokenReader):
    """Takes a page that it has read before for the end of the listing."""

    # Behind the loop are records that it never saw.
    fails = frozenset({"pages.loops-end", "outcome.honest"})

    def _is_new(self, page: Page, seen: set[Page]) -> bool:
        return page not in seen

    def _check_progress(self, api: Api, known: set[Any], ids: set[Any]) -> None:
        return

    def _check_complete(self, api: Api, last: dict[str, Any], rows: list[Any]) -> None:
        if self._next_page(api, last) is None:
            super()._check_complete(api, last, rows)


class KeepsDuplicates(BrokenReader):
    """Returns a record as often as pages show it."""

    fails = frozenset({"pages.duplicates-merged", "outcome.honest"})

    def _unique(self, api: Api, rows: list[Any]) -> list[Any]:
        return rows


class StopsAtAShortPage(BrokenReader):
    """Takes a page that is not full for the last."""

    # Behind the short page are records that it never saw.
    fails = frozenset({"pages.short-page-continued", "pages.complete", "outcome.honest"})

    def _next_page(self, api: Api, document: dict[str, Any]) -> Page | None:
        # No vendor here shows fewer than two records on a page that leads on, unless something happened to it.
        return super()._next_page(api, document) if len(self._rows(api, document)) >= 2 else None

    def _check_complete(self, api: Api, last: dict[str, Any], rows: list[Any]) -> None:
        if len(self._rows(api, last)) >= 2:
            super()._check_complete(api, last, rows)


class TakesARefusalForTheEnd(BrokenReader):
    """Takes a page that is refused with certain statuses for the end of the listing."""

    ends_with: ClassVar[frozenset[int]]

    def _pages(self, api: Api) -> Iterator[dict[str, Any]]:
        self._refused = False
        try:
            yield from super()._pages(api)
        except Trouble as trouble:
            if trouble.status not in self.ends_with:
                raise
            self._refused = True

    def _check_complete(self, api: Api, last: dict[str, Any], rows: list[Any]) -> None:
        if not self._refused:
            super()._check_complete(api, last, rows)


class TakesAnExpiredCursorForTheEnd(TakesARefusalForTheEnd):
    """Finds its place in the listing gone, and takes what it has for all."""

    fails = frozenset({"pages.cursor-expired", "outcome.honest"})
    ends_with = frozenset({410})


class TakesACeilingForTheEnd(TakesARefusalForTheEnd):
    """Lists as far as the vendor lets it, and takes that for all."""

    fails = frozenset({"pages.ceiling-noticed", "outcome.honest"})
    ends_with = frozenset({400, 422})


# -- rerun -------------------------------------------------------------------------------------------------------------


class RenamesOnConflict(BrokenWriter):
    """Creates without a look, and where the name is taken appends a number until it is not."""

    # A record that its own earlier attempt made takes the name as well as anybody's, and so does one out of use.
    fails = frozenset({
        "rerun.inactive-matched",
        "rerun.same-state",
        "rerun.no-writes",
        "rerun.crash-converges",
        "rerun.overlap-safe",
        "outcome.interrupt-clean",
        "errors.lost-answer-reconciled",
        "outcome.honest",
    })  # fmt: skip

    def _provision(self, api: Api, record: Mapping[str, Any]) -> None:
        for number in range(1, 10):
            name = record[api.key_field] if number == 1 else f"{record[api.key_field]}-{number}"
            try:
                return self._create(api, {**record, api.key_field: name})
            except Trouble as trouble:
                if trouble.status != 409:
                    raise
        return None

    def _after_lost_answer(self, api: Api, record: Mapping[str, Any], lost: Trouble) -> dict[str, Any] | None:
        return None


class WritesWhatIsThere(BrokenWriter):
    """Writes a record that the vendor already holds, field by field the same."""

    fails = frozenset({"rerun.no-writes"})

    def _update(self, api: Api, held: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        url = f"{self.access.base_url}{api.path}/{held[api.id_field]}"
        wanted = dict(self._wanted(api, held, record))
        self._ask("PATCH", url, json={api.envelope: wanted}, key=record[api.key_field])


class RetiresWhateverIsNotListed(BrokenWriter):
    """Takes out of use whatever the source does not list, be it everything."""

    fails = frozenset({"rerun.mass-retire-refused"})

    def _check_share(self, leaving: int, in_use: int) -> None:
        return


class RenamesWhenSomebodyWasFaster(BrokenWriter):
    """Looks first, and where the name is taken by the time that it writes takes another one."""

    # It says done, and the vendor holds a record that nobody asked for; a lookup that is behind has the same effect.
    fails = frozenset({"rerun.overlap-safe", "rerun.read-lag-safe", "outcome.honest"})

    def _post(self, api: Api, record: Mapping[str, Any]) -> None:
        try:
            super()._post(api, record)
        except Trouble as trouble:
            if trouble.status != 409:
                raise
            super()._post(api, {**record, api.key_field: f"{record[api.key_field]}-2"})


class LeavesWhatIsThere(BrokenWriter):
    """Takes a record that the vendor holds for done, whatever is in it."""

    # After a crash or a stop too it says done, and what differed still differs; what was out of use is so still.
    fails = frozenset({"outcome.honest", "rerun.crash-converges", "outcome.interrupt-clean", "rerun.inactive-matched"})

    def _update(self, api: Api, held: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        return


class JudgesBatchesByTheirFirst(BrokenWriter):
    """Takes a batch for done when the vendor holds its first record."""

    # After a crash, or a stop, in the middle it says done, and the rest is missing.
    fails = frozenset({"rerun.crash-converges", "outcome.interrupt-clean", "outcome.honest"})

    def push(self, collection: str, records: Sequence[Mapping[str, Any]]) -> None:
        api = APIS[self.access.vendor, collection]
        if not records or self._look_up(api, records[0][api.key_field]) is None:
            super().push(collection, records)


class LetsTheLastRowWin(BrokenWriter):
    """Writes row after row, and what a later one of the same key says is what counts."""

    fails = frozenset({"rerun.key-as-vendor", "outcome.honest"})

    def _check_keys(self, keys: list[str]) -> None:
        return

    def _provision(self, api: Api, record: Mapping[str, Any]) -> None:
        super()._provision(api, {**record, api.key_field: self._key(api, record)})


class TakesAnyRecordForOneInUse(BrokenWriter):
    """Finds a record under its key, and does not look whether it is in use."""

    fails = frozenset({"rerun.inactive-matched", "outcome.honest"})

    def _wanted(self, api: Api, held: Mapping[str, Any], record: Mapping[str, Any]) -> Mapping[str, Any]:
        return record


class RenamesWhatItCannotFind(BrokenWriter):
    """Looks again where the name is taken; and where it still finds nobody takes another name."""

    fails = frozenset({"rerun.read-lag-safe", "outcome.honest"})

    def _create(self, api: Api, record: Mapping[str, Any]) -> None:
        try:
            super()._create(api, record)
        except Trouble as trouble:
            if trouble.status != 409:
                raise
            super()._create(api, {**record, api.key_field: f"{record[api.key_field]}-2"})


class BlanksWhatItDoesNotKnow(BrokenWriter):
    """Writes a whole record at each update, with nothing where its source has nothing."""

    fails = frozenset({"rerun.foreign-fields-kept", "outcome.honest"})

    def _update(self, api: Api, held: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        super()._update(api, held, {"description": "", **record})


class TakesWhatCameTooLateForDone(BrokenWriter):
    """Reads the refusal of an update as the news that somebody else has done it."""

    fails = frozenset({"rerun.foreign-fields-kept", "outcome.honest"})
    also_on = ("roundup",)

    def _update_as_read(self, api: Api, held: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        try:
            self._update_once(api, held, record)
        except Trouble as trouble:
            if trouble.status != 412:
                raise


ALL: tuple[type[Broken], ...] = (
    FetchesATokenEachTime,
    KeepsTokensForEver,
    RefreshesLate,
    CountsLifetimesByTheWallClock,
    SharesItsTokenWithEveryAccount,
    GivesUpOnRejection,
    TakesBadCredentialsForNothingToDo,
    TakesMissingScopeForAStaleToken,
    HammersTheTokenEndpoint,
    FollowsForeignLinks,
    FollowsRedirects,
    LogsItsHeaders,
    RefreshesInSilence,
    RacesForTokens,
    IgnoresRetryAfter,
    ReadsSecondsAlone,
    WaitsTheSameEachTime,
    BacksOffInStep,
    RetriesWithoutMeasure,
    GivesUpInAStorm,
    TakesForbiddenForALimit,
    KnowsLimitsByStatusAlone,
    SilentAboutLimits,
    TrustsWhatIsSaidToBeLeft,
    LetsEachWorkerFindOut,
    SleepsThroughTheDay,
    StopsForOneRecord,
    RetriesInLayers,
    BelievesStatus200,
    KeepsNullRecords,
    FailsWithoutContext,
    RepeatsWhatCannotSucceed,
    TakesARedirectedWriteForDone,
    ReadsWhateverComes,
    ReadsNumbersAsFloats,
    LeavesUrlsUnquoted,
    TakesNotFoundForNobody,
    DrawsAKeyForEachAttempt,
    TakesALostAnswerForDone,
    TakesALostAnswerForUndone,
    SkipsRefusedRecords,
    WaitsForEver,
    TakesNothingForAll,
    GoesOnWhenToldToStop,
    SaysDoneWhenToldToStop,
    ReadsTheFirstPageAlone,
    BelievesAMissingLink,
    WalksInCircles,
    StopsQuietlyInALoop,
    KeepsDuplicates,
    StopsAtAShortPage,
    TakesAnExpiredCursorForTheEnd,
    TakesACeilingForTheEnd,
    BelievesTheLastTotal,
    RenamesOnConflict,
    WritesWhatIsThere,
    LeavesWhatIsThere,
    RetiresWhateverIsNotListed,
    RenamesWhenSomebodyWasFaster,
    JudgesBatchesByTheirFirst,
    LetsTheLastRowWin,
    TakesAnyRecordForOneInUse,
    RenamesWhatItCannotFind,
    BlanksWhatItDoesNotKnow,
    TakesWhatCameTooLateForDone,
    BelievesTheBatch,
    FindsAnswersByTheirPlace,
    SendsTheWholeBatchAgain,
    DiesOfABrokenReply,
    TrustsItsConnection,
    *watched_subject.ALL,
)

ILL_BEHAVED: tuple[type, ...] = (
    Hangs,
    Exits,
    CatchesEverything,
    Prints,
    LeavesThreads,
    RaisesTheUnprintable,
    NeitherJob,
    PullOnly,
)
