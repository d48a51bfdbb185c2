"""Acme's API as its documentation tells it: OAuth2, a cursor, a total, 429 with Retry-After."""

from harness.dialects.facts import Collection, Cursor, Dialect, Errors, Limits, OAuth2

ACME = Dialect(
    name="acme",
    product="Acme Contacts API v1",
    base_url="https://api.acme.test",
    signing=OAuth2(token_path="/oauth/token", client_auth="form"),
    collections=(
        Collection(
            name="contacts",
            path="/v1/contacts",
            rows=("contacts",),
            query=(("limit", "3"),),
            paging=Cursor(path=("next_cursor",), param="cursor"),
            key_field="email",
            total=("total",),
        ),
    ),
    limits=Limits(body='{"error": {"code": "rate_limited", "message": "Slow down: {wait_s} seconds."}}'),
    errors=Errors(
        code=("error", "code"),
        message=("error", "message"),
        refused='{"error": {"code": "forbidden", "message": "Your plan does not include contacts."}}',
        unauthorized='{"error": {"code": "invalid_token", "message": "The access token is not valid."}}',
        in_success_body='{"error": {"code": "internal", "message": "Something went wrong."}}',
    ),
)
