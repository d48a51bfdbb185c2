"""SCIM 2.0 as scim2-server speaks it: users counted from one, a silent page cap, a total, ETags, bulk operations."""

from harness.dialects.facts import Collection, Dialect, Errors, Limits, Offset, StaticToken
from harness.dialects.writing import Activation, Batch, BatchItem, ByFilter, KeysCompare, PatchOp, Version, Writing

_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

_WRITING = Writing(
    finding=ByFilter(text="userName eq {key}"),
    changing=PatchOp(),
    content_type="application/scim+json",
    defaults=(("schemas", (_USER,)),),
    version=Version(header="ETag", path=("meta", "version")),
    activation=Activation(field="active"),
    keys=KeysCompare(case="ignored"),
    batch=Batch(
        path="/v2/Bulk",
        root="/v2",
        # As the recorded server is set; GET /v2/ServiceProviderConfig tells maxOperations.
        most=5,
        too_many_status=413,
        requests=("Operations",),
        answers=("Operations",),
        constants=(("schemas", (_BULK,)),),
        request=BatchItem(body="data", headers="", version="version", label="bulkId"),
        answer=BatchItem(
            status="status", path="location", body="response", headers="", version="version", label="bulkId"
        ),
    ),
)
_USERS = Collection(
    name="users",
    path="/v2/Users",
    rows=("Resources",),
    query=(("count", "100"),),
    paging=Offset(
        param="startIndex",
        first=1,
        size_param="count",
        told_size=("itemsPerPage",),
        told_place=("startIndex",),
    ),
    key_field="userName",
    volatile=("meta",),
    total=("totalResults",),
    writing=_WRITING,
)
SCIM = Dialect(
    name="scim",
    product="scim2-server 0.8.3",
    base_url="https://scim.test",
    signing=StaticToken(),
    collections=(_USERS,),
    limits=Limits(
        body='{"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "429", '
        '"detail": "Too many requests. Retry in {wait_s} seconds."}',
        headers=(("Content-Type", "application/scim+json"),),
    ),
    errors=Errors(
        code=("status",),
        message=("detail",),
        in_success=("status",),
        request_id="",
        refused='{"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "403", '
        '"detail": "Operation is not permitted based on the supplied authorization"}',
        unauthorized='{"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "401", '
        '"detail": "Authorization failure. The authorization header is invalid or missing"}',
        in_success_body='{"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "500", '
        '"detail": "An internal error occurred"}',
    ),
    pull="pull_users",
    shown_by=(
        ("signing", "bad_token.yaml"),
        ("unauthorized", "bad_token.yaml"),
        ("paging", "pull_users.yaml"),
        ("first", "places_and_sizes.yaml"),
        ("told_size", "places_and_sizes.yaml"),
        ("told_place", "places_and_sizes.yaml"),
        ("total", "pull_users.yaml"),
        ("finding", "lookup.yaml"),
        ("keys", "lookup.yaml, duplicate_create.yaml"),
        ("creating", "push_users.yaml"),
        ("duplicate", "duplicate_create.yaml"),
        ("changing", "update_user.yaml"),
        ("version", "update_user.yaml"),
        ("activation", "deactivate_user.yaml"),
        ("batch", "bulk.yaml"),
        ("code", "duplicate_create.yaml"),
        ("refused", "https://www.rfc-editor.org/rfc/rfc7644#section-3.12 ; no recording shows a 403"),
        ("limits", "https://www.rfc-editor.org/rfc/rfc6585#section-4 ; no recording shows a limit"),
        (
            "in_success_body",
            "no recording shows an error under 200; the form is that of duplicate_create.yaml",
        ),
    ),
)
