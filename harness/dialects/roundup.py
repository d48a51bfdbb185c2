"""Roundup, an issue tracker: a real limit of 20 calls a minute, page numbers behind a next link, a total."""

from harness.dialects.facts import Collection, Dialect, Errors, HttpBasic, Limits, NextLink, QuotaHeaders, WaitForm

ROUNDUP = Dialect(
    name="roundup",
    product="Roundup 2.6.0",
    base_url="https://roundup.test",
    signing=HttpBasic(),
    collections=(
        Collection(
            name="issues",
            path="/rest/data/issue",
            rows=("data", "collection"),
            query=(("@page_size", "2"), ("@page_index", "1"), ("@fields", "title")),
            paging=NextLink(path=("data", "@links", "next", 0, "uri"), number_param="@page_index"),
            key_field="title",
            total=("data", "@total_size"),
        ),
    ),
    limits=Limits(
        status=429,
        waits=(WaitForm(header="Retry-After"),),
        quota_headers=(
            QuotaHeaders(
                limit="X-Ratelimit-Limit",
                remaining="X-Ratelimit-Remaining",
                reset="X-Ratelimit-Reset",
                reset_form="delta_s",
            ),
        ),
        body='{"error": {"status": 429, "msg": "Api rate limits exceeded. Please wait: {wait_s} seconds.", '
        '"source": "ApiRateLimiter"}}',
        headers=(
            ("Content-Type", "application/json"),
            ("X-Ratelimit-Limit", "20"),
            ("X-Ratelimit-Limit-Period", "60"),
            ("X-Ratelimit-Remaining", "0"),
        ),
    ),
    errors=Errors(
        code=("error", "status"),
        message=("error", "msg"),
        request_id="",
        refused='{"error": {"status": 403, "msg": "Forbidden."}}',
        unauthorized="Invalid Login - Invalid login",
        in_success_body='{"error": {"status": 500, "msg": "An error occurred."}}',
    ),
    pull="pull_issues",
    shown_by=(
        ("paging", "pull_issues.yaml"),
        ("number_param", "pull_issues.yaml"),
        ("total", "pull_issues.yaml"),
        ("limits", "pull_to_limit.yaml"),
        ("quota_headers", "pull_to_limit.yaml"),
        ("unauthorized", "bad_password.yaml"),
        ("refused", "bad_password.yaml"),
        ("code", "page_too_large.yaml"),
        ("in_success_body", "no recording shows an error under 200; the document has the form of page_too_large.yaml"),
    ),
)
