"""Roundup, an issue tracker: a real limit of 20 calls a minute, page numbers behind a next link, a total, creates that
are good once only, updates that have to name the version they were made for."""

from harness.dialects.facts import Collection, Dialect, Errors, HttpBasic, Limits, NextLink, QuotaHeaders, WaitForm
from harness.dialects.writing import ByParam, KeysCompare, OneRecord, PostOnce, Version, Writing

_PAGING = NextLink(path=("data", "@links", "next", 0, "uri"), number_param="@page_index", size_param="@page_size")
# Not the e-mail address: it has to be unique as well, which the tracker's own auditor says and no recording shows.
_SHOWN = ("@fields", "username,realname,phone")

ROUNDUP = Dialect(
    name="roundup",
    product="Roundup 2.6.0",
    base_url="https://roundup.test",
    signing=HttpBasic(),
    collections=(
        Collection(
            name="users",
            path="/rest/data/user",
            rows=("data", "collection"),
            query=(("@page_size", "2"), ("@page_index", "1"), _SHOWN),
            paging=_PAGING,
            key_field="username",
            volatile=("link", "@etag"),
            total=("data", "@total_size"),
            writing=Writing(
                # With := it compares whole names; with = it would find every name that holds the text, in any case.
                finding=ByParam(param="username:"),
                creating=PostOnce(
                    buying="@poe", address=("data", "link"), ends=("data", "expires"), spent_says="POE token"
                ),
                headers=(("X-Requested-With", "rest"), ("Origin", "{origin}")),
                answer=OneRecord(path=("data",), fields="attributes", changed="attribute"),
                asking=(_SHOWN,),
                version=Version(header="ETag", path=("@etag",), unnamed="refused"),
                keys=KeysCompare(outer_space="ignored", form="[a-zA-Z0-9@._!+%-]+"),
            ),
        ),
        Collection(
            name="issues",
            path="/rest/data/issue",
            rows=("data", "collection"),
            query=(("@page_size", "2"), ("@page_index", "1"), ("@fields", "title")),
            paging=_PAGING,
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
    pull="pull_users",
    shown_by=(
        ("paging", "pull_users.yaml"),
        ("number_param", "pull_users.yaml"),
        ("total", "pull_users.yaml"),
        ("issues", "../roundup-issues/pull_issues.yaml"),
        ("limits", "../roundup-issues/pull_to_limit.yaml"),
        ("quota_headers", "../roundup-issues/pull_to_limit.yaml"),
        ("finding", "lookup.yaml"),
        ("keys", "duplicate_create.yaml, create_other_case.yaml, invalid_name.yaml"),
        ("creating", "push_users_once.yaml, once_only.yaml"),
        ("duplicate", "duplicate_create.yaml"),
        ("headers", "from_nowhere.yaml, push_users.yaml"),
        ("answer", "get_user.yaml, push_users.yaml, update_user.yaml"),
        ("changing", "update_user.yaml"),
        ("version", "update_user.yaml"),
        ("unauthorized", "bad_password.yaml"),
        ("refused", "bad_password.yaml"),
        ("code", "page_too_large.yaml"),
        ("in_success_body", "no recording shows an error under 200; the document has the form of page_too_large.yaml"),
    ),
)
