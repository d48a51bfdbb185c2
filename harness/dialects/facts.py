"""The words in which one vendor's dialect is told: how it signs, limits, errs, pages and identifies.

Facts only: frozen values, standard library only. Core and stage both read them and share nothing else, and a
recording shows each of them, so the two readings are checked against the same evidence.
"""

from dataclasses import dataclass, field
from typing import Literal

from harness.dialects.quotas import Quota as Quota
from harness.dialects.quotas import QuotaHeaders as QuotaHeaders
from harness.dialects.shapes import Fields as Fields
from harness.dialects.shapes import Form as Form
from harness.dialects.shapes import JsonPath as JsonPath
from harness.dialects.shapes import Pairs as Pairs
from harness.dialects.writing import Writing as Writing

# -- signing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2:
    """Client credentials buy a token that ends (RFC 6749 s4.4); the token travels in one header."""

    token_path: str
    client_auth: Literal["basic", "basic_encoded", "form"] = "basic"
    """How the client proves who it is: HTTP Basic, as most vendors take it; Basic with both halves form-encoded first,
    as RFC 6749 s2.3.1 has it, which matters where they hold other signs than letters and digits; or in the form."""
    header: str = "Authorization"
    scheme: str = "Bearer"
    """The word before the token; empty where the header holds the token alone."""
    audience_parameter: str = "audience"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSession:
    """User name and password buy a session at a login endpoint; its token travels in one header."""

    token_path: str
    body: Literal["json", "form"] = "json"
    username_at: JsonPath = ("username",)
    password_at: JsonPath = ("password",)
    """Where they stand in the login's body; a form knows names alone."""
    others: tuple[tuple[JsonPath, str | tuple[str, ...]], ...] = ()
    """What else stands in it; a tuple travels as a list."""
    token_at: JsonPath = ("token",)
    """Where the answer's body holds the token."""
    token_header: str = ""
    """The answer's header that holds it instead; empty where none does."""
    ends_at: JsonPath = ("expires_in",)
    ends_form: Form = "delta_s"
    """Where the answer's body says when the session ends, and in which form; a moment in the past says nothing."""
    header: str = "Authorization"
    scheme: str = "Bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpBasic:
    """User name and password in every request (RFC 7617)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticToken:
    """A token that does not change during a run, in one header."""

    header: str = "Authorization"
    scheme: str = "Bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """The vendor answers anybody."""


Signing = OAuth2 | LoginSession | HttpBasic | StaticToken | Unsigned


# -- paging ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NextLink:
    """The body names the next page's address; the last page names none."""

    path: JsonPath
    number_param: str = ""
    """The query parameter of that address that counts pages, from 1: a record that is deleted on an earlier page moves
    all that follow. Empty where the address names a record, or holds a token of the vendor's."""
    size_param: str = ""
    """The query parameter that asks for a page size; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHeader:
    """A ``Link`` header with ``rel="next"`` names the next page; the last page has none (RFC 8288)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextHeader:
    """The header ``header`` holds the next page's address and nothing else; the last page has none."""

    header: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The body holds a cursor for the query parameter ``param``; it ends empty, null or absent.

    Where the first page wants the parameter too (RFC 9865 s2), the collection's ``query`` holds it, empty.
    """

    path: JsonPath
    param: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    """The body holds query parameters that continue the listing; the last page holds none."""

    path: JsonPath
    size_param: str = ""
    """The query parameter that asks for a page size; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumber:
    """The query parameter ``param`` counts pages from ``first``; an empty page, or the total reached, is the end."""

    param: str
    first: int = 1
    size_param: str = ""
    """The query parameter that asks for a page size; empty where pages have one size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """The query parameter ``param`` names the place of a page's first record, counted from ``first``.

    It advances by the records that came; a page without any, or the total reached, is the end.
    """

    param: str
    first: int = 0
    size_param: str = ""
    """The query parameter that asks for a page size; empty where there is none."""
    told_size: JsonPath | None = None
    """Where a page says how many records it holds."""
    told_place: JsonPath | None = None
    """Where a page says at which record it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """The id of a page's last record is the query parameter ``param`` of the next page.

    A page without the collection's ``more`` flag is the last; where there is no such flag, one without records is.
    """

    param: str


Paging = NextLink | LinkHeader | NextHeader | Cursor | Continue | PageNumber | Offset | Marker


