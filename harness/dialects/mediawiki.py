"""MediaWiki's action API: status 200 for everything, errors and limits in the body, ``continue`` paging, no total."""

from harness.dialects.facts import Collection, Continue, Dialect, Errors, Limits, Unsigned

MEDIAWIKI = Dialect(
    name="mediawiki",
    product="MediaWiki 1.39",
    base_url="https://mediawiki.test",
    signing=Unsigned(),
    collections=(
        Collection(
            name="pages",
            path="/api.php",
            rows=("query", "allpages"),
            query=(
                ("action", "query"),
                ("list", "allpages"),
                ("aplimit", "2"),
                ("format", "json"),
                ("formatversion", "2"),
            ),
            told_by=("action", "list"),
            paging=Continue(path=("continue",)),
            id_field="pageid",
            key_field="title",
        ),
    ),
    limits=Limits(
        status=200,
        codes=("ratelimited",),
        waits=(),
        body='{"error":{"code":"ratelimited","info":"As an anti-abuse measure, you are limited from performing this '
        "action too many times in a short space of time, and you have exceeded this limit. Please try again in a "
        'few minutes."}}',
        headers=(("Content-Type", "application/json; charset=utf-8"), ("MediaWiki-API-Error", "ratelimited")),
    ),
    errors=Errors(
        code=("error", "code"),
        message=("error", "info"),
        request_id="X-Request-Id",
        transient_codes=("ratelimited", "readonly", "maxlag", "internal_api_error_DBQueryError"),
        refused='{"error":{"code":"permissiondenied","info":"The action you have requested is limited to users in the '
        'group: [[VendorWiki:Administrators|Administrators]]."}}',
        refused_status=200,
        unauthorized='{"error":{"code":"assertuserfailed","info":"You are no longer logged in, so the action could '
        'not be completed."}}',
        in_success_body='{"error":{"code":"readonly","info":"The wiki is currently in read-only mode."}}',
    ),
    pull="pull_pages",
    shown_by=(
        ("paging", "pull_pages.yaml"),
        ("limits", "rate_limited.yaml"),
        ("errors", "bad_token.yaml"),
        ("refused", "refused.yaml"),
        ("unauthorized", "refused.yaml"),
        ("in_success_body", "read_only.yaml"),
        (
            "transient_codes",
            "rate_limited.yaml and read_only.yaml; https://www.mediawiki.org/wiki/API:Errors_and_warnings",
        ),
    ),
)
