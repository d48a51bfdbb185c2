"""Small dialects for the core's tests: one of each paging, and of each way to sign."""

from harness.core import Integration
from harness.dialects.credentials import ClientCredentials, Credentials
from harness.dialects.facts import (
    Collection,
    Continue,
    Cursor,
    Dialect,
    Errors,
    Header,
    JsonPath,
    LinkHeader,
    Marker,
    NextHeader,
    NextLink,
    OAuth2,
    Offset,
    PageNumber,
    Paging,
    Pairs,
    Signing,
    Unsigned,
)
from harness.dialects.writing import ByParam, KeysCompare, Writing
from tests.core_vendor import Clock, Vendor

SECRET = "s3cr3t-client-K8"
CLIENT = ClientCredentials("client-1", SECRET)
OAUTH = OAuth2(token_path="/token")

PAGINGS: dict[str, Paging] = {
    "next_link": NextLink(path=("next",)),
    "link_header": LinkHeader(),
    "next_header": NextHeader(header="Next-Page"),
    "cursor": Cursor(path=("cursor",), param="after"),
    "continue": Continue(path=("continue",)),
    "page_number": PageNumber(param="page"),
    "offset": Offset(param="skip"),
    "offset_from_one": Offset(param="startIndex", first=1),
    "marker": Marker(param="marker"),
}
COUNTED = ("page_number", "offset", "offset_from_one")
"""Those where nothing on a page leads on, so that only an empty page or a total is the end."""


def dialect(
    *,
    paging: Paging = PAGINGS["next_link"],
    signing: Signing | None = None,
    total: JsonPath | Header | None = None,
    more: JsonPath | None = ("more",),
    query: Pairs = (),
    **changes: object,
) -> Dialect:
    """Users at ``/users`` under ``rows``, written with the envelope ``user``."""
    users = Collection(
        name="users",
        path="/users",
        rows=("rows",),
        paging=paging,
        total=total,
        more=more,
        query=query,
        writing=Writing(
            envelope="user",
            finding=ByParam(param="name"),
            defaults=(("domain", "main"),),
            keys=KeysCompare(case="ignored", outer_space="ignored"),
        ),
    )
    facts: dict = {"errors": Errors()} | changes
    return Dialect(
        name="vendor", base_url="https://vendor.test", signing=signing or Unsigned(), collections=(users,), **facts
    )


def integration(
    vendor: Vendor, spoken: Dialect, clock: Clock, *, credentials: Credentials = None, **more
) -> Integration:
    """The integration under test, on a clock where nobody waits."""
    if isinstance(spoken.signing, OAuth2) and credentials is None:
        credentials = CLIENT
    return Integration(spoken, credentials=credentials, base_url=vendor.url, clock=clock, **more)
