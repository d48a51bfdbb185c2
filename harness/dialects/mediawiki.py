"""MediaWiki's action API: status 200 for everything, errors and limits in the body, ``continue`` paging, no total."""

from types import MappingProxyType

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
        'action too many times in a short space of time, and you have exceeded this limit.\\nPlease try again in a '
        'few minutes."}}',
        headers=(("Content-Type", "application/json; charset=utf-8"), ("MediaWiki-API-Error", "ratelimited")),
    ),
    errors=Errors(
        code=("error", "code"),
        message=("error", "info"),
        request_id="X-Request-Id",
        transient_codes=("ratelimited", "readonly", "maxlag", "internal_api_error_DBQueryError"),
        refused='{"error":{"code":"permissiondenied","info":"You don\'t have permission to do that."}}',
        refused_status=200,
        in_success_body='{"error":{"code":"readonly","info":"The wiki is currently in read-only mode."}}',
    ),
    pull="pull_pages",
    shown_by=MappingProxyType({"paging": "pull_pages.yaml", "limits": "rate_limited.yaml", "errors": "bad_token.yaml"}),
)