# -- collections -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A value that stands in the reply header of this name, not in the body."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One kind of record, how it is listed and by what it is known."""

    name: str
    path: str
    rows: JsonPath
    paging: Paging
    query: Pairs = ()
    """Query parameters that every listing carries."""
    told_by: tuple[str, ...] = ()
    """Names of those that tell this listing from everything else at the same path."""
    id_field: str = "id"
    key_field: str = "name"
    """The natural key: what a person would call the record by."""
    volatile: tuple[str, ...] = ()
    """Fields that may differ between two readings of an unchanged record."""
    total: JsonPath | Header | None = None
    """Where a page says how many records there are in all."""
    more: JsonPath | None = None
    """A flag on every page but the last: it promises more, whatever has become of the next link."""
    writing: Writing | None = None


# -- limits and errors -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForm:
    """A header by which the vendor says how long to wait, and the form of its value."""

    header: str
    form: Form = "retry_after"
    only_at_zero: str = ""
    """The header that has to read 0 for this one to be a wait: GitHub's reset says nothing while calls are left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyWait:
    """A place in a refusal's body that says how long to wait, and the form of what stands there (Dropbox)."""

    path: JsonPath
    form: Form = "delta_s"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedWait:
    """A place in a refusal's body that names the limit, and the seconds that each name stands for (HubSpot)."""

    path: JsonPath
    waits_s: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostWait:
    """Places in a refusal's body: what was to be paid, what is there, what comes in each second (Shopify's GraphQL)."""

    requested: JsonPath
    available: JsonPath
    restored_per_s: JsonPath


@dataclass(frozen=True, slots=True, kw_only=True)
class OneRecord:
    """A header of a refusal, and the value in it that says that the limit is that of the record in the request alone
    (Jira's ``RateLimit-Reason: jira-per-issue-on-write``)."""

    header: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How the vendor refuses what is too much."""

    status: int = 429
    codes: tuple[str, ...] = ()
    """Error codes in the body that mark a limit, in whichever case; empty where the status alone does."""
    waits: tuple[WaitForm, ...] = (WaitForm(header="Retry-After"),)
    body_waits: tuple[BodyWait | NamedWait | CostWait, ...] = ()
    quotas: tuple[Quota, ...] = ()
    """What the vendor's page allows every account."""
    quota_headers: tuple[QuotaHeaders, ...] = ()
    """Where each answer tells what is left. The ``RateLimit`` field needs no fact (IETF draft)."""
    unsaid_wait_s: float = 0.0
    """The first wait where a limit names none, as the vendor's page asks for it; doubled at each further one."""
    hints: tuple[WaitForm, ...] = ()
    """Headers of a success by which the vendor asks to be called less for so long; nothing is refused meanwhile."""
    body: str = '{"error": "too many requests"}'
    """A refusal as the vendor words it; ``{wait_s}`` stands for the seconds asked for."""
    headers: Pairs = (("Content-Type", "application/json"),)
    one_record: OneRecord | None = None
    """How a refusal says that it is about one record, and that all others may be written; None where none says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """How the vendor says that something went wrong."""

    code: JsonPath = ("error", "code")
    message: JsonPath = ("error", "message")
    in_success: JsonPath = ("error",)
    """What a body never has when the request succeeded, whatever the status says."""
    request_id: str = "X-Request-Id"
    """The reply header that support asks for."""
    transient_codes: tuple[str, ...] = ()
    """Codes in a 200 body that pass by themselves."""
    refused: str = '{"error": {"code": 403, "message": "You are not authorized to perform the requested action."}}'
    """The body of a refusal for good: not allowed, whoever asks again."""
    refused_status: int = 403
    unauthorized: str = '{"error": {"code": 401, "message": "The request you have made requires authentication."}}'
    """The body of a 401 for a token, or a user, that the vendor does not take."""
    in_success_body: str = '{"error": {"code": 500, "message": "An unexpected error prevented fulfilment."}}'
    """An error as it arrives under status 200."""
    bad_client: str = '{"error": "invalid_client", "error_description": "The client could not be authenticated."}'
    """What the token endpoint answers, with 401, to credentials it does not take (RFC 6749 s5.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Everything about one vendor that an integration must know and a stage must imitate."""

    name: str
    base_url: str
    """The address that recordings are normalised to; ``.test`` is reserved (RFC 6761)."""
    signing: Signing
    collections: tuple[Collection, ...]
    limits: Limits = field(default_factory=Limits)
    errors: Errors = field(default_factory=Errors)
    pull: str = ""
    """The recorded flow that lists the first collection from beginning to end."""
    product: str = ""
    shown_by: Pairs = ()
    """Fact -> the recorded exchange, or the vendor's page, that shows it."""

    def collection(self, name: str) -> Collection:
        """The collection of that name.

        Raises:
            KeyError: The dialect has none of that name.
        """
        for collection in self.collections:
            if collection.name == name:
                return collection
        known = ", ".join(collection.name for collection in self.collections)
        raise KeyError(f"{self.name} has no collection {name!r}; it has {known}")
